//! The REST API under `/v1`: what the host holds and what may be done about it.
//!
//! [`TABLE`] is all of it: from its rows the router is made and the OpenAPI document is written, so
//! the two cannot differ. Every request needs a token of the role that its row says, and one of a
//! single merchant gets to its own matters only ([`scope`]); what changes something needs a `why`. Errors are RFC 9457, pages go by opaque cursors, lists come as
//! NDJSON where that is asked for. A POST with an `Idempotency-Key` is carried out once.

mod auth;
mod events;
mod guesses;
mod explained;
mod idempotent;
mod letters;
mod openapi;
mod page;
mod plugins;
mod problem;
mod quarantine;
mod query;
mod recalls;
mod rest;
mod routes;
mod scope;
mod table;
mod tokens;
mod trials;
mod values;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{RawPathParams, Request, State};
use axum::http::{HeaderMap, Response, StatusCode, header};
use axum::routing::on;
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use self::auth::Tokens;
use self::auth::Who;
use self::page::List;
use self::problem::Problem;
use self::query::Query;
use self::table::{COMPONENT, Endpoint, Op, TABLE, VALUE};
use super::Operate;
use crate::plugin::FILE_BYTES_MAX;

/// The largest request: a filter and a reason.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// A request that names many events: twenty thousand ids.
const LIST_BYTES_MAX: usize = 1024 * 1024;
/// The largest lookup table or settings. A plugin may have what the host loads at most.
const VALUE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// A request is small and comes at once; a plugin may come over a slow line.
const BODY_TIME_MAX: Duration = Duration::from_secs(10);
const COMPONENT_TIME_MAX: Duration = Duration::from_secs(120);

/// The API as an axum router; merge it with the host's other paths.
pub fn router(operate: Operate, tokens: Tokens) -> axum::Router {
    let api = Api(Arc::new(Served { operate, tokens }));
    let mut router = axum::Router::new();
    for endpoint in TABLE {
        let handler = move |State(api): State<Api>, path: RawPathParams, request: Request| async move {
            api.answer(endpoint, &path, request).await
        };
        router = router.route(endpoint.path, on(endpoint.filter(), handler));
    }
    router
        .route("/v1", axum::routing::any(nothing))
        .route("/v1/{*rest}", axum::routing::any(nothing))
        .method_not_allowed_fallback(nothing)
        .with_state(api)
}

async fn nothing(State(api): State<Api>, request: Request) -> Response<Body> {
    let Served { operate, tokens } = &*api.0;
    let refusal = match tokens.who(&operate.journal, request.headers(), request.extensions()) {
        Ok(_) => Problem::unknown(format!(
            "nothing answers {} {}; /v1/openapi.json says what does",
            request.method(),
            request.uri().path()
        )),
        Err(refusal) => refusal,
    };
    refusal.response()
}

#[derive(Clone)]
struct Api(Arc<Served>);

struct Served {
    operate: Operate,
    tokens: Tokens,
}

/// What is asked, taken apart.
struct Asked {
    who: Who,
    path: BTreeMap<String, String>,
    query: Query,
    body: Bytes,
    headers: HeaderMap,
}

/// What is answered when all goes well.
enum Answer {
    Json(StatusCode, Value),
    /// Something that is shown this one time: what is kept of it for a repetition is less.
    Once {
        status: StatusCode,
        body: Value,
        kept: Value,
    },
    List(List),
    Bytes(&'static str, Bytes),
}

impl Asked {
    fn part(&self, name: &str) -> &str {
        self.path.get(name).map(String::as_str).unwrap_or_default()
    }

    fn number(&self, name: &str) -> Result<u64, Problem> {
        let text = self.part(name);
        text.parse().map_err(|_| Problem::unknown(format!("`{text}` is not a number")))
    }

    fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_json::from_slice(&self.body).map_err(|error| {
            Problem::wrong("malformed-body", format!("the body is not as needed: {error}"))
        })
    }
}

impl Api {
    async fn answer(
        &self,
        endpoint: &'static Endpoint,
        path: &RawPathParams,
        request: Request,
    ) -> Response<Body> {
        let answered = self.try_answer(endpoint, path, request).await;
        answered.unwrap_or_else(|problem| problem.response())
    }

    async fn try_answer(
        &self,
        endpoint: &'static Endpoint,
        path: &RawPathParams,
        request: Request,
    ) -> Result<Response<Body>, Problem> {
        let Served { operate, tokens } = &*self.0;
        let who = tokens.who(&operate.journal, request.headers(), request.extensions())?;
        if who.role < endpoint.needs {
            return Err(Problem::role(who.role, endpoint.needs));
        }
        let (head, body) = request.into_parts();
        let (bytes_max, time_max) = match endpoint.takes {
            Some(COMPONENT) => {
                (usize::try_from(FILE_BYTES_MAX).unwrap_or(usize::MAX), COMPONENT_TIME_MAX)
            }
            Some(VALUE) => (VALUE_BYTES_MAX, COMPONENT_TIME_MAX),
            Some("CompareRequest") => (LIST_BYTES_MAX, BODY_TIME_MAX),
            _ => (BODY_BYTES_MAX, BODY_TIME_MAX),
        };
        let reading = tokio::time::timeout(time_max, to_bytes(body, bytes_max)).await;
        let Ok(Ok(body)) = reading else {
            let said = format!("the body is longer than {bytes_max} bytes or did not arrive");
            return Err(Problem::wrong("malformed-body", said));
        };
        let mut asked = Asked {
            who,
            path: path.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
            query: Query::parse(head.uri.query().unwrap_or_default())?,
            body,
            headers: head.headers,
        };
        scope::narrow(&operate.journal, endpoint, &mut asked)?;
        let wants_lines = endpoint.path.ends_with("/export")
            || asked
                .headers
                .get(header::ACCEPT)
                .and_then(|value| value.to_str().ok())
                .is_some_and(|accept| accept.contains("application/x-ndjson"));
        if endpoint.acts() {
            let key = asked.headers.get("idempotency-key").cloned();
            if let Some(key) = key {
                return self.once(endpoint, head.uri.path(), &key, asked).await;
            }
        }
        match self.carry_out(endpoint.op, asked).await? {
            Answer::Json(status, body) | Answer::Once { status, body, .. } => {
                Ok(json(status, &body))
            }
            Answer::List(list) if wants_lines => Ok(list.lines()),
            Answer::List(list) => Ok(json(StatusCode::OK, &list.page().await?)),
            Answer::Bytes(kind, bytes) => Ok(Response::builder()
                .header(header::CONTENT_TYPE, kind)
                .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
                .body(Body::from(bytes))
                .expect("all of its parts are valid")),
        }
    }

    async fn carry_out(&self, op: Op, asked: Asked) -> Result<Answer, Problem> {
        let operate = &self.0.operate;
        match op {
            Op::Openapi => Ok(Answer::Json(StatusCode::OK, openapi::document())),
            Op::Events => events::list(operate, asked),
            Op::Event => events::show(operate, &asked),
            Op::EventPayload => events::payload(operate, &asked),
            Op::EventExplained => explained::event(operate, asked).await,
            Op::Reads => explained::reads(operate, asked).await,
            Op::Letters => letters::list(operate, asked),
            Op::Letter => letters::show(operate, &asked),
            Op::LetterResolve | Op::LetterDiscard => letters::act(operate, op, &asked).await,
            Op::Issues => letters::issues(operate, asked),
            Op::Issue => letters::issue(operate, &asked),
            Op::IssueResolve | Op::IssueDiscard | Op::IssueMute | Op::IssueUnmute => {
                letters::act_on_issue(operate, op, &asked).await
            }
            Op::Replays => rest::replays(operate, asked),
            Op::ReplayStart => rest::start_replay(operate, &asked).await,
            Op::Replay => rest::replay(operate, &asked),
            Op::ReplayStop => rest::stop_replay(operate, &asked).await,
            Op::ReplayResume => rest::resume_replay(operate, &asked).await,
            Op::Quarantine => quarantine::list(operate, asked),
            Op::Quarantined => quarantine::show(operate, &asked),
            Op::QuarantinedPayload => quarantine::payload(operate, &asked),
            Op::QuarantineRelease => quarantine::release(operate, &asked).await,
            Op::QuarantineDiscard => quarantine::discard(operate, &asked).await,
            Op::Bookmarks => rest::bookmarks(operate, asked),
            Op::BookmarkSet => rest::set_bookmark(operate, &asked).await,
            Op::BookmarkDrop => rest::drop_bookmark(operate, asked).await,
            Op::Audit => rest::audit(operate, asked),
            Op::Backfills => rest::backfills(operate, asked),
            Op::BackfillStart => rest::start_backfill(operate, &asked).await,
            Op::Backfill => rest::backfill(operate, &asked),
            Op::BackfillStop => rest::stop_backfill(operate, &asked).await,
            Op::Connections => rest::connections(operate, asked),
            Op::Plugins => rest::plugins(operate, asked),
            Op::Slots => plugins::slots(operate, &asked),
            Op::Versions => plugins::all(operate, &asked),
            Op::Version => plugins::one(operate, &asked),
            Op::Upload => plugins::upload(operate, asked).await,
            Op::Activate => plugins::activate(operate, &asked).await,
            Op::Rollback => plugins::rollback(operate, &asked).await,
            Op::Compare => plugins::compare(operate, asked).await,
            Op::Comparison => plugins::progress(operate, &asked),
            Op::CanaryShow => trials::canary(operate, &asked),
            Op::CanaryShare => trials::share(operate, asked).await,
            Op::CanaryStop => trials::unshare(operate, &asked).await,
            Op::ShadowShow => trials::show(operate, &asked),
            Op::ShadowBegin => trials::begin(operate, asked).await,
            Op::ShadowStop => trials::stop(operate, &asked).await,
            Op::ShadowPromote => trials::promote(operate, &asked).await,
            Op::Routes => routes::all(operate, asked),
            Op::RoutesOf => routes::of_merchant(operate, &asked),
            Op::RoutePause => routes::pause(operate, &asked).await,
            Op::RouteResume => routes::resume(operate, &asked).await,
            Op::Tokens => tokens::list(operate),
            Op::TokenCreate => tokens::create(operate, &self.0.tokens, &asked).await,
            Op::TokenRevoke => tokens::revoke(operate, &self.0.tokens, &asked).await,
            Op::Recalls => recalls::list(operate, asked),
            Op::RecallStart => recalls::start(operate, &asked).await,
            Op::Recall => recalls::show(operate, &asked),
            Op::Corrections => recalls::corrections(operate, asked),
            Op::RecallSend => recalls::send(operate, &asked).await,
            Op::RecallStop => recalls::stop(operate, &asked).await,
            Op::Values => values::list(operate, &asked).await,
            Op::Value => values::show(operate, &asked).await,
            Op::ValueSays => values::says(operate, &asked).await,
            Op::ValueChanges => values::changes(operate, asked).await,
            Op::ValuePut => values::put(operate, asked).await,
            Op::ValueActivate => values::activate(operate, &asked).await,
            Op::ValueRollback => values::rollback(operate, &asked).await,
            Op::ValueCompare => values::compare(operate, asked).await,
        }
    }
}

/// What takes a processor's time or waits for a disk, away from everybody else.
async fn aside<T: Send + 'static, E: Into<Problem> + Send + 'static>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, Problem> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(Into::into),
        Err(error) => Err(Problem::unavailable(format!("it broke off: {error}"))),
    }
}

fn json(status: StatusCode, body: &Value) -> Response<Body> {
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(format!("{body}\n")))
        .expect("all of its parts are valid")
}
