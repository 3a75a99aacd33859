//! One task for each polled connection: whatever is due next, one request at a time.
//!
//! ```text
//!   a list's page --- refunds an order named --- the webhooks' health --- a page of a backfill
//!        most overdue first; a backfill only when nothing else is due
//! ```
//! One task means that a shop never gets two requests of ours at once, that its lists take turns
//! page by page, and that stopping is dropping: whatever was half-way is taken up from its place.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::backfill::Backfill;
use super::error::Error;
use super::ground::Ground;
use super::place::Place;
use super::refunds;
use super::settings::Entity;
use super::webhooks::Watch;
use crate::event::Origin;
use crate::telemetry::End;

/// Between two looks for orders that name refunds; the look is one small query.
const REFUNDS_EVERY: Duration = Duration::from_secs(5);
/// After a first failure; then twice as long each time.
const RETRY_FIRST: Duration = Duration::from_secs(5);
/// A shop that is down is asked this often.
const RETRY_MAX: Duration = Duration::from_secs(900);
/// With a long backlog polls come this many times as seldom.
const SLOWED: u32 = 10;
/// Between two looks whether a backfill may go on, and whether there is a new one.
const BACKFILL_LOOK: Duration = Duration::from_secs(2);

/// Looks after one connection.
pub(super) struct Keeper {
    ground: Arc<Ground>,
    nudge: Arc<Notify>,
    lists: Vec<List>,
    watch: Watch,
    health: Due,
    refunds: Due,
    /// The last order whose refunds were looked after, so that one that fails holds up no others.
    refunds_after: String,
    backfill: Due,
}

struct List {
    entity: Entity,
    /// None until it could be read.
    place: Option<Place>,
    due: Due,
    /// A new walk begins at this version, if that is further back.
    back_to: Option<Timestamp>,
    /// Whether this walk has waited for the backlog already.
    slowed: bool,
}

/// When something is to be done, and how often it has failed.
struct Due {
    at: Instant,
    failures: u32,
}

impl Due {
    fn now() -> Self {
        Self { at: Instant::now(), failures: 0 }
    }

    fn after(&mut self, wait: Duration) {
        *self = Self { at: Instant::now() + wait, failures: 0 };
    }

    fn failed(&mut self, every: Duration, error: &Error) {
        let first = RETRY_FIRST.min(every);
        let wait = first.saturating_mul(1 << self.failures.min(16)).min(RETRY_MAX.max(every));
        let wait = wait.max(error.retry_after().unwrap_or_default());
        // Shops on one server that failed together do not come back together.
        let jitter = 0.8 + 0.4 * fastrand::f64();
        self.failures += 1;
        self.at = Instant::now() + wait.mul_f64(jitter);
    }
}

enum Work {
    List(usize),
    Refunds,
    Health,
    Backfill,
}

impl Keeper {
    pub(super) fn new(ground: Arc<Ground>, nudge: Arc<Notify>) -> Self {
        let list =
            |entity| List { entity, place: None, due: Due::now(), back_to: None, slowed: false };
        let lists = ground.plan.entities().into_iter().map(list).collect();
        Self {
            ground,
            nudge,
            lists,
            watch: Watch::default(),
            health: Due::now(),
            refunds: Due::now(),
            refunds_after: String::new(),
            backfill: Due::now(),
        }
    }

    /// Works until stopped.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let nudge = Arc::clone(&self.nudge);
        loop {
            let (at, work) = self.next();
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                () = nudge.notified() => {
                    for list in &mut self.lists {
                        list.due.at = Instant::now();
                    }
                    self.health.at = Instant::now();
                    self.refunds.at = Instant::now();
                    self.backfill.at = Instant::now();
                    continue;
                }
                () = tokio::time::sleep_until(at) => {}
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                () = self.work(work) => {}
            }
        }
    }

    /// What is most overdue, or will be first.
    fn next(&self) -> (Instant, Work) {
        let lists = self.lists.iter().enumerate();
        let mut next = (self.health.at, Work::Health);
        for (at, work) in lists
            .map(|(place, list)| (list.due.at, Work::List(place)))
            .chain([(self.refunds.at, Work::Refunds)])
        {
            if at < next.0 {
                next = (at, work);
            }
        }
        // A backfill takes what time the others leave.
        let leaves_time = next.0 > Instant::now();
        if leaves_time && self.backfill.at < next.0 {
            next = (self.backfill.at, Work::Backfill);
        }
        next
    }

    async fn work(&mut self, work: Work) {
        match work {
            Work::List(place) => self.poll(place).await,
            Work::Refunds => self.fetch_refunds().await,
            Work::Health => self.look_at_webhooks().await,
            Work::Backfill => self.fill_back().await,
        }
    }

    /// One page of a list.
    async fn poll(&mut self, place: usize) {
        let ground = Arc::clone(&self.ground);
        let long_backlog = is_long(&ground) || ground.backlog.slows_polling(&ground.plan.merchant);
        let list = &mut self.lists[place];
        let every = ground.plan.config.every(list.entity);
        let begins = list.place.as_ref().is_none_or(|place| place.walk.is_none());
        ground.board.note(&ground.plan, |status| status.slowed = long_backlog);
        if begins && long_backlog && !list.slowed {
            list.slowed = true;
            list.due.after(every * (SLOWED - 1));
            return;
        }
        match step(&ground, list).await {
            Ok(true) => {
                list.slowed = false;
                list.due.after(every);
                count(&ground, "ended");
            }
            // The other lists have their turn; with a long backlog, so has everybody else.
            Ok(false) => list.due.after(if long_backlog { every } else { Duration::ZERO }),
            Err(error) => {
                list.due.failed(every, &error);
                count(&ground, "failed");
                tracing::warn!(
                    merchant.name = ground.plan.merchant,
                    connection = ground.plan.connection,
                    list = list.entity.as_str(),
                    %error,
                    "polling failed; what is known stays where it is"
                );
                ground.board.entity(&ground.plan, list.entity, |status| {
                    status.last_error = Some(error.to_string());
                });
            }
        }
    }

    async fn fetch_refunds(&mut self) {
        let ground = Arc::clone(&self.ground);
        if !ground.plan.config.refunds {
            self.refunds.after(RETRY_MAX);
            return;
        }
        let every = REFUNDS_EVERY.min(ground.plan.config.every_s.seconds());
        match self.follow_up(&ground).await {
            Ok(more) => self.refunds.after(if more { Duration::ZERO } else { every }),
            Err(error) => {
                tracing::warn!(
                    merchant.name = ground.plan.merchant,
                    connection = ground.plan.connection,
                    %error,
                    "refunds could not be fetched; they will be"
                );
                self.refunds.failed(every, &error);
            }
        }
    }

    async fn follow_up(&mut self, ground: &Ground) -> Result<bool, Error> {
        let (merchant, connection) = (&ground.plan.merchant, &ground.plan.connection);
        let journal = &ground.ingress.journal;
        let page = journal.followups(merchant, connection, &self.refunds_after, refunds::PAGE)?;
        let more = page.len() == refunds::PAGE;
        ground.board.note(&ground.plan, |status| status.refunds_waiting = page.len());
        for order in page {
            self.refunds_after.clone_from(&order.resource_key);
            let found = refunds::follow_up(ground, order).await?;
            ground.board.note(&ground.plan, |status| {
                status.refunds_found += found;
                status.refunds_waiting = status.refunds_waiting.saturating_sub(1);
            });
        }
        if !more {
            self.refunds_after.clear();
        }
        Ok(more)
    }

    async fn look_at_webhooks(&mut self) {
        let ground = Arc::clone(&self.ground);
        let every = ground.plan.config.webhooks_every_s.seconds();
        match self.watch.look(&ground).await {
            Ok(look) => {
                self.health.after(every);
                for (entity, back_to) in look.walk {
                    for list in self.lists.iter_mut().filter(|list| list.entity == entity) {
                        list.due.at = Instant::now();
                        list.back_to = match (list.back_to, back_to) {
                            (Some(one), Some(other)) => Some(one.min(other)),
                            (one, other) => one.or(other),
                        };
                    }
                }
            }
            Err(error) => {
                self.health.failed(every, &error);
                ground.board.note(&ground.plan, |status| {
                    status.health.last_error = Some(error.to_string());
                });
            }
        }
        ground.show_problems();
    }

    /// One page of a backfill, if there is one and the backlog is short.
    async fn fill_back(&mut self) {
        let ground = Arc::clone(&self.ground);
        if is_long(&ground) || ground.backlog.holds_backfill(&ground.plan.merchant) {
            self.backfill.after(BACKFILL_LOOK);
            return;
        }
        match Backfill::oldest(&ground) {
            Ok(Some(mut backfill)) => match backfill.step(&ground).await {
                Ok(()) => self.backfill.after(Duration::ZERO),
                Err(error) => self.backfill.failed(RETRY_FIRST, &error),
            },
            Ok(None) => self.backfill.after(BACKFILL_LOOK),
            Err(error) => self.backfill.failed(RETRY_FIRST, &error),
        }
    }
}

/// One page; says whether the walk has ended.
async fn step(ground: &Ground, list: &mut List) -> Result<bool, Error> {
    let entity = list.entity;
    let mut place = match list.place.take() {
        Some(place) => place,
        None => Place::load(ground, entity)?,
    };
    let fresh = place.walk.is_none();
    let walked = async {
        let mut walk = place.walk(ground, entity, list.back_to).await?;
        let stepped = walk.step(ground, entity, Origin::Poll).await?;
        place.moved(ground, entity, walk, stepped.ended).await?;
        Ok::<_, Error>(stepped)
    }
    .await;
    let known_to = place.known_to;
    list.place = Some(place);
    let stepped = walked?;
    if fresh {
        // This walk began far enough back.
        list.back_to = None;
    }
    ground.board.entity(&ground.plan, entity, |status| {
        status.cursor = known_to;
        status.walking = !stepped.ended;
        status.last_error = None;
        if stepped.ended {
            status.polls += 1;
            status.last_poll = Some(Timestamp::now());
        }
    });
    Ok(stepped.ended)
}

/// Whether so much of the merchant's waits that nothing should be added without need.
fn is_long(ground: &Ground) -> bool {
    let max = ground.plan.config.backlog_max.get() as usize;
    // If it cannot be read, whatever is asked of it next will say so.
    ground.ingress.journal.open_count(&ground.plan.merchant, max).is_ok_and(|open| open >= max)
}

fn count(ground: &Ground, outcome: &'static str) {
    ground.metrics.polls.get_or_create(&End { outcome }).inc();
}

impl Ground {
    fn show_problems(&self) {
        let problems: usize =
            self.board.all().iter().map(|status| status.health.problems.len()).sum();
        self.metrics.shop_problems.set(i64::try_from(problems).unwrap_or(i64::MAX));
    }
}
