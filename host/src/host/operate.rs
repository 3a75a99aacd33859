//! What the host gives the REST API: tokens, connections, the replays that run. And the same API over
//! the folder of a host that is stopped, for the commands that look.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{ENGINE, OpenError};
use crate::config::{Fault, HostFile, Snapshot};
use crate::ingress::Ingress;
use crate::journal::tokens::Role;
use crate::journal::{self, Journal};
use crate::operate::Connections;
use crate::operate::api::Tokens;
use crate::operate::recall::Recalls;
use crate::operate::{Comparisons, Operate, Replays};
use crate::plugin::{Engine, EngineOptions, Shelf};
use crate::poll::Pollers;
use crate::secret::Secret;

/// The tokens of `mapwright.toml`. One that cannot be read is a reason not to start: an API that
/// answers nobody is noticed when it is needed.
pub(super) fn tokens(dir: &Path, file: &HostFile) -> Result<Tokens, Fault> {
    let mut tokens = Tokens::default();
    for token in &file.api_tokens {
        let secret = token.resolve(dir).map_err(|error| {
            Fault::of(&dir.join("mapwright.toml"), format!("api_tokens: {error}"))
        })?;
        tokens.add(&token.name, token.role.into(), &secret);
    }
    Ok(tokens)
}

/// Every source and target, and whether it can be used.
pub(super) fn connections(snapshot: Arc<ArcSwap<Snapshot>>, pollers: Pollers) -> Connections {
    Arc::new(move || {
        let snapshot = snapshot.load();
        let row = |merchant: &str, connection: &str, kind: &str, reason: Option<&str>| {
            json!({
                "merchant": merchant,
                "connection": connection,
                "kind": kind,
                "available": reason.is_none(),
                "reason": reason,
            })
        };
        let polled = pollers.status();
        let mut rows: Vec<Value> = Vec::new();
        for (name, merchant) in &snapshot.merchants {
            for (connection, source) in &merchant.sources {
                let reason = source.as_ref().err().map(String::as_str);
                let mut row = row(name, connection, "source", reason);
                let own =
                    polled.iter().find(|it| it.merchant == *name && it.connection == *connection);
                row["polling"] = json!(own);
                rows.push(row);
            }
            let mut targets: Vec<(&str, Option<&str>)> = merchant
                .routes
                .values()
                .map(|it| (it.route.to.as_str(), it.target.as_ref().err().map(String::as_str)))
                .collect();
            targets.sort_unstable();
            targets.dedup_by_key(|(connection, _)| *connection);
            rows.extend(targets.into_iter().map(|(to, reason)| row(name, to, "target", reason)));
        }
        rows
    })
}

/// Serves the API over the folder of a stopped host, for this process only: on a port of this
/// machine, to whoever holds the token, which may only look. Gives both.
///
/// # Errors
/// [`OpenError`]: no such folder, or a host is running on it.
pub async fn look_into(dir: &Path) -> Result<(SocketAddr, String), OpenError> {
    serve_folder(dir, Role::Read).await
}

/// The same for a command that acts on what only the journal holds: whoever may write the folder of a
/// stopped host may do what its operators may.
///
/// # Errors
/// As [`look_into`].
pub async fn act_in(dir: &Path) -> Result<(SocketAddr, String), OpenError> {
    serve_folder(dir, Role::Operator).await
}

async fn serve_folder(dir: &Path, role: Role) -> Result<(SocketAddr, String), OpenError> {
    let file = HostFile::read(dir)?;
    let data_dir = dir.join(&file.data_dir);
    // The first token may be made before the first start.
    if role == Role::Read && !data_dir.join(journal::FILE).is_file() {
        return Err(OpenError::Folder {
            path: data_dir,
            reason: "there is no journal in it: no host has run here yet".into(),
        });
    }
    let journal = Journal::open(&data_dir)?;
    let engine = Engine::new(&EngineOptions { calls_max: 1, pooling: false, ..ENGINE })?;
    let shelf = Shelf::new(data_dir.join(journal::PLUGINS), engine);
    let operate = Operate {
        ingress: Ingress {
            journal: journal.clone(),
            sources: Arc::default(),
            counters: Arc::default(),
            guard: Arc::default(),
        },
        merchants: dir.join("merchants"),
        // Nothing is taken up: a replay goes on when the host does.
        replays: Replays::new(journal.clone(), shelf.clone(), CancellationToken::new()),
        recalls: Recalls::new(journal.clone(), shelf.clone(), None, CancellationToken::new()),
        journal,
        shelf,
        versions: None,
        rollout: None,
        values: None,
        comparisons: Comparisons::default(),
        connections: Arc::new(Vec::new),
        pollers: None,
    };
    let mut tokens = Tokens::default();
    let token = format!("{}{}", uuid::Uuid::now_v7(), uuid::Uuid::now_v7());
    tokens.add("this-command", role, &Secret::new(&token));
    let listen = |source| OpenError::Listen { address: "127.0.0.1:0".into(), source };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    let router = crate::operate::api::router(operate, tokens);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok((address, token))
}
