//! How much of a resource was sent in a time: what a rate guard asks before more of it is.
//!
//! Events of a resource are a chain, so it costs one look for each of its newest events and none for
//! anybody else's. Counted are documents that arrived, each time they did: also by a replay.

use jiff::Timestamp;
use rusqlite::params;

use super::read::limit_of;
use super::steps::micros;
use super::{Error, Journal};

/// Events of a resource that are looked at, from the newest back. What loops beyond that is counted
/// low, and is far above any guard.
const EVENTS_MAX: u32 = 500;

impl Journal {
    /// Documents of a resource that arrived on a route since a moment, up to `most`.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn documents_sent(
        &self,
        (merchant, connection): (&str, &str),
        resource_key: &str,
        route: &str,
        since: Timestamp,
        most: usize,
    ) -> Result<u64, Error> {
        self.shared.readers.with(|db| {
            let mut statement = db.prepare_cached(
                "WITH RECURSIVE chain (seq, previous, place) AS (
                     SELECT e.seq, e.previous, 1 FROM resources r
                     JOIN events e ON e.seq = r.event_seq
                     WHERE r.merchant = ?1 AND r.connection = ?2 AND r.resource_key = ?3
                     UNION ALL
                     SELECT e.seq, e.previous, place + 1 FROM chain c
                     JOIN events e ON e.seq = c.previous WHERE place < ?4)
                 SELECT count(*) FROM (
                     SELECT 1 FROM chain c JOIN attempts a ON a.seq = c.seq AND a.route = ?5
                     WHERE a.delivered AND a.at >= ?6 LIMIT ?7)",
            )?;
            let wanted = params![
                merchant,
                connection,
                resource_key,
                EVENTS_MAX,
                route,
                micros(since),
                limit_of(most)
            ];
            Ok(statement.query_row(wanted, |row| row.get(0))?)
        })
    }
}
