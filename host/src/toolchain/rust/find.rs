//! Finding a Rust that compiles to wasm32.
//!
//! Either the target's standard library is there ready-made (rustup's targets are), or its source
//! is and gets compiled along (Debian's `rust-web-src`, rustup's `rust-src`); the second road needs
//! `-Zbuild-std`, which a stable compiler permits under `RUSTC_BOOTSTRAP=1`, and a linker by name.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The target: no operating system, so a component of it imports nothing but the contract.
pub(super) const TARGET: &str = "wasm32-unknown-unknown";

/// Where distributions put their Rust, beside whatever `PATH` says.
const SYSTEM_RUSTC: &str = "/usr/bin/rustc";

/// A Rust that can do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Toolchain {
    pub(super) cargo: PathBuf,
    pub(super) rustc: PathBuf,
    /// The linker to name, where the compiler would not find one by itself: only when the standard
    /// library is compiled from source.
    pub(super) from_source: Option<PathBuf>,
    version: String,
}

impl Toolchain {
    /// What it is, for people.
    #[must_use]
    pub(super) fn description(&self) -> String {
        let how = match self.from_source {
            None => "its wasm32 target",
            Some(_) => "the standard library from source: a minute or two the first time",
        };
        format!("{} at {} ({how})", self.version, self.rustc.display())
    }
}

/// What there is instead of a Rust that compiles to wasm32, and what to type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Missing {
    rust: Option<String>,
    rustup: bool,
    apt: Option<String>,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.rust {
            None => f.write_str(
                "there is no Rust on this machine. Install it from https://rustup.rs, then",
            )?,
            Some(version) => write!(f, "{version} cannot compile to {TARGET}. To mend that")?,
        }
        if self.rustup || self.rust.is_none() || self.apt.is_none() {
            write!(f, "\n  rustup target add {TARGET}")?;
        }
        if let Some(apt) = &self.apt {
            let or = if self.rustup || self.rust.is_none() { "or, on Debian,\n  " } else { "" };
            write!(f, "\n  {or}{apt}")?;
        }
        f.write_str("\nor run this again with --install-toolchain, which does it for you")
    }
}

/// Finds one; see the module's head. `dir` matters to rustup, which may have a rule for it.
pub(super) fn find(dir: &Path) -> Result<Toolchain, Missing> {
    let compilers = compilers(dir);
    if let Some(ready) = compilers.iter().find(|compiler| compiler.has_target()) {
        return Ok(ready.toolchain(None));
    }
    let linker = linker(&compilers);
    match (compilers.iter().find(|compiler| compiler.has_source()), linker) {
        (Some(compiler), Some(linker)) => Ok(compiler.toolchain(Some(linker))),
        _ => Err(Missing {
            rust: compilers.first().map(|compiler| compiler.version.clone()),
            rustup: super::install::rustup(dir).is_some(),
            apt: super::install::apt_line(),
        }),
    }
}

/// What to say when there is not even a cargo.
pub(super) fn nothing_found() -> Missing {
    Missing { rust: None, rustup: false, apt: super::install::apt_line() }
}

/// An installed compiler.
struct Compiler {
    rustc: PathBuf,
    sysroot: PathBuf,
    version: String,
}

impl Compiler {
    fn ask(rustc: &Path, dir: &Path) -> Option<Self> {
        let ask = |args: &[&str]| {
            let output = Command::new(rustc).args(args).current_dir(dir).output().ok()?;
            let text = String::from_utf8(output.stdout).ok()?;
            output.status.success().then(|| text.trim().to_owned())
        };
        let sysroot = PathBuf::from(ask(&["--print", "sysroot"])?);
        let version = ask(&["--version"])?;
        let version = version.split(" (").next().unwrap_or_default().replace("rustc", "Rust");
        // rustup's own `rustc` only finds the real one; going round it makes the build independent
        // of what rustup would choose in another folder.
        let real = sysroot.join("bin/rustc");
        let rustc = if real.is_file() { real } else { rustc.to_path_buf() };
        Some(Self { rustc, sysroot, version })
    }

    fn toolchain(&self, from_source: Option<PathBuf>) -> Toolchain {
        let beside = self.rustc.with_file_name("cargo");
        let cargo = if beside.is_file() { beside } else { PathBuf::from("cargo") };
        Toolchain { cargo, rustc: self.rustc.clone(), from_source, version: self.version.clone() }
    }

    fn has_target(&self) -> bool {
        let lib = self.sysroot.join("lib/rustlib").join(TARGET).join("lib");
        fs::read_dir(lib).is_ok_and(|entries| {
            entries
                .flatten()
                .any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
        })
    }

    fn has_source(&self) -> bool {
        self.sysroot.join("lib/rustlib/src/rust/library/std/Cargo.toml").is_file()
    }
}

fn compilers(dir: &Path) -> Vec<Compiler> {
    let mut found: Vec<Compiler> = Vec::new();
    for rustc in ["rustc", SYSTEM_RUSTC] {
        if let Some(compiler) = Compiler::ask(Path::new(rustc), dir)
            && !found.iter().any(|other| other.sysroot == compiler.sysroot)
        {
            found.push(compiler);
        }
    }
    found
}

/// A linker that speaks wasm: `rust-lld`, of the system or of any toolchain here. The name matters,
/// the compiler takes the linker's manners from it.
fn linker(compilers: &[Compiler]) -> Option<PathBuf> {
    let of_toolchains = compilers.iter().flat_map(|compiler| {
        fs::read_dir(compiler.sysroot.join("lib/rustlib"))
            .into_iter()
            .flatten()
            .flatten()
            .map(|host| host.path().join("bin/rust-lld"))
    });
    std::iter::once(PathBuf::from("/usr/bin/rust-lld"))
        .chain(of_toolchains)
        // `is_file` follows links: Debian's points at a package that may not be there.
        .find(|linker| linker.is_file())
}

#[cfg(test)]
mod tests {
    use super::Missing;

    #[test]
    fn what_is_missing_is_said_in_lines_to_type() {
        let rust = Some("Rust 1.95.0".to_owned());
        let apt = Some("sudo apt-get install rustc-web".to_owned());
        let by_rustup = "rustup target add wasm32-unknown-unknown";
        for (missing, said, unsaid) in [
            (
                Missing { rust: rust.clone(), rustup: true, apt: apt.clone() },
                &["Rust 1.95.0 cannot compile", by_rustup, "or, on Debian,\n  sudo apt-get"][..],
                "rustup.rs",
            ),
            (
                Missing { rust: rust.clone(), rustup: false, apt: apt.clone() },
                &["Rust 1.95.0", "\n  sudo apt-get install"],
                "rustup target",
            ),
            (Missing { rust, rustup: false, apt: None }, &[by_rustup], "apt-get"),
            (
                Missing { rust: None, rustup: false, apt },
                &["https://rustup.rs", by_rustup, "sudo apt-get"],
                "cannot compile",
            ),
        ] {
            let text = missing.to_string();
            assert!(said.iter().all(|line| text.contains(line)), "{text}");
            assert!(
                !text.contains(unsaid)
                    && text.ends_with("--install-toolchain, which does it for you")
            );
        }
    }
}
