//! `mapwright backup` and `mapwright restore`: the journal and the plugin versions that were in use,
//! copied while the host works, and put back.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::config::HostFile;
use crate::journal::{self, Backup, BackupError};

/// Copies the journal of a host, running or not, to a new folder.
///
/// The copy is the journal as it stood at one moment. Nobody waits for it; while it is made, the
/// journal's log grows with what is accepted. Every plugin version that was in use is copied with it,
/// for replays that name one. Checkpoints are not in it: they are made again. Configuration, plugins
/// and tables are files of yours; keep them where you keep such files.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  mapwright backup --config /etc/mapwright --to /backup/mapwright-$(date +%F)\n\nExit codes: 0 taken, 1 not taken, 2 the configuration cannot be read."
)]
pub(super) struct BackupArgs {
    /// The folder with mapwright.toml.
    #[arg(long, value_name = "DIR", default_value = ".")]
    config: PathBuf,
    /// A folder that is not there yet.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// Print the account as JSON.
    #[arg(long)]
    json: bool,
}

/// Puts a backup in place of the journal of a host that is stopped.
///
/// What was accepted after the backup was taken is not in it; a shop with polling brings it again.
/// What was delivered after it may look open: the connectors look in the target before they send
/// any of that.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  mapwright restore --config /etc/mapwright --from /backup/mapwright-2026-11-22 --replace\n\nExit codes: 0 restored, 1 not restored (nothing was changed), 2 the configuration cannot be read."
)]
pub(super) struct RestoreArgs {
    /// The folder with mapwright.toml.
    #[arg(long, value_name = "DIR", default_value = ".")]
    config: PathBuf,
    /// The folder that `mapwright backup` made.
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// Move a journal that is there aside.
    #[arg(long)]
    replace: bool,
    /// Print what was done as JSON.
    #[arg(long)]
    json: bool,
}

/// Runs `backup`.
pub(super) fn backup(args: &BackupArgs) -> ExitCode {
    let data_dir = match data_dir(&args.config) {
        Ok(data_dir) => data_dir,
        Err(code) => return code,
    };
    match journal::backup(&data_dir, &args.to) {
        Ok(taken) if args.json => print_json(&taken),
        Ok(taken) => {
            anstream::println!("{} to {}", account(&taken), args.to.display());
            ExitCode::SUCCESS
        }
        Err(error) => refused(&error),
    }
}

/// Runs `restore`.
pub(super) fn restore(args: &RestoreArgs) -> ExitCode {
    let data_dir = match data_dir(&args.config) {
        Ok(data_dir) => data_dir,
        Err(code) => return code,
    };
    match journal::restore(&args.from, &data_dir, args.replace) {
        Ok(restored) if args.json => print_json(&restored),
        Ok(restored) => {
            anstream::println!("restored {} to {}", account(&restored.backup), data_dir.display());
            if let Some(aside) = restored.moved_to {
                anstream::println!("what was there before is in {}", aside.display());
            }
            ExitCode::SUCCESS
        }
        Err(error) => refused(&error),
    }
}

fn data_dir(config: &std::path::Path) -> Result<PathBuf, ExitCode> {
    match HostFile::read(config) {
        Ok(file) => Ok(config.join(file.data_dir)),
        Err(fault) => {
            anstream::eprintln!("mapwright: {fault}");
            Err(ExitCode::from(2))
        }
    }
}

fn account(backup: &Backup) -> String {
    format!(
        "{} MB up to event {} ({} open) and {} plugin versions, taken {}",
        backup.bytes.div_ceil(1_000_000),
        backup.last_seq,
        backup.open,
        backup.plugins.len(),
        backup.taken_at
    )
}

fn print_json<T: serde::Serialize>(value: &T) -> ExitCode {
    let text = serde_json::to_string_pretty(value).expect("an account is plain data");
    anstream::println!("{text}");
    ExitCode::SUCCESS
}

fn refused(error: &BackupError) -> ExitCode {
    anstream::eprintln!("mapwright: {error}");
    ExitCode::FAILURE
}
