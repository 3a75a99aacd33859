//! The child in which the host compiles plugins; see [`crate::plugin::Compiler`]. Not for people.

use std::process::ExitCode;

use crate::plugin::{CompileLimits, Compiler, compile_and_exit};

/// Positional, because the host writes them.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    cpu_s: u64,
    memory_bytes: u64,
    #[arg(action = clap::ArgAction::Set)]
    debug_info: bool,
}

pub(super) fn run(args: &Args) -> ExitCode {
    compile_and_exit(args.cpu_s, args.memory_bytes, args.debug_info)
}

/// A child of this program for each plugin; in this process where the program cannot find itself.
pub(super) fn compiler() -> Compiler {
    match std::env::current_exe() {
        Ok(program) => Compiler::Child { program, limits: CompileLimits::default() },
        Err(error) => {
            tracing::warn!(%error, "this program does not know where it is: plugins are compiled without limits");
            Compiler::InProcess
        }
    }
}
