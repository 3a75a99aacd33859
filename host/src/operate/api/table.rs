//! Every path of the API: one row each, from which router and document are made.
//!
//! A row also says which role it needs and whose matter it is about, and there is no row without:
//! [`super::scope`] holds every request of a merchant's token against it before anything is done.

use axum::routing::MethodFilter;

use crate::journal::tokens::Role;

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
    Versions,
    Version,
    Activate,
    Rollback,
    Compare,
    Tokens,
    TokenCreate,
    TokenRevoke,
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

/// Whose matter a row is about: what keeps the token of one merchant from another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// Nobody's: the same for all.
    Nobody,
    /// The whole host's: never for the token of one merchant.
    Host,
    /// That of the merchant in the path.
    Path,
    /// That of the event in the path.
    Event,
    /// That of the issue in the path.
    Issue,
    /// That of the replay in the path.
    Replay,
    /// That of the backfill in the path.
    Backfill,
    /// That of the recall in the path.
    Recall,
    /// That of what is in quarantine under the number in the path.
    Held,
    /// Rows of many: the parameter `merchant`, which is set for the token of one.
    Query,
    /// The body's `merchant`, which is set for the token of one, and whose event and issue it names.
    Body,
}

/// One row.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) op: Op,
    /// The least role that may ask for it.
    pub(super) needs: Role,
    pub(super) about: About,
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

#[expect(clippy::too_many_arguments, reason = "a row has so many columns")]
const fn get(
    path: &'static str,
    op: Op,
    needs: Role,
    about: About,
    summary: &'static str,
    query: &'static [&'static str],
    gives: Gives,
) -> Endpoint {
    Endpoint { method: Method::Get, path, op, needs, about, summary, query, takes: None, gives }
}

#[expect(clippy::too_many_arguments, reason = "a row has so many columns")]
const fn post(
    path: &'static str,
    op: Op,
    needs: Role,
    about: About,
    summary: &'static str,
    takes: &'static str,
    gives: Gives,
) -> Endpoint {
    Endpoint {
        method: Method::Post,
        path,
        op,
        needs,
        about,
        summary,
        query: &[],
        takes: Some(takes),
        gives,
    }
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

/// Of a merchant only.
const OF: &[&str] = &["merchant"];
const JOBS: &[&str] = &["merchant", "limit", "cursor"];

use About::{Backfill, Body, Event, Held, Host, Issue, Nobody, Path, Query, Recall, Replay};
use Gives::{All, Document, Lines, Made, One, Pages, Payload};
use Role::{Consultant, Merchant, Operator, Read};

/// All of them.
pub(super) static TABLE: &[Endpoint] = &[
    get("/v1/openapi.json", Op::Openapi, Read, Nobody, "This document", &[], Document),
    get("/v1/events", Op::Events, Read, Query, "Events, the newest first", EVENTS, Pages("Event")),
    get("/v1/events/export", Op::Events, Read, Query, "Events as NDJSON", EVENTS, Lines("Event")),
    get(
        "/v1/events/{event}",
        Op::Event,
        Read,
        Event,
        "An event with its whole history",
        &[],
        One("EventInFull"),
    ),
    get(
        "/v1/events/{event}/payload",
        Op::EventPayload,
        Read,
        Event,
        "What the source sent, byte for byte",
        &[],
        Payload,
    ),
    get(
        "/v1/events/{event}/explanation",
        Op::EventExplained,
        Read,
        Event,
        "What each field of its documents comes from, by the plugins in use",
        &["route"],
        All("Explained"),
    ),
    get(
        "/v1/dead-letters",
        Op::Letters,
        Read,
        Query,
        "Dead letters, the newest events first",
        LETTERS,
        Pages("DeadLetter"),
    ),
    get(
        "/v1/dead-letters/export",
        Op::Letters,
        Read,
        Query,
        "Dead letters as NDJSON",
        LETTERS,
        Lines("DeadLetter"),
    ),
    get(
        "/v1/dead-letters/{event}/{route}",
        Op::Letter,
        Read,
        Event,
        "A dead letter",
        &[],
        One("DeadLetter"),
    ),
    post(
        "/v1/dead-letters/{event}/{route}/resolve",
        Op::LetterResolve,
        Merchant,
        Event,
        "It was mended by hand",
        "Why",
        One("DeadLetter"),
    ),
    post(
        "/v1/dead-letters/{event}/{route}/discard",
        Op::LetterDiscard,
        Merchant,
        Event,
        "It is given up",
        "Why",
        One("DeadLetter"),
    ),
    get(
        "/v1/issues",
        Op::Issues,
        Read,
        Query,
        "Dead letters by cause, the newest causes first",
        &["merchant", "route", "issue_state", "limit", "cursor"],
        Pages("Issue"),
    ),
    get("/v1/issues/{issue}", Op::Issue, Read, Issue, "An issue", &[], One("Issue")),
    post(
        "/v1/issues/{issue}/resolve",
        Op::IssueResolve,
        Merchant,
        Issue,
        "All its open letters were mended by hand",
        "Why",
        One("Issue"),
    ),
    post(
        "/v1/issues/{issue}/discard",
        Op::IssueDiscard,
        Merchant,
        Issue,
        "All its open letters are given up",
        "Why",
        One("Issue"),
    ),
    post(
        "/v1/issues/{issue}/mute",
        Op::IssueMute,
        Merchant,
        Issue,
        "Nobody wants to hear of it",
        "Why",
        One("Issue"),
    ),
    post(
        "/v1/issues/{issue}/unmute",
        Op::IssueUnmute,
        Merchant,
        Issue,
        "Somebody does again",
        "Why",
        One("Issue"),
    ),
    get(
        "/v1/replays",
        Op::Replays,
        Read,
        Query,
        "Replays, the newest first",
        JOBS,
        Pages("Replay"),
    ),
    post(
        "/v1/replays",
        Op::ReplayStart,
        Merchant,
        Body,
        "Begin a replay",
        "ReplayRequest",
        Made("Replay"),
    ),
    get("/v1/replays/{replay}", Op::Replay, Read, Replay, "A replay", &[], One("Replay")),
    post(
        "/v1/replays/{replay}/stop",
        Op::ReplayStop,
        Merchant,
        Replay,
        "Stop behind the last step",
        "Why",
        One("Replay"),
    ),
    post(
        "/v1/replays/{replay}/resume",
        Op::ReplayResume,
        Merchant,
        Replay,
        "Go on as a new replay from where it was stopped",
        "Why",
        Made("Replay"),
    ),
    get(
        "/v1/quarantine",
        Op::Quarantine,
        Read,
        Query,
        "What came in and is no event, the newest first",
        HELD,
        Pages("Quarantined"),
    ),
    get(
        "/v1/quarantine/export",
        Op::Quarantine,
        Read,
        Query,
        "The same as NDJSON",
        HELD,
        Lines("Quarantined"),
    ),
    get(
        "/v1/quarantine/{id}",
        Op::Quarantined,
        Read,
        Held,
        "One of them, with its headers",
        &[],
        One("QuarantinedInFull"),
    ),
    get(
        "/v1/quarantine/{id}/payload",
        Op::QuarantinedPayload,
        Read,
        Held,
        "What was sent, byte for byte",
        &[],
        Payload,
    ),
    post(
        "/v1/quarantine/{id}/release",
        Op::QuarantineRelease,
        Merchant,
        Held,
        "Take it in as an event of a topic",
        "Release",
        One("Quarantined"),
    ),
    post(
        "/v1/quarantine/{id}/discard",
        Op::QuarantineDiscard,
        Merchant,
        Held,
        "It is given up",
        "Why",
        One("Quarantined"),
    ),
    get(
        "/v1/bookmarks",
        Op::Bookmarks,
        Read,
        Query,
        "Named places in the journal",
        OF,
        All("Bookmark"),
    ),
    post(
        "/v1/bookmarks",
        Op::BookmarkSet,
        Merchant,
        Body,
        "Give a place a name, or the name another place",
        "BookmarkRequest",
        Made("Bookmark"),
    ),
    Endpoint {
        method: Method::Delete,
        path: "/v1/bookmarks/{name}",
        op: Op::BookmarkDrop,
        needs: Merchant,
        about: Query,
        summary: "Take a name away",
        query: &["merchant"],
        takes: None,
        gives: One("Bookmark"),
    },
    get(
        "/v1/audit",
        Op::Audit,
        Read,
        Query,
        "Who did what by hand and why, the newest first",
        AUDIT,
        Pages("AuditEntry"),
    ),
    get(
        "/v1/audit/export",
        Op::Audit,
        Read,
        Query,
        "The same as NDJSON",
        AUDIT,
        Lines("AuditEntry"),
    ),
    get(
        "/v1/backfills",
        Op::Backfills,
        Read,
        Query,
        "Backfills, the newest first",
        JOBS,
        Pages("Backfill"),
    ),
    post(
        "/v1/backfills",
        Op::BackfillStart,
        Consultant,
        Body,
        "Fetch what a shop holds of a range of time",
        "BackfillRequest",
        Made("Backfill"),
    ),
    get(
        "/v1/backfills/{backfill}",
        Op::Backfill,
        Read,
        Backfill,
        "A backfill",
        &[],
        One("Backfill"),
    ),
    post(
        "/v1/backfills/{backfill}/stop",
        Op::BackfillStop,
        Consultant,
        Backfill,
        "Stop it",
        "Why",
        One("Backfill"),
    ),
    get(
        "/v1/connections",
        Op::Connections,
        Read,
        Query,
        "Every connection and how it is",
        OF,
        All("Connection"),
    ),
    get(
        "/v1/plugins",
        Op::Plugins,
        Read,
        Query,
        "Every plugin version that is kept",
        OF,
        All("PluginVersion"),
    ),
    get(
        "/v1/merchants/{merchant}/plugins",
        Op::Slots,
        Read,
        Path,
        "A merchant's plugins: what is in use, and what may be",
        &[],
        All("Slot"),
    ),
    Endpoint {
        method: Method::Put,
        path: "/v1/merchants/{merchant}/plugins/{plugin}",
        op: Op::Upload,
        needs: Consultant,
        about: Path,
        summary: "Look a version over and keep it, without putting it to work",
        query: &[],
        takes: Some(COMPONENT),
        gives: Made("Admission"),
    },
    get(
        "/v1/merchants/{merchant}/plugins/{plugin}/versions",
        Op::Versions,
        Read,
        Path,
        "Every version that was brought in, refused ones too",
        &[],
        All("Version"),
    ),
    get(
        "/v1/merchants/{merchant}/plugins/{plugin}/versions/{version}",
        Op::Version,
        Read,
        Path,
        "A version with its admission report",
        &[],
        One("VersionInFull"),
    ),
    post(
        "/v1/merchants/{merchant}/plugins/{plugin}/activate",
        Op::Activate,
        Merchant,
        Path,
        "Put a version to work",
        "ActivateRequest",
        One("Activated"),
    ),
    post(
        "/v1/merchants/{merchant}/plugins/{plugin}/rollback",
        Op::Rollback,
        Merchant,
        Path,
        "Put the version to work that the one in use took the place of",
        "Why",
        One("Activated"),
    ),
    post(
        "/v1/merchants/{merchant}/plugins/{plugin}/diff",
        Op::Compare,
        Merchant,
        Path,
        "What a version would have made of recorded events, beside the one in use",
        "CompareRequest",
        All("Compared"),
    ),
    get(
        "/v1/tokens",
        Op::Tokens,
        Operator,
        Host,
        "Who may ask, with those who no longer may",
        &[],
        All("Token"),
    ),
    post(
        "/v1/tokens",
        Op::TokenCreate,
        Operator,
        Host,
        "Let somebody in; the token is given once",
        "TokenRequest",
        Made("TokenMade"),
    ),
    post(
        "/v1/tokens/{token}/revoke",
        Op::TokenRevoke,
        Operator,
        Host,
        "A token is good for nothing from now on",
        "Revoke",
        One("Token"),
    ),
    get(
        "/v1/recalls",
        Op::Recalls,
        Read,
        Query,
        "Recalls, the newest first",
        JOBS,
        Pages("Recall"),
    ),
    post(
        "/v1/recalls",
        Op::RecallStart,
        Merchant,
        Body,
        "Work out what a plugin version left behind; sends nothing",
        "RecallRequest",
        Made("Recall"),
    ),
    get("/v1/recalls/{recall}", Op::Recall, Read, Recall, "A recall", &[], One("Recall")),
    get(
        "/v1/recalls/{recall}/corrections",
        Op::Corrections,
        Read,
        Recall,
        "What it found, resource by resource",
        &["kind", "limit", "cursor"],
        Pages("Correction"),
    ),
    post(
        "/v1/recalls/{recall}/send",
        Op::RecallSend,
        Merchant,
        Recall,
        "Send the corrections",
        "RecallSendRequest",
        Made("Recall"),
    ),
    post(
        "/v1/recalls/{recall}/stop",
        Op::RecallStop,
        Merchant,
        Recall,
        "Stop looking, or sending, behind the last step",
        "Why",
        One("Recall"),
    ),
    get(
        "/v1/merchants/{merchant}/values",
        Op::Values,
        Read,
        Path,
        "A merchant's lookup tables and its routes' settings, with their versions",
        &[],
        All("Held"),
    ),
    get(
        "/v1/merchants/{merchant}/values/{kind}/{name}",
        Op::Value,
        Read,
        Path,
        "One of them: `table/NAME` or `settings/ROUTE`",
        &[],
        One("Held"),
    ),
    Endpoint {
        method: Method::Put,
        path: "/v1/merchants/{merchant}/values/{kind}/{name}",
        op: Op::ValuePut,
        needs: Merchant,
        about: Path,
        summary: "Look a version over and keep it, without putting it to work",
        query: &["why"],
        takes: Some(VALUE),
        gives: Made("ValuePut"),
    },
    get(
        "/v1/merchants/{merchant}/values/{kind}/{name}/versions/{version}",
        Op::ValueSays,
        Read,
        Path,
        "What a version says, byte for byte; `in-use` for the one in use",
        &[],
        Payload,
    ),
    get(
        "/v1/merchants/{merchant}/values/{kind}/{name}/versions/{version}/changes",
        Op::ValueChanges,
        Read,
        Path,
        "What a version changes of what is in use, or of another: rows, or fields",
        &["base"],
        One("ValueChanges"),
    ),
    post(
        "/v1/merchants/{merchant}/values/{kind}/{name}/activate",
        Op::ValueActivate,
        Merchant,
        Path,
        "Put a version to work",
        "ActivateRequest",
        One("ValueActivated"),
    ),
    post(
        "/v1/merchants/{merchant}/values/{kind}/{name}/rollback",
        Op::ValueRollback,
        Merchant,
        Path,
        "Put the version to work that the one in use took the place of",
        "Why",
        One("ValueActivated"),
    ),
    post(
        "/v1/merchants/{merchant}/values/{kind}/{name}/diff",
        Op::ValueCompare,
        Merchant,
        Path,
        "What a version would have made of recorded events, beside the one in use",
        "CompareRequest",
        All("Compared"),
    ),
    get(
        "/v1/merchants/{merchant}/reads",
        Op::Reads,
        Read,
        Path,
        "What the plugins of each route read, over its newest events",
        &["route", "last"],
        All("Reads"),
    ),
];
