//! `mapwright serve`: runs the host until SIGINT or SIGTERM.

use std::path::PathBuf;
use std::process::ExitCode;

use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::host::Host;

/// Runs the host.
///
/// DIR holds `mapwright.toml` and `merchants/NAME/merchant.toml`, with each merchant's plugins in
/// `merchants/NAME/plugins/*.wasm` and tables in `merchants/NAME/lookups/*.csv`. Files changed there
/// take effect without a restart. Stop with Ctrl-C or SIGTERM: what is in hand is finished.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  mapwright serve --config /etc/mapwright\n\nLogs go to standard error (JSON when it is not a terminal); MAPWRIGHT_LOG=debug says more."
)]
pub(super) struct Args {
    /// The folder with mapwright.toml.
    #[arg(long, value_name = "DIR", default_value = ".")]
    config: PathBuf,
    /// Log as JSON on a terminal too.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> ExitCode {
    crate::telemetry::log_to_stderr(args.json);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            anstream::eprintln!("mapwright: cannot start threads: {error}");
            return ExitCode::from(2);
        }
    };
    let outcome = runtime.block_on(async {
        let host = Host::open_with(&args.config, super::compile::compiler()).await?;
        let stop = CancellationToken::new();
        tokio::spawn(cancel_on_signal(stop.clone()));
        host.serve(stop).await
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            anstream::eprintln!("mapwright: {error}");
            ExitCode::from(2)
        }
    }
}

/// Cancels `stop` at the first SIGINT or SIGTERM.
pub(super) async fn cancel_on_signal(stop: CancellationToken) {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => drop(interrupted),
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    drop(tokio::signal::ctrl_c().await);
    info!("asked to stop");
    stop.cancel();
}
