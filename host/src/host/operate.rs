//! What the host gives the REST API: tokens, connections, the replays that run.

use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;
use serde_json::{Value, json};

use crate::config::{Fault, HostFile, Snapshot};
use crate::operate::Connections;
use crate::operate::api::Tokens;

/// The tokens of `mapwright.toml`. One that cannot be read is a reason not to start: an API that
/// answers nobody is noticed when it is needed.
pub(super) fn tokens(dir: &Path, file: &HostFile) -> Result<Tokens, Fault> {
    let mut tokens = Tokens::default();
    for token in &file.api_tokens {
        let secret = token.resolve(dir).map_err(|error| {
            Fault::of(&dir.join("mapwright.toml"), format!("api_tokens: {error}"))
        })?;
        tokens.add(&token.name, token.role, &secret);
    }
    Ok(tokens)
}

/// Every source and target, and whether it can be used.
pub(super) fn connections(snapshot: Arc<ArcSwap<Snapshot>>) -> Connections {
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
        let mut rows: Vec<Value> = Vec::new();
        for (name, merchant) in &snapshot.merchants {
            for (connection, source) in &merchant.sources {
                rows.push(row(
                    name,
                    connection,
                    "source",
                    source.as_ref().err().map(String::as_str),
                ));
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
