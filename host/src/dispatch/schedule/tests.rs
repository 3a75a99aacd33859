//! The schedule alone: examples of what it promises, and programs made at random.

#![expect(
    clippy::cast_possible_truncation,
    reason = "numbers and names of tests are small and plain"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;

use super::*;

fn key(merchant: &str, resource: &str) -> Key {
    routed(merchant, "orders", resource)
}

fn routed(merchant: &str, route: &str, resource: &str) -> Key {
    Key { merchant: merchant.into(), route: route.into(), resource: resource.into() }
}

fn entry(seq: u64, lane: Lane) -> Entry<u64> {
    Entry { seq, lane, work: seq }
}

/// A schedule with this many places for each route.
fn schedule(walking_max: usize) -> Schedule<u64> {
    Schedule::new(Limits::new(walking_max))
}

fn push(schedule: &mut Schedule<u64>, key: Key, seq: u64) {
    schedule.push(key, entry(seq, Lane::Orders), None);
}

fn thing(key: &str) -> Missing {
    let (merchant, connection) = ("acme".into(), "erp".into());
    Missing { merchant, connection, entity: "sale".into(), key: key.into() }
}

#[test]
fn versions_of_one_resource_are_walked_one_after_the_other() {
    let mut schedule = schedule(8);
    push(&mut schedule, key("acme", "order/1"), 1);
    push(&mut schedule, key("acme", "order/1"), 2);
    let (first, work) = schedule.next().unwrap();
    assert_eq!(work, 1);
    assert!(schedule.next().is_none(), "the second waits for the first");
    schedule.ended(&first, 1);
    assert_eq!(schedule.next().unwrap().1, 2);
    assert_eq!(schedule.len(), 1);
}

#[test]
fn what_is_told_late_or_twice_stands_in_its_place_once() {
    let mut schedule = schedule(8);
    for seq in [2, 4, 3, 4, 2] {
        push(&mut schedule, key("acme", "order/1"), seq);
    }
    let (first, work) = schedule.next().unwrap();
    assert_eq!(work, 2);
    push(&mut schedule, first.clone(), 1);
    schedule.ended(&first, 1);
    let mut order = Vec::new();
    while let Some((key, work)) = schedule.next() {
        order.push(work);
        schedule.ended(&key, 1);
    }
    assert_eq!((order, schedule.len()), (vec![1, 3, 4], 0));
}

#[test]
fn a_retry_holds_back_what_is_behind_it_and_nothing_else() {
    let mut schedule = schedule(8);
    let now = Instant::now();
    push(&mut schedule, key("acme", "order/1"), 1);
    push(&mut schedule, key("acme", "order/1"), 2);
    push(&mut schedule, key("acme", "order/2"), 3);
    let (first, _) = schedule.next().unwrap();
    assert_eq!(schedule.again(&first, now + Duration::from_secs(5), Vec::new(), 1), None);
    assert_eq!(schedule.next().unwrap().1, 3);
    assert!(schedule.next().is_none());
    schedule.wake(now);
    assert_eq!(schedule.due(), Some(now + Duration::from_secs(5)));
    schedule.wake(now + Duration::from_secs(5));
    assert_eq!(schedule.due(), None);
    assert_eq!(schedule.next().unwrap().1, 1, "the same one again, not the one behind it");
}

#[test]
fn a_child_goes_as_soon_as_its_parent_is_there_and_by_its_time_if_that_comes_first() {
    let mut schedule = schedule(8);
    let (now, later) = (Instant::now(), Instant::now() + Duration::from_secs(3600));
    push(&mut schedule, key("acme", "refund/1"), 1);
    let (child, _) = schedule.next().unwrap();
    assert_eq!(schedule.again(&child, later, vec![thing("a"), thing("b")], 1), None);
    schedule.wake(now);
    schedule.learnt(&thing("c"));
    assert!(schedule.next().is_none());
    schedule.learnt(&thing("b"));
    assert_eq!(schedule.next().unwrap().1, 1);
    // What it waits for now is something else, and nothing is left of what it waited for before.
    assert_eq!(schedule.again(&child, later, vec![thing("a")], 1), None);
    schedule.learnt(&thing("b"));
    assert!(schedule.next().is_none());
    schedule.wake(later);
    assert_eq!(schedule.next().unwrap().1, 1);
    assert!(schedule.wanted.is_empty());
}

#[test]
fn a_merchant_with_a_thousand_orders_does_not_hold_up_one_with_one() {
    let mut schedule = schedule(2000);
    for order in 0..1000 {
        push(&mut schedule, key("big", &format!("order/{order}")), order);
    }
    push(&mut schedule, key("small", "order/1"), 5000);
    let first_two = [schedule.next().unwrap().1, schedule.next().unwrap().1];
    assert!(first_two.contains(&5000), "{first_two:?}");
}

#[test]
fn a_slow_route_takes_no_more_than_its_places() {
    let mut schedule = schedule(2);
    for order in 0..5 {
        push(&mut schedule, key("acme", &format!("order/{order}")), order);
    }
    let (first, _) = schedule.next().unwrap();
    assert!(schedule.next().is_some());
    assert!(schedule.next().is_none(), "both places are taken");
    schedule.ended(&first, 1);
    assert!(schedule.next().is_some());
}

#[test]
fn what_is_blocked_waits_for_a_change_of_configuration() {
    let mut schedule = schedule(2);
    push(&mut schedule, key("acme", "order/1"), 1);
    let (first, _) = schedule.next().unwrap();
    schedule.block(&first);
    assert!(schedule.next().is_none());
    schedule.unblock();
    assert_eq!(schedule.next().unwrap().1, 1);
}

#[test]
fn a_target_that_is_shut_holds_all_routes_to_it_by_one_timer_and_nobody_else() {
    let mut schedule = schedule(8);
    let (now, later) = (Instant::now(), Instant::now() + Duration::from_secs(9));
    for seq in 0..100 {
        let route = if seq % 2 == 0 { "orders" } else { "refunds" };
        push(&mut schedule, routed("dead", route, &seq.to_string()), seq);
    }
    push(&mut schedule, key("acme", "order/1"), 1000);
    let mut others = Vec::new();
    while let Some((key, work)) = schedule.next() {
        match &*key.merchant {
            "dead" => schedule.hold(&key, &"erp".into(), later),
            _ => others.push(work),
        }
    }
    assert_eq!((others.as_slice(), schedule.timers.len()), ([1000].as_slice(), 1));
    schedule.wake(now);
    assert_eq!(schedule.due(), Some(later));
    schedule.wake(later);
    assert_eq!(schedule.due(), None);
    let mut first_two = [schedule.next().unwrap().1, schedule.next().unwrap().1];
    first_two.sort_unstable();
    assert_eq!(first_two, [0, 1], "those that were first are still first");
}

#[test]
fn what_waits_behind_a_backfill_of_its_own_resource_goes_at_its_own_pace() {
    let mut schedule = schedule(1);
    for seq in 0..50 {
        schedule.push(key("acme", &seq.to_string()), entry(seq, Lane::Catalogue), None);
    }
    schedule.push(key("acme", "order/1"), entry(100, Lane::Backfill), None);
    schedule.push(key("acme", "order/1"), entry(101, Lane::Orders), None);
    let mut order = Vec::new();
    while let Some((key, work)) = schedule.next() {
        order.push(work);
        schedule.ended(&key, 1);
    }
    assert_eq!(order[..2], [100, 101]);
}

#[test]
fn many_that_wait_do_not_keep_out_those_that_can_go() {
    let mut schedule = schedule(8);
    let limits = schedule.limits;
    let later = Instant::now() + Duration::from_secs(60);
    let mut seq = 0;
    while schedule.room(&key("acme", &seq.to_string()), None) == Room::Here {
        push(&mut schedule, key("acme", &seq.to_string()), seq);
        seq += 1;
        if (seq as usize) <= limits.parked_max + 10 {
            let (key, _) = schedule.next().unwrap();
            let aside = schedule.again(&key, later, Vec::new(), 1);
            // What finds no room to wait waits elsewhere.
            assert_eq!(aside, (seq as usize > limits.parked_max).then_some(seq - 1));
        }
    }
    let (active, parked) = schedule.occupied("acme", "orders");
    assert_eq!((active, parked), (limits.active_max, limits.parked_max));
    assert_eq!(schedule.room(&key("acme", "new"), Some(later)), Room::Aside(later));
}

#[test]
fn whoever_costs_more_goes_less_often() {
    let mut schedule = schedule(4);
    let mut walks: BTreeMap<Arc<str>, u64> = BTreeMap::new();
    for seq in 0..2000 {
        for merchant in ["dear", "cheap"] {
            push(&mut schedule, key(merchant, &seq.to_string()), seq);
        }
    }
    for _ in 0..1000 {
        let (key, _) = schedule.next().unwrap();
        let cost = if &*key.merchant == "dear" { 9_000 } else { 1_000 };
        *walks.entry(Arc::clone(&key.merchant)).or_default() += 1;
        schedule.ended(&key, cost);
    }
    let (dear, cheap) = (walks["dear"], walks["cheap"]);
    assert!((95..=110).contains(&dear), "{dear} of one, {cheap} of the other");
}

proptest! {
    /// Lanes with work wait for no more than the head of `merchant.rs` says.
    #[test]
    fn no_lane_waits_longer_than_its_weight_gives(
        warm_up in 0usize..40,
        late in 0usize..4,
    ) {
        let mut schedule = schedule(1);
        let mut seq = 0;
        let mut fill = |schedule: &mut Schedule<u64>, lane: Lane| {
            seq += 1;
            schedule.push(key("acme", &seq.to_string()), entry(seq, lane), None);
        };
        for lane in Lane::ALL {
            if lane as usize != late {
                (0..200).for_each(|_| fill(&mut schedule, lane));
            }
        }
        let mut lanes = BTreeMap::new();
        for (n, lane) in Lane::ALL.into_iter().filter(|l| *l as usize != late).enumerate() {
            lanes.insert(n, lane);
        }
        let of = |seq: u64| if seq > 600 { late } else { lanes[&((seq as usize - 1) / 200)] as usize };
        for _ in 0..warm_up {
            let (key, _) = schedule.next().unwrap();
            schedule.ended(&key, 1);
        }
        (0..200).for_each(|_| fill(&mut schedule, Lane::ALL[late]));
        let mut waited = [0u32; 4];
        for _ in 0..100 {
            let (key, seq) = schedule.next().unwrap();
            schedule.ended(&key, 1);
            for lane in Lane::ALL {
                let waits = &mut waited[lane as usize];
                if lane as usize == of(seq) {
                    *waits = 0;
                } else {
                    *waits += 1;
                    let urgent: u32 = Lane::ALL[..lane as usize].iter().map(|l| l.weight()).sum();
                    prop_assert!(*waits <= 15 - lane.weight() + urgent, "{lane:?} waits for {waits}");
                }
            }
        }
    }

    /// While all of them have work, nobody has one walk more than another.
    #[test]
    fn merchants_with_the_same_demand_get_the_same(
        merchants in 2usize..8,
        places in 1usize..20,
        order in prop::collection::vec(any::<prop::sample::Index>(), 50..200),
    ) {
        let mut schedule = schedule(1000);
        for seq in 0..400 {
            for merchant in 0..merchants {
                push(&mut schedule, key(&merchant.to_string(), &seq.to_string()), seq);
            }
        }
        let mut begun = vec![0i32; merchants];
        let mut walking = Vec::new();
        for pick in order {
            while walking.len() < places {
                let (key, _) = schedule.next().unwrap();
                begun[key.merchant.parse::<usize>().unwrap()] += 1;
                walking.push(key);
                let (least, most) = (begun.iter().min(), begun.iter().max());
                prop_assert!(most.unwrap() - least.unwrap() <= 1, "{begun:?}");
            }
            let key = walking.swap_remove(pick.index(walking.len()));
            schedule.ended(&key, 1_000);
        }
    }

    /// A program at random: nothing is lost or walked twice, order holds, and whenever something
    /// could be walked, something is.
    #[test]
    fn everything_ends_once_in_order_and_no_place_is_left_idle(
        steps in prop::collection::vec((0u8..10, 0u64..6, 0u8..4, any::<prop::sample::Index>()), 1..300),
    ) {
        let walking_max = 2;
        let mut schedule = schedule(walking_max);
        let start = Instant::now();
        let mut now = start;
        let mut seq = 0;
        // What there is to know: open passages by key, who walks, who waits, who is held.
        let mut open: BTreeMap<Key, BTreeSet<u64>> = BTreeMap::new();
        let mut walking: Vec<(Key, u64)> = Vec::new();
        let mut waiting: BTreeMap<Key, Instant> = BTreeMap::new();
        let mut blocked: BTreeSet<(Arc<str>, Arc<str>)> = BTreeSet::new();
        let mut held: BTreeMap<(Arc<str>, Arc<str>), Instant> = BTreeMap::new();
        let mut ended = 0;
        let route_of = |key: &Key| (Arc::clone(&key.merchant), Arc::clone(&key.route));
        for (what, number, lane, pick) in steps {
            match what {
                0..=4 => {
                    seq += 1;
                    let merchant = if number < 4 { "big" } else { "small" };
                    let route = if lane < 2 { "orders" } else { "refunds" };
                    let key = routed(merchant, route, &number.to_string());
                    open.entry(key.clone()).or_default().insert(seq);
                    schedule.push(key, entry(seq, Lane::ALL[lane as usize]), None);
                }
                5 | 6 if !walking.is_empty() => {
                    let (key, seq) = walking.swap_remove(pick.index(walking.len()));
                    prop_assert!(open.get_mut(&key).unwrap().remove(&seq));
                    ended += 1;
                    schedule.ended(&key, number * 700 + 1);
                }
                7 if !walking.is_empty() => {
                    let (key, _) = walking.swap_remove(pick.index(walking.len()));
                    let due = now + Duration::from_secs(number + 1);
                    waiting.insert(key.clone(), due);
                    assert_eq!(schedule.again(&key, due, Vec::new(), number * 700 + 1), None);
                }
                8 => {
                    blocked.clear();
                    held.clear();
                    schedule.unblock();
                }
                _ => now += Duration::from_secs(1),
            }
            schedule.wake(now);
            waiting.retain(|_, due| *due > now);
            held.retain(|_, until| *until > now);
            // Walk all that can be walked.
            let mut refuse = pick.index(7);
            while let Some((key, seq)) = schedule.next() {
                prop_assert!(!waiting.contains_key(&key) && !walking.iter().any(|w| w.0 == key));
                prop_assert!(!blocked.contains(&route_of(&key)), "{key:?} is blocked");
                prop_assert!(!held.contains_key(&route_of(&key)), "{key:?} is held");
                prop_assert_eq!(open[&key].first(), Some(&seq), "the oldest goes");
                match refuse {
                    0 => {
                        blocked.insert(route_of(&key));
                        schedule.block(&key);
                    }
                    1 => {
                        let until = now + Duration::from_secs(2);
                        // A connection for each route, so that what is held is easily known.
                        held.insert(route_of(&key), until);
                        let connection = Arc::clone(&key.route);
                        schedule.hold(&key, &connection, until);
                    }
                    _ => walking.push((key, seq)),
                }
                refuse = refuse.wrapping_sub(1);
            }
            for (key, seqs) in &open {
                let free = walking.iter().filter(|w| route_of(&w.0) == route_of(key)).count();
                let idle = !seqs.is_empty()
                    && free < walking_max
                    && !waiting.contains_key(key)
                    && !walking.iter().any(|w| w.0 == *key)
                    && !blocked.contains(&route_of(key))
                    && !held.contains_key(&route_of(key));
                prop_assert!(!idle, "{key:?} could be walked");
            }
        }
        prop_assert_eq!(schedule.len(), open.values().map(BTreeSet::len).sum::<usize>());
        // And all of it comes to an end.
        schedule.unblock();
        loop {
            schedule.wake(now);
            walking.extend(schedule.next());
            let Some((key, seq)) = walking.pop() else {
                if schedule.len() == 0 {
                    break;
                }
                now += Duration::from_secs(1);
                prop_assert!(now < start + Duration::from_secs(1000), "something is lost");
                continue;
            };
            prop_assert!(open.get_mut(&key).unwrap().remove(&seq), "{seq} ended before");
            ended += 1;
            schedule.ended(&key, 1);
        }
        prop_assert_eq!(ended, seq);
        prop_assert!(schedule.wanted.is_empty() && schedule.held.is_empty());
    }
}
