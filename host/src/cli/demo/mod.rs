//! `mapwright demo`: a whole host at work, seen from outside.
//!
//! It builds the example plugins from the checkout, starts a host with two merchants and a local ERP
//! sandbox, plays webhooks captured from a real shop into it over HTTP, replaces a plugin in the
//! middle, and shows what became of each event. Nothing is simulated but the ERP; everything lives
//! in a temporary folder and on loopback.

mod deliveries;
mod play;
mod report;
mod stage;

use std::process::ExitCode;

use tokio_util::sync::CancellationToken;

use self::report::Report;

/// Show a whole host at work: two merchants, real webhooks, a local ERP sandbox.
///
/// The first run installs what is missing to compile plugins (with rustup, else from Debian's
/// packages, which asks for root) and takes a few minutes; later ones take seconds.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  cargo run --release -- demo\n  mapwright demo --once --json")]
pub(super) struct Args {
    /// Stop when every event has ended, instead of staying up.
    #[arg(long)]
    once: bool,
    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
    /// Where the host listens; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: String,
}

/// Why the demo cannot be given.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(
        "the example plugins are not here: run the demo inside a checkout of mapwright (looked for example-plugins/ from {0} upwards)"
    )]
    NoCheckout(std::path::PathBuf),
    #[error(transparent)]
    Build(#[from] crate::toolchain::BuildError),
    #[error(transparent)]
    Open(#[from] crate::host::OpenError),
    #[error(transparent)]
    Journal(#[from] crate::journal::Error),
    #[error("{0}: {1}")]
    File(std::path::PathBuf, std::io::Error),
    #[error("a webhook could not be sent: {0}")]
    Send(#[from] reqwest::Error),
    #[error("after {0} s these events have not ended: {1}")]
    Stuck(u64, String),
}

/// Runs the command.
pub(super) fn run(args: &Args) -> ExitCode {
    if std::env::var_os("MAPWRIGHT_LOG").is_some() {
        crate::telemetry::log_to_stderr(false);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            anstream::eprintln!("mapwright: cannot start threads: {error}");
            return ExitCode::from(2);
        }
    };
    match runtime.block_on(give(args)) {
        Ok(report) if report.ok => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            anstream::eprintln!("mapwright: {error}");
            ExitCode::from(2)
        }
    }
}

async fn give(args: &Args) -> Result<Report, Error> {
    let stage = stage::Stage::set(&args.listen).await?;
    let stop = CancellationToken::new();
    let host = stage.open_host().await?;
    let address = host.address();
    let journal = host.journal();
    let snapshot = host.snapshot();
    let serving = tokio::spawn(host.serve(stop.clone()));
    say("playing captured webhooks");
    let report = play::play(&stage, address, &journal, &snapshot).await?;
    show(args, &report);
    if !args.once {
        anstream::println!(
            "\nThe host stays up until Ctrl-C:\n  hooks    http://{address}/hooks/acme/shop  and  /hooks/padaria/shop\n  \
             health   http://{address}/readyz\n  numbers  http://{address}/metrics\n  \
             ERP      http://{}/documents\n  files    {}  (drop a .wasm into merchants/*/plugins)",
            report.erp_address,
            stage.dir().display()
        );
        super::serve::cancel_on_signal(stop.clone()).await;
    }
    stop.cancel();
    if let Ok(Err(error)) = serving.await {
        return Err(error.into());
    }
    Ok(report)
}

fn show(args: &Args, report: &Report) {
    if args.json {
        let text = serde_json::to_string_pretty(report).unwrap_or_else(|error| error.to_string());
        anstream::println!("{text}");
        return;
    }
    anstream::println!("{}", report.table());
    let swap = &report.swap;
    anstream::println!(
        "plugin {} of {} swapped while running: {} -> {}, in use after {} ms",
        swap.plugin,
        swap.merchant,
        swap.from,
        swap.to,
        swap.took_ms
    );
    anstream::println!(
        "{} documents stand in the ERP sandbox; it refused {} requests on purpose",
        report.erp_documents,
        report.erp_refusals
    );
    let verdict = if report.ok { "every event ended as it should" } else { "NOT as it should" };
    anstream::println!("{verdict}");
}

/// Progress, on standard error.
fn say(text: &str) {
    anstream::eprintln!("demo: {text}");
}
