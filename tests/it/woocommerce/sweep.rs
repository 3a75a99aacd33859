//! Whatever is sent to the hook, it is answered sanely, and count in is count out: everything that
//! was answered 2xx stands in the journal as an event, is the same as one that does, was a ping, or
//! lies in quarantine; of everything else nothing was kept.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::atomic::Ordering::Relaxed;

use mapwright::event::EventId;
use mapwright::ingress::content;
use mapwright::journal::JournalOptions;
use mapwright_tests::shop::Delivery;
use proptest::prelude::*;
use reqwest::header::HeaderValue;

use crate::ingress::{Hooks, SECRET, config, sign};

#[derive(Debug, Clone)]
enum Signed {
    Rightly,
    Not,
    As(Vec<u8>),
    /// Two headers, the right one second.
    Twice,
}

#[derive(Debug, Clone)]
struct Sent {
    to: &'static str,
    body: Vec<u8>,
    topic: Vec<u8>,
    kind: Vec<u8>,
    correlation: Option<Vec<u8>>,
    signed: Signed,
    /// Whether the disk is full just then.
    full: bool,
}

fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let captured = Delivery::captured("032-order-br-pending-order-created").body;
    let short = captured.clone();
    let fragment = prop_oneof![
        Just(r#"{"id":"#.to_owned()),
        Just("7".to_owned()),
        Just("}".to_owned()),
        Just("[".to_owned()),
        Just(r#","code":"x","data":{"status":404}"#.to_owned()),
        Just(r#","status":"pending""#.to_owned()),
        Just(r#","date_modified_gmt":"2026-11-22T02:14:44""#.to_owned()),
        Just("webhook_id=".to_owned()),
        Just("\"".to_owned()),
        ".{0,6}",
    ];
    prop_oneof![
        1 => proptest::collection::vec(any::<u8>(), 0..300),
        2 => proptest::collection::vec(fragment, 0..10).prop_map(|it| it.concat().into_bytes()),
        3 => (0u8..9).prop_map(|n| format!(r#"{{"id":{n}}}"#).into_bytes()),
        1 => (0u32..1000).prop_map(|n| format!("webhook_id={n}").into_bytes()),
        // A real order with one byte changed, and one cut short.
        4 => (any::<prop::sample::Index>(), any::<u8>()).prop_map(move |(at, byte)| {
            let mut body = captured.clone();
            let at = at.index(body.len());
            body[at] = byte;
            body
        }),
        1 => any::<prop::sample::Index>().prop_map(move |at| short[..at.index(short.len())].to_vec()),
    ]
}

/// Bytes that HTTP lets into a header.
fn header() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(prop_oneof![0x20u8..0x7f, 0x80u8..=0xff], 0..60)
}

fn requests() -> impl Strategy<Value = Sent> {
    let topic = prop_oneof![
        8 => prop::sample::select(vec![
            "order.created", "order.updated", "order.deleted", "product.updated", "action.x",
        ]).prop_map(|it| it.as_bytes().to_vec()),
        1 => header(),
    ];
    let kind = prop_oneof![
        6 => Just(b"application/json".to_vec()),
        1 => Just(b"application/x-www-form-urlencoded".to_vec()),
        1 => header(),
    ];
    let signed = prop_oneof![
        8 => Just(Signed::Rightly),
        2 => Just(Signed::Not),
        1 => Just(Signed::Twice),
        1 => header().prop_map(Signed::As),
    ];
    let to = prop::sample::select(vec![
        "/hooks/acme/shop",
        "/hooks/acme/shop",
        "/hooks/acme/shop",
        "/hooks/acme/shop",
        "/hooks/acme/shop",
        "/hooks/acme/shop",
        "/hooks/acme/shop/",
        "/hooks/acme/old-shop",
        "/hooks/broken/shop",
        "/hooks/nobody/shop",
        "/hooks/%ff/%00",
    ]);
    let correlation = proptest::option::of(header());
    let full = prop::bool::weighted(0.2);
    let ping = (prop::sample::select(vec!["/hooks/acme/shop", "/hooks/broken/shop"]), 0u32..1000);
    let ping = ping.prop_map(|(to, number)| Sent {
        to,
        body: format!("webhook_id={number}").into_bytes(),
        topic: Vec::new(),
        kind: b"application/x-www-form-urlencoded".to_vec(),
        correlation: None,
        signed: Signed::Not,
        full: false,
    });
    let any = (to, bodies(), topic, kind, correlation, signed, full).prop_map(
        |(to, body, topic, kind, correlation, signed, full)| Sent {
            to,
            body,
            topic,
            kind,
            correlation,
            signed,
            full,
        },
    );
    prop_oneof![1 => ping, 15 => any]
}

async fn send(hooks: &Hooks, sent: &Sent) -> (u16, bytes::Bytes) {
    let mut request = hooks.request(sent.to).body(sent.body.clone());
    let mut headers = vec![("content-type", &sent.kind), ("x-wc-webhook-topic", &sent.topic)];
    headers.extend(sent.correlation.as_ref().map(|it| ("x-correlation-id", it)));
    let right = sign(SECRET, &sent.body).into_bytes();
    let wrong = b"AAAA".to_vec();
    match &sent.signed {
        Signed::Rightly => headers.push(("x-wc-webhook-signature", &right)),
        Signed::Not => {}
        Signed::As(bytes) => headers.push(("x-wc-webhook-signature", bytes)),
        Signed::Twice => headers.extend([&wrong, &right].map(|it| ("x-wc-webhook-signature", it))),
    }
    for (name, value) in headers {
        request = request.header(name, HeaderValue::from_bytes(value).unwrap());
    }
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.bytes().await.unwrap())
}

#[test]
fn whatever_is_sent_count_in_is_count_out() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let hooks = runtime.block_on(Hooks::start_with(&config(), &JournalOptions::default()));
    let config = ProptestConfig { cases: 500, failure_persistence: None, ..Default::default() };
    let runner = &mut proptest::test_runner::TestRunner::new(config);
    // How often there was no room, and every kind of answer that was given.
    let told = RefCell::new((0_u32, BTreeSet::new()));
    let run = runner.run(&requests(), |sent| {
        let before = hooks.journal.counts().unwrap();
        let (status, text) = runtime.block_on(async {
            let room = sent.full.then_some(1);
            hooks.journal.limit_pages(room).await.unwrap();
            send(&hooks, &sent).await
        });
        let after = hooks.journal.counts().unwrap();
        let events = after.events - before.events;
        let quarantined = after.quarantined - before.quarantined;
        let mut told = told.borrow_mut();
        if status != 200 {
            prop_assert_eq!((events, quarantined), (0, 0));
            match status {
                404 => prop_assert!(sent.to.contains("nobody") || sent.to.contains('%')),
                503 if sent.to.contains("broken") => {}
                503 => {
                    prop_assert!(sent.full, "refused for room that there was");
                    told.0 += 1;
                }
                other => prop_assert!(false, "answered {}", other),
            }
            return Ok(());
        }
        if text.is_empty() {
            // A ping, and nothing else, is answered with nothing.
            prop_assert!(sent.body.starts_with(b"webhook_id="));
            prop_assert!(matches!(sent.signed, Signed::Not));
            prop_assert_eq!((events, quarantined), (0, 0));
            told.1.insert("ping".to_owned());
            return Ok(());
        }
        let answer: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let event = answer["event_id"].as_str().map(|id| EventId(id.to_owned()));
        match answer["status"].as_str().unwrap() {
            "accepted" => {
                prop_assert_eq!((events, quarantined), (1, 0));
                let kept = hooks.journal.event(after.events).unwrap().unwrap();
                prop_assert_eq!(Some(&kept.id), event.as_ref());
                prop_assert_eq!(&kept.body[..], &sent.body[..]);
                prop_assert!(matches!(sent.signed, Signed::Rightly), "{:?}", sent.signed);
            }
            "duplicate" => {
                prop_assert_eq!((events, quarantined), (0, 0));
                let seq = (1..=after.events).find(|seq| {
                    hooks.journal.event(*seq).unwrap().map(|it| it.id.clone()) == event
                });
                let of = hooks.journal.event(seq.unwrap()).unwrap().unwrap();
                // It says the same, though maybe in other bytes: a link that changed is no news.
                prop_assert_eq!(content(&of.body), content(&sent.body));
            }
            "quarantined" => {
                prop_assert_eq!((events, quarantined), (0, 1));
                let id = answer["quarantine_id"].as_u64().unwrap();
                let kept = hooks.journal.quarantined(id - 1, 1).unwrap();
                prop_assert_eq!(&kept[0].record.body[..], &sent.body[..]);
            }
            other => prop_assert!(false, "{}", other),
        }
        told.1.insert(answer["status"].as_str().unwrap().to_owned());
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{error}"));
    // The counters say the same as the journal.
    let counts = hooks.journal.counts().unwrap();
    assert_eq!(hooks.counters.accepted.load(Relaxed), counts.events);
    assert_eq!(hooks.counters.quarantined.load(Relaxed), counts.quarantined);
    // And the sweep met all of it.
    let (refused_for_room, kinds) = told.into_inner();
    assert_eq!(kinds.len(), 4, "{kinds:?}");
    // Some thirty events are usual; how many it is, is the dice's.
    assert!(refused_for_room > 0 && counts.events >= 8 && counts.quarantined > 50, "{counts:?}");
}
