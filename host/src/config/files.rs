//! What the two kinds of configuration file may say, as written; nothing is opened or checked here.
//!
//! `mapwright.toml` is the host's, `merchants/NAME/merchant.toml` one merchant's. Both are decoded
//! once, whole, and refused whole at the first fault; [`super::snapshot`] keeps the last good one.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::api::ApiToken;
use super::text::{Fault, Text, nearest};
use crate::backlog;
use crate::delivery::woocommerce as shop;
use crate::delivery::{ConnectorConfig, backoff};
use crate::ingress::woocommerce;
use crate::journal::RetentionPatch;
use crate::plugin::{self, LimitsPatch};
use crate::poll::{self, PollConfig};
use crate::route::Route;

/// `mapwright.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostFile {
    /// Where to listen; a shop reaches it through a proxy on port 443.
    #[serde(default = "default_listen")]
    pub listen: String,
    /// Where journal and checkpoints live; relative to the file.
    #[serde(default = "default_data_dir")]
    pub data_dir: PathBuf,
    /// Threads that run plugins; by default one for each core.
    #[serde(default)]
    pub plugin_threads: Option<NonZeroUsize>,
    /// Passages walked at the same time.
    #[serde(default = "default_in_flight")]
    pub passages_in_flight: usize,
    /// What a graceful stop waits for work in hand.
    #[serde(default = "default_shutdown_ms")]
    pub shutdown_ms: u64,
    /// Who may ask the REST API; nobody, if there are none.
    #[serde(default)]
    pub api_tokens: Vec<ApiToken>,
    /// Limits of every plugin, unless the merchant or the plugin has others.
    #[serde(default)]
    pub limits: LimitsPatch,
    /// When to try again, unless the merchant says otherwise.
    #[serde(default)]
    pub retry: backoff::Schedule,
    /// How the world reaches this host (`https://hooks.example`): webhooks that point elsewhere
    /// are reported.
    #[serde(default)]
    pub public_url: Option<String>,
    /// When polling and backfills slow down.
    #[serde(default)]
    pub backlog: backlog::Thresholds,
    /// How long what has ended is kept, unless the merchant says otherwise.
    #[serde(default)]
    pub retention: RetentionPatch,
}

fn default_listen() -> String {
    "127.0.0.1:8080".into()
}
fn default_data_dir() -> PathBuf {
    "data".into()
}
/// Enough to keep two cores and one disk busy while targets answer in tens of milliseconds.
fn default_in_flight() -> usize {
    256
}
/// A delivery's own timeout (30 s) fits in; a service manager's usual patience (90 s) is not tried.
fn default_shutdown_ms() -> u64 {
    35_000
}

impl HostFile {
    /// Reads `mapwright.toml` in `dir`.
    ///
    /// # Errors
    /// A [`Fault`] when it cannot be read or decoded.
    pub fn read(dir: &Path) -> Result<Self, Fault> {
        let path = dir.join("mapwright.toml");
        let text = std::fs::read_to_string(&path).map_err(|error| {
            Fault::of(&path, format!("cannot be read: {error}; --config names the folder it is in"))
        })?;
        Text::new(&path, &text).decode()
    }
}

/// `merchant.toml`, connections still to be told apart by their connector.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MerchantShape {
    #[serde(default)]
    connections: BTreeMap<String, toml::Table>,
    /// Always there, if only as an empty `[routes]`: a file that was cut short on its way is not taken for one
    /// that takes all routes away.
    routes: Option<BTreeMap<String, Route>>,
    #[serde(default)]
    limits: LimitsPatch,
    #[serde(default)]
    plugins: toml::Table,
    #[serde(default)]
    retry: Option<backoff::Schedule>,
    #[serde(default)]
    retention: RetentionPatch,
}

/// `[plugins.NAME]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct PluginShape {
    #[serde(default)]
    limits: LimitsPatch,
}

/// One `[connections.NAME]`.
#[derive(Debug, Clone)]
pub enum Connection {
    /// A shop.
    Shop {
        /// How its webhooks are heard, if it has a secret for them.
        source: Option<woocommerce::Config>,
        /// How it is written to, if a route does.
        target: Option<TargetTable>,
    },
    /// A system that documents are delivered to.
    Target(TargetTable),
}

/// What a connection says of being delivered to.
#[derive(Debug, Clone)]
pub struct TargetTable {
    /// What its table says.
    pub config: Box<ConnectorConfig>,
    /// The table as written: what tells whether it changed.
    pub written: toml::Table,
}

impl Connection {
    /// How it is delivered to, if it is.
    #[must_use]
    pub fn target(&self) -> Option<&TargetTable> {
        match self {
            Self::Shop { target, .. } => target.as_ref(),
            Self::Target(target) => Some(target),
        }
    }
}

/// `merchants/NAME/merchant.toml`.
#[derive(Debug, Clone)]
pub struct MerchantFile {
    /// By name.
    pub connections: BTreeMap<String, Connection>,
    /// The shops that are polled, by name.
    pub polls: BTreeMap<String, poll::Section>,
    /// By name.
    pub routes: BTreeMap<String, Route>,
    /// For all plugins of the merchant.
    pub limits: LimitsPatch,
    /// For single plugins, by name.
    pub plugin_limits: BTreeMap<String, LimitsPatch>,
    /// What is asked of versions that are brought in.
    pub plugins: plugin::Rules,
    /// When to try again.
    pub retry: Option<backoff::Schedule>,
    /// How long what has ended is kept.
    pub retention: RetentionPatch,
}

impl MerchantFile {
    /// Decodes and checks what can be checked without looking elsewhere.
    ///
    /// # Errors
    /// The first [`Fault`].
    pub fn decode(path: &Path, text: &str) -> Result<Self, Fault> {
        let text = Text::new(path, text);
        let shape: MerchantShape = text.decode()?;
        let Some(routes) = shape.routes else {
            let what =
                if text.is_blank() { "the file is empty" } else { "there is no [routes.NAME]" };
            let message = format!(
                "{what}, as if it was cut short while it was written; where no routes are wanted, say so by an empty `[routes]`"
            );
            return Err(text.fault_at(&[], message));
        };
        let mut connections = BTreeMap::new();
        let mut polls = BTreeMap::new();
        for (name, mut table) in shape.connections {
            let section = decode_poll(&text, &name, &mut table)?;
            let uses = Uses::of(&name, &routes);
            let connection = decode_connection(&text, &name, table, section.as_ref(), uses)?;
            let is_source = matches!(&connection, Connection::Shop { source: Some(_), .. });
            polls.extend(section.filter(|_| is_source).map(|section| (name.clone(), section)));
            connections.insert(name, connection);
        }
        for (name, route) in &routes {
            check_route(&text, name, route, &connections)?;
        }
        let (plugins, plugin_limits) = decode_plugins(&text, shape.plugins)?;
        Ok(Self {
            connections,
            polls,
            routes,
            limits: shape.limits,
            plugin_limits,
            plugins,
            retry: shape.retry,
            retention: shape.retention,
        })
    }
}

const CONNECTORS: [&str; 3] = ["woocommerce", "http", "tryton"];

fn decode_connection(
    text: &Text<'_>,
    name: &str,
    mut table: toml::Table,
    section: Option<&poll::Section>,
    uses: Uses,
) -> Result<Connection, Fault> {
    let place = ["connections", name];
    let Some(connector) = table.remove("connector") else {
        let near = table.keys().map(String::as_str);
        let hint = nearest("connector", near)
            .map(|key| format!("; is `{key}` meant to be it?"))
            .unwrap_or_default();
        let message =
            format!("[connections.{name}] has no `connector`: one of {CONNECTORS:?}{hint}");
        return Err(text.fault_at(&place, message));
    };
    let written = table.clone();
    let target = |config| Connection::Target(TargetTable { config: Box::new(config), written });
    match connector.as_str() {
        Some("woocommerce") => decode_shop(text, name, table, section, uses),
        Some("http") => Ok(target(ConnectorConfig::Http(text.decode_table(table, &place)?))),
        Some("tryton") => Ok(target(ConnectorConfig::Tryton(text.decode_table(table, &place)?))),
        _ => {
            let given = connector.as_str().unwrap_or_default();
            let hint = nearest(given, CONNECTORS)
                .map(|name| format!("; did you mean `{name}`?"))
                .unwrap_or_default();
            let message = format!("unknown connector {connector}: one of {CONNECTORS:?}{hint}");
            Err(text.fault_at(&["connections", name, "connector"], message))
        }
    }
}

/// What routes do with a connection.
#[derive(Debug, Clone, Copy)]
struct Uses {
    listened_to: bool,
    written_to: bool,
}

impl Uses {
    fn of(name: &str, routes: &BTreeMap<String, Route>) -> Self {
        Self {
            listened_to: routes.values().any(|route| route.from == name),
            written_to: routes.values().any(|route| route.to == name),
        }
    }
}

/// A shop is heard where it has a secret for webhooks, and written to where it has keys and a route
/// goes there.
fn decode_shop(
    text: &Text<'_>,
    name: &str,
    mut table: toml::Table,
    section: Option<&poll::Section>,
    uses: Uses,
) -> Result<Connection, Fault> {
    let place = ["connections", name];
    let fault = |key: &str, message: &str| {
        text.fault_at(&["connections", name, key], format!("[connections.{name}] {message}"))
    };
    let mut written = table.clone();
    let write = match table.remove("write") {
        None => None,
        Some(toml::Value::Table(write)) if section.is_some() => Some(write),
        Some(toml::Value::Table(_)) => return Err(fault("write", NO_KEYS)),
        Some(other) => return Err(fault("write", &format!("`write` is a table, not {other}"))),
    };
    let write = match write {
        Some(write) => text.decode_table(write, &["connections", name, "write"])?,
        None => shop::Write::default(),
    };
    let target = section.filter(|_| uses.written_to).map(|section| {
        written.insert("listened_to".to_owned(), uses.listened_to.into());
        let keys = format!("{:?}", section.api);
        written.insert("api".to_owned(), keys.into());
        let config = shop::Config {
            base_url: section.base_url.clone(),
            consumer_key: section.api.consumer_key.clone(),
            consumer_secret: section.api.consumer_secret.clone(),
            write,
            listens: uses.listened_to,
        };
        TargetTable { config: Box::new(ConnectorConfig::WooCommerce(config)), written }
    });
    // A shop that is only written to sends nothing that would have to be signed.
    if section.is_some() && !table.contains_key("webhook_secret") {
        table.remove("base_url");
        if let Some(key) = table.keys().next() {
            let message =
                format!("`{key}` says how webhooks are heard: they need a webhook_secret as well");
            return Err(fault(key, &message));
        }
        return Ok(Connection::Shop { source: None, target });
    }
    Ok(Connection::Shop { source: Some(text.decode_table(table, &place)?), target })
}

const NO_KEYS: &str = "is to be written to and has no keys: add api = { consumer_key = { env = \
                       \"..\" }, consumer_secret = { env = \"..\" } }, with the right to write";

/// Takes what is said of polling out of a shop's table.
fn decode_poll(
    text: &Text<'_>,
    name: &str,
    table: &mut toml::Table,
) -> Result<Option<poll::Section>, Fault> {
    if table.get("connector").and_then(toml::Value::as_str) != Some("woocommerce") {
        return Ok(None);
    }
    let fault = |key: &str, message: String| {
        text.fault_at(&["connections", name, key], format!("[connections.{name}] {message}"))
    };
    let mut take = |key: &str| match table.remove(key) {
        None => Ok(None),
        Some(toml::Value::Table(inner)) => Ok(Some(inner)),
        Some(other) => Err(fault(key, format!("`{key}` is a table, not {other}"))),
    };
    let (api, config) = (take("api")?, take("poll")?);
    let Some(api) = api else {
        return match config {
            None => Ok(None),
            Some(_) => {
                let message = "is to be polled and has no keys: add api = { consumer_key = { env = \
                               \"..\" }, consumer_secret = { env = \"..\" } }";
                Err(fault("poll", message.into()))
            }
        };
    };
    let api = text.decode_table(api, &["connections", name, "api"])?;
    let config = match config {
        Some(config) => text.decode_table(config, &["connections", name, "poll"])?,
        None => PollConfig::default(),
    };
    let base_url = table.get("base_url").and_then(toml::Value::as_str).unwrap_or_default();
    poll::Section::new(base_url, api, config).map(Some).map_err(|why| fault("base_url", why))
}

/// Tells the tables of single plugins from what is said of all of them.
fn decode_plugins(
    text: &Text<'_>,
    table: toml::Table,
) -> Result<(plugin::Rules, BTreeMap<String, LimitsPatch>), Fault> {
    let (mut rules, mut limits) = (toml::Table::new(), BTreeMap::new());
    for (name, value) in table {
        match value {
            toml::Value::Table(own) => {
                let shape: PluginShape = text.decode_table(own, &["plugins", &name])?;
                limits.insert(name, shape.limits);
            }
            other => {
                rules.insert(name, other);
            }
        }
    }
    let rules: plugin::Rules = text.decode_table(rules, &["plugins"])?;
    let wrong = |why| text.fault_at(&["plugins"], format!("[plugins] {why}"));
    rules.check().map_err(wrong)?;
    Ok((rules, limits))
}

fn check_route(
    text: &Text<'_>,
    name: &str,
    route: &Route,
    connections: &BTreeMap<String, Connection>,
) -> Result<(), Fault> {
    let fault = |key: &str, message: String| text.fault_at(&["routes", name, key], message);
    for (key, connection) in [("from", &route.from), ("to", &route.to)] {
        if !connections.contains_key(connection) {
            let hint = nearest(connection, connections.keys().map(String::as_str))
                .map(|name| format!("; did you mean `{name}`?"))
                .unwrap_or_default();
            let message = format!("there is no [connections.{connection}]{hint}");
            return Err(fault(key, message));
        }
    }
    match &connections[&route.from] {
        Connection::Shop { source: Some(_), .. } => {}
        Connection::Shop { source: None, .. } => {
            let message = format!("`{}` cannot be a source: it has no webhook_secret", route.from);
            return Err(fault("from", message));
        }
        Connection::Target(_) => {
            let message =
                format!("`{}` cannot be a source: only woocommerce sends events", route.from);
            return Err(fault("from", message));
        }
    }
    if connections[&route.to].target().is_none() {
        return Err(fault("to", format!("`{}` {NO_KEYS}", route.to)));
    }
    if route.topics.is_empty() {
        return Err(fault("topics", "a route without topics takes nothing".into()));
    }
    if let Some(status) = route.skip_statuses.iter().find(|status| status.starts_with("wc-")) {
        let message = format!(
            "`{status}` is how the shop's database spells it; orders say `{}`",
            status.trim_start_matches("wc-")
        );
        return Err(fault("skip_statuses", message));
    }
    if !route.settings.is_object() {
        return Err(fault("settings", "settings are a table".into()));
    }
    Ok(())
}
