//! What the screens' one index costs an accept, and how long the screens take with a long journal.
//! Not a test of speed: `cargo test -p mapwright-tests --test it -- screens --ignored --nocapture`.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use mapwright::event::{EventId, NewEvent, Origin};
use mapwright::journal::list::EventFilter;
use mapwright::journal::{Journal, State};

fn event(number: usize) -> NewEvent {
    let id = EventId::fresh();
    NewEvent {
        correlation_id: id.0.clone(),
        id,
        merchant: format!("merchant-{}", number % 20),
        connection: "shop".into(),
        topic: "order.updated".into(),
        resource_key: format!("order/{}", number / 3),
        version: None,
        received_at: Timestamp::now(),
        origin: Origin::Hook,
        body: mapwright_tests::shop::order(number as u64).to_string().into(),
    }
}

/// Accepts many events, a thousand under way at a time; gives the time it took, without making them.
async fn accept(journal: &Journal, from: usize, count: usize) -> Duration {
    let mut took = Duration::ZERO;
    for start in (from..from + count).step_by(1000) {
        let events: Vec<_> = (start..(start + 1000).min(from + count)).map(event).collect();
        let began = Instant::now();
        let mut waiting = tokio::task::JoinSet::new();
        for event in events {
            let journal = journal.clone();
            let mut fingerprint = [0; 32];
            fingerprint[..16].copy_from_slice(&event.id.0.as_bytes()[20..36]);
            waiting.spawn(async move { journal.accept(event, fingerprint).await.unwrap() });
        }
        while waiting.join_next().await.is_some() {}
        took += began.elapsed();
    }
    took
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn what_an_accept_costs_with_and_without_the_index() {
    const COUNT: usize = 20_000;
    for round in 0..3 {
        for with in [true, false] {
            let dir = tempfile::tempdir().unwrap();
            drop(Journal::open(dir.path()).unwrap());
            if !with {
                let db = rusqlite::Connection::open(dir.path().join("journal.db")).unwrap();
                db.execute_batch("DROP INDEX events_by_merchant").unwrap();
            }
            let journal = Journal::open(dir.path()).unwrap();
            let took = accept(&journal, 0, COUNT).await;
            println!(
                "round {round}, index {with}: {:.1} us an event",
                took.as_secs_f64() * 1e6 / COUNT as f64
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn how_long_the_screens_take_with_a_long_journal() {
    let count = std::env::var("EVENTS").ok().and_then(|it| it.parse().ok()).unwrap_or(300_000);
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path()).unwrap();
    accept(&journal, 0, count).await;
    let of = |filter: EventFilter| (filter, None::<u64>);
    let merchant = Some("merchant-7".to_owned());
    for (name, (filter, before)) in [
        ("newest", of(EventFilter::default())),
        ("in the middle", (EventFilter::default(), Some(count as u64 / 2))),
        ("of a merchant", of(EventFilter { merchant: merchant.clone(), ..EventFilter::default() })),
        (
            "of a resource",
            of(EventFilter {
                merchant: merchant.clone(),
                resource: Some("order/9".into()),
                ..EventFilter::default()
            }),
        ),
        (
            "dead (there are none)",
            of(EventFilter { state: Some(State::Dead), ..EventFilter::default() }),
        ),
        (
            "accepted of a merchant",
            of(EventFilter {
                merchant: merchant.clone(),
                state: Some(State::Accepted),
                ..EventFilter::default()
            }),
        ),
        (
            "another topic, looked at to the bound",
            of(EventFilter { topic: Some("product.updated".into()), ..EventFilter::default() }),
        ),
    ] {
        let began = Instant::now();
        let page = journal.events(&filter, before, 50).unwrap();
        println!("{count} events, {name}: {} rows in {:?}", page.rows.len(), began.elapsed());
    }
    let id = journal.event_row(count as u64 / 3).unwrap().unwrap().id;
    let began = Instant::now();
    assert_eq!(journal.seq_of(&id.0).unwrap(), Some(count as u64 / 3));
    println!("{count} events, by id: {:?}", began.elapsed());
}
