//! The REST API as a client uses it: a token, JSON in, JSON out.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::host::{Folder, until};
use crate::shop::client;

/// What may act.
pub const TOKEN: &str = "token-that-may-act-0001";
/// What may only look.
pub const READ_TOKEN: &str = "token-that-may-look-0001";

/// Lets clients in: `ops` may act, `eye` may look.
///
/// # Panics
/// When the folder has no `mapwright.toml`.
pub fn open_to_clients(folder: &Folder) {
    folder.write("ops-token", TOKEN);
    folder.write("eye-token", READ_TOKEN);
    let file = std::fs::read_to_string(folder.dir().join("mapwright.toml")).expect("it is there");
    let tokens = "api_tokens = [\n  { file = \"ops-token\", name = \"ops\" },\n  \
                  { file = \"eye-token\", name = \"eye\", role = \"read\" },\n]\n";
    folder.write("mapwright.toml", format!("{tokens}{file}"));
}

/// A client of one host.
#[derive(Debug, Clone)]
pub struct Api {
    client: reqwest::Client,
    base: String,
    token: String,
}

/// What was answered.
#[derive(Debug, Clone)]
pub struct Said {
    /// The status.
    pub status: u16,
    /// The `Content-Type`.
    pub kind: String,
    /// Seconds of `Retry-After`.
    pub retry_after: Option<u64>,
    /// The body.
    pub text: String,
    /// The body as JSON, or null.
    pub json: Value,
}

impl Said {
    /// The JSON, when all went well.
    ///
    /// # Panics
    /// When it did not; the message has what was said instead.
    pub fn well(self) -> Value {
        assert!((200..300).contains(&self.status), "{self:#?}");
        self.json
    }

    /// The problem's detail, when it was refused with this status.
    ///
    /// # Panics
    /// When it was not, or not as RFC 9457 says.
    pub fn refused(self, status: u16) -> String {
        assert_eq!(self.status, status, "{self:#?}");
        assert_eq!(self.kind, "application/problem+json", "{self:#?}");
        assert_eq!(self.json["status"], status, "{self:#?}");
        self.json["detail"].as_str().expect("a problem has a detail").to_owned()
    }
}

impl Api {
    /// Asks the host at `address` as `ops`.
    #[must_use]
    pub fn of(address: SocketAddr) -> Self {
        Self { client: client(), base: format!("http://{address}"), token: TOKEN.to_owned() }
    }

    /// The same with another token.
    #[must_use]
    pub fn with_token(mut self, token: &str) -> Self {
        token.clone_into(&mut self.token);
        self
    }

    /// Sends a request.
    ///
    /// # Panics
    /// When nobody answers.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Said {
        let method = method.parse().expect("tests know their methods");
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if !self.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        let response = request.send().await.expect("the host answers");
        let status = response.status().as_u16();
        let kind = response.headers().get("content-type").and_then(|it| it.to_str().ok());
        let kind = kind.unwrap_or_default().to_owned();
        let retry_after = response.headers().get("retry-after").and_then(|it| it.to_str().ok());
        let retry_after = retry_after.and_then(|it| it.parse().ok());
        let text = response.text().await.expect("the host answers");
        let json = serde_json::from_str(&text).unwrap_or_default();
        Said { status, kind, retry_after, text, json }
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Said {
        self.send("GET", path, None, &[]).await
    }

    /// Brings a plugin in.
    ///
    /// # Panics
    /// When nobody answers.
    pub async fn put(&self, path: &str, file: Vec<u8>) -> Said {
        let request = self.client.put(format!("{}{path}", self.base)).body(file);
        let request = request.header("authorization", format!("Bearer {}", self.token));
        let response = request.send().await.expect("the host answers");
        let status = response.status().as_u16();
        let kind = response.headers().get("content-type").and_then(|it| it.to_str().ok());
        let kind = kind.unwrap_or_default().to_owned();
        let retry_after = response.headers().get("retry-after").and_then(|it| it.to_str().ok());
        let retry_after = retry_after.and_then(|it| it.parse().ok());
        let text = response.text().await.expect("the host answers");
        let json = serde_json::from_str(&text).unwrap_or_default();
        Said { status, kind, retry_after, text, json }
    }

    /// POST.
    pub async fn post(&self, path: &str, body: Value) -> Said {
        self.send("POST", path, Some(&body), &[]).await
    }

    /// The items of a list, first page.
    ///
    /// # Panics
    /// When it is not given.
    pub async fn items(&self, path: &str) -> Vec<Value> {
        self.get(path).await.well()["items"].as_array().expect("a page has items").clone()
    }

    /// Begins a replay; gives its number.
    ///
    /// # Panics
    /// When it does not begin.
    pub async fn replay(&self, mut ask: Value) -> u64 {
        if ask["why"].is_null() {
            ask["why"] = json!("a test wants it");
        }
        self.post("/v1/replays", ask).await.well()["id"].as_u64().expect("a number")
    }

    /// Waits until a replay has put back all that was meant, and all of that has ended.
    ///
    /// # Panics
    /// When that does not come to be.
    pub async fn replayed(&self, id: u64) -> Value {
        until("the replay is done and what it put back has ended", async || {
            let said = self.get(&format!("/v1/replays/{id}")).await.well();
            let ended: u64 = said["outcomes"]
                .as_object()
                .expect("outcomes are an object")
                .values()
                .filter_map(Value::as_u64)
                .sum();
            (said["state"] == "done" && said["replayed"] == ended).then_some(said)
        })
        .await
    }
}
