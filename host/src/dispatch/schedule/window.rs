//! What is in memory of one route: queues of passages by resource, and where their heads stand.
//!
//! ```text
//!   ready --begin--> walking --ended--> the one behind it is ready, or the queue is gone
//!     ^                 |
//!     |---- put_back ---|       the route is held: none of its heads is taken
//!     '---- rouse ---- until <-- park
//! ```
//! A queue counts as *parked* while its head waits, and as *active* otherwise.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use tokio::time::Instant;

use super::{Entry, Missing};
use crate::route::Lane;

/// See the head of the file.
#[derive(Debug)]
pub(super) struct Window<W> {
    queues: HashMap<Arc<str>, Queue<W>>,
    /// Resources whose heads may be walked, by lane. One that moved to another lane, or went,
    /// leaves a name behind that means nothing.
    ready: [VecDeque<Arc<str>>; Lane::ALL.len()],
    /// Whether the route stands in line in a lane.
    in_line: [bool; Lane::ALL.len()],
    walking: usize,
    hold: Option<Hold>,
    active: usize,
    parked: usize,
}

/// Why none of a route's heads may be walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// It cannot work as configured.
    Configuration,
    /// Its target has no room for it.
    Target,
}

#[derive(Debug)]
struct Queue<W> {
    /// By number, growing, never empty.
    entries: VecDeque<Entry<W>>,
    /// How many of them are in each lane.
    lanes: [u32; Lane::ALL.len()],
    head: Head,
    /// What the walk under way was guessed to cost.
    guessed: u64,
}

/// Where the first of a queue stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Head {
    Ready,
    Walking,
    Until { due: Instant, missing: Vec<Missing> },
}

impl<W> Queue<W> {
    /// The most urgent of all it holds: what waits behind the head is not kept back by it.
    fn lane(&self) -> Lane {
        let urgent = Lane::ALL.into_iter().find(|lane| self.lanes[*lane as usize] > 0);
        urgent.expect("a queue is never empty")
    }
}

impl<W> Default for Window<W> {
    fn default() -> Self {
        Self {
            queues: HashMap::new(),
            ready: Default::default(),
            in_line: [false; Lane::ALL.len()],
            walking: 0,
            hold: None,
            active: 0,
            parked: 0,
        }
    }
}

impl<W: Clone> Window<W> {
    /// Active and parked passages.
    pub(super) fn occupied(&self) -> (usize, usize) {
        (self.active, self.parked)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queues.is_empty()
    }

    pub(super) fn holds(&self, resource: &str, seq: u64) -> bool {
        let queue = self.queues.get(resource);
        queue.is_some_and(|q| q.entries.binary_search_by_key(&seq, |entry| entry.seq).is_ok())
    }

    pub(super) fn walks(&self, resource: &str, seq: u64) -> bool {
        let queue = self.queues.get(resource).filter(|queue| queue.head == Head::Walking);
        queue.and_then(|queue| queue.entries.front()).is_some_and(|entry| entry.seq == seq)
    }

    pub(super) fn head(&self, resource: &str) -> Option<&Head> {
        self.queues.get(resource).map(|queue| &queue.head)
    }

    pub(super) fn head_mut(&mut self, resource: &str) -> Option<&mut W> {
        Some(&mut self.queues.get_mut(resource)?.entries.front_mut()?.work)
    }

    /// Adds a passage in its place; false if it is here.
    pub(super) fn push(
        &mut self,
        resource: &Arc<str>,
        entry: Entry<W>,
        due: Option<Instant>,
    ) -> bool {
        let lane = entry.lane;
        let Some(queue) = self.queues.get_mut(resource) else {
            let mut lanes = [0; Lane::ALL.len()];
            lanes[lane as usize] = 1;
            let head = match due {
                Some(due) => Head::Until { due, missing: Vec::new() },
                None => Head::Ready,
            };
            match due {
                Some(_) => self.parked += 1,
                None => {
                    self.active += 1;
                    self.ready[lane as usize].push_back(Arc::clone(resource));
                }
            }
            let queue = Queue { entries: VecDeque::from([entry]), lanes, head, guessed: 0 };
            self.queues.insert(Arc::clone(resource), queue);
            return true;
        };
        let place = match queue.entries.binary_search_by_key(&entry.seq, |entry| entry.seq) {
            Ok(_) => return false,
            // Nothing gets before what is being walked.
            Err(0) if queue.head == Head::Walking => 1,
            Err(place) => place,
        };
        let lane_before = queue.lane();
        queue.entries.insert(place, entry);
        queue.lanes[lane as usize] += 1;
        match queue.head {
            Head::Until { .. } => self.parked += 1,
            Head::Ready | Head::Walking => self.active += 1,
        }
        if queue.head == Head::Ready && lane < lane_before {
            self.ready[lane as usize].push_back(Arc::clone(resource));
        }
        true
    }

    /// Whether it may have a head to walk in this lane.
    pub(super) fn can_go(&self, lane: Lane, walking_max: usize) -> bool {
        self.hold.is_none() && self.walking < walking_max && !self.ready[lane as usize].is_empty()
    }

    /// Puts it in line; false if it stands there.
    pub(super) fn join_line(&mut self, lane: Lane) -> bool {
        !std::mem::replace(&mut self.in_line[lane as usize], true)
    }

    pub(super) fn left_line(&mut self, lane: Lane) {
        self.in_line[lane as usize] = false;
    }

    /// Takes the resource that has waited longest in this lane.
    pub(super) fn take(&mut self, lane: Lane, walking_max: usize) -> Option<Arc<str>> {
        while self.can_go(lane, walking_max) {
            let resource = self.ready[lane as usize].pop_front()?;
            let queue = self.queues.get(&resource);
            if queue.is_some_and(|queue| queue.head == Head::Ready && queue.lane() == lane) {
                return Some(resource);
            }
        }
        None
    }

    /// The head of a resource that was taken is walked from now on.
    pub(super) fn begin(&mut self, resource: &str, guess: u64) -> W {
        self.walking += 1;
        let queue = self.queue(resource);
        queue.head = Head::Walking;
        queue.guessed = guess;
        queue.entries.front().expect("a queue is never empty").work.clone()
    }

    pub(super) fn guessed(&self, resource: &str) -> u64 {
        self.queues.get(resource).map_or(0, |queue| queue.guessed)
    }

    /// The walk ended its passage.
    pub(super) fn ended(&mut self, resource: &Arc<str>) {
        self.walking -= 1;
        self.active -= 1;
        let queue = self.queue(resource);
        let entry = queue.entries.pop_front().expect("a queue is never empty");
        queue.lanes[entry.lane as usize] -= 1;
        if queue.entries.is_empty() {
            self.queues.remove(resource);
        } else {
            self.make_ready(resource);
        }
    }

    /// The walk left its passage to wait.
    pub(super) fn park(&mut self, resource: &str, due: Instant, missing: Vec<Missing>) {
        self.walking -= 1;
        let queue = self.queue(resource);
        queue.head = Head::Until { due, missing };
        let len = queue.entries.len();
        self.active -= len;
        self.parked += len;
    }

    pub(super) fn len_of(&self, resource: &str) -> usize {
        self.queues.get(resource).map_or(0, |queue| queue.entries.len())
    }

    /// The walk left its passage to wait, but not here; answers its number, and how many went.
    pub(super) fn drop_walked(&mut self, resource: &str) -> (u64, usize) {
        self.walking -= 1;
        let queue = self.queues.remove(resource).expect("a resource that is walked has a queue");
        self.active -= queue.entries.len();
        let first = queue.entries.front().expect("a queue is never empty");
        (first.seq, queue.entries.len())
    }

    /// What waited may be walked; answers what it waited for.
    pub(super) fn rouse(&mut self, resource: &Arc<str>) -> Vec<Missing> {
        let queue = self.queue(resource);
        let len = queue.entries.len();
        let head = std::mem::replace(&mut queue.head, Head::Ready);
        let Head::Until { missing, .. } = head else { return Vec::new() };
        self.parked -= len;
        self.active += len;
        self.make_ready(resource);
        missing
    }

    /// The walk did not begin, and no other of this route shall; answers its lane.
    pub(super) fn put_back(&mut self, resource: &Arc<str>, hold: Hold) -> Lane {
        self.walking -= 1;
        self.hold = Some(hold);
        let queue = self.queue(resource);
        queue.head = Head::Ready;
        let lane = queue.lane();
        self.ready[lane as usize].push_front(Arc::clone(resource));
        lane
    }

    /// Its heads may be walked again.
    pub(super) fn let_go(&mut self) {
        self.hold = None;
    }

    fn make_ready(&mut self, resource: &Arc<str>) {
        let queue = self.queue(resource);
        queue.head = Head::Ready;
        let lane = queue.lane();
        self.ready[lane as usize].push_back(Arc::clone(resource));
    }

    fn queue(&mut self, resource: &str) -> &mut Queue<W> {
        self.queues.get_mut(resource).expect("a resource that is walked or waits has a queue")
    }
}
