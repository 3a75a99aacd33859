//! A model of a target, at the far end of the wire: it is well, ill or gone, and does to single
//! requests whatever targets do. It keeps the books, and fails as soon as the host breaks a rule.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use fastrand::Rng;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::clock::SimClock;
use crate::delivery::{Clock, NoAnswer, Timeouts, Waiting, Wire};

/// What a request takes at most once it has arrived; less than `settle_ms` of the connection.
const WORK_MAX: Duration = Duration::from_secs(4);

/// How a target helps to do things once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// It keeps idempotency keys.
    Keys,
    /// It can be asked what it has.
    Lookup,
    /// Neither.
    Neither,
    /// A Tryton: one model, whose records are found by their code.
    Tryton,
}

/// How it is at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weather {
    Fair,
    /// 503 to everybody.
    Ill,
    /// Nobody listens.
    Gone,
    /// Takes requests and never answers; half of them it does.
    Hangs,
}

/// Clones are the same target.
#[derive(Debug, Clone)]
pub(super) struct Target(Arc<Mutex<Books>>);

#[derive(Debug)]
pub(super) struct Books {
    rng: Rng,
    clock: SimClock,
    pub(super) manner: Manner,
    pub(super) limits: Vec<(usize, Duration)>,
    pub(super) weather: Weather,
    /// Whether single requests go wrong in fair weather.
    pub(super) moody: bool,
    /// What it has of each key.
    pub(super) has: BTreeMap<String, u32>,
    /// Work that will be done, whoever waits for it.
    at_work: BTreeMap<(Instant, u64), String>,
    number: u64,
    /// Requests of which the host cannot know what became of them, by key.
    doubts: BTreeMap<String, u32>,
    /// The last document of each resource that came.
    last: BTreeMap<String, (u64, u64)>,
    recent: VecDeque<Instant>,
    asked: Option<Instant>,
    /// All requests, also those that found nobody.
    pub(super) requests: u64,
    pub(super) lost: u64,
}

/// What a request is.
enum Asked {
    Write(String),
    Look(String),
    /// A call to a Tryton, and the key it is about.
    Rpc(String, Option<String>),
}

impl Asked {
    fn read(request: &reqwest::Request) -> Self {
        if request.url().path().ends_with("/rpc/") {
            let body = request.body().and_then(reqwest::Body::as_bytes).unwrap();
            let call: Value = serde_json::from_slice(body).unwrap();
            let method = call["method"].as_str().unwrap().to_owned();
            let place = match method.rsplit('.').next() {
                Some("create") => "/params/0/0/code",
                Some("search") => "/params/0/0/2",
                _ => "/none",
            };
            let key = call.pointer(place).and_then(Value::as_str).map(str::to_owned);
            return Self::Rpc(method, key);
        }
        let key = request.headers().get("idempotency-key").filter(|_| request.method() == "POST");
        if let Some(key) = key {
            return Self::Write(key.to_str().unwrap().to_owned());
        }
        let sought = request.url().query_pairs().find(|(name, _)| name == "key");
        Self::Look(sought.expect("it is a document or a look-up").1.into_owned())
    }

    /// The key of the document that it makes.
    fn writes(&self) -> Option<&str> {
        match self {
            Self::Write(key) => Some(key),
            Self::Rpc(method, key) if method.ends_with(".create") => key.as_deref(),
            Self::Look(_) | Self::Rpc(..) => None,
        }
    }
}

/// What becomes of a request.
enum Fate {
    Refused(u16, Option<u64>),
    Nobody,
    /// No answer ever.
    Silence,
    /// The connection breaks.
    Broken,
    Done,
    Page,
}

/// `order/3/v7/0`: the resource, the event's number, the document's.
pub(super) fn key_of(resource: &str, seq: u64, ordinal: u64) -> String {
    format!("{resource}/{seq}/{ordinal}")
}

/// Whether the target will never take this document.
pub(super) fn is_poison(key: &str) -> bool {
    key.ends_with("7/1")
}

impl Target {
    pub(super) fn new(rng: Rng, clock: SimClock, manner: Manner) -> Self {
        Self(Arc::new(Mutex::new(Books {
            rng,
            clock,
            manner,
            limits: Vec::new(),
            weather: Weather::Fair,
            moody: true,
            has: BTreeMap::new(),
            at_work: BTreeMap::new(),
            number: 0,
            doubts: BTreeMap::new(),
            last: BTreeMap::new(),
            recent: VecDeque::new(),
            asked: None,
            requests: 0,
            lost: 0,
        })))
    }

    pub(super) fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Books {
    pub(super) fn due(&self) -> Option<Instant> {
        self.at_work.keys().next().map(|(at, _)| *at)
    }

    /// Does what was to be done by now.
    pub(super) fn work(&mut self) {
        let now = self.clock.now();
        while let Some(entry) = self.at_work.first_entry()
            && entry.key().0 <= now
        {
            let key = entry.remove();
            let has = self.has.entry(key.clone()).or_default();
            *has = if self.manner == Manner::Keys { 1 } else { *has + 1 };
            assert_eq!(*has, 1, "{key} was done twice");
        }
    }

    /// A host starts: it knows nothing of what it sent and was asked before.
    pub(super) fn meet_another_host(&mut self) {
        self.recent.clear();
        self.asked = None;
    }

    fn later(&mut self, least_ms: u64, most: Duration) -> Instant {
        let most = u64::try_from(most.as_millis()).unwrap();
        self.clock.now() + Duration::from_millis(self.rng.u64(least_ms..most))
    }

    fn fate(&mut self, writes: Option<&str>) -> Fate {
        match self.weather {
            Weather::Ill => return Fate::Refused(503, None),
            Weather::Gone => return Fate::Nobody,
            Weather::Hangs => return Fate::Silence,
            Weather::Fair => {}
        }
        if writes.is_some_and(is_poison) {
            return Fate::Refused(422, None);
        }
        if !self.moody {
            return Fate::Done;
        }
        match self.rng.u32(0..100) {
            0..4 => Fate::Silence,
            4..8 => Fate::Broken,
            8..11 => Fate::Refused(500, None),
            11..13 => Fate::Refused(502, None),
            13..15 => Fate::Refused(429, Some(self.rng.u64(1..20))),
            15 => Fate::Page,
            _ => Fate::Done,
        }
    }

    /// A request left; the limits are those of any window.
    fn count(&mut self) {
        let now = self.clock.now();
        self.requests += 1;
        assert!(self.asked.is_none_or(|until| now >= until), "it had asked for patience");
        self.recent.push_back(now);
        for (count, period) in &self.limits {
            let recent = self.recent.iter().rev().take_while(|at| now - **at < *period).count();
            assert!(recent <= *count, "{recent} requests in {period:?}, allowed are {count}");
        }
        let longest = self.limits.iter().map(|(_, period)| *period).max().unwrap_or_default();
        while self.recent.front().is_some_and(|at| now - *at > longest) {
            self.recent.pop_front();
        }
    }

    /// A document comes: in order, and not where it may be already.
    fn comes(&mut self, key: &str) {
        let parts: Vec<&str> = key.rsplitn(3, '/').collect();
        let place = (parts[1].parse().unwrap(), parts[0].parse().unwrap());
        let last = self.last.insert(parts[2].to_owned(), place);
        assert!(last <= Some(place), "{key} came after {last:?}");
        let doubts = self.doubts.entry(key.to_owned()).or_default();
        if self.manner != Manner::Keys {
            assert_eq!(*doubts, 0, "{key} was sent again blindly");
        }
        *doubts += 1;
    }
}

impl Wire for Target {
    fn carry(
        &self,
        _: reqwest::Client,
        request: reqwest::Request,
        timeouts: Timeouts,
    ) -> Waiting<Result<reqwest::Response, NoAnswer>> {
        let asked = Asked::read(&request);
        let written = asked.writes().map(str::to_owned);
        let mut books = self.books();
        books.work();
        books.count();
        let fate = books.fate(written.as_deref());
        let (quick, clock) = (Duration::from_millis(80), books.clock.clone());
        let answer_at = match fate {
            Fate::Nobody => clock.now() + Duration::from_millis(1),
            Fate::Silence => clock.now() + timeouts.whole,
            _ => books.later(2, quick),
        };
        if let (Some(key), false) = (&written, matches!(fate, Fate::Nobody)) {
            books.comes(key);
            let done_at = match fate {
                Fate::Silence | Fate::Broken if books.rng.bool() => books.later(1, WORK_MAX),
                Fate::Refused(502, _) if books.rng.bool() => books.later(1, WORK_MAX),
                Fate::Done => answer_at,
                _ => clock.now() + Duration::from_secs(1_000_000),
            };
            if done_at < clock.now() + Duration::from_secs(1_000) {
                books.number += 1;
                let number = books.number;
                books.at_work.insert((done_at, number), key.clone());
            }
            books.lost += u64::from(matches!(fate, Fate::Silence | Fate::Broken));
        }
        drop(books);
        let target = self.clone();
        Box::pin(async move {
            clock.sleep_until(answer_at).await;
            target.books().answer(&asked, &fate)
        })
    }
}

impl Books {
    /// The host hears what came of it.
    fn answer(&mut self, asked: &Asked, fate: &Fate) -> Result<reqwest::Response, NoAnswer> {
        self.work();
        let respond = |status: u16, after: Option<u64>, kind: &str, body: String| {
            let mut builder = http::Response::builder().status(status).header("content-type", kind);
            if let Some(seconds) = after {
                builder = builder.header("retry-after", seconds);
            }
            Ok(builder.body(body).unwrap().into())
        };
        let kind = "application/json";
        match fate {
            Fate::Nobody => Err(NoAnswer::NotSent("nobody listens".into())),
            Fate::Silence => Err(NoAnswer::Lost("no answer".into())),
            Fate::Broken => Err(NoAnswer::Lost("it broke".into())),
            Fate::Page => respond(200, None, "text/html", "<html>maintenance</html>".into()),
            Fate::Refused(status, after) => {
                if let Some(key) = asked.writes().filter(|_| *status != 502) {
                    *self.doubts.get_mut(key).unwrap() -= 1;
                }
                if let Some(seconds) = after {
                    let until = self.clock.now() + Duration::from_secs(*seconds);
                    self.asked = self.asked.max(Some(until));
                }
                if self.manner == Manner::Tryton && *status == 422 {
                    let refusal = r#"{"error":["UserError",["it is poison","",null]]}"#;
                    return respond(200, None, kind, refusal.into());
                }
                respond(*status, *after, kind, "{}".into())
            }
            Fate::Done => match asked {
                Asked::Write(key) => respond(201, None, kind, format!("{{\"id\":\"{key}\"}}")),
                Asked::Look(key) => {
                    let found = self.look(key);
                    let list = if found { format!("[{{\"id\":\"{key}\"}}]") } else { "[]".into() };
                    respond(200, None, kind, list)
                }
                Asked::Rpc(method, key) => {
                    let result = match (method.as_str(), key) {
                        ("model.test.thing.search", Some(key)) if !self.look(key) => json!([]),
                        ("model.test.thing.search" | "model.test.thing.create", Some(_)) => {
                            json!([1])
                        }
                        ("common.db.login", _) => json!([1, "token"]),
                        ("model.res.user.get_preferences", _) => json!({}),
                        ("model.test.thing.fields_get", _) => json!({ "code": { "type": "char" } }),
                        other => panic!("nobody asks a Tryton for {other:?}"),
                    };
                    respond(200, None, kind, json!({ "id": 1, "result": result }).to_string())
                }
            },
        }
    }

    /// Somebody looks for a document; what is not there may be sent.
    fn look(&mut self, key: &str) -> bool {
        let found = self.has.contains_key(key);
        if !found {
            self.doubts.insert(key.to_owned(), 0);
        }
        found
    }
}
