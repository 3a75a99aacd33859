//! Calls to a Tryton server: the session, the context that every call ends with, the answers read.
//!
//! Errors come as HTTP 200 with an `error` member, a lost session as 401, a method that may not be
//! called as 403 and everything about the address as HTML. A session is opened when the first call
//! needs one and again when the server has forgotten it, by one caller while the others wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use base64::Engine as _;
use http::{HeaderValue, StatusCode, header};
use reqwest::Url;
use serde_json::{Value, json};
use tokio::sync::{Mutex, Semaphore};

use super::super::client::{NoAnswer, Timeouts, Unanswered, read_bounded, send};
use super::super::patience::retry_after;
use super::super::{Gate, Health, Outbound};
use super::fault::Fault;
use super::{Config, REFUSED_WAIT};
use crate::secret::Secret;

/// `fields_get` of a large model is a few hundred KB; anything near this is not an answer.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A call brings this many different warnings at the most; more is a loop.
const WARNINGS_MAX: usize = 10;

/// Whether a call without an answer may have changed something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Reads,
    Writes,
}

/// The way to one database.
#[derive(Debug)]
pub(super) struct Rpc {
    outbound: Outbound,
    url: Url,
    username: String,
    password: Secret,
    gate: Arc<Gate>,
    timeouts: Timeouts,
    accept_warnings: Vec<String>,
    session: Mutex<Login>,
    calls: Semaphore,
    id: AtomicU64,
}

#[derive(Debug, Default)]
enum Login {
    #[default]
    None,
    Open(Arc<Session>),
    /// Until then there is no use in asking again.
    Refused(Instant, String),
}

#[derive(Debug)]
struct Session {
    authorization: HeaderValue,
    context: Value,
}

impl Rpc {
    pub(super) fn new(
        outbound: Outbound,
        gate: &Arc<Gate>,
        timeouts: Timeouts,
        url: Url,
        config: &Config,
        password: Secret,
    ) -> Self {
        Self {
            outbound,
            gate: Arc::clone(gate),
            timeouts,
            url,
            username: config.username.clone(),
            password,
            accept_warnings: config.accept_warnings.clone(),
            session: Mutex::default(),
            calls: Semaphore::new(config.calls_max),
            id: AtomicU64::new(1),
        }
    }

    pub(super) fn username(&self) -> &str {
        &self.username
    }

    /// Calls `model.<method>`; `params` without the context, which is added.
    pub(super) async fn call(
        &self,
        method: &str,
        params: Value,
        effect: Effect,
    ) -> Result<Value, Fault> {
        // Boxed: it is large, and there are many around it.
        Box::pin(async {
            let mut renewed = false;
            let mut accepted = 0;
            loop {
                let session = self.session().await?;
                match self.with_context(&session, method, &params, effect).await {
                    Err(Fault::Session) if !renewed => {
                        renewed = true;
                        self.forget(&session).await;
                    }
                    Err(Fault::Warning { name, message })
                        if accepted < WARNINGS_MAX && self.accepts(&name, &message) =>
                    {
                        accepted += 1;
                        let skip = json!([name, false]);
                        let method = "res.user.warning.skip";
                        self.with_context(&session, method, &skip, Effect::Reads).await?;
                    }
                    other => return other,
                }
            }
        })
        .await
    }

    async fn with_context(
        &self,
        session: &Session,
        method: &str,
        params: &Value,
        effect: Effect,
    ) -> Result<Value, Fault> {
        let mut params = params.clone();
        if let Some(params) = params.as_array_mut() {
            params.push(session.context.clone());
        }
        let method = format!("model.{method}");
        self.post(&method, params, Some(&session.authorization), effect).await
    }

    fn accepts(&self, name: &str, message: &str) -> bool {
        self.accept_warnings.iter().any(|rule| matches(rule, name) || matches(rule, message))
    }

    async fn session(&self) -> Result<Arc<Session>, Fault> {
        let mut login = self.session.lock().await;
        match &*login {
            Login::Open(session) => return Ok(Arc::clone(session)),
            Login::Refused(until, reason) if *until > Instant::now() => {
                return Err(Fault::mend(reason.clone(), Some(401)));
            }
            Login::Refused(..) | Login::None => {}
        }
        match self.login().await {
            Ok(session) => {
                let session = Arc::new(session);
                *login = Login::Open(Arc::clone(&session));
                Ok(session)
            }
            Err(Fault::Session) => {
                let reason = format!(
                    "Tryton refuses {:?}: check username and password of this connection",
                    self.username
                );
                *login = Login::Refused(Instant::now() + REFUSED_WAIT, reason.clone());
                Err(Fault::mend(reason, Some(401)))
            }
            Err(fault) => Err(fault),
        }
    }

    async fn login(&self) -> Result<Session, Fault> {
        let params = json!([self.username, { "password": self.password.expose() }, "en"]);
        let answer = self.post("common.db.login", params, None, Effect::Reads).await?;
        // Some versions answer a wrong password with null instead of 401.
        if answer.is_null() {
            return Err(Fault::Session);
        }
        let (Some(user), Some(token)) = (answer[0].as_i64(), answer[1].as_str()) else {
            return Err(Fault::mend("Tryton's answer to the login is not understood", Some(200)));
        };
        let text = format!("{}:{user}:{token}", self.username);
        let text = format!("Session {}", base64::engine::general_purpose::STANDARD.encode(text));
        let mut authorization =
            HeaderValue::from_str(&text).expect("base64 has no character a header cannot carry");
        authorization.set_sensitive(true);
        let preferences = json!([true, {}]);
        let method = "model.res.user.get_preferences";
        let context = self.post(method, preferences, Some(&authorization), Effect::Reads).await?;
        Ok(Session { authorization, context })
    }

    /// Forgets a session that the server no longer takes, unless somebody was quicker.
    async fn forget(&self, old: &Arc<Session>) {
        let mut login = self.session.lock().await;
        if matches!(&*login, Login::Open(session) if Arc::ptr_eq(session, old)) {
            *login = Login::None;
        }
    }

    async fn post(
        &self,
        method: &str,
        params: Value,
        authorization: Option<&HeaderValue>,
        effect: Effect,
    ) -> Result<Value, Fault> {
        let _one = self.calls.acquire().await.expect("this semaphore is never closed");
        let id = self.id.fetch_add(1, Ordering::Relaxed);
        let body = json!({ "id": id, "method": method, "params": params }).to_string();
        let mut request = self
            .outbound
            .client()
            .post(self.url.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .body(body);
        if let Some(authorization) = authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let lost = |no_answer: NoAnswer| match (no_answer, effect) {
            (NoAnswer::NotSent(reason), _) => Fault::of_target(method, &reason, Health::Down),
            (NoAnswer::Lost(reason), Effect::Reads) => {
                Fault::of_target(method, &reason, Health::Doubtful)
            }
            (NoAnswer::Lost(reason), Effect::Writes) => {
                Fault::Unknown { reason: format!("{method}: {reason}") }
            }
        };
        let sent = send(&self.outbound, &self.gate, self.timeouts, request).await;
        let mut response = sent.map_err(|unanswered| match unanswered {
            Unanswered::NotNow(not_now) => Fault::NotNow(not_now),
            Unanswered::NoAnswer(no_answer) => lost(no_answer),
        })?;
        let status = response.status();
        let retry_after = retry_after(response.headers(), SystemTime::now());
        let (body, cut) = read_bounded(&mut response, ANSWER_BYTES_MAX)
            .await
            .map_err(|error| lost(NoAnswer::of(&error, self.timeouts)))?;
        if status != StatusCode::OK {
            // Behind the proxy that says so the server may be at work still.
            if effect == Effect::Writes && matches!(status.as_u16(), 502 | 504) {
                return Err(Fault::Unknown { reason: format!("{method}: answered {status}") });
            }
            return Err(of_status(status, method, retry_after, &self.url));
        }
        let mut answer: Value = match serde_json::from_slice(&body) {
            Ok(answer) if !cut => answer,
            _ => {
                let reason = "the answer is not that of a Tryton server: check base_url";
                return Err(Fault::mend(reason, Some(200)));
            }
        };
        match answer.get("error") {
            Some(error) if !error.is_null() => Err(Fault::of_error(error)),
            _ => Ok(answer.get_mut("result").map(Value::take).unwrap_or_default()),
        }
    }
}

fn of_status(status: StatusCode, method: &str, after: Option<Duration>, url: &Url) -> Fault {
    let number = Some(status.as_u16());
    match status.as_u16() {
        401 => Fault::Session,
        403 => Fault::rejected("forbidden", format!("Tryton does not let this user call {method}")),
        404 => Fault::mend(
            format!("there is nothing at {url}: check base_url and database (Tryton 8.2 or later)"),
            number,
        ),
        408 | 425 | 429 | 500..=599 => {
            let reason = format!("{method}: the server answered {status}");
            let health = if status.as_u16() == 429 { Health::Down } else { Health::Doubtful };
            Fault::Retry { reason, after, status: number, health }
        }
        300..=399 => {
            Fault::mend(format!("{url} answers {status}: redirects are not followed"), number)
        }
        _ => Fault::rejected("http_status", format!("{method}: the server answered {status}")),
    }
}

/// Whether a text matches a pattern in which `*` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_star_stands_for_anything_and_nothing_else_does() {
        for (pattern, text, expected) in [
            ("*.invoice_taxes", "9601.invoice_taxes", true),
            ("*.invoice_taxes", "9601.invoice_taxes.x", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("exact", "exact", true),
            ("exact", "exactly", false),
            ("*", "", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(super::matches(pattern, text), expected, "{pattern} on {text}");
        }
    }
}
