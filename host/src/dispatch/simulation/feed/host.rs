//! The host's part of the simulated world: what the dispatcher does, with the real feed and schedule.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::super::super::feed::{Page, Passage};
use super::super::super::schedule::{Entry, Key, Missing};
use super::{FAR, IN_FLIGHT_MAX, PAGE_EVENTS, State, Walk, Work, World, name};

impl World {
    /// As the dispatcher does it.
    pub(super) fn take_up(&mut self) {
        for merchant in std::mem::take(&mut self.missed) {
            self.feed.missed(&name(merchant));
        }
        if !std::mem::replace(&mut self.begun, true) {
            let open: BTreeSet<_> =
                self.events.iter().filter(|e| e.open).map(|e| e.merchant).collect();
            for merchant in open {
                self.feed.missed(&name(merchant));
            }
        }
        while let Some(seq) = self.arrivals.pop_front() {
            let merchant = name(self.events[seq as usize - 1].merchant);
            if self.feed.wants(&merchant, seq) {
                self.take(seq);
            }
        }
        if let Some(page) = self.feed.next_page(&self.schedule) {
            self.read(&page);
        }
    }

    fn take(&mut self, seq: u64) {
        let merchant = self.events[seq as usize - 1].merchant;
        if !self.feed.knows_routes_of(&name(merchant)) {
            self.feed.rerouted(&name(merchant), self.routing(merchant));
        }
        if self.homeless.contains(&merchant) {
            self.feed.homeless(&name(merchant));
            return;
        }
        let passages = self.plan(seq);
        if passages.is_empty() {
            if self.feed.is_new(&name(merchant), seq) {
                self.events[seq as usize - 1].open = false;
            }
            self.feed.seen(&name(merchant), seq);
        } else {
            self.feed.offer(&mut self.schedule, &name(merchant), seq, passages, self.now);
        }
    }

    fn plan(&self, seq: u64) -> Vec<Passage<Work>> {
        let event = &self.events[seq as usize - 1];
        let mut routes = self.routes(event.merchant, event.topic);
        for route in event.passages.keys() {
            if !routes.contains(route) {
                routes.push(route.clone());
            }
        }
        let mut passages = Vec::new();
        let planned: Arc<[String]> = routes.clone().into();
        for route in routes {
            let due = match event.passages.get(&route) {
                Some(State::Ended) => continue,
                Some(State::Until(due)) => Some(*due).filter(|due| *due > self.now),
                None => None,
            };
            passages.push(Passage {
                key: Key {
                    merchant: name(event.merchant).into(),
                    route: route.into(),
                    resource: event.resource.to_string().into(),
                },
                entry: Entry { seq, lane: event.lane, work: (seq, Arc::clone(&planned)) },
                due,
            });
        }
        passages
    }

    fn read(&mut self, page: &Page) {
        let merchant: usize = page.merchant[1..].parse().unwrap();
        let seqs: Vec<u64> = self
            .events
            .iter()
            .filter(|e| e.open && e.merchant == merchant && e.seq > page.after)
            .map(|e| e.seq)
            .take(PAGE_EVENTS)
            .collect();
        let last = seqs.len() < PAGE_EVENTS;
        let Some(route) = &page.route else {
            for seq in seqs {
                self.take(seq);
            }
            self.feed.read(&page.merchant, last);
            return;
        };
        let mut next = None;
        for seq in seqs {
            let homeless = self.homeless.contains(&merchant);
            let passages = if homeless { Vec::new() } else { self.plan(seq) };
            let passage = passages.into_iter().find(|passage| passage.key.route == *route);
            if !self.feed.offer_to(&mut self.schedule, page, seq, passage, self.now) {
                next = Some(seq);
                break;
            }
        }
        self.feed.read_to(page, next, last);
    }

    pub(super) fn start_walks(&mut self) {
        while self.walks.len() < IN_FLIGHT_MAX {
            let Some((key, (seq, planned))) = self.schedule.next() else { break };
            let merchant: usize = key.merchant[1..].parse().unwrap();
            let gone = *key.route == *"some" && self.without.contains(&merchant);
            if gone || self.homeless.contains(&merchant) {
                self.schedule.block(&key);
                continue;
            }
            if let Some(until) = self.down.get(&merchant).filter(|until| **until > self.now) {
                self.schedule.hold(&key, &"erp".into(), *until);
                continue;
            }
            self.check_start(&key, seq);
            let ends = self.now + Duration::from_millis(self.rng.u64(0..60));
            self.walks.push(Walk { key, seq, planned, ends });
        }
    }

    /// The oldest passage of its resource on its route, nobody else's, and not over.
    fn check_start(&self, key: &Key, seq: u64) {
        assert!(!self.walks.iter().any(|walk| walk.key == *key), "{key:?} is walked twice");
        let event = &self.events[seq as usize - 1];
        assert_eq!(name(event.merchant), *key.merchant);
        assert_ne!(event.passages.get(&*key.route), Some(&State::Ended), "{seq} {key:?} is over");
        let earlier = self.events[..seq as usize - 1].iter().filter(|earlier| {
            earlier.open && earlier.merchant == event.merchant && earlier.resource == event.resource
        });
        for earlier in earlier {
            let taken =
                self.routes(earlier.merchant, earlier.topic).iter().any(|r| **r == *key.route)
                    || earlier.passages.contains_key(&*key.route);
            let over = earlier.passages.get(&*key.route) == Some(&State::Ended);
            assert!(!taken || over, "{seq} is walked before {} on {key:?}", earlier.seq);
        }
    }

    pub(super) fn end_walks(&mut self) {
        let (over, on): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.walks).into_iter().partition(|walk| walk.ends <= self.now);
        self.walks = on;
        for walk in over {
            self.end_walk(walk);
        }
    }

    fn end_walk(&mut self, Walk { key, seq, planned, .. }: Walk) {
        self.schedule.release(&key.merchant, &"erp".into());
        let event = &self.events[seq as usize - 1];
        let (merchant, resource) = (event.merchant, event.resource);
        let thing = |resource: u64| Missing {
            merchant: Arc::clone(&key.merchant),
            connection: "erp".into(),
            entity: "thing".into(),
            key: resource.to_string(),
        };
        let parent = event.parent.filter(|parent| !self.delivered.contains(&(merchant, *parent)));
        let comes = |parent: &u64| {
            self.events.iter().any(|e| e.open && e.merchant == merchant && e.resource == *parent)
        };
        // A parent that will never come is for the dead letters.
        let missing = parent.filter(comes);
        let due = match missing {
            Some(_) => Some(self.now + FAR),
            None if self.rng.u32(0..4) == 0 => {
                Some(self.now + Duration::from_millis(self.rng.u64(0..300)))
            }
            None => None,
        };
        let cost = self.rng.u64(1..5000);
        let now = self.routes(merchant, event.topic);
        let event = &mut self.events[seq as usize - 1];
        let waited = event.passages.get(&*key.route).copied();
        if let Some(due) = due {
            event.passages.insert(key.route.to_string(), State::Until(due));
            let missing = missing.into_iter().map(thing).collect();
            if let Some(first) = self.schedule.again(&key, due, missing, cost) {
                self.feed.set_aside(&key, first, due, self.now);
                self.set_aside += 1;
            }
            return;
        }
        if matches!(waited, Some(State::Until(due)) if due > self.now) {
            self.woken += 1;
        }
        let before = event.passages.insert(key.route.to_string(), State::Ended);
        assert_ne!(before, Some(State::Ended), "{seq} ended twice on {key:?}");
        let ended = |route: &String| event.passages.get(route) == Some(&State::Ended);
        if planned.iter().chain(&now).all(ended) && event.passages.keys().all(ended) {
            event.open = false;
        }
        self.delivered.insert((merchant, resource));
        self.schedule.ended(&key, cost);
        self.schedule.learnt(&thing(resource));
    }
}
