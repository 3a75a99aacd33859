//! A walk through a list of a shop, row by row of ascending id, while the list changes under it.
//!
//! ```text
//!     page 1            page 2
//!   [3 5 8 9 12]      [12 13 20 21]     a page begins with the last row of the one before
//! ```
//! The list holds what changed in a range of time. While we walk, rows come into it (orders that
//! change) and leave it (orders that are trashed), and everything behind them moves. So a page
//! counts only if it begins with a row that was seen already: then no row between the two was
//! jumped over. If it does not, the walk steps back. Where it stands is the greatest id behind
//! which everything is in the journal; the offset is no more than a guess at where that row is.
//!
//! Rows that come in behind our back have changed after we began. The next walk finds them, because
//! it begins where the shop's clock stood at our first page, less an overlap, whatever later
//! versions we have met.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::error::Error;
use super::feed::Fed;
use super::ground::Ground;
use super::settings::Entity;
use super::shop::Asked;
use crate::event::Origin;

/// A page that says it is older than the first one by more is a cache's copy; clocks of one shop
/// differ by less.
const CLOCKS_DIFFER_MAX: SignedDuration = SignedDuration::from_secs(60);

/// A walk and its place, as it is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sweep {
    /// Rows changed before this are not asked for.
    pub(super) after: Option<Timestamp>,
    /// Nor those changed after this.
    pub(super) before: Option<Timestamp>,
    /// The shop's clock at the first page.
    pub(super) began: Option<Timestamp>,
    /// The greatest version that was met and is in the journal.
    pub(super) greatest: Option<Timestamp>,
    /// All rows of the list up to this id are in the journal.
    pub(super) last_id: u64,
    /// How many rows of the list are probably before that one.
    pub(super) offset: u64,
}

/// What a step came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Stepped {
    /// Whether the end of the list was reached.
    pub(super) ended: bool,
    /// Rows looked at.
    pub(super) rows: u64,
    /// Rows that were news.
    pub(super) found: u64,
    /// Rows that went to quarantine.
    pub(super) quarantined: u64,
}

impl Sweep {
    /// Fetches one page and has its rows in the journal before it moves.
    pub(super) async fn step(
        &mut self,
        ground: &Ground,
        entity: Entity,
        origin: Origin,
    ) -> Result<Stepped, Error> {
        let size = ground.plan.config.page_size.get();
        let asked = Asked {
            entity,
            changed_after: self.after,
            changed_before: self.before,
            offset: self.offset,
            rows: size,
        };
        let page = ground.shop.page(asked).await?;
        self.check_clock(page.shop_time)?;
        let first = page.rows.first().map(|row| row.id);
        if self.offset > 0 && first.is_none_or(|id| id > self.last_id) {
            // Rows before us have left the list: somewhere in between may be one we have not seen.
            self.offset = self.offset.saturating_sub(u64::from(size) - 1);
            return Ok(Stepped::default());
        }
        if self.began.is_none() {
            // Whatever this page tells of happened before it was written.
            let newest = page.rows.iter().filter_map(|row| row.version).max();
            self.began = page.shop_time.or(newest);
        }
        let mut stepped = Stepped { ended: page.rows.len() < size as usize, ..Stepped::default() };
        let last = page.rows.last().map(|row| row.id);
        for row in page.rows {
            let version = row.version;
            if self.covers(version) {
                match ground.feed(entity, row, origin, page.shop_time).await? {
                    Fed::Found => stepped.found += 1,
                    Fed::Quarantined => stepped.quarantined += 1,
                    Fed::Known | Fed::Stale => {}
                }
                stepped.rows += 1;
                self.greatest = self.greatest.max(version);
            }
        }
        self.last_id = self.last_id.max(last.unwrap_or_default());
        if !stepped.ended {
            self.offset += u64::from(size) - 1;
        }
        Ok(stepped)
    }

    /// Up to which version all is in the journal, once the walk has ended.
    pub(super) fn known_to(&self) -> Option<Timestamp> {
        Some(self.greatest?.min(self.began?))
    }

    /// Some shops ignore a filter they do not know, and customers have none.
    fn covers(&self, version: Option<Timestamp>) -> bool {
        let Some(version) = version else { return true };
        self.after.is_none_or(|after| version >= after)
            && self.before.is_none_or(|before| version <= before)
    }

    fn check_clock(&self, shop_time: Option<Timestamp>) -> Result<(), Error> {
        let (Some(began), Some(now)) = (self.began, shop_time) else { return Ok(()) };
        if began.duration_since(now) > CLOCKS_DIFFER_MAX {
            let said = format!("a page is from {now}, the walk began at {began}: an old copy");
            return Err(Error::foreign(said));
        }
        Ok(())
    }
}
