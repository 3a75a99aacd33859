//! Every path of the API: one row each, from which router and document are made.

use axum::routing::MethodFilter;

/// What a request wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Openapi,
    Events,
    Event,
    EventPayload,
    EventExplained,
    Reads,
    Letters,
    Letter,
    LetterResolve,
    LetterDiscard,
    Issues,
    Issue,
    IssueResolve,
    IssueDiscard,
    IssueMute,
    IssueUnmute,
    Replays,
    ReplayStart,
    Replay,
    ReplayStop,
    ReplayResume,
    Quarantine,
    Quarantined,
    QuarantinedPayload,
    QuarantineRelease,
    QuarantineDiscard,
    Bookmarks,
    BookmarkSet,
    BookmarkDrop,
    Audit,
    Backfills,
    BackfillStart,
    Backfill,
    BackfillStop,
    Connections,
    Plugins,
    Slots,
    Upload,
    Activate,
    Rollback,
    Compare,
    Recalls,
    RecallStart,
    Recall,
    Corrections,
    RecallSend,
    RecallStop,
    Values,
    Value,
    ValueSays,
    ValueChanges,
    ValuePut,
    ValueActivate,
    ValueRollback,
    ValueCompare,
}

/// How it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Post,
    Put,
    Delete,
}

/// What is sent back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gives {
    /// One thing of this schema.
    One(&'static str),
    /// One thing, made just now.
    Made(&'static str),
    /// A page of things of this schema, or all of them as NDJSON.
    Pages(&'static str),
    /// All of them as NDJSON.
    Lines(&'static str),
    /// All of them in a page that has no next.
    All(&'static str),
    /// Bytes as they were received.
    Payload,
    /// The OpenAPI document.
    Document,
}

/// One row.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) op: Op,
    pub(super) summary: &'static str,
    /// Names of what may stand behind the `?`; `openapi` explains each.
    pub(super) query: &'static [&'static str],
    /// The schema of the body, if it takes one.
    pub(super) takes: Option<&'static str>,
    pub(super) gives: Gives,
}

impl Endpoint {
    pub(super) fn filter(&self) -> MethodFilter {
        match self.method {
            Method::Get => MethodFilter::GET,
            Method::Post => MethodFilter::POST,
            Method::Put => MethodFilter::PUT,
            Method::Delete => MethodFilter::DELETE,
        }
    }

    /// Whether it changes something.
    pub(super) fn acts(&self) -> bool {
        self.method != Method::Get
    }
}

const fn get(
    path: &'static str,
    op: Op,
    summary: &'static str,
    query: &'static [&'static str],
    gives: Gives,
) -> Endpoint {
    Endpoint { method: Method::Get, path, op, summary, query, takes: None, gives }
}

const fn post(
    path: &'static str,
    op: Op,
    summary: &'static str,
    takes: &'static str,
    gives: Gives,
) -> Endpoint {
    Endpoint { method: Method::Post, path, op, summary, query: &[], takes: Some(takes), gives }
}

/// Not a schema: the file itself.
pub(super) const COMPONENT: &str = "component";
/// Nor this: CSV, or settings as JSON.
pub(super) const VALUE: &str = "value";

const EVENTS: &[&str] = &[
    "merchant",
    "connection",
    "topic",
    "resource",
    "route",
    "state",
    "cause",
    "from",
    "to",
    "limit",
    "cursor",
];
const LETTERS: &[&str] = &["merchant", "route", "status", "cause", "issue", "limit", "cursor"];
const HELD: &[&str] = &["merchant", "status", "limit", "cursor"];
const AUDIT: &[&str] = &["merchant", "limit", "cursor"];

use Gives::{All, Document, Lines, Made, One, Pages, Payload};

/// All of them.
pub(super) static TABLE: &[Endpoint] = &[
    get("/v1/openapi.json", Op::Openapi, "This document", &[], Document),
    get("/v1/events", Op::Events, "Events, the newest first", EVENTS, Pages("Event")),
    get("/v1/events/export", Op::Events, "Events as NDJSON", EVENTS, Lines("Event")),
    get(
        "/v1/events/{event}",
        Op::Event,
        "An event with its whole history",
        &[],
        One("EventInFull"),
    ),
    get(
        "/v1/events/{event}/payload",
        Op::EventPayload,
        "What the source sent, byte for byte",
        &[],
        Payload,
    ),
    get(
        "/v1/events/{event}/explanation",
        Op::EventExplained,
        "What each field of its documents comes from, by the plugins in use",
        &["route"],
        All("Explained"),
    ),
    get(
        "/v1/dead-letters",
        Op::Letters,
        "Dead letters, the newest events first",
        LETTERS,
        Pages("DeadLetter"),
    ),
    get(
        "/v1/dead-letters/export",
        Op::Letters,
        "Dead letters as NDJSON",
        LETTERS,
        Lines("DeadLetter"),
    ),
    get("/v1/dead-letters/{event}/{route}", Op::Letter, "A dead letter", &[], One("DeadLetter")),
    post(
        "/v1/dead-letters/{event}/{route}/resolve",
        Op::LetterResolve,
        "It was mended by hand",
        "Why",
        One("DeadLetter"),
    ),
    post(
        "/v1/dead-letters/{event}/{route}/discard",
        Op::LetterDiscard,
        "It is given up",
        "Why",
        One("DeadLetter"),
    ),
    get(
        "/v1/issues",
        Op::Issues,
        "Dead letters by cause, the newest causes first",
        &["merchant", "route", "issue_state", "limit", "cursor"],
        Pages("Issue"),
    ),
    get("/v1/issues/{issue}", Op::Issue, "An issue", &[], One("Issue")),
    post(
        "/v1/issues/{issue}/resolve",
        Op::IssueResolve,
        "All its open letters were mended by hand",
        "Why",
        One("Issue"),
    ),
    post(
        "/v1/issues/{issue}/discard",
        Op::IssueDiscard,
        "All its open letters are given up",
        "Why",
        One("Issue"),
    ),
    post(
        "/v1/issues/{issue}/mute",
        Op::IssueMute,
        "Nobody wants to hear of it",
        "Why",
        One("Issue"),
    ),
    post("/v1/issues/{issue}/unmute", Op::IssueUnmute, "Somebody does again", "Why", One("Issue")),
    get(
        "/v1/replays",
        Op::Replays,
        "Replays, the newest first",
        &["limit", "cursor"],
        Pages("Replay"),
    ),
    post("/v1/replays", Op::ReplayStart, "Begin a replay", "ReplayRequest", Made("Replay")),
    get("/v1/replays/{replay}", Op::Replay, "A replay", &[], One("Replay")),
    post(
        "/v1/replays/{replay}/stop",
        Op::ReplayStop,
        "Stop behind the last step",
        "Why",
        One("Replay"),
    ),
    post(
        "/v1/replays/{replay}/resume",
        Op::ReplayResume,
        "Go on as a new replay from where it was stopped",
        "Why",
        Made("Replay"),
    ),
    get(
        "/v1/quarantine",
        Op::Quarantine,
        "What came in and is no event, the newest first",
        HELD,
        Pages("Quarantined"),
    ),
    get("/v1/quarantine/export", Op::Quarantine, "The same as NDJSON", HELD, Lines("Quarantined")),
    get(
        "/v1/quarantine/{id}",
        Op::Quarantined,
        "One of them, with its headers",
        &[],
        One("QuarantinedInFull"),
    ),
    get(
        "/v1/quarantine/{id}/payload",
        Op::QuarantinedPayload,
        "What was sent, byte for byte",
        &[],
        Payload,
    ),
    post(
        "/v1/quarantine/{id}/release",
        Op::QuarantineRelease,
        "Take it in as an event of a topic",
        "Release",
        One("Quarantined"),
    ),
    post(
        "/v1/quarantine/{id}/discard",
        Op::QuarantineDiscard,
        "It is given up",
        "Why",
        One("Quarantined"),
    ),
    get("/v1/bookmarks", Op::Bookmarks, "Named places in the journal", &[], All("Bookmark")),
    post(
        "/v1/bookmarks",
        Op::BookmarkSet,
        "Give a place a name, or the name another place",
        "BookmarkRequest",
        Made("Bookmark"),
    ),
    Endpoint {
        method: Method::Delete,
        path: "/v1/bookmarks/{name}",
        op: Op::BookmarkDrop,
        summary: "Take a name away",
        query: &["merchant"],
        takes: None,
        gives: One("Bookmark"),
    },
    get(
        "/v1/audit",
        Op::Audit,
        "Who did what by hand and why, the newest first",
        AUDIT,
        Pages("AuditEntry"),
    ),
    get("/v1/audit/export", Op::Audit, "The same as NDJSON", AUDIT, Lines("AuditEntry")),
    get(
        "/v1/backfills",
        Op::Backfills,
        "Backfills, the newest first",
        &["limit", "cursor"],
        Pages("Backfill"),
    ),
    post(
        "/v1/backfills",
        Op::BackfillStart,
        "Fetch what a shop holds of a range of time",
        "BackfillRequest",
        Made("Backfill"),
    ),
    get("/v1/backfills/{backfill}", Op::Backfill, "A backfill", &[], One("Backfill")),
    post("/v1/backfills/{backfill}/stop", Op::BackfillStop, "Stop it", "Why", One("Backfill")),
    get(
        "/v1/connections",
        Op::Connections,
        "Every connection and how it is",
        &[],
        All("Connection"),
    ),
    get(
        "/v1/plugins",
        Op::Plugins,
        "Every plugin version that ever was in use",
        &[],
        All("PluginVersion"),
    ),
    get(
        "/v1/merchants/{merchant}/plugins",
        Op::Slots,
        "A merchant's plugins: what is in use, and what may be",
        &[],
        All("Slot"),
    ),
    Endpoint {
        method: Method::Put,
        path: "/v1/merchants/{merchant}/plugins/{plugin}",
        op: Op::Upload,
        summary: "Look a version over and keep it, without putting it to work",
        query: &[],
        takes: Some(COMPONENT),
        gives: Made("Admission"),
    },
    post(
        "/v1/merchants/{merchant}/plugins/{plugin}/activate",
        Op::Activate,
        "Put a version to work",
        "ActivateRequest",
        One("Activated"),
    ),
    post(
        "/v1/merchants/{merchant}/plugins/{plugin}/rollback",
        Op::Rollback,
        "Put the version to work that the one in use took the place of",
        "Why",
        One("Activated"),
    ),
    post(
        "/v1/merchants/{merchant}/plugins/{plugin}/diff",
        Op::Compare,
        "What a version would have made of recorded events, beside the one in use",
        "CompareRequest",
        All("Compared"),
    ),
    get(
        "/v1/recalls",
        Op::Recalls,
        "Recalls, the newest first",
        &["limit", "cursor"],
        Pages("Recall"),
    ),
    post(
        "/v1/recalls",
        Op::RecallStart,
        "Work out what a plugin version left behind; sends nothing",
        "RecallRequest",
        Made("Recall"),
    ),
    get("/v1/recalls/{recall}", Op::Recall, "A recall", &[], One("Recall")),
    get(
        "/v1/recalls/{recall}/corrections",
        Op::Corrections,
        "What it found, resource by resource",
        &["kind", "limit", "cursor"],
        Pages("Correction"),
    ),
    post(
        "/v1/recalls/{recall}/send",
        Op::RecallSend,
        "Send the corrections",
        "RecallSendRequest",
        Made("Recall"),
    ),
    post(
        "/v1/recalls/{recall}/stop",
        Op::RecallStop,
        "Stop looking, or sending, behind the last step",
        "Why",
        One("Recall"),
    ),
    get(
        "/v1/merchants/{merchant}/values",
        Op::Values,
        "A merchant's lookup tables and its routes' settings, with their versions",
        &[],
        All("Held"),
    ),
    get(
        "/v1/merchants/{merchant}/values/{kind}/{name}",
        Op::Value,
        "One of them: `table/NAME` or `settings/ROUTE`",
        &[],
        One("Held"),
    ),
    Endpoint {
        method: Method::Put,
        path: "/v1/merchants/{merchant}/values/{kind}/{name}",
        op: Op::ValuePut,
        summary: "Look a version over and keep it, without putting it to work",
        query: &["why"],
        takes: Some(VALUE),
        gives: Made("ValuePut"),
    },
    get(
        "/v1/merchants/{merchant}/values/{kind}/{name}/versions/{version}",
        Op::ValueSays,
        "What a version says, byte for byte; `in-use` for the one in use",
        &[],
        Payload,
    ),
    get(
        "/v1/merchants/{merchant}/values/{kind}/{name}/versions/{version}/changes",
        Op::ValueChanges,
        "What a version changes of what is in use, or of another: rows, or fields",
        &["base"],
        One("ValueChanges"),
    ),
    post(
        "/v1/merchants/{merchant}/values/{kind}/{name}/activate",
        Op::ValueActivate,
        "Put a version to work",
        "ActivateRequest",
        One("ValueActivated"),
    ),
    post(
        "/v1/merchants/{merchant}/values/{kind}/{name}/rollback",
        Op::ValueRollback,
        "Put the version to work that the one in use took the place of",
        "Why",
        One("ValueActivated"),
    ),
    post(
        "/v1/merchants/{merchant}/values/{kind}/{name}/diff",
        Op::ValueCompare,
        "What a version would have made of recorded events, beside the one in use",
        "CompareRequest",
        All("Compared"),
    ),
    get(
        "/v1/merchants/{merchant}/reads",
        Op::Reads,
        "What the plugins of each route read, over its newest events",
        &["route", "last"],
        All("Reads"),
    ),
];
