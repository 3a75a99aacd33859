//! What each command writes. Runs on the writer's thread, inside its transaction.
//!
//! A command that is refused must not have changed anything, because its group goes on: each looks
//! first and writes after. Sequence numbers and marks are counted here and not by SQLite, so an
//! answer is known without asking.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::Error;
use super::accept::{self, Offered};
use super::audit::{self, Act};
use super::issues::{self, Death};
use super::pack::{Packed, pack};
use super::recall;
use super::record::{
    Acceptance, AttemptRecord, DocumentDelivered, End, Ended, Identity, Mapped, NewQuarantine,
    Next, PassageState, Postponed,
};
use super::replay::{self, Before};
use super::retention;
use super::seal::Reached;
use super::values;
use super::{echoes, follow, jobs, kept};
use crate::event::{Document, Receipt};

/// Something to be written.
pub(super) enum Command {
    Accept(Box<Offered>),
    Quarantine(Box<NewQuarantine>),
    Mapped(Box<MappedRow>),
    Delivered(Box<DocumentDelivered>),
    Postponed(Box<Postponed>),
    Ended(Box<Ended>, Option<Box<Death>>),
    Close(u64, String),
    Remember(Vec<Identity>),
    Follow(Box<follow::Step>),
    Job(Box<jobs::Step>),
    Replay(Box<replay::ReplayStep>),
    Recall(Box<recall::Step>),
    Value(Box<values::NewVersion>),
    Acts(Vec<Act>),
    Keep(Box<kept::Keep>),
    /// Events by number, then input in quarantine.
    Forget(Vec<u64>, Vec<u64>),
    GiveBack,
    PagesMax(u32),
    /// Takes up some room (true), or gives it back.
    Probe(bool),
    /// What is left of a command whose contents went elsewhere.
    Nothing,
}

impl Command {
    /// Roughly what it adds to a group.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Accept(offered) => offered.packed.bytes.len(),
            Self::Quarantine(it) => it.body.len(),
            Self::Value(it) => it.bytes.len(),
            Self::Mapped(it) => it.documents.bytes.len() + it.receipts.len(),
            Self::Probe(true) => PROBE_BYTES as usize,
            _ => 0,
        }
    }
}

/// [`Mapped`] as it stands in the tables.
pub(super) struct MappedRow {
    step: Mapped,
    receipts: String,
    documents: Packed,
}

impl MappedRow {
    pub(super) fn new(step: Mapped) -> Result<Self, Error> {
        let receipts = serde_json::to_string(&step.receipts)?;
        let documents = pack(&serde_json::to_vec(&step.documents)?);
        Ok(Self { step, receipts, documents })
    }
}

/// What a command answers.
pub(super) enum Answer {
    Acceptance(Acceptance),
    Id(u64),
    Mark(Option<u64>),
    Replayed(replay::Stepped),
    Done,
}

/// Why a command was not carried out.
pub(super) enum Fault {
    /// Nothing was changed.
    Refused(Error),
    /// The transaction has to be undone.
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// The next numbers to give out.
#[derive(Clone, Copy)]
pub(super) struct Numbers {
    pub(super) seq: u64,
    mark: u64,
    quarantine: u64,
    /// Whether anything was ever written to a shop: otherwise nothing can be an echo.
    pub(super) echoes: bool,
}

impl Numbers {
    /// How far the journal has got.
    pub(super) fn reached(&self) -> Reached {
        Reached { seq: self.seq - 1, mark: self.mark - 1 }
    }

    pub(super) fn load(connection: &Connection) -> rusqlite::Result<Self> {
        let next = |sql: &str| {
            connection.query_row(sql, [], |row| row.get::<_, u64>(0)).map(|last| last + 1)
        };
        Ok(Self {
            seq: next(
                "SELECT max(coalesce((SELECT max(seq) FROM events), 0),
                            coalesce((SELECT value FROM meta WHERE name = 'forgotten_seq'), 0))",
            )?,
            mark: next(
                "SELECT max(coalesce((SELECT max(mark) FROM finished), 0),
                            coalesce((SELECT max(mark) FROM remembered), 0))",
            )?,
            quarantine: next(
                "SELECT max(coalesce((SELECT max(id) FROM quarantine), 0),
                     coalesce((SELECT value FROM meta WHERE name = 'forgotten_quarantine'), 0))",
            )?,
            echoes: echoes::any(connection)?,
        })
    }
}

/// Carries a command out.
pub(super) fn apply(
    db: &Connection,
    numbers: &mut Numbers,
    command: &Command,
) -> Result<Answer, Fault> {
    match command {
        Command::Accept(offered) => accept::apply(db, numbers, offered),
        Command::Quarantine(record) => quarantine(db, numbers, record),
        Command::Mapped(it) => mapped(db, it),
        Command::Delivered(it) => delivered(db, numbers, it),
        Command::Postponed(it) => postponed(db, it),
        Command::Ended(it, death) => ended(db, numbers, it, death.as_deref()),
        Command::Close(seq, why) => {
            db.prepare_cached("INSERT OR REPLACE INTO unrouted (seq, why) VALUES (?1, ?2)")?
                .execute(params![seq, why])?;
            close(db, *seq)?;
            Ok(Answer::Done)
        }
        Command::Remember(identities) => {
            remember(db, identities)?;
            Ok(Answer::Done)
        }
        Command::Follow(it) => {
            follow::apply(db, it)?;
            Ok(Answer::Done)
        }
        Command::Job(it) => Ok(Answer::Id(jobs::apply(db, it)?)),
        Command::Replay(it) => replay::step(db, it),
        Command::Recall(it) => recall::apply(db, it),
        Command::Value(it) => values::apply(db, it),
        Command::Acts(acts) => Ok(Answer::Id(audit::apply(db, acts)?)),
        Command::Keep(it) => kept::apply(db, it),
        Command::Forget(events, quarantine) => {
            let removed = retention::forget_events(db, events)?
                + retention::forget_quarantine(db, quarantine)?;
            Ok(Answer::Id(removed))
        }
        Command::GiveBack => Ok(Answer::Id(u64::from(retention::give_back(db)?))),
        Command::PagesMax(pages) => {
            limit_pages(db, *pages)?;
            Ok(Answer::Done)
        }
        Command::Nothing => Ok(Answer::Done),
        Command::Probe(take) => {
            db.execute_batch("DROP TABLE IF EXISTS probe")?;
            if *take {
                let sql = "CREATE TABLE probe AS SELECT zeroblob(?1) AS filler";
                db.execute(sql, [PROBE_BYTES])?;
            }
            Ok(Answer::Done)
        }
    }
}

/// What a probe writes: room for an event and its mapping.
const PROBE_BYTES: u32 = 64 * 1024;

/// SQLite's own limit on the number of pages.
pub(super) const PAGES_UNLIMITED: u32 = 4_294_967_294;

pub(super) fn limit_pages(db: &Connection, pages: u32) -> rusqlite::Result<()> {
    db.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
}

fn quarantine(
    db: &Connection,
    numbers: &mut Numbers,
    record: &NewQuarantine,
) -> Result<Answer, Fault> {
    let id = numbers.quarantine;
    let packed = pack(&record.body);
    db.prepare_cached(
        "INSERT INTO quarantine (id, merchant, connection, reason, detail, headers, received_at,
                                 body, packing)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        id,
        record.merchant,
        record.connection,
        record.reason,
        record.detail,
        json(&record.headers)?,
        micros(record.received_at),
        packed.bytes,
        packed.packing,
    ])?;
    numbers.quarantine += 1;
    Ok(Answer::Id(id))
}

pub(super) fn mapped(db: &Connection, row: &MappedRow) -> Result<Answer, Fault> {
    let MappedRow { step: it, receipts, documents } = row;
    let changed = db
        .prepare_cached(
            "INSERT INTO passages (seq, route, state, attempt, intended) VALUES (?1, ?2, 1, 0, ?3)
             ON CONFLICT DO UPDATE SET state = 1, due_at = NULL, reason = NULL,
                 intended = excluded.intended
             WHERE state IN (0, 1)",
        )?
        .execute(params![it.seq, it.route, (!it.documents.is_empty()).then_some(0)])?;
    if changed == 0 {
        return Err(misplaced("mapped", it.seq, &it.route));
    }
    db.prepare_cached(
        "INSERT OR REPLACE INTO mappings (seq, route, at, receipts, documents, checkpoint, status,
                                          packing, packed, target_status)
         VALUES (?1, ?2, ?3, ?4, '[]', ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        it.seq,
        it.route,
        micros(it.at),
        receipts,
        it.checkpoint,
        it.status,
        documents.packing,
        documents.bytes,
        it.target_status,
    ])?;
    Ok(Answer::Done)
}

fn delivered(
    db: &Connection,
    numbers: &mut Numbers,
    it: &DocumentDelivered,
) -> Result<Answer, Fault> {
    let (state, intended, ended_at, mark) = match it.next {
        Next::Intend(ordinal) => (PassageState::Delivering, Some(ordinal), None, None),
        Next::EndDelivered => {
            (PassageState::Delivered, None, Some(micros(it.attempt.at)), Some(numbers.mark))
        }
    };
    let changed = db
        .prepare_cached(
            "UPDATE passages SET state = ?3, intended = ?4, ended_at = ?5, due_at = NULL,
                 reason = NULL, attempt = 0, mark = coalesce(?6, mark)
             WHERE seq = ?1 AND route = ?2 AND state = 1
             RETURNING replays, tries_before, job",
        )?
        .query_row(params![it.seq, it.route, state.code(), intended, ended_at, mark], Before::of)
        .optional()?;
    let Some(before) = changed else {
        return Err(misplaced("delivered", it.seq, &it.route));
    };
    let reached = Some((it.ordinal, it.target_id.as_deref()));
    attempt(db, it.seq, &it.route, &it.attempt, &before, reached)?;
    remember(db, &it.identities)?;
    if let Some(written) = &it.written {
        echoes::note(db, numbers, written, it.attempt.at)?;
    }
    let mark = match it.next {
        Next::Intend(_) => None,
        Next::EndDelivered => Some(finish(db, numbers, it.seq, &it.route)?),
    };
    if mark.is_some() {
        replay::settled(db, it.seq, &it.route, &before, PassageState::Delivered, it.attempt.at)?;
        close_after(db, it.seq, &it.route, &it.siblings)?;
    }
    Ok(Answer::Mark(mark))
}

fn postponed(db: &Connection, it: &Postponed) -> Result<Answer, Fault> {
    // A passage that is mapped keeps its documents and stays `delivering`.
    let changed = db
        .prepare_cached(
            "INSERT INTO passages (seq, route, state, attempt, due_at, reason)
             VALUES (?1, ?2, 0, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET attempt = excluded.attempt, due_at = excluded.due_at,
                 reason = excluded.reason
             WHERE state IN (0, 1)
             RETURNING replays, tries_before, job",
        )?
        .query_row(
            params![it.seq, it.route, it.attempt_no, micros(it.due_at), it.reason],
            Before::of,
        )
        .optional()?;
    let Some(before) = changed else {
        return Err(misplaced("postponed", it.seq, &it.route));
    };
    answered(db, it.seq, &it.route, &it.receipts, &[], it.at)?;
    if let Some(record) = &it.attempt {
        attempt(db, it.seq, &it.route, record, &before, None)?;
    }
    Ok(Answer::Done)
}

fn ended(
    db: &Connection,
    numbers: &mut Numbers,
    it: &Ended,
    death: Option<&Death>,
) -> Result<Answer, Fault> {
    let (state, reason) = match &it.end {
        End::Delivered => (PassageState::Delivered, None),
        End::Skipped { reason } => (PassageState::Skipped, Some(reason)),
        End::Dead { cause, .. } => (PassageState::Dead, Some(cause)),
    };
    let mark = matches!(it.end, End::Delivered).then_some(numbers.mark);
    let changed = db
        .prepare_cached(
            "INSERT INTO passages (seq, route, state, attempt, reason, ended_at, mark)
             VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6)
             ON CONFLICT DO UPDATE SET state = excluded.state, reason = excluded.reason,
                 ended_at = excluded.ended_at, due_at = NULL, intended = NULL,
                 mark = coalesce(excluded.mark, mark)
             WHERE state IN (0, 1)
             RETURNING replays, tries_before, job",
        )?
        .query_row(params![it.seq, it.route, state.code(), reason, micros(it.at), mark], Before::of)
        .optional()?;
    let Some(before) = changed else {
        return Err(misplaced("ended", it.seq, &it.route));
    };
    answered(db, it.seq, &it.route, &it.receipts, &it.withheld, it.at)?;
    if let Some(record) = &it.attempt {
        attempt(db, it.seq, &it.route, record, &before, None)?;
    }
    if let (End::Dead { .. }, Some(death)) = (&it.end, death) {
        issues::died(db, it.seq, &it.route, it.at, death)?;
    }
    replay::settled(db, it.seq, &it.route, &before, state, it.at)?;
    let mark = match it.end {
        End::Delivered => Some(finish(db, numbers, it.seq, &it.route)?),
        End::Skipped { .. } | End::Dead { .. } => None,
    };
    close_after(db, it.seq, &it.route, &it.siblings)?;
    Ok(Answer::Mark(mark))
}

fn finish(db: &Connection, numbers: &mut Numbers, seq: u64, route: &str) -> rusqlite::Result<u64> {
    let mark = numbers.mark;
    db.prepare_cached("INSERT INTO finished (mark, seq, route) VALUES (?1, ?2, ?3)")?
        .execute(params![mark, seq, route])?;
    numbers.mark += 1;
    Ok(mark)
}

/// Closes an event if the passage on `route` was its last: no other has begun and not ended, and
/// none of the routes that take it has yet to begin.
fn close_after(
    db: &Connection,
    seq: u64,
    route: &str,
    siblings: &[String],
) -> rusqlite::Result<()> {
    let mut others =
        db.prepare_cached("SELECT route, state FROM passages WHERE seq = ?1 AND route <> ?2")?;
    let mut rows = others.query(params![seq, route])?;
    let mut to_begin: Vec<&str> = siblings.iter().map(String::as_str).collect();
    while let Some(row) = rows.next()? {
        if !PassageState::from_code(row.get(1)?).is_terminal() {
            return Ok(());
        }
        let ended = row.get_ref(0)?.as_str()?;
        to_begin.retain(|route| *route != ended);
    }
    if to_begin.is_empty() { close(db, seq) } else { Ok(()) }
}

fn close(db: &Connection, seq: u64) -> rusqlite::Result<()> {
    db.prepare_cached(
        "DELETE FROM open
         WHERE merchant = (SELECT merchant FROM events WHERE seq = ?1) AND seq = ?1",
    )?
    .execute([seq])?;
    Ok(())
}

fn attempt(
    db: &Connection,
    seq: u64,
    route: &str,
    record: &AttemptRecord,
    before: &Before,
    delivered: Option<(u32, Option<&str>)>,
) -> rusqlite::Result<()> {
    let ordinal = delivered.map_or(record.ordinal, |(ordinal, _)| ordinal);
    db.prepare_cached(
        "INSERT OR REPLACE INTO attempts (seq, route, ordinal, no, at, duration_us, outcome,
                                          detail, delivered, target_id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute(params![
        seq,
        route,
        ordinal,
        record.no + before.tries,
        micros(record.at),
        i64::try_from(record.duration_us).unwrap_or(i64::MAX),
        record.outcome,
        record.detail,
        delivered.is_some(),
        delivered.and_then(|(_, target_id)| target_id),
    ])?;
    Ok(())
}

/// What plugins answered where nothing is sent of it: receipts, and documents that were withheld.
fn answered(
    db: &Connection,
    seq: u64,
    route: &str,
    receipts: &[Receipt],
    withheld: &[Document],
    at: Timestamp,
) -> rusqlite::Result<()> {
    if receipts.is_empty() {
        return Ok(());
    }
    db.prepare_cached(
        "INSERT INTO mappings (seq, route, at, receipts, documents) VALUES (?1, ?2, ?3, ?4, '[]')
         ON CONFLICT DO UPDATE SET receipts = excluded.receipts",
    )?
    .execute(params![seq, route, micros(at), json(&receipts)?])?;
    if withheld.is_empty() {
        return Ok(());
    }
    let documents = pack(json(&withheld)?.as_bytes());
    db.prepare_cached(
        "UPDATE mappings SET documents = '[]', packing = ?3, packed = ?4
         WHERE seq = ?1 AND route = ?2",
    )?
    .execute(params![seq, route, documents.packing, documents.bytes])?;
    Ok(())
}

fn remember(db: &Connection, identities: &[Identity]) -> rusqlite::Result<()> {
    for it in identities {
        db.prepare_cached(
            "INSERT INTO identities (merchant, connection, entity, key, target_id)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET target_id = excluded.target_id
             WHERE target_id <> excluded.target_id",
        )?
        .execute(params![it.merchant, it.connection, it.entity, it.key, it.target_id])?;
    }
    Ok(())
}

pub(super) fn misplaced(step: &str, seq: u64, route: &str) -> Fault {
    Fault::Refused(Error::Misplaced(format!(
        "`{step}` does not follow from where event {seq} stands on route {route}"
    )))
}

/// Records are JSON text, readable with any SQLite tool.
pub(super) fn json<T: serde::Serialize + ?Sized>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

/// A moment as the journal keeps it.
pub(super) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// And back.
pub(super) fn moment(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
}
