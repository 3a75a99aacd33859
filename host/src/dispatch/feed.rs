//! How the journal gets into the schedule: every open event is seen once for each merchant, and
//! offered to the routes that take it. What a route has no room for is left in the journal, and the
//! route reads on from there by itself when it has room.
//!
//! ```text
//!   journal:  1 2 3 4 5 6 7 8 9 . . .      of one merchant
//!                               ^ seen       all up to here was offered to the routes, once
//!                     ^ route `orders`       is behind: all up to here was put into its window;
//!                                            what comes is left, and read when there is room
//! ```
//!
//! A route that is behind takes nothing that arrives, so what it reads later is in order, and
//! another route of the same merchant is not held up by it. What would only wait in the window, and
//! finds too many others waiting there, is *set aside*: it stays in the journal with all that
//! follows it of its resource, the others go on, and after a while the route goes back to it. So
//! children that wait in any number do not keep out the parent they wait for. Everything here may be done twice: a
//! passage that is in the schedule is not put in again, one that ended is marked in the journal.
//! So whenever routes change, a merchant is read from the beginning.
//!
//! Pure bookkeeping: reading is done by the caller, who also says what time it is. It keeps a few
//! words for each merchant and for each route that is behind, whatever the journal holds, and eight
//! bytes for each resource set aside, up to [`ASIDE_MAX`] for a route; beyond that the route reads
//! no further until it has gone back.

use std::cmp::Reverse;
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashSet};
use std::hash::{Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::schedule::{Entry, Key, Room, Schedule};

/// Resources of one route that wait outside of its window.
const ASIDE_MAX: usize = 65_536;
/// How soon a route goes back to what it set aside, at the earliest: it means reading much again.
const ROUND: Duration = Duration::from_secs(30);

/// A passage that may be put into the schedule.
#[derive(Debug, Clone)]
pub(super) struct Passage<W> {
    pub(super) key: Key,
    pub(super) entry: Entry<W>,
    pub(super) due: Option<Instant>,
}

/// The topics each route takes, by name; what has to be the same for the feed to go on as it does.
pub(super) type Routing = BTreeMap<String, (String, Vec<String>)>;

/// When, which merchant and which of its routes.
type Round = (Instant, Arc<str>, Arc<str>);

/// Something to be read from the journal: a page of a merchant's open events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) merchant: Arc<str>,
    /// For one route; for all of them if there is none.
    pub(super) route: Option<Arc<str>>,
    /// From the one behind this.
    pub(super) after: u64,
}

/// See the head of the file.
#[derive(Debug, Default)]
pub(super) struct Feed {
    merchants: BTreeMap<Arc<str>, Reading>,
    /// Merchants of whom something is to be read.
    behind: BTreeSet<Arc<str>>,
    /// Who was read last.
    last: Option<Arc<str>>,
    /// When routes go back to what they set aside.
    rounds: BinaryHeap<Reverse<Round>>,
}

#[derive(Debug, Default)]
struct Reading {
    seen: u64,
    /// The greatest number ever seen.
    high: u64,
    /// Whether the journal holds more than was seen.
    behind: bool,
    /// Whether it has no configuration, and so no routes to offer to.
    homeless: bool,
    /// None before its first event.
    routing: Option<Routing>,
    /// Routes that are behind.
    routes: BTreeMap<Arc<str>, Behind>,
    /// The route that was read last.
    last: Option<Arc<str>>,
    /// Whether the last page was for all of them.
    whole: bool,
}

/// A route that reads by itself.
#[derive(Debug)]
struct Behind {
    /// How far it has come.
    come: u64,
    /// Whether there is more than that.
    more: bool,
    /// The resources it has set aside, by hash: two that share one only wait for each other.
    aside: HashSet<u64>,
    /// The first passage set aside.
    first: u64,
    /// When it goes back there.
    back: Option<Instant>,
}

impl Behind {
    fn new(come: u64, more: bool) -> Self {
        Self { come, more, aside: HashSet::new(), first: u64::MAX, back: None }
    }

    fn is_aside(&self, resource: &str) -> bool {
        self.aside.contains(&hash(resource))
    }

    /// Sets something aside that waits until `due`; says when the route goes back, where that is
    /// sooner now. An error when there is no room for more.
    fn set_aside(
        &mut self,
        resource: &str,
        seq: u64,
        due: Instant,
        now: Instant,
    ) -> Result<Option<Instant>, NoRoom> {
        if self.aside.len() >= ASIDE_MAX && !self.is_aside(resource) {
            return Err(NoRoom);
        }
        self.aside.insert(hash(resource));
        self.first = self.first.min(seq);
        let back = due.max(now + ROUND);
        if self.back.is_some_and(|before| before <= back) {
            return Ok(None);
        }
        self.back = Some(back);
        Ok(self.back)
    }

    /// Leaves this one and what follows in the journal for now.
    fn leave(&mut self, seq: u64) {
        self.come = self.come.min(seq - 1);
        self.more = true;
    }

    /// Begins again at the first that was set aside.
    fn go_back(&mut self) {
        *self = Self::new(self.come.min(self.first - 1), true);
    }
}

/// As much is set aside as may be.
struct NoRoom;

fn hash(resource: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    resource.hash(&mut hasher);
    hasher.finish()
}

impl Feed {
    /// The journal holds more of this merchant than will arrive by itself.
    pub(super) fn missed(&mut self, merchant: &str) {
        let reading = self.reading(merchant);
        if !reading.homeless {
            reading.behind = true;
            self.mark(merchant);
        }
    }

    /// Whether an event that arrived has to be offered: if not, it was, or will be read.
    pub(super) fn wants(&mut self, merchant: &str, seq: u64) -> bool {
        let reading = self.reading(merchant);
        !reading.behind && !reading.homeless && seq > reading.seen
    }

    /// Whether it is the first time that this event is seen.
    pub(super) fn is_new(&mut self, merchant: &str, seq: u64) -> bool {
        seq > self.reading(merchant).high
    }

    /// A merchant without configuration: its events stay where they are until it has one.
    pub(super) fn homeless(&mut self, merchant: &str) {
        let reading = self.reading(merchant);
        reading.homeless = true;
        reading.behind = false;
        self.mark(merchant);
    }

    /// Whether the merchant's routes were ever told.
    pub(super) fn knows_routes_of(&self, merchant: &str) -> bool {
        self.merchants.get(merchant).is_some_and(|reading| reading.routing.is_some())
    }

    /// The merchant's routes as they are now; says whether all is to be read again.
    pub(super) fn rerouted(&mut self, merchant: &str, routing: Routing) -> bool {
        let reading = self.reading(merchant);
        let before = reading.routing.take().unwrap_or_default();
        let more = routing.iter().any(|(name, route)| before.get(name) != Some(route));
        let again = (more || reading.homeless) && reading.high > 0;
        reading.routing = Some(routing);
        if std::mem::take(&mut reading.homeless) || again {
            reading.behind = true;
        }
        if again {
            reading.seen = 0;
        }
        self.mark(merchant);
        again
    }

    /// The merchants there are.
    pub(super) fn merchants(&self) -> Vec<Arc<str>> {
        self.merchants.keys().cloned().collect()
    }

    /// Offers an event to the routes that take it, all at once.
    pub(super) fn offer<W: Clone>(
        &mut self,
        schedule: &mut Schedule<W>,
        merchant: &str,
        seq: u64,
        passages: Vec<Passage<W>>,
        now: Instant,
    ) {
        let mut rounds = Vec::new();
        let reading = self.reading(merchant);
        for Passage { key, entry, due } in passages {
            let behind = reading.routes.get_mut(&key.route);
            if let Some(behind) = behind {
                if seq > behind.come {
                    behind.more = true;
                    continue;
                }
                if behind.is_aside(&key.resource) {
                    behind.first = behind.first.min(seq);
                    continue;
                }
            }
            if schedule.holds(&key, seq) {
                continue;
            }
            let room = schedule.room(&key, due);
            if room == Room::Here {
                schedule.push(key, entry, due);
                continue;
            }
            let behind = reading.routes.entry(Arc::clone(&key.route));
            let behind = behind.or_insert_with(|| Behind::new(seq, false));
            match room {
                Room::Aside(due) => match behind.set_aside(&key.resource, seq, due, now) {
                    Ok(back) => rounds.extend(back.map(|back| (back, key.merchant, key.route))),
                    Err(NoRoom) => behind.leave(seq),
                },
                Room::Here | Room::Later => behind.leave(seq),
            }
        }
        self.rounds.extend(rounds.into_iter().map(Reverse));
        self.seen(merchant, seq);
    }

    /// Passages of a resource from this one on did not stay in the schedule, where too many wait.
    pub(super) fn set_aside(&mut self, key: &Key, seq: u64, due: Instant, now: Instant) {
        let reading = self.reading(&key.merchant);
        let seen = reading.seen;
        let behind = reading.routes.entry(Arc::clone(&key.route));
        let behind = behind.or_insert_with(|| Behind::new(seen, false));
        match behind.set_aside(&key.resource, seq, due, now) {
            Ok(Some(back)) => {
                let round = (back, Arc::clone(&key.merchant), Arc::clone(&key.route));
                self.rounds.push(Reverse(round));
            }
            Ok(None) => {}
            Err(NoRoom) => behind.leave(seq),
        }
        self.mark(&key.merchant);
    }

    /// When to call [`Feed::wake`].
    pub(super) fn due(&self) -> Option<Instant> {
        self.rounds.peek().map(|Reverse((back, _, _))| *back)
    }

    /// Lets routes go back to what they set aside, when it is time.
    pub(super) fn wake(&mut self, now: Instant) {
        while self.due().is_some_and(|back| back <= now) {
            let Some(Reverse((back, merchant, route))) = self.rounds.pop() else { break };
            let reading = self.merchants.get_mut(&merchant);
            let behind = reading.and_then(|reading| reading.routes.get_mut(&route));
            if let Some(behind) = behind.filter(|behind| behind.back == Some(back)) {
                behind.go_back();
            }
        }
    }

    /// An event is dealt with, as far as all routes are concerned.
    pub(super) fn seen(&mut self, merchant: &str, seq: u64) {
        let reading = self.reading(merchant);
        reading.seen = reading.seen.max(seq);
        reading.high = reading.high.max(seq);
        self.mark(merchant);
    }

    /// What is to be read next, if anything is and there is room for it. Merchants take turns, and
    /// with each merchant its routes that are behind.
    pub(super) fn next_page<W: Clone>(&mut self, schedule: &Schedule<W>) -> Option<Page> {
        let merchant = self.turn(schedule)?;
        self.last = Some(Arc::clone(&merchant));
        let reading = self.merchants.get_mut(&merchant)?;
        // All of it and its routes in turn: neither waits for the other.
        let hungry = reading.hungry(&merchant, schedule);
        let route = if reading.behind && !reading.whole { None } else { hungry };
        reading.whole = route.is_none();
        reading.last = route.clone().or(reading.last.take());
        let after = match &route {
            Some(route) => reading.routes.get(route).map_or(reading.seen, |behind| behind.come),
            None => reading.seen,
        };
        Some(Page { merchant, route, after })
    }

    /// Whether there is something to read and room for it.
    pub(super) fn has_page<W: Clone>(&self, schedule: &Schedule<W>) -> bool {
        self.turn(schedule).is_some()
    }

    fn turn<W: Clone>(&self, schedule: &Schedule<W>) -> Option<Arc<str>> {
        let wants = |merchant: &&Arc<str>| {
            let reading = self.merchants.get(*merchant);
            reading.is_some_and(|r| r.behind || r.hungry(merchant, schedule).is_some())
        };
        let behind_last = self.behind.iter().filter(|m| self.last.as_ref() < Some(*m)).find(wants);
        behind_last.or_else(|| self.behind.iter().find(wants)).cloned()
    }

    /// A merchant's page was offered whole; `last` if the journal held no more.
    pub(super) fn read(&mut self, merchant: &str, last: bool) {
        if last {
            self.reading(merchant).behind = false;
            self.mark(merchant);
        }
    }

    /// Offers an event of a route's page to it; no passage if the route does not take it. False if
    /// there is no room for it: the rest of the page is of no use.
    pub(super) fn offer_to<W: Clone>(
        &mut self,
        schedule: &mut Schedule<W>,
        page: &Page,
        seq: u64,
        passage: Option<Passage<W>>,
        now: Instant,
    ) -> bool {
        let Some(route) = &page.route else { return false };
        let reading = self.reading(&page.merchant);
        // What all routes have not been offered yet comes to this one with the others.
        if seq > reading.seen {
            return false;
        }
        let Some(behind) = reading.routes.get_mut(route) else { return false };
        let passage = passage.filter(|passage| !schedule.holds(&passage.key, seq));
        if let Some(Passage { key, entry, due }) = passage {
            if behind.is_aside(&key.resource) {
                behind.come = seq;
                return true;
            }
            match schedule.room(&key, due) {
                Room::Here => schedule.push(key, entry, due),
                Room::Later => return false,
                Room::Aside(due) => match behind.set_aside(&key.resource, seq, due, now) {
                    Err(NoRoom) => return false,
                    Ok(back) => {
                        behind.come = seq;
                        let back = back.map(|back| Reverse((back, key.merchant, key.route)));
                        self.rounds.extend(back);
                        return true;
                    }
                },
            }
        }
        behind.come = seq;
        true
    }

    /// A route's page is done with: `next` is the first event of it that was not taken. The route
    /// has caught up when there is none, or none that all the others have been offered, too.
    pub(super) fn read_to(&mut self, page: &Page, next: Option<u64>, last: bool) {
        let Some(route) = &page.route else { return };
        let reading = self.reading(&page.merchant);
        let caught_up = match next {
            Some(next) => next > reading.seen,
            None => last,
        };
        let Some(behind) = reading.routes.get_mut(route) else { return };
        let full = behind.aside.len() >= ASIDE_MAX;
        if caught_up && behind.aside.is_empty() {
            reading.routes.remove(route);
        } else if caught_up || (full && next.is_some()) {
            behind.more = false;
        }
        self.mark(&page.merchant);
    }

    fn reading(&mut self, merchant: &str) -> &mut Reading {
        if !self.merchants.contains_key(merchant) {
            self.merchants.insert(merchant.into(), Reading::default());
        }
        self.merchants.get_mut(merchant).expect("it was just put there")
    }

    /// Keeps `behind` as it should be.
    fn mark(&mut self, merchant: &str) {
        let Some((name, reading)) = self.merchants.get_key_value(merchant) else { return };
        if reading.behind || !reading.routes.is_empty() {
            self.behind.insert(Arc::clone(name));
        } else {
            self.behind.remove(merchant);
        }
    }
}

impl Reading {
    /// A route that is behind and has room, in turn.
    fn hungry<W: Clone>(&self, merchant: &str, schedule: &Schedule<W>) -> Option<Arc<str>> {
        let hungry = |(route, behind): &(&Arc<str>, &Behind)| {
            behind.more && schedule.is_hungry(merchant, route)
        };
        let mut behind_last = self.routes.iter().filter(|r| self.last.as_ref() < Some(r.0));
        let found = behind_last.find(hungry).or_else(|| self.routes.iter().find(hungry));
        found.map(|(route, _)| Arc::clone(route))
    }
}
