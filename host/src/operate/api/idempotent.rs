//! `Idempotency-Key`: a request that is sent twice is carried out once and answered alike.
//!
//! The key is taken in the journal before anything is done and the answer put beside it after. If
//! the host dies in between, what became of the request is not known, and the key says so: 409, look
//! and use another key.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode};
use sha2::{Digest, Sha256};

use super::problem::Problem;
use super::table::Endpoint;
use super::{Answer, Api, Asked, json};
use crate::journal::audit::{Act, GivenAnswer};

const KEY_BYTES_MAX: usize = 200;

impl Api {
    pub(super) async fn once(
        &self,
        endpoint: &'static Endpoint,
        path: &str,
        key: &HeaderValue,
        asked: Asked,
    ) -> Result<Response<Body>, Problem> {
        let journal = &self.0.operate.journal;
        let key = key.to_str().unwrap_or_default();
        if !(1..=KEY_BYTES_MAX).contains(&key.len()) {
            let said = format!("the key is 1 to {KEY_BYTES_MAX} visible characters");
            return Err(Problem::wrong("idempotency-key", said));
        }
        let mut hasher = Sha256::new();
        for part in [format!("{:?}", endpoint.method).as_bytes(), path.as_bytes(), &asked.body] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        let mut given = GivenAnswer {
            who: asked.who.id.clone(),
            key: key.to_owned(),
            request: hasher.finalize().into(),
            status: 0,
            body: String::new(),
        };
        if journal.act(vec![Act::BeginAnswer(given.clone())]).await? == 0 {
            let known = journal.given_answer(&given.who, key)?;
            return known.map_or_else(
                || Err(Problem::conflict("idempotency-key", "try again")),
                |known| again(&known, &given),
            );
        }
        let mut once = None;
        let (status, body) = match self.carry_out(endpoint.op, asked).await {
            Ok(Answer::Json(status, body)) => (status, body.to_string()),
            Ok(Answer::Once { status, body, kept }) => {
                once = Some(body);
                (status, kept.to_string())
            }
            Ok(Answer::List(_) | Answer::Bytes(..)) => unreachable!("what acts answers with JSON"),
            // Whether anything was done is not known, and the key says so from now on.
            Err(problem) if problem.status.is_server_error() => return Err(problem),
            Err(problem) => {
                given.status = problem.status.as_u16();
                given.body = serde_json::json!({
                    "kind": problem.kind, "title": problem.title, "detail": problem.detail,
                })
                .to_string();
                journal.act(vec![Act::EndAnswer(given)]).await?;
                return Err(problem);
            }
        };
        given.status = status.as_u16();
        given.body = body;
        let answer = once.unwrap_or_else(|| serde_json::from_str(&given.body).unwrap_or_default());
        journal.act(vec![Act::EndAnswer(given)]).await?;
        Ok(json(status, &answer))
    }
}

fn again(known: &GivenAnswer, asked: &GivenAnswer) -> Result<Response<Body>, Problem> {
    if known.request != asked.request {
        let said = "this key was used for another request: use a fresh one";
        return Err(Problem::unfit("idempotency-key", said));
    }
    match StatusCode::from_u16(known.status) {
        Ok(status) if status.is_success() => {
            Ok(json(status, &serde_json::from_str(&known.body).unwrap_or_default()))
        }
        Ok(status) => {
            let said: serde_json::Value = serde_json::from_str(&known.body).unwrap_or_default();
            let detail = said["detail"].as_str().unwrap_or_default().to_owned();
            let title = "It was refused before";
            Err(Problem {
                status,
                kind: "refused-before",
                title,
                detail,
                retry_after: None,
                report: None,
            })
        }
        Err(_) => Err(Problem::conflict(
            "idempotency-key",
            "the request with this key is under way, or the host stopped in the middle of it: look \
             whether it was carried out, then use another key",
        )),
    }
}
