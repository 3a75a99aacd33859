//! Retention: what has ended is forgotten after a time, by merchant and by how it ended.
//!
//! Open events never go. With an event go its payload, its mappings, attempts and dead letters; what
//! stays for ever is one small row for each resource and route (`remembered`: version, status,
//! checkpoint), from which checkpoints can be made again (`kept.rs` lets go of its own copy then), besides the fingerprints and the ids that
//! the target gave. So an old version that turns up after a year is still known to be old.
//!
//! It works in small steps that share the writer with everybody else, a few hundred events each, and
//! gives pages that became free back to the disk in small steps too. It costs one look at each event
//! that is older than the shortest time and was kept by a longer one.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};
use serde::Deserialize;

use super::record::PassageState;
use super::steps::moment;
use super::{Error, echoes, issues, kept};

/// Events looked at in one step.
const LOOKED_AT_MAX: usize = 256;
/// Pages given back in one step: 1 MiB, some milliseconds of the writer's time.
pub(super) const PAGES_GIVEN_BACK_MAX: u32 = 256;
/// A file is made smaller when more than a page in so many is free.
pub(super) const FREE_ONE_IN: u32 = 8;

/// How long something is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub enum Keep {
    /// For so many days after it came in.
    Days(u32),
    /// For ever.
    Forever,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Days(i64),
    Word(String),
}

impl TryFrom<Written> for Keep {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let days = match written {
            Written::Word(word) if word == "forever" => return Ok(Self::Forever),
            Written::Word(word) => format!("\"{word}\""),
            Written::Days(days) => match u32::try_from(days) {
                // Longer than a century is for ever, and keeps dates within range.
                Ok(days @ 1..=36_500) => return Ok(Self::Days(days)),
                _ => days.to_string(),
            },
        };
        Err(format!("a retention is 1 to 36500 days or \"forever\", not {days}"))
    }
}

impl Keep {
    /// What came in before this may go.
    fn cutoff(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Days(days) => now
                .checked_sub(SignedDuration::from_hours(24 * i64::from(days)))
                .unwrap_or(Timestamp::MIN),
            Self::Forever => Timestamp::MIN,
        }
    }
}

/// `[retention]` of the host or of a merchant; what is not said is as above it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetentionPatch {
    /// Events delivered, skipped or not routed on all their routes.
    pub delivered_days: Option<Keep>,
    /// Events with a dead letter.
    pub dead_letter_days: Option<Keep>,
    /// Input in quarantine.
    pub quarantine_days: Option<Keep>,
}

/// How long everything is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// See [`RetentionPatch::delivered_days`].
    pub delivered: Keep,
    /// See [`RetentionPatch::dead_letter_days`].
    pub dead_letter: Keep,
    /// See [`RetentionPatch::quarantine_days`].
    pub quarantine: Keep,
}

impl Default for Retention {
    /// A quarter of a year for what went well, a year for what did not, a month for what was no event.
    fn default() -> Self {
        Self { delivered: Keep::Days(90), dead_letter: Keep::Days(365), quarantine: Keep::Days(30) }
    }
}

impl Retention {
    /// With what `patch` says otherwise.
    #[must_use]
    pub fn patched(self, patch: RetentionPatch) -> Self {
        Self {
            delivered: patch.delivered_days.unwrap_or(self.delivered),
            dead_letter: patch.dead_letter_days.unwrap_or(self.dead_letter),
            quarantine: patch.quarantine_days.unwrap_or(self.quarantine),
        }
    }
}

/// The host's retention and what merchants have otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retentions {
    /// For merchants without words of their own, also those that are gone.
    pub host: Retention,
    /// By merchant.
    pub merchants: BTreeMap<String, Retention>,
}

impl Retentions {
    fn of(&self, merchant: &str) -> Retention {
        self.merchants.get(merchant).copied().unwrap_or(self.host)
    }

    /// Nothing that came in after this goes, whoever's it is.
    fn last_cutoff(&self, now: Timestamp) -> Timestamp {
        self.merchants
            .values()
            .chain([&self.host])
            .flat_map(|it| [it.delivered, it.dead_letter])
            .map(|keep| keep.cutoff(now))
            .max()
            .unwrap_or(Timestamp::MIN)
    }
}

/// What one step of forgetting did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forgotten {
    /// Rows of what was asked for that are gone.
    pub removed: u64,
    /// Where the next step goes on; none when there is no more to look at.
    pub next: Option<u64>,
}

/// What a look found.
pub(super) struct Look {
    /// What may go.
    pub(super) old: Vec<u64>,
    pub(super) next: Option<u64>,
}

/// Looks at events after `after` for some that may go.
pub(super) fn old_events(
    db: &Connection,
    retentions: &Retentions,
    now: Timestamp,
    after: u64,
) -> Result<Look, Error> {
    let mut statement = db.prepare_cached(
        "SELECT e.seq, e.merchant, e.received_at,
                (SELECT max(state) FROM passages p WHERE p.seq = e.seq),
                EXISTS (SELECT 1 FROM open o WHERE o.merchant = e.merchant AND o.seq = e.seq)
         FROM events e WHERE e.seq > ?1 ORDER BY e.seq LIMIT ?2",
    )?;
    let last_cutoff = retentions.last_cutoff(now);
    let mut rows = statement.query(params![after, super::read::limit_of(LOOKED_AT_MAX)])?;
    let mut look = Look { old: Vec::new(), next: None };
    let mut seen = 0;
    while let Some(row) = rows.next()? {
        let seq = row.get(0)?;
        let received_at = moment(row.get(2)?);
        // Numbers follow time but for a clock that was set back, which costs a little patience.
        if received_at >= last_cutoff {
            return Ok(Look { next: None, ..look });
        }
        seen += 1;
        look.next = Some(seq);
        let retention = retentions.of(&row.get::<_, String>(1)?);
        let state = row.get::<_, Option<i64>>(3)?.map(PassageState::from_code);
        let keep = match state {
            Some(PassageState::Dead) => retention.dead_letter,
            _ => retention.delivered,
        };
        if !row.get::<_, bool>(4)? && received_at < keep.cutoff(now) {
            look.old.push(seq);
        }
    }
    if seen < LOOKED_AT_MAX {
        look.next = None;
    }
    Ok(look)
}

/// Looks at the quarantine after `after`.
pub(super) fn old_quarantine(
    db: &Connection,
    retentions: &Retentions,
    now: Timestamp,
    after: u64,
) -> Result<Look, Error> {
    let mut statement = db.prepare_cached(
        "SELECT id, merchant, received_at FROM quarantine WHERE id > ?1 ORDER BY id LIMIT ?2",
    )?;
    let mut rows = statement.query(params![after, super::read::limit_of(LOOKED_AT_MAX)])?;
    let mut look = Look { old: Vec::new(), next: None };
    let mut seen = 0;
    while let Some(row) = rows.next()? {
        seen += 1;
        look.next = Some(row.get(0)?);
        let keep = retentions.of(&row.get::<_, String>(1)?).quarantine;
        if moment(row.get(2)?) < keep.cutoff(now) {
            look.old.push(row.get(0)?);
        }
    }
    if seen < LOOKED_AT_MAX {
        look.next = None;
    }
    Ok(look)
}

/// Forgets events that are not open; answers how many there were.
pub(super) fn forget_events(db: &Connection, old: &[u64]) -> rusqlite::Result<u64> {
    let mut removed = 0;
    for seq in old {
        let reopened = db
            .prepare_cached(
                "SELECT 1 FROM open
                 WHERE merchant = (SELECT merchant FROM events WHERE seq = ?1) AND seq = ?1",
            )?
            .exists([seq])?;
        if reopened {
            continue;
        }
        db.prepare_cached(
            "INSERT INTO remembered (merchant, route, resource_key, mark, seq, version, status,
                                     checkpoint, target_status)
             SELECT e.merchant, p.route, e.resource_key, p.mark, e.seq, e.version, m.status,
                    m.checkpoint, m.target_status
             FROM passages p JOIN events e ON e.seq = p.seq
                 LEFT JOIN mappings m ON m.seq = p.seq AND m.route = p.route
             WHERE p.seq = ?1 AND p.mark IS NOT NULL
             ON CONFLICT DO UPDATE SET mark = excluded.mark, seq = excluded.seq,
                 version = excluded.version, status = excluded.status,
                 checkpoint = excluded.checkpoint,
                 target_status = excluded.target_status
             WHERE excluded.mark > mark",
        )?
        .execute([seq])?;
        kept::forget(db, *seq)?;
        issues::forget(db, *seq)?;
        for sql in [
            "DELETE FROM finished WHERE mark IN
                 (SELECT mark FROM passages WHERE seq = ?1 AND mark IS NOT NULL)",
            "DELETE FROM attempts WHERE seq = ?1",
            "DELETE FROM mappings WHERE seq = ?1",
            "DELETE FROM past_passages WHERE seq = ?1",
            "DELETE FROM unrouted WHERE seq = ?1",
            "DELETE FROM passages WHERE seq = ?1",
        ] {
            db.prepare_cached(sql)?.execute([seq])?;
        }
        removed += db.prepare_cached("DELETE FROM events WHERE seq = ?1")?.execute([seq])?;
    }
    if let Some(last) = old.last() {
        keep_number(db, "forgotten_seq", *last)?;
    }
    echoes::forget(db, Timestamp::now())?;
    Ok(removed as u64)
}

/// Forgets input in quarantine; answers how many there were.
pub(super) fn forget_quarantine(db: &Connection, old: &[u64]) -> rusqlite::Result<u64> {
    let mut removed = 0;
    for id in old {
        removed += db.prepare_cached("DELETE FROM quarantine WHERE id = ?1")?.execute([id])?;
    }
    if let Some(last) = old.last() {
        keep_number(db, "forgotten_quarantine", *last)?;
    }
    Ok(removed as u64)
}

/// A number that was given out is not given out again, though nothing has it any more.
pub(super) fn keep_number(db: &Connection, name: &str, number: u64) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO meta (name, value) VALUES (?1, ?2)
         ON CONFLICT DO UPDATE SET value = max(value, excluded.value)",
    )?
    .execute(params![name, number])?;
    Ok(())
}

/// Gives some free pages back to the disk, if there are many; answers whether there may be more.
pub(super) fn give_back(db: &Connection) -> rusqlite::Result<bool> {
    let number = |pragma: &str| db.pragma_query_value(None, pragma, |row| row.get::<_, u32>(0));
    let (free, all) = (number("freelist_count")?, number("page_count")?);
    let incremental = number("auto_vacuum")? == 2;
    if !incremental || free <= PAGES_GIVEN_BACK_MAX || free < all / FREE_ONE_IN {
        return Ok(false);
    }
    let mut statement =
        db.prepare_cached(&format!("PRAGMA incremental_vacuum({PAGES_GIVEN_BACK_MAX})"))?;
    let mut rows = statement.query([])?;
    // Each row it steps through is a page it gives back.
    while rows.next()?.is_some() {}
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::super::steps::micros;
    use super::*;

    #[test]
    fn a_retention_is_a_number_of_days_or_for_ever() {
        let read = |text: &str| serde_json::from_str::<RetentionPatch>(text);
        let patch = read(r#"{"delivered_days": 7, "dead_letter_days": "forever"}"#).unwrap();
        let retention = Retention::default().patched(patch);
        assert_eq!(retention.delivered, Keep::Days(7));
        assert_eq!(retention.dead_letter, Keep::Forever);
        assert_eq!(retention.quarantine, Keep::Days(30));
        for wrong in ["0", "-1", "40000", "\"ever\""] {
            let error = read(&format!(r#"{{"delivered_days": {wrong}}}"#)).unwrap_err();
            assert!(error.to_string().contains("1 to 36500 days"), "{wrong}: {error}");
        }
        assert!(read(r#"{"delivered": 7}"#).is_err());
        let now = Timestamp::now();
        assert_eq!(micros(now) - micros(Keep::Days(1).cutoff(now)), 86_400_000_000);
    }
}
