//! Dead letters and the issues they are filed under: what is broken, how often, how much money waits.
//!
//! An *issue* is one cause on one route: the code, the plugin's version, the place in the payload
//! (array places as `*`) and the target's status. A *letter* is one passage that died of it. Its
//! row stays for ever, with a status: `open`, `replayed` (on its way again), `resolved` (delivered
//! after a replay, or mended by hand) or `discarded`; if it dies again it is `open` again.
//!
//! The money of an issue is that of the newest letter of each order, so that an order that was
//! changed five times counts once: `affected` over all letters, `pending` over those nobody has dealt
//! with. It is kept up to date by what each change takes away and adds, exactly, in decimal.
//!
//! It costs a death some ten small statements; who does not die pays nothing.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::read::{limit_of, list, time};
use super::record::{End, Ended};
use super::steps::{micros, moment};
use super::{Error, Journal};
use crate::event::{Event, Receipt};

/// An issue shows the words of its last letter, as far as they go on a screen.
const DETAIL_BYTES_MAX: usize = 2000;

/// Where a dead letter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LetterStatus {
    /// Nobody has dealt with it.
    Open,
    /// It is on its way again.
    Replayed,
    /// It was delivered after a replay, or mended by hand.
    Resolved,
    /// A person gave it up.
    Discarded,
}

impl LetterStatus {
    const ALL: [Self; 4] = [Self::Open, Self::Replayed, Self::Resolved, Self::Discarded];

    pub(super) fn code(self) -> i64 {
        match self {
            Self::Open => 0,
            Self::Replayed => 1,
            Self::Resolved => 2,
            Self::Discarded => 3,
        }
    }

    fn from_code(code: i64) -> Self {
        Self::ALL.into_iter().find(|it| it.code() == code).unwrap_or(Self::Open)
    }

    fn is_pending(self) -> bool {
        matches!(self, Self::Open | Self::Replayed)
    }
}

/// Where an issue stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IssueState {
    /// Some of its letters are not dealt with.
    Open,
    /// All are; it opens again with the next letter.
    Resolved,
    /// A person does not want to hear of it; letters are filed all the same.
    Muted,
}

impl IssueState {
    pub(super) fn code(self) -> i64 {
        match self {
            Self::Open => 0,
            Self::Resolved => 1,
            Self::Muted => 2,
        }
    }

    fn from_code(code: i64) -> Self {
        match code {
            1 => Self::Resolved,
            2 => Self::Muted,
            _ => Self::Open,
        }
    }
}

/// Letters of one cause.
#[derive(Debug, Clone, Serialize)]
pub struct Issue {
    /// Its number, from 1.
    pub id: u64,
    /// Whose.
    pub merchant: String,
    /// On which route.
    pub route: String,
    /// How it ended (`rejected`, `status_422`, `out_of_fuel`).
    pub cause: String,
    /// The plugin's own code of the first violation, or the cause.
    pub code: String,
    /// Who did the mapping.
    pub plugin: Option<String>,
    /// At which version.
    pub plugin_version: Option<String>,
    /// sha256 of that plugin.
    pub plugin_digest: Option<String>,
    /// Where in the payload, array places as `*`.
    pub pointer: Option<String>,
    /// What the target answered.
    pub target_status: Option<u16>,
    /// The words of the last letter, shortened.
    pub detail: String,
    /// Deaths, those after a replay too.
    pub count: u64,
    /// Letters nobody has dealt with, or on their way again.
    pub pending: u64,
    /// When the first died.
    pub first_seen: Timestamp,
    /// When the last died.
    pub last_seen: Timestamp,
    /// Where it stands.
    pub state: IssueState,
    /// What is at stake, by currency.
    pub money: Vec<Money>,
}

/// Sums of one currency, decimal text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Money {
    /// ISO 4217, as the shop says.
    pub currency: String,
    /// Over all orders.
    pub affected: String,
    /// Over those that are not dealt with.
    pub pending: String,
}

/// A passage that died, with what became of it since.
#[derive(Debug, Clone, Serialize)]
pub struct Letter {
    /// The event.
    pub seq: u64,
    /// Its id.
    pub event_id: String,
    /// Whose.
    pub merchant: String,
    /// The route.
    pub route: String,
    /// What it was about.
    pub resource_key: String,
    /// The source's topic.
    pub topic: String,
    /// A stable code.
    pub cause: String,
    /// Everything a person needs.
    pub detail: String,
    /// When it died the last time.
    pub at: Timestamp,
    /// How often it has died.
    pub deaths: u64,
    /// Where it stands.
    pub status: LetterStatus,
    /// Since when.
    pub changed_at: Option<Timestamp>,
    /// The issue it is filed under.
    pub issue: Option<u64>,
    /// The order's total.
    pub amount: Option<String>,
    /// Its currency.
    pub currency: Option<String>,
}

/// Which letters; the default is the newest of all.
#[derive(Debug, Clone, Default)]
pub struct LetterFilter {
    /// Of this merchant only.
    pub merchant: Option<String>,
    /// Of this route only.
    pub route: Option<String>,
    /// With this status only.
    pub status: Option<LetterStatus>,
    /// With this cause only.
    pub cause: Option<String>,
    /// Of this issue only.
    pub issue: Option<u64>,
    /// Of this event only.
    pub seq: Option<u64>,
    /// After this one, going back in time.
    pub before: Option<(u64, String)>,
    /// How many.
    pub limit: usize,
}

/// Which issues; the default is the newest of all.
#[derive(Debug, Clone, Default)]
pub struct IssueFilter {
    /// Of this merchant only.
    pub merchant: Option<String>,
    /// Of this route only.
    pub route: Option<String>,
    /// In this state only.
    pub state: Option<IssueState>,
    /// Before this number.
    pub before: Option<u64>,
    /// How many.
    pub limit: usize,
}

/// Why a passage died, made ready by the one who tells: the writer has no time to lose.
#[derive(Debug, Clone, Default)]
pub(super) struct Death {
    merchant: String,
    resource_key: String,
    route: String,
    cause: String,
    detail: String,
    code: String,
    pointer: Option<String>,
    target_status: Option<u16>,
    plugin: Option<(String, String, String)>,
    money: Option<(String, Decimal)>,
}

impl Death {
    fn of(
        route: &str,
        cause: &str,
        detail: &str,
        event: Option<&Event>,
        last: Option<&Receipt>,
    ) -> Self {
        let (code, pointer) = first_violation(detail).unzip();
        Self {
            merchant: event.map(|it| it.merchant.clone()).unwrap_or_default(),
            resource_key: event.map(|it| it.resource_key.clone()).unwrap_or_default(),
            route: route.to_owned(),
            cause: cause.to_owned(),
            detail: detail.to_owned(),
            code: code.unwrap_or_else(|| cause.to_owned()),
            pointer: pointer.map(|it| shape_of(&it)),
            target_status: cause.strip_prefix("status_").and_then(|it| it.parse().ok()),
            plugin: last.map(|it| (it.plugin.clone(), it.version.clone(), it.digest.clone())),
            money: event.and_then(money_of),
        }
    }

    fn fingerprint(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        let status = self.target_status.map(|it| it.to_string());
        let plugin = self.plugin.as_ref();
        for part in [
            Some(self.merchant.as_str()),
            Some(&self.route),
            Some(&self.cause),
            Some(&self.code),
            self.pointer.as_deref(),
            status.as_deref(),
            plugin.map(|it| it.0.as_str()),
            plugin.map(|it| it.1.as_str()),
            plugin.map(|it| it.2.as_str()),
        ] {
            let part = part.unwrap_or("\u{0}");
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        hasher.finalize().into()
    }
}

/// Code and pointer of the first violation, where a plugin rejected the payload.
fn first_violation(detail: &str) -> Option<(String, String)> {
    #[derive(Deserialize)]
    struct Rejected {
        violations: Vec<Violation>,
    }
    #[derive(Deserialize)]
    struct Violation {
        code: String,
        pointer: String,
    }
    let rejected: Rejected = serde_json::from_str(detail).ok()?;
    let first = rejected.violations.into_iter().next()?;
    Some((first.code, first.pointer))
}

/// The pointer with the places in arrays as `*`: line 2 and line 7 have the same fault.
fn shape_of(pointer: &str) -> String {
    let shape = |part: &str| {
        let is_place = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if is_place { "*".to_owned() } else { part.to_owned() }
    };
    pointer.split('/').map(shape).collect::<Vec<_>>().join("/")
}

/// An order's total and currency, from the top level of its payload.
fn money_of(event: &Event) -> Option<(String, Decimal)> {
    #[derive(Deserialize)]
    struct Top<'b> {
        #[serde(borrow)]
        total: &'b serde_json::value::RawValue,
        currency: String,
    }
    if !event.resource_key.starts_with("order/") {
        return None;
    }
    let top: Top<'_> = serde_json::from_slice(&event.body).ok()?;
    let total = top.total.get().trim_matches('"');
    let sane = (1..=10).contains(&top.currency.len());
    Some((top.currency, Decimal::from_str_exact(total).ok()?)).filter(|_| sane)
}

impl Journal {
    /// What the writer needs to know of a death; none if nobody dies.
    pub(super) fn death_of(&self, ended: &Ended) -> Result<Option<Death>, Error> {
        let End::Dead { cause, detail } = &ended.end else { return Ok(None) };
        // What does not read back must not keep the passage from ending.
        let event = self.event(ended.seq).ok().flatten();
        let mapped;
        let last = match ended.receipts.last() {
            Some(last) => Some(last),
            None => {
                mapped = self.passage(ended.seq, &ended.route).ok().flatten();
                mapped.as_ref().and_then(|it| it.receipts.last())
            }
        };
        Ok(Some(Death::of(&ended.route, cause, detail, event.as_deref(), last)))
    }

    /// Issues, the newest first.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn issues(&self, filter: &IssueFilter) -> Result<Vec<Issue>, Error> {
        self.shared.readers.with(|db| issues(db, filter))
    }

    /// One issue.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn issue(&self, id: u64) -> Result<Option<Issue>, Error> {
        let filter =
            IssueFilter { before: Some(id.saturating_add(1)), limit: 1, ..Default::default() };
        Ok(self.issues(&filter)?.into_iter().find(|it| it.id == id))
    }

    /// Dead letters, the newest events first.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn letters(&self, filter: &LetterFilter) -> Result<Vec<Letter>, Error> {
        self.shared.readers.with(|db| letters(db, filter))
    }
}

/// Files a death. Runs in the transaction that ends the passage.
pub(super) fn died(
    db: &Connection,
    seq: u64,
    route: &str,
    at: Timestamp,
    death: &Death,
) -> rusqlite::Result<()> {
    let issue = issue_for(db, seq, at, death)?;
    let (currency, amount) =
        death.money.as_ref().map(|(currency, amount)| (currency, amount.to_string())).unzip();
    refile(db, seq, route, (issue, &death.resource_key), || {
        db.prepare_cached(
            "INSERT INTO dead_letters (seq, route, merchant, at, cause, detail, status, issue,
                                       resource_key, currency, amount, changed_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7, ?8, ?9, ?10, ?4)
             ON CONFLICT DO UPDATE SET at = excluded.at, cause = excluded.cause,
                 detail = excluded.detail, status = 0, issue = excluded.issue,
                 deaths = deaths + 1, changed_at = excluded.at",
        )?
        .execute(params![
            seq,
            route,
            death.merchant,
            micros(at),
            death.cause,
            death.detail,
            issue,
            death.resource_key,
            currency,
            amount,
        ])
    })
}

/// Gives a letter another status, if it has one of `from`; says whether it had.
pub(super) fn mark(
    db: &Connection,
    seq: u64,
    route: &str,
    from: &[LetterStatus],
    to: LetterStatus,
    at: Timestamp,
) -> rusqlite::Result<bool> {
    let Some((issue, resource, status)) = filed(db, seq, route)? else { return Ok(false) };
    if !from.contains(&status) {
        return Ok(false);
    }
    let change = || {
        db.prepare_cached(
            "UPDATE dead_letters SET status = ?3, changed_at = ?4 WHERE seq = ?1 AND route = ?2",
        )?
        .execute(params![seq, route, to.code(), micros(at)])
    };
    match issue {
        Some(issue) => refile(db, seq, route, (issue, &resource), change)?,
        None => change().map(drop)?,
    }
    Ok(true)
}

/// Takes the letters of an event away, with their part of counts and sums. What has died stays
/// counted in [`Issue::count`].
pub(super) fn forget(db: &Connection, seq: u64) -> rusqlite::Result<()> {
    let mut letters =
        db.prepare_cached("SELECT route, issue, resource_key FROM dead_letters WHERE seq = ?1")?;
    let letters: Vec<(String, Option<u64>, String)> = letters
        .query_map([seq], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    for (route, issue, resource) in letters {
        let change = || {
            db.prepare_cached("DELETE FROM dead_letters WHERE seq = ?1 AND route = ?2")?
                .execute(params![seq, route])
        };
        match issue {
            Some(issue) => refile(db, seq, &route, (issue, &resource), change)?,
            None => change().map(drop)?,
        }
    }
    Ok(())
}

/// Gives an issue another state, as a person wishes.
pub(super) fn set_state(db: &Connection, id: u64, state: IssueState) -> rusqlite::Result<usize> {
    // What is not muted is open or resolved by what its letters are.
    db.prepare_cached(
        "UPDATE issues SET state = CASE ?2 WHEN 2 THEN 2 ELSE pending = 0 END WHERE id = ?1",
    )?
    .execute(params![id, state.code()])
}

fn issue_for(db: &Connection, seq: u64, at: Timestamp, death: &Death) -> rusqlite::Result<u64> {
    let plugin = death.plugin.as_ref();
    db.prepare_cached(
        "INSERT INTO issues (fingerprint, merchant, route, cause, code, plugin, plugin_version,
                             plugin_digest, pointer, target_status, detail, last_seq, count,
                             pending, first_seen, last_seen, state)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 1, 0, ?13, ?13, 0)
         ON CONFLICT (fingerprint) DO UPDATE SET detail = excluded.detail,
             last_seq = excluded.last_seq, count = count + 1, last_seen = excluded.last_seen
         RETURNING id",
    )?
    .query_row(
        params![
            death.fingerprint(),
            death.merchant,
            death.route,
            death.cause,
            death.code,
            plugin.map(|it| &it.0),
            plugin.map(|it| &it.1),
            plugin.map(|it| &it.2),
            death.pointer,
            death.target_status,
            shortened(&death.detail),
            seq,
            micros(at),
        ],
        |row| row.get(0),
    )
}

/// A letter's issue, resource and status.
type Filed = (Option<u64>, String, LetterStatus);

fn filed(db: &Connection, seq: u64, route: &str) -> rusqlite::Result<Option<Filed>> {
    db.prepare_cached(
        "SELECT issue, resource_key, status FROM dead_letters WHERE seq = ?1 AND route = ?2",
    )?
    .query_row(params![seq, route], |row| {
        Ok((row.get(0)?, row.get(1)?, LetterStatus::from_code(row.get(2)?)))
    })
    .optional()
}

/// Changes a letter and keeps the counts and sums of its issues right: the one it was filed under
/// and the one it will be.
fn refile(
    db: &Connection,
    seq: u64,
    route: &str,
    to: (u64, &str),
    change: impl FnOnce() -> rusqlite::Result<usize>,
) -> rusqlite::Result<()> {
    let old = filed(db, seq, route)?;
    let mut touched = vec![(to.0, to.1.to_owned())];
    if let Some((Some(issue), resource, _)) = &old
        && *issue != to.0
    {
        touched.push((*issue, resource.clone()));
    }
    let before: Vec<Stake> =
        touched.iter().map(|(issue, key)| Stake::of(db, *issue, key)).collect::<Result<_, _>>()?;
    if let Some((Some(issue), _, status)) = &old
        && status.is_pending()
    {
        add_pending(db, *issue, -1)?;
    }
    change()?;
    if let Some((Some(issue), _, status)) = filed(db, seq, route)?
        && status.is_pending()
    {
        add_pending(db, issue, 1)?;
    }
    for ((issue, key), before) in touched.iter().zip(before) {
        let after = Stake::of(db, *issue, key)?;
        before.leaves_for(&after, db, *issue)?;
        let opens_or_resolves =
            "UPDATE issues SET state = (pending = 0) WHERE id = ?1 AND state < 2";
        db.prepare_cached(opens_or_resolves)?.execute([issue])?;
    }
    Ok(())
}

fn add_pending(db: &Connection, issue: u64, by: i64) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE issues SET pending = pending + ?2 WHERE id = ?1")?
        .execute(params![issue, by])
        .map(drop)
}

/// What one resource adds to the money of an issue.
#[derive(Debug, Default, PartialEq)]
struct Stake {
    affected: Option<(String, Decimal)>,
    pending: Option<(String, Decimal)>,
}

impl Stake {
    fn of(db: &Connection, issue: u64, resource_key: &str) -> rusqlite::Result<Self> {
        let mut letters = db.prepare_cached(
            "SELECT currency, amount, status FROM dead_letters
             WHERE issue = ?1 AND resource_key = ?2 ORDER BY seq DESC",
        )?;
        let mut rows = letters.query(params![issue, resource_key])?;
        let mut stake = Self::default();
        while let Some(row) = rows.next()? {
            let currency: Option<String> = row.get(0)?;
            let amount: Option<String> = row.get(1)?;
            let money = currency.zip(amount.and_then(|it| Decimal::from_str_exact(&it).ok()));
            if stake.affected.is_none() {
                stake.affected.clone_from(&money);
            }
            if LetterStatus::from_code(row.get(2)?).is_pending() {
                stake.pending = money;
                break;
            }
        }
        Ok(stake)
    }

    fn leaves_for(&self, after: &Self, db: &Connection, issue: u64) -> rusqlite::Result<()> {
        if self == after {
            return Ok(());
        }
        let minus = |it: &Option<(String, Decimal)>| it.clone().map(|(name, sum)| (name, -sum));
        let parts = [
            (minus(&self.affected), true),
            (after.affected.clone(), true),
            (minus(&self.pending), false),
            (after.pending.clone(), false),
        ];
        for (part, affected) in parts {
            let Some((currency, sum)) = part else { continue };
            let (more, waiting) =
                if affected { (sum, Decimal::ZERO) } else { (Decimal::ZERO, sum) };
            add_money(db, issue, &currency, more, waiting)?;
        }
        Ok(())
    }
}

fn add_money(
    db: &Connection,
    issue: u64,
    currency: &str,
    affected: Decimal,
    pending: Decimal,
) -> rusqlite::Result<()> {
    let known = db
        .prepare_cached(
            "SELECT affected, pending FROM issue_money WHERE issue = ?1 AND currency = ?2",
        )?
        .query_row(params![issue, currency], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })
        .optional()?
        .unwrap_or_default();
    let sum = |old: &str, more: Decimal| {
        let old = Decimal::from_str_exact(old).unwrap_or(Decimal::ZERO);
        // 28 digits are more than all the money there is.
        old.checked_add(more).unwrap_or(old).to_string()
    };
    db.prepare_cached(
        "INSERT OR REPLACE INTO issue_money (issue, currency, affected, pending)
         VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![issue, currency, sum(&known.0, affected), sum(&known.1, pending)])
    .map(drop)
}

/// Files the letters that were written before there were issues. Runs once, in the migration.
pub(super) fn adopt(db: &Connection) -> rusqlite::Result<()> {
    let mut letters = db.prepare(
        "SELECT d.seq, d.route, d.at, d.cause, d.detail, m.receipts
         FROM dead_letters d LEFT JOIN mappings m ON m.seq = d.seq AND m.route = d.route",
    )?;
    let mut rows = letters.query([])?;
    while let Some(row) = rows.next()? {
        let (seq, route): (u64, String) = (row.get(0)?, row.get(1)?);
        let at = moment(row.get(2)?);
        // What does not read back is filed without it: no reason to refuse the whole journal.
        let event = super::read::event(db, seq).ok().flatten();
        let receipts: Vec<Receipt> = list(row, 5).unwrap_or_default();
        let (cause, detail): (String, String) = (row.get(3)?, row.get(4)?);
        let death = Death::of(&route, &cause, &detail, event.as_ref(), receipts.last());
        db.execute("DELETE FROM dead_letters WHERE seq = ?1 AND route = ?2", params![seq, route])?;
        died(db, seq, &route, at, &death)?;
    }
    Ok(())
}

fn issues(db: &Connection, filter: &IssueFilter) -> Result<Vec<Issue>, Error> {
    let mut statement = db.prepare_cached(
        "SELECT id, merchant, route, cause, code, plugin, plugin_version, plugin_digest, pointer,
                target_status, detail, count, pending, first_seen, last_seen, state
         FROM issues
         WHERE id < ?1 AND (?2 IS NULL OR merchant = ?2) AND (?3 IS NULL OR route = ?3)
               AND (?4 IS NULL OR state = ?4)
         ORDER BY id DESC LIMIT ?5",
    )?;
    let before = filter.before.and_then(|it| i64::try_from(it).ok()).unwrap_or(i64::MAX);
    let state = filter.state.map(IssueState::code);
    let wanted = params![before, filter.merchant, filter.route, state, limit_of(filter.limit)];
    let mut found = statement.query_map(wanted, issue)?.collect::<Result<Vec<_>, _>>()?;
    let mut money = db.prepare_cached(
        "SELECT currency, affected, pending FROM issue_money WHERE issue = ?1 ORDER BY currency",
    )?;
    for issue in &mut found {
        let sums = money.query_map([issue.id], |row| {
            Ok(Money { currency: row.get(0)?, affected: row.get(1)?, pending: row.get(2)? })
        })?;
        issue.money = sums.collect::<Result<_, _>>()?;
    }
    Ok(found)
}

fn issue(row: &Row<'_>) -> rusqlite::Result<Issue> {
    Ok(Issue {
        id: row.get(0)?,
        merchant: row.get(1)?,
        route: row.get(2)?,
        cause: row.get(3)?,
        code: row.get(4)?,
        plugin: row.get(5)?,
        plugin_version: row.get(6)?,
        plugin_digest: row.get(7)?,
        pointer: row.get(8)?,
        target_status: row.get(9)?,
        detail: row.get(10)?,
        count: row.get(11)?,
        pending: row.get(12)?,
        first_seen: moment(row.get(13)?),
        last_seen: moment(row.get(14)?),
        state: IssueState::from_code(row.get(15)?),
        money: Vec::new(),
    })
}

fn letters(db: &Connection, filter: &LetterFilter) -> Result<Vec<Letter>, Error> {
    // Each of these has an index in the order of the answer.
    let place = match (filter.issue, filter.status) {
        (Some(_), _) => "d.issue = ?6 AND ",
        (None, Some(LetterStatus::Open)) => "?6 IS NULL AND d.status = 0 AND ",
        (None, _) => "?6 IS NULL AND ",
    };
    let mut statement = db.prepare_cached(&format!(
        "SELECT d.seq, e.id, d.merchant, d.route, d.resource_key, e.topic, d.cause, d.detail, d.at,
                d.deaths, d.status, d.changed_at, d.issue, d.amount, d.currency
         FROM dead_letters d LEFT JOIN events e ON e.seq = d.seq
         WHERE {place} (d.seq, d.route) < (?1, ?2) AND d.seq >= ?8
               AND (?3 IS NULL OR d.merchant = ?3)
               AND (?4 IS NULL OR d.route = ?4) AND (?5 IS NULL OR d.cause = ?5)
               AND (?9 IS NULL OR d.status = ?9)
         ORDER BY d.seq DESC, d.route DESC LIMIT ?7"
    ))?;
    let (before, from) = match (&filter.before, filter.seq) {
        (Some((seq, route)), from) => ((*seq, route.clone()), from.unwrap_or(0)),
        (None, Some(seq)) => ((seq.saturating_add(1), String::new()), seq),
        (None, None) => ((u64::MAX >> 1, String::new()), 0),
    };
    let found = statement.query_map(
        params![
            before.0,
            before.1,
            filter.merchant,
            filter.route,
            filter.cause,
            filter.issue,
            limit_of(filter.limit),
            from,
            filter.status.map(LetterStatus::code),
        ],
        letter,
    )?;
    Ok(found.collect::<Result<_, _>>()?)
}

fn letter(row: &Row<'_>) -> rusqlite::Result<Letter> {
    Ok(Letter {
        seq: row.get(0)?,
        event_id: row.get::<_, Option<String>>(1)?.unwrap_or_default(),
        merchant: row.get(2)?,
        route: row.get(3)?,
        resource_key: row.get(4)?,
        topic: row.get::<_, Option<String>>(5)?.unwrap_or_default(),
        cause: row.get(6)?,
        detail: row.get(7)?,
        at: moment(row.get(8)?),
        deaths: row.get(9)?,
        status: LetterStatus::from_code(row.get(10)?),
        changed_at: time(row, 11)?,
        issue: row.get(12)?,
        amount: row.get(13)?,
        currency: row.get(14)?,
    })
}

fn shortened(text: &str) -> &str {
    let mut end = text.len().min(DETAIL_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{EventId, Origin};
    use proptest::prelude::*;

    fn order(body: &str) -> Event {
        Event {
            seq: 1,
            id: EventId("e".into()),
            correlation_id: String::new(),
            merchant: "acme".into(),
            connection: "shop".into(),
            topic: "order.created".into(),
            resource_key: "order/1".into(),
            version: None,
            received_at: Timestamp::UNIX_EPOCH,
            origin: Origin::Hook,
            body: body.to_owned().into(),
        }
    }

    #[test]
    fn the_money_of_an_order_is_its_total_to_the_last_digit() {
        let money = |body: &str| money_of(&order(body)).map(|(c, a)| format!("{c} {a}"));
        assert_eq!(money(r#"{"total":"1.10","currency":"BRL"}"#).as_deref(), Some("BRL 1.10"));
        assert_eq!(money(r#"{"currency":"KWD","total":7.125}"#).as_deref(), Some("KWD 7.125"));
        assert_eq!(money(r#"{"total":"1e400","currency":"BRL"}"#), None);
        assert_eq!(money(r#"{"total":"1.10"}"#), None);
        assert_eq!(money("<html>"), None);
    }

    #[test]
    fn one_fault_in_two_lines_is_one_cause() {
        let death = |pointer: &str| {
            let detail = serde_json::json!({
                "outcome": "rejected",
                "violations": [{ "pointer": pointer, "code": "missing", "message": "x" }],
            });
            Death::of("orders", "rejected", &detail.to_string(), Some(&order("{}")), None)
        };
        let second = death("/line_items/2/sku");
        assert_eq!(second.pointer.as_deref(), Some("/line_items/*/sku"));
        assert_eq!(second.code, "missing");
        assert_eq!(second.fingerprint(), death("/line_items/7/sku").fingerprint());
        assert_ne!(second.fingerprint(), death("/line_items/7/name").fingerprint());
        assert_eq!(Death::of("r", "status_422", "no", None, None).target_status, Some(422));
    }

    /// What may happen to a letter.
    #[derive(Debug, Clone)]
    enum Turn {
        Dies { seq: u64, cause: u8, cents: u32 },
        Marked { seq: u64, to: usize },
        Forgotten { seq: u64 },
    }

    fn turns() -> impl Strategy<Value = Vec<Turn>> {
        let dies = (1_u64..6, 0_u8..3, 0_u32..10_000).prop_map(|(seq, cause, cents)| Turn::Dies {
            seq,
            cause,
            cents,
        });
        let marked = (1_u64..6, 0_usize..4).prop_map(|(seq, to)| Turn::Marked { seq, to });
        let forgotten = (1_u64..6).prop_map(|seq| Turn::Forgotten { seq });
        proptest::collection::vec(prop_oneof![4 => dies, 4 => marked, 1 => forgotten], 0..40)
    }

    proptest! {
        #[test]
        fn counts_and_sums_are_those_of_the_letters_whatever_happened(turns in turns()) {
            let dir = tempfile::tempdir().unwrap();
            let db = super::super::schema::open_writer(&dir.path().join("journal.db")).unwrap();
            for turn in turns {
                match turn {
                    Turn::Dies { seq, cause, cents } => {
                        let currency = if cents % 2 == 0 { "BRL" } else { "EUR" };
                        let death = Death {
                            // Two events of one order share their money.
                            resource_key: format!("order/{}", seq / 2),
                            cause: format!("c{cause}"),
                            money: Some((currency.into(), Decimal::new(cents.into(), 2))),
                            ..Death::default()
                        };
                        died(&db, seq, "r", Timestamp::UNIX_EPOCH, &death).unwrap();
                    }
                    Turn::Forgotten { seq } => forget(&db, seq).unwrap(),
                    Turn::Marked { seq, to } => {
                        let (all, at) = (LetterStatus::ALL, Timestamp::UNIX_EPOCH);
                        mark(&db, seq, "r", &all, all[to], at).unwrap();
                    }
                }
            }
            let letters =
                letters(&db, &LetterFilter { limit: 100, ..LetterFilter::default() }).unwrap();
            for issue in issues(&db, &IssueFilter { limit: 100, ..IssueFilter::default() }).unwrap() {
                let own: Vec<_> = letters.iter().filter(|it| it.issue == Some(issue.id)).collect();
                let pending: Vec<_> =
                    own.iter().filter(|it| it.status.is_pending()).copied().collect();
                prop_assert_eq!(issue.pending, pending.len() as u64);
                prop_assert_eq!(issue.state == IssueState::Open, issue.pending > 0);
                for money in &issue.money {
                    let read = |text: &str| Decimal::from_str_exact(text).unwrap();
                    prop_assert_eq!(read(&money.affected), newest_sum(&own, &money.currency));
                    prop_assert_eq!(read(&money.pending), newest_sum(&pending, &money.currency));
                }
            }
        }
    }

    /// The sum over the newest letter of each resource.
    fn newest_sum(letters: &[&Letter], currency: &str) -> Decimal {
        let mut newest = std::collections::BTreeMap::new();
        for letter in letters.iter().rev() {
            newest.insert(&letter.resource_key, letter);
        }
        newest
            .values()
            .filter(|it| it.currency.as_deref() == Some(currency))
            .map(|it| Decimal::from_str_exact(it.amount.as_deref().unwrap()).unwrap())
            .sum()
    }
}
