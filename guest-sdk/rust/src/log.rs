//! The merchant's log of this event. Use the macros [`crate::debug!`], [`crate::info!`],
//! [`crate::warning!`] and [`crate::error!`], which take what `format!` takes.

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// For the plugin's author.
    Debug,
    /// Worth knowing.
    Info,
    /// Odd, though the answer stands.
    Warning,
    /// Wrong, and somebody should look.
    Error,
}

/// Writes one line. The host caps lines and bytes.
pub fn write(level: Level, message: &str) {
    #[cfg(target_arch = "wasm32")]
    {
        use crate::bindings::base::mapwright::plugin::log;
        let level = match level {
            Level::Debug => log::Level::Debug,
            Level::Info => log::Level::Info,
            Level::Warning => log::Level::Warning,
            Level::Error => log::Level::Error,
        };
        log::write(level, message);
    }
    #[cfg(not(target_arch = "wasm32"))]
    crate::testing::stage::log(level, message);
}

/// Logs for the plugin's author.
#[macro_export]
macro_rules! debug {
    ($($arg:tt)*) => { $crate::log::write($crate::log::Level::Debug, &format!($($arg)*)) };
}

/// Logs what is worth knowing.
#[macro_export]
macro_rules! info {
    ($($arg:tt)*) => { $crate::log::write($crate::log::Level::Info, &format!($($arg)*)) };
}

/// Logs what is odd, though the answer stands.
#[macro_export]
macro_rules! warning {
    ($($arg:tt)*) => { $crate::log::write($crate::log::Level::Warning, &format!($($arg)*)) };
}

/// Logs what is wrong and should be looked at.
#[macro_export]
macro_rules! error {
    ($($arg:tt)*) => { $crate::log::write($crate::log::Level::Error, &format!($($arg)*)) };
}
