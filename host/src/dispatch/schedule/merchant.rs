//! One merchant's passages: whose turn it is among lanes and routes.
//!
//! A lane has as many turns in a round as it weighs; a round is over when no lane that has work has
//! a turn left. So a lane that always has work waits, at most, for the others' turns of the round
//! that goes on and for those of more urgent lanes in the next: [`Lane::Backfill`] for 28 passages
//! of its merchant.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::window::Window;
use crate::route::Lane;

/// What a walk is thought to cost before any has been seen: microseconds of what is scarce.
const FIRST_GUESS: u64 = 1_000;

/// See the head of the file.
#[derive(Debug)]
pub(super) struct Merchant<W> {
    pub(super) routes: HashMap<Arc<str>, Window<W>>,
    /// What it has had: costs of walks that stopped, guesses for those under way.
    pub(super) spent: u64,
    /// When it was last chosen; settles ties.
    pub(super) turn: u64,
    /// What its next walk is thought to cost.
    pub(super) guess: u64,
    /// Whether it stands in the schedule's order.
    pub(super) in_order: bool,
    lanes: [Turns; Lane::ALL.len()],
}

#[derive(Debug, Default)]
struct Turns {
    left: u32,
    /// Routes with work in this lane; each is here once.
    routes: VecDeque<Arc<str>>,
}

impl<W> Default for Merchant<W> {
    fn default() -> Self {
        Self {
            routes: HashMap::new(),
            spent: 0,
            turn: 0,
            guess: FIRST_GUESS,
            in_order: false,
            lanes: Default::default(),
        }
    }
}

impl<W: Clone> Merchant<W> {
    /// Chooses a route and a resource; none when nothing can be walked.
    pub(super) fn pick(&mut self, walking_max: usize) -> Option<(Arc<str>, Arc<str>)> {
        for _round in 0..2 {
            for lane in Lane::ALL {
                if self.lanes[lane as usize].left > 0
                    && let Some(found) = self.pick_in(lane, walking_max)
                {
                    self.lanes[lane as usize].left -= 1;
                    return Some(found);
                }
            }
            for lane in Lane::ALL {
                self.lanes[lane as usize].left = lane.weight();
            }
        }
        None
    }

    fn pick_in(&mut self, lane: Lane, walking_max: usize) -> Option<(Arc<str>, Arc<str>)> {
        let turns = &mut self.lanes[lane as usize].routes;
        while let Some(route) = turns.pop_front() {
            let Some(window) = self.routes.get_mut(&route) else { continue };
            if let Some(resource) = window.take(lane, walking_max) {
                turns.push_back(Arc::clone(&route));
                return Some((route, resource));
            }
            window.left_line(lane);
        }
        None
    }

    /// Puts a route in line in each lane in which it has something to walk; says whether it has.
    pub(super) fn offer(&mut self, route: &Arc<str>, walking_max: usize) -> bool {
        let Some(window) = self.routes.get_mut(route) else { return false };
        let mut any = false;
        for lane in Lane::ALL {
            if window.can_go(lane, walking_max) {
                any = true;
                if window.join_line(lane) {
                    self.lanes[lane as usize].routes.push_back(Arc::clone(route));
                }
            }
        }
        any
    }

    /// Forgets a route that has nothing left.
    pub(super) fn forget(&mut self, route: &Arc<str>) {
        self.routes.remove(route);
        // Or it would stand in line twice once it comes back. A merchant has few routes.
        for turns in &mut self.lanes {
            turns.routes.retain(|other| other != route);
        }
    }

    /// A walk that was chosen did not begin.
    pub(super) fn give_turn_back(&mut self, lane: Lane) {
        let turns = &mut self.lanes[lane as usize];
        turns.left = (turns.left + 1).min(lane.weight());
    }

    /// A walk stopped that was guessed to cost something else. No cost: it did not begin.
    pub(super) fn settle(&mut self, guessed: u64, cost: u64) {
        self.spent = self.spent.saturating_sub(guessed).saturating_add(cost);
        if cost > 0 {
            // Four walks back it is half forgotten.
            self.guess = ((self.guess * 7 + cost) / 8).max(1);
        }
    }
}
