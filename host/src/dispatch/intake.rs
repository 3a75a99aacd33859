//! What the dispatcher takes from the journal: arrivals and pages of open events, turned into
//! passages for the schedule by the routes as they are now.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;
use tracing::{info, warn};

use super::Dispatcher;
use super::feed::{Page, Passage, Routing};
use super::schedule::{Entry, Key};
use super::walk::Work;
use crate::config::{Merchant, Snapshot};
use crate::journal::{self, OpenEvent};
use crate::telemetry::End;

/// Events read from the journal at once; a few milliseconds, in which nothing else is dispatched.
const PAGE_EVENTS: usize = 512;

/// What is to be done with an event.
enum Plan {
    /// Its merchant is not configured.
    Homeless,
    /// No route takes it.
    Unrouted,
    /// Every route that takes it has ended.
    Over,
    /// To be walked on these.
    Passages(Vec<Passage<Work>>),
}

impl Dispatcher {
    pub(super) async fn take_up(&mut self) -> Result<(), journal::Error> {
        if std::mem::take(&mut self.rerouted) {
            self.reroute();
        }
        let arrived = self.ground.journal.arrived();
        for merchant in &arrived.missed {
            self.feed.missed(merchant);
        }
        if !self.begun {
            for merchant in self.ground.journal.open_merchants()? {
                self.feed.missed(&merchant);
            }
            self.begun = true;
        }
        // What replays have put back was seen before, or will be read.
        let reopened = arrived.reopened.into_iter().map(|event| (event, true));
        let mut events = reopened.chain(arrived.events.into_iter().map(|event| (event, false)));
        while let Some((event, reopened)) = events.next() {
            if reopened && self.feed.is_new(&event.merchant, event.seq) {
                self.feed.missed(&event.merchant);
                continue;
            }
            if reopened {
                self.note_put_back(&event);
            }
            if !reopened && !self.feed.wants(&event.merchant, event.seq) {
                continue;
            }
            if let Err(error) = self.take(&event).await {
                // They will not arrive again.
                self.feed.missed(&event.merchant);
                events.for_each(|(event, _)| self.feed.missed(&event.merchant));
                return Err(error);
            }
        }
        while let Some((merchant, seq)) = self.home.last().cloned() {
            if let Some(event) = self.ground.journal.open_event(&merchant, seq)? {
                self.take(&event).await?;
            }
            self.home.pop();
        }
        match self.feed.next_page(&self.schedule) {
            Some(page) => self.read(page).await,
            None => Ok(()),
        }
    }

    /// Notes the passages whose walk has ended them in the journal and is not home yet.
    fn note_put_back(&mut self, event: &OpenEvent) {
        for passage in event.passages.iter().filter(|it| !it.state.is_terminal()) {
            let key = Key {
                merchant: event.merchant.as_str().into(),
                route: passage.route.as_str().into(),
                resource: event.resource_key.as_str().into(),
            };
            if self.schedule.walks(&key, event.seq) {
                self.put_back.insert(key, event.seq);
            }
        }
    }

    /// Offers an event to the routes that take it.
    async fn take(&mut self, event: &OpenEvent) -> Result<(), journal::Error> {
        let snapshot = self.snapshot.load_full();
        if !self.feed.knows_routes_of(&event.merchant) {
            self.feed.rerouted(&event.merchant, routing(&snapshot, &event.merchant));
        }
        let why = match plan(event, &snapshot) {
            Plan::Homeless => {
                warn!(
                    event.seq = event.seq,
                    merchant.name = event.merchant,
                    "merchant not configured: its events wait"
                );
                self.feed.homeless(&event.merchant);
                return Ok(());
            }
            Plan::Passages(passages) => {
                self.backlog.add(&event.merchant, passages.len() as u64);
                let now = Instant::now();
                self.feed.offer(&mut self.schedule, &event.merchant, event.seq, passages, now);
                return Ok(());
            }
            Plan::Unrouted => "unrouted",
            Plan::Over => "ended",
        };
        // What was seen under other routes may be in hand: it is closed by them or after a restart.
        if self.feed.is_new(&event.merchant, event.seq) {
            self.ground.journal.close(event.seq, why).await?;
            if event.passages.is_empty() {
                info!(event.seq = event.seq, topic = event.topic, "no route takes it");
                let label = End { outcome: why };
                self.ground.metrics.passages.get_or_create(&label).inc();
            }
        }
        self.feed.seen(&event.merchant, event.seq);
        Ok(())
    }

    async fn read(&mut self, page: Page) -> Result<(), journal::Error> {
        let events = self.ground.journal.open_events(&page.merchant, page.after, PAGE_EVENTS)?;
        let last = events.len() < PAGE_EVENTS;
        let Some(route) = &page.route else {
            for event in &events {
                self.take(event).await?;
            }
            self.feed.read(&page.merchant, last);
            return Ok(());
        };
        let snapshot = self.snapshot.load();
        let (mut next, now) = (None, Instant::now());
        for event in &events {
            let passage = match plan(event, &snapshot) {
                Plan::Passages(passages) => passages.into_iter().find(|p| p.key.route == *route),
                Plan::Homeless | Plan::Unrouted | Plan::Over => None,
            };
            if !self.feed.offer_to(&mut self.schedule, &page, event.seq, passage, now) {
                next = Some(event.seq);
                break;
            }
        }
        self.feed.read_to(&page, next, last);
        Ok(())
    }

    /// After a change of configuration: what waited for it is tried again.
    fn reroute(&mut self) {
        self.schedule.unblock();
        let snapshot = self.snapshot.load_full();
        for merchant in self.feed.merchants() {
            if self.feed.rerouted(&merchant, routing(&snapshot, &merchant)) {
                self.backlog.forget(&merchant);
            }
        }
    }
}

fn configured<'a>(snapshot: &'a Snapshot, merchant: &str) -> Option<&'a Arc<Merchant>> {
    snapshot.merchants.get(merchant).filter(|merchant| merchant.configured)
}

fn routing(snapshot: &Snapshot, merchant: &str) -> Routing {
    let routes = configured(snapshot, merchant).into_iter().flat_map(|merchant| &merchant.routes);
    routes
        .map(|(name, ready)| (name.clone(), (ready.route.from.clone(), ready.route.topics.clone())))
        .collect()
}

fn plan(event: &OpenEvent, snapshot: &Snapshot) -> Plan {
    let Some(merchant) = configured(snapshot, &event.merchant) else { return Plan::Homeless };
    let mut routes: Vec<String> = merchant
        .routes_for(&event.connection, &event.topic)
        // What was closed and reopened goes the ways it went.
        .filter(|_| !event.again)
        .map(|ready| ready.name.clone())
        .collect();
    // A passage that began on a route taken away since then waits for the route to come back.
    for passage in &event.passages {
        if !routes.contains(&passage.route) {
            routes.push(passage.route.clone());
        }
    }
    routes.retain(|name| !event.passages.iter().any(|p| p.route == *name && p.state.is_terminal()));
    if routes.is_empty() {
        return if event.passages.is_empty() { Plan::Unrouted } else { Plan::Over };
    }
    let name: Arc<str> = event.merchant.as_str().into();
    let resource: Arc<str> = event.resource_key.as_str().into();
    let routes: Arc<[String]> = routes.into();
    let passages = routes.iter().map(|route| {
        let begun = event.passages.iter().find(|passage| passage.route == *route);
        let lane = match merchant.routes.get(route) {
            Some(ready) => ready.route.lane_of(&event.topic, event.origin),
            None => crate::route::Lane::of_topic(&event.topic),
        };
        let work = Work {
            seq: event.seq,
            routes: Arc::clone(&routes),
            fresh: begun.is_none(),
            again: event.again,
            at_once: false,
        };
        let key = Key {
            merchant: Arc::clone(&name),
            route: route.as_str().into(),
            resource: Arc::clone(&resource),
        };
        let due = begun.and_then(|passage| passage.due_at).and_then(from_now);
        Passage { key, entry: Entry { seq: event.seq, lane, work }, due }
    });
    Plan::Passages(passages.collect())
}

/// When `due` is, on the monotonic clock; none when it has come.
fn from_now(due: Timestamp) -> Option<Instant> {
    let wait = Duration::try_from(due.duration_since(Timestamp::now())).ok()?;
    Instant::now().checked_add(wait)
}
