//! What people have decided about routes and versions while the host runs: routes held still
//! (`route_pauses`), candidates that some resources get (`canaries`), and versions run beside the
//! one in use without effect (`trials`).
//!
//! Each is one row for what it is about, and [`Change`]s are told as acts, so that what is decided
//! stands in the journal in the commit that writes it into the audit record. Terms and progress of
//! a trial are JSON that only `rollout` reads. A few rows, read whole at a start.

use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde::Serialize;

use super::steps::{micros, moment};
use super::{Error, Journal};

/// A route that is held still.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pause {
    /// Whose.
    pub merchant: String,
    /// Which.
    pub route: String,
    /// Since when.
    pub at: Timestamp,
    /// By whom.
    pub who: String,
    /// Why.
    pub why: String,
}

/// A candidate that a share of the resources gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanaryRow {
    /// Whose.
    pub merchant: String,
    /// What routes call the plugin by.
    pub plugin: String,
    /// The candidate's digest.
    pub candidate: String,
    /// Resources of ten thousand that get it.
    pub share: u32,
    /// Since when.
    pub at: Timestamp,
    /// By whom.
    pub who: String,
    /// Why.
    pub why: String,
}

/// A version that runs beside the one in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrialRow {
    /// Whose.
    pub merchant: String,
    /// What routes call the plugin by.
    pub plugin: String,
    /// What it is for (`shadow`, `watch`); one of each at a time.
    pub role: String,
    /// The digest of the version in use meanwhile.
    pub live: String,
    /// The digest of the version beside it.
    pub beside: String,
    /// Where it stands.
    pub state: String,
    /// How it is held, JSON.
    pub terms: String,
    /// What it has seen so far, JSON.
    pub progress: String,
    /// When it began; with merchant, plugin and role it names the trial.
    pub began_at: Timestamp,
    /// When it last got on.
    pub updated_at: Timestamp,
    /// Who wanted it.
    pub who: String,
    /// Why.
    pub why: String,
}

/// Something that is decided, or got on.
#[derive(Debug, Clone)]
pub enum Change {
    /// A route is held still; one that is already stays as it is.
    Pause(Pause),
    /// It goes on.
    Resume {
        /// Whose.
        merchant: String,
        /// Which.
        route: String,
    },
    /// A candidate gets a share, or another share.
    Canary(CanaryRow),
    /// Nobody gets it any more.
    EndCanary {
        /// Whose.
        merchant: String,
        /// What routes call the plugin by.
        plugin: String,
    },
    /// A trial begins, in the place of the last one of its role.
    Begin(TrialRow),
    /// It got on: its state and progress are as told here. Nothing if another has begun since.
    Step(TrialRow),
}

/// All that stands.
#[derive(Debug, Default)]
pub struct Standing {
    /// Routes held still.
    pub pauses: Vec<Pause>,
    /// Candidates with a share.
    pub canaries: Vec<CanaryRow>,
    /// Trials, ended ones too.
    pub trials: Vec<TrialRow>,
}

impl Journal {
    /// All that was decided and stands.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn rollouts(&self) -> Result<Standing, Error> {
        self.shared.readers.with(|db| Ok(standing(db)?))
    }
}

fn standing(db: &Connection) -> rusqlite::Result<Standing> {
    let mut pauses = db.prepare_cached("SELECT merchant, route, at, who, why FROM route_pauses")?;
    let pauses = pauses.query_map([], |row| {
        Ok(Pause {
            merchant: row.get(0)?,
            route: row.get(1)?,
            at: moment(row.get(2)?),
            who: row.get(3)?,
            why: row.get(4)?,
        })
    })?;
    let pauses = pauses.collect::<Result<_, _>>()?;
    let mut canaries =
        db.prepare_cached("SELECT merchant, plugin, candidate, share, at, who, why FROM canaries")?;
    let canaries = canaries.query_map([], |row| {
        Ok(CanaryRow {
            merchant: row.get(0)?,
            plugin: row.get(1)?,
            candidate: row.get(2)?,
            share: row.get(3)?,
            at: moment(row.get(4)?),
            who: row.get(5)?,
            why: row.get(6)?,
        })
    })?;
    let canaries = canaries.collect::<Result<_, _>>()?;
    let mut trials = db.prepare_cached(
        "SELECT merchant, plugin, role, live, beside, state, terms, progress, began_at,
                updated_at, who, why FROM trials",
    )?;
    let trials = trials.query_map([], |row| {
        Ok(TrialRow {
            merchant: row.get(0)?,
            plugin: row.get(1)?,
            role: row.get(2)?,
            live: row.get(3)?,
            beside: row.get(4)?,
            state: row.get(5)?,
            terms: row.get(6)?,
            progress: row.get(7)?,
            began_at: moment(row.get(8)?),
            updated_at: moment(row.get(9)?),
            who: row.get(10)?,
            why: row.get(11)?,
        })
    })?;
    let trials = trials.collect::<Result<_, _>>()?;
    Ok(Standing { pauses, canaries, trials })
}

/// Carries a change out; answers how many rows it changed.
pub(super) fn apply(db: &Connection, change: &Change) -> rusqlite::Result<usize> {
    match change {
        Change::Pause(it) => db
            .prepare_cached(
                "INSERT OR IGNORE INTO route_pauses (merchant, route, at, who, why)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![it.merchant, it.route, micros(it.at), it.who, it.why]),
        Change::Resume { merchant, route } => db
            .prepare_cached("DELETE FROM route_pauses WHERE merchant = ?1 AND route = ?2")?
            .execute(params![merchant, route]),
        Change::Canary(it) => db
            .prepare_cached(
                "INSERT OR REPLACE INTO canaries (merchant, plugin, candidate, share, at, who, why)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                it.merchant,
                it.plugin,
                it.candidate,
                it.share,
                micros(it.at),
                it.who,
                it.why
            ]),
        Change::EndCanary { merchant, plugin } => db
            .prepare_cached("DELETE FROM canaries WHERE merchant = ?1 AND plugin = ?2")?
            .execute(params![merchant, plugin]),
        Change::Begin(it) => db
            .prepare_cached(
                "INSERT OR REPLACE INTO trials (merchant, plugin, role, live, beside, state, terms,
                                                progress, began_at, updated_at, who, why)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            )?
            .execute(params![
                it.merchant,
                it.plugin,
                it.role,
                it.live,
                it.beside,
                it.state,
                it.terms,
                it.progress,
                micros(it.began_at),
                micros(it.updated_at),
                it.who,
                it.why
            ]),
        Change::Step(it) => db
            .prepare_cached(
                "UPDATE trials SET state = ?5, progress = ?6, updated_at = ?7
                 WHERE merchant = ?1 AND plugin = ?2 AND role = ?3 AND began_at = ?4",
            )?
            .execute(params![
                it.merchant,
                it.plugin,
                it.role,
                micros(it.began_at),
                it.state,
                it.progress,
                micros(it.updated_at)
            ]),
    }
}
