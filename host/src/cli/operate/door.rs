//! How the commands reach a host: by HTTP with a token, always.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::screen;
use crate::delivery::Outbound;
use crate::host;

/// The variable that holds the token.
const TOKEN: &str = "MAPWRIGHT_TOKEN";
/// Long lists are read page by page, so every answer is short.
const PATIENCE: Duration = Duration::from_secs(60);
/// A file may come over a slow line, wait for its turn, and be 18 MB of code that is compiled: longer than
/// the host gives all of that (two minutes each for the line and for the compiler).
const FILE_PATIENCE: Duration = Duration::from_secs(300);
/// Rows of a page when everything is wanted.
const PAGE: usize = 500;

/// Where to ask.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Where {
    /// A running host, like http://127.0.0.1:8080.
    #[arg(long, value_name = "URL", global = true)]
    url: Option<String>,
    /// The configuration folder of a host that is stopped; to look only.
    #[arg(long, value_name = "DIR", default_value = ".", conflicts_with = "url", global = true)]
    config: PathBuf,
    /// Print as JSON.
    #[arg(long, global = true)]
    pub(super) json: bool,
}

/// Why there is nothing to show.
#[derive(Debug)]
pub(super) struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    pub(super) fn unusable(message: impl Into<String>) -> Self {
        Self::out_of_reach(message)
    }

    /// There is no such thing, or it does not stand where it is needed.
    pub(super) fn refused(message: impl Into<String>) -> Self {
        Self { code: 1, message: message.into() }
    }

    fn out_of_reach(message: impl Into<String>) -> Self {
        Self { code: 2, message: message.into() }
    }
}

impl Where {
    /// A running host.
    pub(super) fn host(url: String, json: bool) -> Self {
        Self { url: Some(url), config: PathBuf::new(), json }
    }
}

/// A host that can be asked.
pub(super) struct Door {
    client: reqwest::Client,
    base: String,
    token: String,
    operator: Option<String>,
}

/// Opens the door, does what is wanted with it, shows what came of it, and gives the exit code.
pub(super) fn with<F>(place: &Where, acts: bool, wanted: F) -> ExitCode
where
    F: AsyncFnOnce(&Door) -> Result<ExitCode, Failure>,
{
    let needs = if acts { Needs::ARunningHost } else { Needs::ALook };
    open_and(place, needs, wanted)
}

/// The same for what may be done to the folder of a stopped host as well.
pub(super) fn with_folder<F>(place: &Where, wanted: F) -> ExitCode
where
    F: AsyncFnOnce(&Door) -> Result<ExitCode, Failure>,
{
    open_and(place, Needs::TheJournal, wanted)
}

/// What a command cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    ALook,
    TheJournal,
    ARunningHost,
}

fn open_and<F>(place: &Where, needs: Needs, wanted: F) -> ExitCode
where
    F: AsyncFnOnce(&Door) -> Result<ExitCode, Failure>,
{
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            screen::complain(format!("cannot start threads: {error}"));
            return ExitCode::from(2);
        }
    };
    let done = runtime.block_on(async {
        let door = Door::open(place, needs).await?;
        wanted(&door).await
    });
    done.unwrap_or_else(|failure| {
        screen::complain(screen::plain(&failure.message));
        if place.json {
            screen::print_json(&json!({ "error": { "message": failure.message } }).to_string());
        }
        ExitCode::from(failure.code)
    })
}

impl Door {
    async fn open(place: &Where, needs: Needs) -> Result<Self, Failure> {
        // The outbound client of the host sets up TLS.
        Outbound::new().map_err(|error| Failure::out_of_reach(error.to_string()))?;
        let client = reqwest::Client::builder().timeout(PATIENCE).build();
        let client = client.map_err(|error| Failure::out_of_reach(error.to_string()))?;
        // Whose hands these are; the token says whose permission.
        let operator = std::env::var("USER").ok().filter(|it| !it.is_empty() && it.is_ascii());
        if let Some(url) = &place.url {
            let token = std::env::var(TOKEN).map_err(|_| {
                Failure::out_of_reach(format!(
                    "the environment variable {TOKEN} is not set: it holds a token of the host \
                     (`mapwright token create`, or `api_tokens` in its mapwright.toml)"
                ))
            })?;
            let base = url.trim_end_matches('/').to_owned();
            return Ok(Self { client, base, token, operator });
        }
        if needs == Needs::ARunningHost {
            return Err(Failure::out_of_reach(
                "this needs a running host: say which with --url, like http://127.0.0.1:8080",
            ));
        }
        let served = match needs {
            Needs::TheJournal => host::act_in(&place.config).await,
            _ => host::look_into(&place.config).await,
        };
        let (address, token) = served.map_err(|error| {
            Failure::out_of_reach(format!("{error}. A running host is asked with --url"))
        })?;
        Ok(Self { client, base: format!("http://{address}"), token, operator })
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.ask(self.client.get(format!("{}{path}", self.base))).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        // The same command run again is another wish; a request that was lost on the way is not.
        let key = uuid::Uuid::now_v7().to_string();
        let request = self.client.post(format!("{}{path}", self.base));
        // Comparing ten thousand events takes a while on a machine that has other work.
        let request =
            if path.ends_with("/diff") { request.timeout(FILE_PATIENCE) } else { request };
        self.ask(request.header("idempotency-key", key).body(body.to_string())).await
    }

    /// Sends a file, and its signature if it has one.
    pub(super) async fn put(
        &self,
        path: &str,
        file: Vec<u8>,
        signature: Option<&str>,
    ) -> Result<Value, Failure> {
        let request = self.client.put(format!("{}{path}", self.base)).body(file);
        let mut request = request.header("x-mapwright-client", "push").timeout(FILE_PATIENCE);
        if let Some(signature) = signature {
            request = request.header("x-mapwright-signature", signature.trim());
        }
        self.ask(request).await
    }

    /// Bytes as they are.
    pub(super) async fn bytes(&self, path: &str) -> Result<bytes::Bytes, Failure> {
        let (status, body) = self.send(self.client.get(format!("{}{path}", self.base))).await?;
        if status < 300 { Ok(body) } else { Err(refused(status, &body)) }
    }

    /// Up to `limit` rows of a list, and whether there are more.
    pub(super) async fn list(
        &self,
        path: &str,
        mut query: Query,
        limit: usize,
    ) -> Result<(Vec<Value>, bool), Failure> {
        let mut rows = Vec::new();
        loop {
            query.set("limit", Some(&(limit - rows.len()).min(PAGE).to_string()));
            let page = self.get(&format!("{path}{query}")).await?;
            rows.extend(page["items"].as_array().into_iter().flatten().cloned());
            let next = page["next"].as_str();
            if next.is_none() || rows.len() >= limit {
                return Ok((rows, next.is_some()));
            }
            query.set("cursor", next);
        }
    }

    async fn ask(&self, request: reqwest::RequestBuilder) -> Result<Value, Failure> {
        let (status, body) = self.send(request).await?;
        if status >= 300 {
            return Err(refused(status, &body));
        }
        serde_json::from_slice(&body)
            .map_err(|error| Failure::out_of_reach(format!("{} gave no JSON: {error}", self.base)))
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<(u16, bytes::Bytes), Failure> {
        let said = |error: reqwest::Error| {
            Failure::out_of_reach(format!("{}: {error}; is the host running?", self.base))
        };
        let mut request = request.bearer_auth(&self.token);
        if let Some(operator) = &self.operator {
            request = request.header("x-operator", operator);
        }
        let response = request.send().await.map_err(said)?;
        let status = response.status().as_u16();
        Ok((status, response.bytes().await.map_err(said)?))
    }
}

fn refused(status: u16, body: &[u8]) -> Failure {
    let problem: Value = serde_json::from_slice(body).unwrap_or_default();
    let detail = problem["detail"].as_str();
    let message = detail.map_or_else(|| format!("the host answered {status}"), ToOwned::to_owned);
    let code = if matches!(status, 404 | 409 | 422) { 1 } else { 2 };
    Failure { code, message }
}

/// What stands behind the `?`.
#[derive(Debug, Clone, Default)]
pub(super) struct Query(Vec<(&'static str, String)>);

impl Query {
    pub(super) fn of<const N: usize>(pairs: [(&'static str, Option<&str>); N]) -> Self {
        let mut query = Self::default();
        for (key, value) in pairs {
            query.set(key, value);
        }
        query
    }

    fn set(&mut self, key: &'static str, value: Option<&str>) {
        self.0.retain(|(known, _)| *known != key);
        self.0.extend(value.map(|value| (key, value.to_owned())));
    }
}

impl std::fmt::Display for Query {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (place, (key, value)) in self.0.iter().enumerate() {
            let mark = if place == 0 { '?' } else { '&' };
            write!(f, "{mark}{key}={}", encoded(value))?;
        }
        Ok(())
    }
}

/// A text as it may stand in an address.
pub(super) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}
