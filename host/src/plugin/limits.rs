//! What one plugin call may use, and how merchants and plugins set it apart from the defaults.
//!
//! Limits stack: those of the file's [`super::Profile`] (`bare` has the defaults below), patched by the host's
//! `[limits]`, the merchant's, the plugin's own. What people set is kept as one [`LimitsPatch`] and laid over the
//! profile where the bytes are known, so it wins whatever language the next version is in. The same numbers hold in `check`, in a dry run and in production, and each says what it is
//! when it is exceeded. Fuel, memory, output and logs are deterministic; the deadline is not, it is
//! only the backstop for what fuel does not see.

use serde::{Deserialize, Serialize};

macro_rules! limits {
    ($($(#[doc = $doc:literal])+ $name:ident: $kind:ty = $default:expr,)+) => {
        /// What one call of a plugin may use.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Limits {
            $($(#[doc = $doc])+ pub $name: $kind,)+
        }

        impl Default for Limits {
            fn default() -> Self {
                Self { $($name: $default,)+ }
            }
        }

        /// The limits somebody sets, as in a `[limits]` table; what is not said stays as it was.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct LimitsPatch {
            $($(#[doc = $doc])+ #[serde(skip_serializing_if = "Option::is_none")]
            pub $name: Option<$kind>,)+
        }

        impl Limits {
            /// These limits with what the patch says in their place.
            #[must_use]
            pub fn patched(&self, patch: &LimitsPatch) -> Self {
                Self { $($name: patch.$name.unwrap_or(self.$name),)+ }
            }
        }

        /// Exactly these limits, whatever the profile.
        impl From<Limits> for LimitsPatch {
            fn from(limits: Limits) -> Self {
                Self { $($name: Some(limits.$name),)+ }
            }
        }

        impl LimitsPatch {
            /// The names of all limits, for "did you mean" hints.
            pub const NAMES: &[&str] = &[$(stringify!($name)),+];

            /// What this sets, with what somebody nearer to the plugin sets in its place.
            #[must_use]
            pub fn then(&self, nearer: &Self) -> Self {
                Self { $($name: nearer.$name.or(self.$name),)+ }
            }
        }
    };
}

limits! {
    /// Fuel of the work, about one unit for each WebAssembly instruction and for each byte moved by a
    /// host call. A 6 KB order takes well under a million; the default leaves room for orders of a
    /// thousand lines and still ends a loop in a fraction of a second.
    fuel: u64 = 100_000_000,
    /// Fuel of starting: what an instance burns before it is asked anything. Compiled rules burn next to
    /// none of it, a runtime that was not started when it was built burns millions.
    startup_fuel: u64 = 10_000_000,
    /// Wall-clock backstop over both, milliseconds, in steps of 10. Generous, because it must not fire
    /// before fuel does on a busy machine: fuel is the budget.
    deadline_ms: u64 = 2_000,
    /// Linear memory of all memories of the instance together, bytes. Language runtimes with a
    /// collector want tens of megabytes; a Rust plugin stays under two.
    memory_bytes: u64 = 64 << 20,
    /// Elements of one table (function pointers, mostly).
    table_elements: u64 = 20_000,
    /// Core instances in one component: the module and its adapters are about four.
    instances: u32 = 16,
    /// Bytes of the whole answer: bodies, keys, attributes, checkpoint, violations. It also bounds
    /// what one host call copies out of the sandbox.
    output_bytes: u64 = 4 << 20,
    /// Documents in one answer.
    documents: u32 = 100,
    /// Bytes of the checkpoint, which is kept for every resource.
    checkpoint_bytes: u64 = 64 << 10,
    /// Bytes of log kept from one call; the rest is dropped and counted.
    log_bytes: u64 = 64 << 10,
    /// Lines of log kept from one call; the rest is dropped and counted.
    log_lines: u32 = 200,
}

/// The largest plugin. One in Rust has 50 to 500 KB, one with a JavaScript engine some 10 MB, one with
/// Python in it 18 MB. The largest upload, and the largest file in a package, are the same.
pub const FILE_BYTES_MAX: u64 = 32 << 20;

/// No `memory_bytes` may be above this: it is what an instance slot can hold.
pub const MEMORY_BYTES_CEILING: u64 = 256 << 20;

/// No `table_elements` may be above this: it is what a table slot can hold.
pub const TABLE_ELEMENTS_CEILING: u64 = 50_000;

/// No `instances` may be above this: the most core instances of one component.
pub const CORE_INSTANCES_CEILING: u32 = 64;

impl Limits {
    /// The first limit that cannot be held, said in a sentence.
    ///
    /// # Errors
    ///
    /// When a number is zero or above what the engine can give.
    pub fn validate(&self) -> Result<(), String> {
        let positive = [
            ("fuel", self.fuel),
            ("startup_fuel", self.startup_fuel),
            ("deadline_ms", self.deadline_ms),
            ("memory_bytes", self.memory_bytes),
            ("instances", self.instances.into()),
            ("output_bytes", self.output_bytes),
        ];
        if let Some((name, _)) = positive.iter().find(|(_, value)| *value == 0) {
            return Err(format!("limit `{name}` is 0, so no call could ever end well"));
        }
        let bounded = [
            ("memory_bytes", self.memory_bytes, MEMORY_BYTES_CEILING),
            ("table_elements", self.table_elements, TABLE_ELEMENTS_CEILING),
            ("instances", self.instances.into(), CORE_INSTANCES_CEILING.into()),
            // A deadline longer than this keeps a worker thread from everybody else.
            ("deadline_ms", self.deadline_ms, 60_000),
        ];
        match bounded.iter().find(|(_, value, ceiling)| value > ceiling) {
            Some((name, value, ceiling)) => {
                Err(format!("limit `{name}` is {value}, the most the host can give is {ceiling}"))
            }
            None => Ok(()),
        }
    }

    /// What one host call may copy out of the sandbox: the output limit and room for the fixed
    /// part of its records, so that an answer just under the limit is not cut by its own frame.
    pub(super) fn hostcall_bytes(&self) -> usize {
        const FRAME_BYTES: u64 = 64 << 10;
        const RECORD_BYTES: u64 = 256;
        let bytes = self
            .output_bytes
            .saturating_add(u64::from(self.documents).saturating_mul(RECORD_BYTES))
            .saturating_add(FRAME_BYTES);
        usize::try_from(bytes).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_stack_and_leave_the_rest() {
        let merchant: LimitsPatch = serde_json::from_str(r#"{"fuel": 5, "log_lines": 1}"#).unwrap();
        let plugin = LimitsPatch { fuel: Some(7), ..LimitsPatch::default() };
        let limits = Limits::default().patched(&merchant).patched(&plugin);
        assert_eq!((limits.fuel, limits.log_lines), (7, 1));
        assert_eq!(limits.memory_bytes, Limits::default().memory_bytes);
        assert_eq!(Limits::default().patched(&merchant.then(&plugin)), limits);
        let whole = LimitsPatch::from(limits);
        assert_eq!(Limits { fuel: 1, documents: 1, ..limits }.patched(&whole), limits);
    }

    #[test]
    fn an_unknown_limit_is_refused() {
        assert!(serde_json::from_str::<LimitsPatch>(r#"{"fule": 5}"#).is_err());
    }

    #[test]
    fn limits_that_cannot_be_held_are_named() {
        let limits = Limits { memory_bytes: 1 << 40, ..Limits::default() };
        assert!(limits.validate().unwrap_err().contains("memory_bytes"));
        assert!(Limits { fuel: 0, ..Limits::default() }.validate().is_err());
        assert_eq!(Limits::default().validate(), Ok(()));
    }
}
