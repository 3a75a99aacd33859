//! What is known of each polled connection, for screens: how far, how well, and what was found.
//!
//! Numbers of one connection stand here and not among the metrics, whose labels must not grow with
//! the number of shops.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::Serialize;

use super::ground::Plan;
use super::settings::Entity;

/// One polled connection.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PollStatus {
    /// Whose.
    pub merchant: String,
    /// Which.
    pub connection: String,
    /// Its lists, by name.
    pub entities: BTreeMap<&'static str, EntityStatus>,
    /// Its webhooks.
    pub health: ShopHealth,
    /// Orders whose refunds are not fetched yet, as of the last look (counted up to a page).
    pub refunds_waiting: usize,
    /// Refunds that came or went.
    pub refunds_found: u64,
    /// Whether polls come seldom because much of the merchant's is not ended yet.
    pub slowed: bool,
}

/// One list.
#[derive(Debug, Clone, Default, Serialize)]
pub struct EntityStatus {
    /// Up to which version everything is in the journal.
    pub cursor: Option<Timestamp>,
    /// When the last walk through it ended.
    pub last_poll: Option<Timestamp>,
    /// Whether a walk is half-way.
    pub walking: bool,
    /// Walks that ended.
    pub polls: u64,
    /// Why the last step failed; none when it went well.
    pub last_error: Option<String>,
    /// What polling brought before a hook did.
    pub found: u64,
    /// Of these, what had changed two minutes or more before: a hook would have come by then.
    pub found_late: u64,
    /// How old the change found last was, in seconds.
    pub lag_s: Option<i64>,
}

/// What the shop says of its webhooks to us.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ShopHealth {
    /// When we last looked.
    pub checked_at: Option<Timestamp>,
    /// Why we could not.
    pub last_error: Option<String>,
    /// Webhooks that point to us.
    pub webhooks: usize,
    /// What is wrong, each with what to do.
    pub problems: Vec<Problem>,
    /// Webhooks that were switched on again.
    pub reenabled: u64,
}

/// Something wrong with a shop's webhooks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// Stable (`webhook_disabled`).
    pub code: &'static str,
    /// The topic, where it is about one.
    pub topic: Option<String>,
    /// For a person.
    pub message: String,
}

/// All connections' statuses.
#[derive(Debug, Default)]
pub(super) struct Board {
    by_connection: Mutex<BTreeMap<(String, String), PollStatus>>,
}

impl Board {
    /// Changes the status of a connection.
    pub(super) fn note(&self, plan: &Plan, change: impl FnOnce(&mut PollStatus)) {
        let mut board = self.by_connection.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (plan.merchant.clone(), plan.connection.clone());
        let status = board.entry(key).or_insert_with(|| PollStatus {
            merchant: plan.merchant.clone(),
            connection: plan.connection.clone(),
            ..PollStatus::default()
        });
        change(status);
    }

    /// Changes the status of one of its lists.
    pub(super) fn entity(
        &self,
        plan: &Plan,
        entity: Entity,
        change: impl FnOnce(&mut EntityStatus),
    ) {
        self.note(plan, |status| change(status.entities.entry(entity.as_str()).or_default()));
    }

    /// Forgets a connection that is not polled any more.
    pub(super) fn forget(&self, merchant: &str, connection: &str) {
        let mut board = self.by_connection.lock().unwrap_or_else(PoisonError::into_inner);
        board.remove(&(merchant.to_owned(), connection.to_owned()));
    }

    pub(super) fn all(&self) -> Vec<PollStatus> {
        let board = self.by_connection.lock().unwrap_or_else(PoisonError::into_inner);
        board.values().cloned().collect()
    }
}
