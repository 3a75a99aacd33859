//! The command line: one file for each command, all of them faces over the library.
//!
//! Exit codes are the same everywhere: 0 all is well, 1 the thing looked at is not, 2 the command
//! could not be understood or a file not read, 3 a plugin hit a limit or trapped.

mod backup;
mod build;
mod case;
mod check;
mod compile;
mod demo;
mod dry_run;
mod evidence;
mod new;
mod operate;
mod pack;
mod plugins;
mod rehearsal;
mod screen;
mod serve;
mod sign;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A WebAssembly plugin host for commerce integration.
///
/// Mapwright accepts WooCommerce webhooks durably, maps each through a merchant's sandboxed
/// plugin and delivers the result to the ERP, once and in order.
#[derive(Debug, Parser)]
#[command(name = "mapwright", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show a whole host at work: two merchants, real webhooks, a local ERP sandbox.
    Demo(demo::Args),
    /// Run the host.
    Serve(serve::Args),
    /// Make a plugin project whose tests pass untouched.
    New(new::Args),
    /// Compile a plugin project to a component.
    Build(build::Args),
    /// Say whether the host would take a plugin, and why not.
    Check(check::Args),
    /// Run a plugin on a payload exactly as the host would, delivering nothing.
    #[command(name = "dry-run")]
    DryRun(dry_run::Args),
    /// Say what a new version would change, over many payloads.
    Diff(Box<evidence::diff::Args>),
    /// Say what each field of a plugin's documents comes from.
    Explain(evidence::explain::Args),
    /// Write a plugin's answers to a finite set of inputs as a table.
    #[command(name = "truth-table")]
    TruthTable(evidence::truth_table::Args),
    /// Run a plugin's golden cases.
    Test(test::Args),
    /// Show the plugins of a configuration folder and their state.
    Plugins(plugins::Args),
    /// Make a package of a plugin project.
    Pack(pack::Args),
    /// Make keys to sign plugins with.
    Key(sign::KeyArgs),
    /// Sign a plugin file or package.
    Sign(sign::SignArgs),
    /// Bring a plugin version to a running host, which looks it over and keeps it.
    Push(operate::versions::PushArgs),
    /// Put a plugin version to work.
    Activate(operate::versions::ActivateArgs),
    /// Put the plugin version to work that the one in use took the place of.
    Rollback(operate::versions::RollbackArgs),
    /// Give a version to a share of the resources, always the same ones.
    Canary(operate::trials::CanaryArgs),
    /// Run a version beside the one in use, on live events and without effect.
    Shadow(operate::trials::ShadowArgs),
    /// What goes where; hold a route still, or let it go on.
    Routes(operate::routes::Args),
    /// Lookup tables, version by version: bring in, judge, put to work, take back.
    Table(operate::values::Args),
    /// Settings of routes, version by version: the same.
    Settings(operate::values::Args),
    /// Work out what a bad plugin version left behind, and put it right.
    Recall(operate::recall::Args),
    /// Find events, and see all that happened to one.
    Events(operate::events::Args),
    /// What plugins read of what comes in, and whom a renamed field would hurt.
    Reads(operate::reads::Args),
    /// What was given up, and what to do about it.
    #[command(name = "dead-letters")]
    DeadLetters(operate::dead_letters::Args),
    /// Dead letters by cause, with the money they hold up.
    Issues(operate::issues::Args),
    /// Walk events again: one, an issue, whatever a filter finds.
    Replay(operate::replay::Args),
    /// What came in and is no event.
    Quarantine(operate::quarantine::Args),
    /// Who did what by hand, and why.
    Audit(operate::audit::Args),
    /// Who may ask the REST API: make, list and revoke tokens.
    Token(operate::tokens::Args),
    /// Copy the journal of a host, running or not.
    Backup(backup::BackupArgs),
    /// Put a backup back, with the host stopped.
    Restore(backup::RestoreArgs),
    /// The host's own child: machine code from WebAssembly, within limits.
    #[command(name = crate::plugin::COMPILE_COMMAND, hide = true)]
    Compile(compile::Args),
}

/// Runs the command line.
#[must_use]
pub fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Demo(args) => demo::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::New(args) => new::run(&args),
        Command::Build(args) => build::run(&args),
        Command::Check(args) => check::run(&args),
        Command::DryRun(args) => dry_run::run(&args),
        Command::Diff(args) => evidence::diff::run(&args),
        Command::Explain(args) => evidence::explain::run(&args),
        Command::TruthTable(args) => evidence::truth_table::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Plugins(args) => plugins::run(&args),
        Command::Pack(args) => pack::run(&args),
        Command::Key(args) => sign::key(&args),
        Command::Sign(args) => sign::sign(&args),
        Command::Push(args) => operate::versions::push(&args),
        Command::Activate(args) => operate::versions::activate(&args),
        Command::Rollback(args) => operate::versions::rollback(&args),
        Command::Canary(args) => operate::trials::canary(&args),
        Command::Shadow(args) => operate::trials::shadow(&args),
        Command::Routes(args) => operate::routes::run(&args),
        Command::Table(args) => operate::values::run("table", &args),
        Command::Settings(args) => operate::values::run("settings", &args),
        Command::Recall(args) => operate::recall::run(&args),
        Command::Events(args) => operate::events::run(&args),
        Command::Reads(args) => operate::reads::run(&args),
        Command::DeadLetters(args) => operate::dead_letters::run(&args),
        Command::Issues(args) => operate::issues::run(&args),
        Command::Replay(args) => operate::replay::run(&args),
        Command::Quarantine(args) => operate::quarantine::run(&args),
        Command::Audit(args) => operate::audit::run(&args),
        Command::Token(args) => operate::tokens::run(&args),
        Command::Backup(args) => backup::backup(&args),
        Command::Restore(args) => backup::restore(&args),
        Command::Compile(args) => compile::run(&args),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn every_command_can_be_asked_for_help() {
        // clap finds clashing names of arguments only in the command that is used.
        super::Cli::command().debug_assert();
    }
}
