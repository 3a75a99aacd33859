//! The journal keeps what it has acknowledged, in every state, through crashes, full disks and
//! damage. Each test works on a real folder; the crash test kills a real child process.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;
use mapwright::event::{Document, EventId, NewEvent, Operation, Origin, Receipt};
use mapwright::journal::{
    Acceptance, AttemptRecord, DocumentDelivered, End, Ended, Error, Filter, Identity, Journal,
    JournalOptions, Mapped, NewQuarantine, Next, OpenError, PassageState, Postponed, State,
};

use mapwright_tests::noise::noise;

fn event(resource: &str, body: &str) -> NewEvent {
    NewEvent {
        id: EventId::fresh(),
        correlation_id: "c-1".into(),
        merchant: "acme".into(),
        connection: "shop".into(),
        topic: "order.updated".into(),
        resource_key: resource.into(),
        version: Some("2026-11-22T02:14:55Z".parse().unwrap()),
        received_at: "2026-11-22T02:15:01.123456Z".parse().unwrap(),
        origin: Origin::Hook,
        body: Bytes::copy_from_slice(body.as_bytes()),
    }
}

fn print(of: u64) -> [u8; 32] {
    let mut fingerprint = [0; 32];
    fingerprint[..8].copy_from_slice(&of.to_be_bytes());
    fingerprint
}

fn document(entity: &str, key: &str) -> Document {
    Document {
        entity: entity.into(),
        key: key.into(),
        operation: Operation::Upsert,
        body: serde_json::value::RawValue::from_string(
            r#"{"party":{"$ref":{"entity":"party","key":"p"}},"total":"1.50"}"#.into(),
        )
        .unwrap(),
        attributes: vec![("a".into(), "b".into())],
        request_key: None,
    }
}

fn receipt() -> Receipt {
    Receipt {
        capability: "field_mapping".into(),
        plugin: "woo-order-summary".into(),
        version: "1.2.3".into(),
        digest: "d".into(),
        settings_digest: "s".into(),
        output_digest: "o".into(),
        fuel: 12_345,
        memory_bytes: 65_536,
        duration_us: 321,
    }
}

fn attempt(ordinal: u32, no: u32, outcome: &str) -> AttemptRecord {
    AttemptRecord {
        ordinal,
        no,
        at: "2026-11-22T02:15:02Z".parse().unwrap(),
        duration_us: 1_000,
        outcome: outcome.into(),
        detail: "201".into(),
    }
}

fn mapped(seq: u64, documents: Vec<Document>) -> Mapped {
    Mapped {
        seq,
        route: "orders".into(),
        receipts: vec![receipt()],
        documents,
        checkpoint: Some(r#"{"n":1}"#.into()),
        status: Some("processing".into()),
        target_status: Some("confirmed".into()),
        at: Timestamp::now(),
    }
}

fn delivered(seq: u64, ordinal: u32, next: Next) -> DocumentDelivered {
    DocumentDelivered {
        seq,
        route: "orders".into(),
        ordinal,
        target_id: Some(format!("t-{ordinal}")),
        attempt: attempt(ordinal, 1, "delivered"),
        identities: vec![Identity {
            merchant: "acme".into(),
            connection: "erp".into(),
            entity: "sale".into(),
            key: format!("k-{ordinal}"),
            target_id: format!("t-{ordinal}"),
        }],
        written: None,
        next,
        siblings: Vec::new(),
    }
}

async fn accept(journal: &Journal, resource: &str, fingerprint: u64) -> u64 {
    match journal.accept(event(resource, "{}"), print(fingerprint)).await.unwrap() {
        Acceptance::Accepted { seq } => seq,
        other => panic!("{resource} is not accepted: {other:?}"),
    }
}

#[tokio::test]
async fn an_event_reads_back_as_it_was_given() {
    let dir = tempfile::tempdir().unwrap();
    let given = event("order/27", "{\"id\":27,\"note\":\"\u{1f600}\"}");
    {
        let journal = Journal::open(dir.path()).unwrap();
        let acceptance = journal.accept(given.clone(), print(1)).await.unwrap();
        assert_eq!(acceptance, Acceptance::Accepted { seq: 1 });
    }
    let journal = Journal::open(dir.path()).unwrap();
    let found = journal.event(1).unwrap().unwrap();
    assert_eq!(found.id, given.id);
    assert_eq!(found.body, given.body);
    assert_eq!(found.version, given.version);
    assert_eq!(found.received_at, given.received_at);
    assert_eq!(found.resource_key, given.resource_key);
    assert!(journal.event(2).unwrap().is_none());
    assert_eq!(accept(&journal, "order/28", 1).await, 2, "numbers go on after a restart");
}

#[tokio::test]
async fn the_same_content_is_a_duplicate_only_of_the_last_one() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path()).unwrap();
    let first = event("order/1", "a");
    journal.accept(first.clone(), print(1)).await.unwrap();
    let again = journal.accept(event("order/1", "a"), print(1)).await.unwrap();
    assert_eq!(again, Acceptance::Duplicate { of: first.id });
    accept(&journal, "order/2", 1).await;
    accept(&journal, "order/1", 2).await;
    // The old state again, after another one: news.
    accept(&journal, "order/1", 1).await;
    let mut elsewhere = event("order/1", "a");
    elsewhere.merchant = "other".into();
    assert!(matches!(
        journal.accept(elsewhere, print(1)).await.unwrap(),
        Acceptance::Accepted { .. }
    ));
    assert_eq!(journal.counts().unwrap().events, 5);
}

#[tokio::test]
async fn a_passage_goes_its_way_and_is_found_again_at_each_step() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(dir.path()).unwrap();
    let seq = accept(&journal, "order/1", 1).await;
    let reopen = |journal: Journal| {
        drop(journal);
        Journal::open(dir.path()).unwrap()
    };
    let open = journal.open_events("acme", 0, 10).unwrap();
    assert_eq!(open.len(), 1);
    assert!(open[0].passages.is_empty());

    journal
        .postponed(Postponed {
            seq,
            route: "orders".into(),
            due_at: "2026-11-22T02:20:00Z".parse().unwrap(),
            attempt_no: 1,
            reason: "no price list yet".into(),
            attempt: None,
            receipts: vec![receipt()],
            at: Timestamp::now(),
        })
        .await
        .unwrap();
    journal = reopen(journal);
    let passage = journal.passage(seq, "orders").unwrap().unwrap();
    assert_eq!(passage.state, PassageState::Waiting);
    assert_eq!(passage.receipts, [receipt()]);
    assert_eq!(journal.open_events("acme", 0, 10).unwrap()[0].passages[0].attempt, 1);
    assert_eq!(journal.counts().unwrap().waiting, 1);

    journal
        .mapped(mapped(seq, vec![document("party", "k-0"), document("sale", "k-1")]))
        .await
        .unwrap();
    journal = reopen(journal);
    let passage = journal.passage(seq, "orders").unwrap().unwrap();
    assert_eq!(passage.state, PassageState::Delivering);
    assert_eq!(passage.intended, Some(0));
    assert_eq!(passage.documents.len(), 2);
    assert_eq!(passage.documents[1].body.get(), document("", "").body.get());
    assert_eq!(passage.documents[1].attributes, [("a".to_owned(), "b".to_owned())]);

    assert_eq!(journal.document_delivered(delivered(seq, 0, Next::Intend(1))).await.unwrap(), None);
    journal
        .postponed(Postponed {
            seq,
            route: "orders".into(),
            due_at: "2026-11-22T02:21:00Z".parse().unwrap(),
            attempt_no: 1,
            reason: "503".into(),
            attempt: Some(attempt(1, 1, "retry")),
            receipts: vec![],
            at: Timestamp::now(),
        })
        .await
        .unwrap();
    journal = reopen(journal);
    let passage = journal.passage(seq, "orders").unwrap().unwrap();
    assert_eq!(passage.state, PassageState::Delivering, "a delivery retry keeps the documents");
    assert_eq!(passage.intended, Some(1));
    assert_eq!(passage.attempt, 1);
    assert_eq!(passage.delivered[0].target_id.as_deref(), Some("t-0"));
    assert_eq!(journal.identity("acme", "erp", "sale", "k-0").unwrap().as_deref(), Some("t-0"));
    assert_eq!(journal.identity("other", "erp", "sale", "k-0").unwrap(), None);

    let mut last = delivered(seq, 1, Next::EndDelivered);
    last.attempt.no = 2;
    assert_eq!(journal.document_delivered(last.clone()).await.unwrap(), Some(1));
    journal = reopen(journal);
    assert!(journal.open_events("acme", 0, 10).unwrap().is_empty());
    let finished = journal.finished_after(0, 10).unwrap();
    assert_eq!(finished.len(), 1);
    assert_eq!(finished[0].checkpoint.as_deref(), Some(r#"{"n":1}"#));
    assert_eq!(finished[0].status.as_deref(), Some("processing"));
    assert_eq!(finished[0].target_status.as_deref(), Some("confirmed"));
    assert_eq!(finished[0].resource_key, "order/1");
    assert!(journal.finished_after(1, 10).unwrap().is_empty());

    // What has ended does not end again.
    assert!(matches!(journal.document_delivered(last).await, Err(Error::Misplaced(_))));
    assert!(matches!(journal.mapped(mapped(seq, vec![])).await, Err(Error::Misplaced(_))));
    assert_eq!(journal.last_mark().unwrap(), 1);

    let rows = journal.summary(&Filter::default()).unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].state, State::Delivered);
    assert_eq!(rows[0].documents[1].target_id.as_deref(), Some("t-1"));
    assert_eq!(rows[0].attempts.len(), 3);
}

#[tokio::test]
async fn every_end_is_visible() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path()).unwrap();
    let ended = |seq, end| Ended {
        withheld: Vec::new(),
        seq,
        route: "orders".into(),
        end,
        at: Timestamp::now(),
        receipts: vec![receipt()],
        attempt: None,
        siblings: Vec::new(),
    };
    let skipped = accept(&journal, "order/1", 1).await;
    let dead = accept(&journal, "order/2", 1).await;
    let unrouted = accept(&journal, "order/3", 1).await;
    let empty = accept(&journal, "order/4", 1).await;
    let open = accept(&journal, "order/5", 1).await;
    let skip = End::Skipped { reason: "a draft".into() };
    assert_eq!(journal.ended(ended(skipped, skip)).await.unwrap(), None);
    let death = End::Dead { cause: "rejected".into(), detail: r#"{"status":400}"#.into() };
    journal.ended(ended(dead, death)).await.unwrap();
    journal.close(unrouted, "no route takes order.updated").await.unwrap();
    journal.mapped(mapped(empty, vec![])).await.unwrap();
    assert_eq!(journal.ended(ended(empty, End::Delivered)).await.unwrap(), Some(1));

    let state_of = |seq| {
        let rows = journal.summary(&Filter { seq: Some(seq), ..Filter::default() }).unwrap();
        assert_eq!(rows.len(), 1);
        rows[0].state
    };
    assert_eq!(state_of(skipped), State::Skipped);
    assert_eq!(state_of(dead), State::Dead);
    assert_eq!(state_of(unrouted), State::Unrouted);
    assert_eq!(state_of(empty), State::Delivered);
    assert_eq!(state_of(open), State::Accepted);
    for (state, seq) in [
        (State::Skipped, skipped),
        (State::Dead, dead),
        (State::Unrouted, unrouted),
        (State::Delivered, empty),
        (State::Accepted, open),
    ] {
        let rows = journal.summary(&Filter { state: Some(state), ..Filter::default() }).unwrap();
        assert_eq!(rows.iter().map(|row| row.seq).collect::<Vec<_>>(), [seq], "{state:?}");
    }
    let rows = journal.summary(&Filter { seq: Some(dead), ..Filter::default() }).unwrap();
    assert_eq!(rows[0].cause.as_deref(), Some("rejected"));
    let counts = journal.counts().unwrap();
    assert_eq!((counts.open, counts.dead_letters, counts.delivered), (1, 1, 1));
}

#[tokio::test]
async fn quarantine_keeps_what_it_is_given() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path()).unwrap();
    let record = NewQuarantine {
        merchant: "acme".into(),
        connection: "shop".into(),
        reason: "not_json".into(),
        detail: "expected value at line 1".into(),
        headers: vec![("content-type".into(), "text/plain".into())],
        body: Bytes::from_static(b"\xff\x00not json"),
        received_at: "2026-11-22T02:15:01Z".parse().unwrap(),
    };
    assert_eq!(journal.quarantine(record.clone()).await.unwrap(), 1);
    let found = journal.quarantined(0, 10).unwrap();
    assert_eq!(found[0].record, record);
    assert_eq!(journal.counts().unwrap().quarantined, 1);
}

#[tokio::test]
async fn a_second_host_on_the_same_folder_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path()).unwrap();
    let refused = Journal::open(dir.path()).unwrap_err();
    assert!(matches!(refused, OpenError::Locked { .. }), "{refused}");
    assert!(refused.to_string().contains("stop it first"), "{refused}");
    drop(journal);
    Journal::open(dir.path()).unwrap();
}

#[tokio::test]
async fn a_damaged_journal_refuses_and_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.db");
    {
        let journal = Journal::open(dir.path()).unwrap();
        for n in 0..200 {
            accept(&journal, &format!("order/{n}"), n).await;
        }
    }
    let whole = std::fs::read(&path).unwrap();
    let refuses = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let refused = Journal::open(dir.path()).unwrap_err();
        assert!(matches!(refused, OpenError::Damaged { .. }), "{refused}");
        assert!(refused.to_string().contains("backup"), "{refused}");
    };
    refuses(&whole[..whole.len() / 2]);
    refuses(
        b"not a database at all, but long enough to have a header of its own.....................",
    );
    let mut scrambled = whole.clone();
    let middle = scrambled.len() / 2 / 4096 * 4096;
    scrambled[middle..middle + 64].fill(0xa5);
    refuses(&scrambled);
    // The main file gone, its log left: SQLite alone would begin anew and forget everything.
    std::fs::write(dir.path().join("journal.db-wal"), b"what was not yet copied").unwrap();
    std::fs::remove_file(&path).unwrap();
    let refused = Journal::open(dir.path()).unwrap_err();
    assert!(matches!(refused, OpenError::Damaged { .. }), "{refused}");
    std::fs::remove_file(dir.path().join("journal.db-wal")).unwrap();
    std::fs::write(&path, &whole).unwrap();
    assert_eq!(Journal::open(dir.path()).unwrap().counts().unwrap().events, 200);
}

#[tokio::test]
async fn a_newer_layout_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    drop(Journal::open(dir.path()).unwrap());
    let db = rusqlite::Connection::open(dir.path().join("journal.db")).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    drop(db);
    let refused = Journal::open(dir.path()).unwrap_err();
    assert!(matches!(refused, OpenError::Newer { found: 99, .. }), "{refused}");
}

#[tokio::test]
async fn a_full_journal_says_so_loses_nothing_and_recovers() {
    let dir = tempfile::tempdir().unwrap();
    let options = JournalOptions { page_count_max: Some(200) };
    let journal = Journal::open_with(dir.path(), &options).unwrap();
    let body = noise(1, 20_000);
    let mut acknowledged = Vec::new();
    let refused = loop {
        let n = acknowledged.len() as u64;
        match journal.accept(event(&format!("order/{n}"), &body), print(n)).await {
            Ok(Acceptance::Accepted { seq }) => acknowledged.push(seq),
            Ok(other) => panic!("{other:?}"),
            Err(error) => break error,
        }
        assert!(n < 1_000, "the limit was never met");
    };
    assert!(matches!(refused, Error::Full), "{refused}");
    // Still full, still answering.
    assert!(matches!(journal.accept(event("order/z", &body), print(0)).await, Err(Error::Full)));
    assert_eq!(journal.counts().unwrap().events, acknowledged.len() as u64);
    journal.limit_pages(None).await.unwrap();
    let seq = accept(&journal, "order/after", 1).await;
    assert_eq!(seq, acknowledged.len() as u64 + 1, "no number is given out twice or skipped");
    for seq in acknowledged {
        assert_eq!(journal.event(seq).unwrap().unwrap().body.len(), body.len());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_in_a_group_stays_with_its_owner() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path()).unwrap();
    let seq = accept(&journal, "order/1", 1).await;
    // Steps that cannot be carried out beside accepts that can, all at once.
    let mut all = Vec::new();
    for n in 0..200_u64 {
        let journal = journal.clone();
        all.push(tokio::spawn(async move {
            if n % 2 == 0 {
                journal.document_delivered(delivered(seq, 0, Next::EndDelivered)).await.is_err()
            } else {
                journal.accept(event(&format!("order/g{n}"), "{}"), print(n)).await.is_ok()
            }
        }));
    }
    for one in all {
        assert!(one.await.unwrap());
    }
    assert_eq!(journal.counts().unwrap().events, 101);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_stays_short_under_load() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path()).unwrap();
    let body = noise(1, 5_000);
    let clients = (0..32_u64).map(|client| {
        let (journal, body) = (journal.clone(), body.clone());
        tokio::spawn(async move {
            for n in 0..800_u64 {
                let resource = format!("order/{client}-{n}");
                journal.accept(event(&resource, &body), print(n)).await.unwrap();
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    let log = std::fs::metadata(dir.path().join("journal.db-wal")).unwrap().len();
    assert!(log < 100 << 20, "the log is {} MiB long after 125 MiB of events", log >> 20);
    assert_eq!(journal.counts().unwrap().events, 32 * 800);
}

const CHILD_DIR: &str = "MAPWRIGHT_TEST_JOURNAL_CHILD";

/// Not a test by itself: what the child of the next one does.
#[test]
fn child_that_accepts_until_it_is_killed() {
    let Some(dir) = std::env::var_os(CHILD_DIR) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let journal = Journal::open(Path::new(&dir)).unwrap();
        let clients = (0..8_u64).map(|client| {
            let journal = journal.clone();
            tokio::spawn(async move {
                for n in 0_u64.. {
                    let resource = format!("order/{}-{client}-{n}", std::process::id());
                    let seq = accept(&journal, &resource, n).await;
                    journal.mapped(mapped(seq, vec![document("sale", &resource)])).await.unwrap();
                    println!("mapped {seq} {resource}");
                    if n % 2 == 0 {
                        let step = delivered(seq, 0, Next::EndDelivered);
                        let mark = journal.document_delivered(step).await.unwrap().unwrap();
                        println!("finished {mark} {resource}");
                    }
                }
            })
        });
        for client in clients.collect::<Vec<_>>() {
            client.await.unwrap();
        }
    });
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let dir = tempfile::tempdir().unwrap();
    let mut mapped = Vec::new();
    let mut finished = Vec::new();
    for round in 0..6_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "journal::child_that_accepts_until_it_is_killed", "--nocapture"])
            .env(CHILD_DIR, dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Killed after a number of answers that differs from round to round.
        let mut left = 40 + round * 97;
        for line in lines.map_while(Result::ok) {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["mapped", seq, resource] => {
                    mapped.push((seq.parse::<u64>().unwrap(), resource.to_owned()));
                }
                ["finished", mark, resource] => {
                    finished.push((mark.parse::<u64>().unwrap(), resource.to_owned()));
                }
                _ => continue,
            }
            left = left.saturating_sub(1);
            if left == 0 {
                // Answers already on their way are read to the end: they were acknowledged too.
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
    }
    assert!(mapped.len() > 500, "only {} answers: nothing was shown", mapped.len());
    let journal = Journal::open(dir.path()).unwrap();
    for (seq, resource) in &mapped {
        let event = journal.event(*seq).unwrap().expect("an acknowledged event is there");
        assert_eq!(event.resource_key, *resource);
        let passage = journal.passage(*seq, "orders").unwrap().expect("so is its mapping");
        assert_eq!(passage.documents[0].key, *resource);
    }
    for (mark, resource) in &finished {
        let found = journal.finished_after(mark - 1, 1).unwrap();
        assert_eq!(found[0].mark, *mark);
        assert_eq!(found[0].resource_key, *resource);
    }
}

#[tokio::test]
async fn a_restart_with_a_long_journal_is_quick() {
    let dir = tempfile::tempdir().unwrap();
    {
        let journal = Journal::open(dir.path()).unwrap();
        let all = (0..20_000_u64).map(|n| {
            let journal = journal.clone();
            tokio::spawn(async move {
                journal.accept(event(&format!("order/{n}"), &noise(n, 4_000)), print(n)).await
            })
        });
        for one in all.collect::<Vec<_>>() {
            one.await.unwrap().unwrap();
        }
    }
    let begun = Instant::now();
    let journal = Journal::open(dir.path()).unwrap();
    assert_eq!(journal.open_events("acme", 19_990, 100).unwrap().len(), 10);
    assert!(begun.elapsed() < Duration::from_secs(2), "it took {:?}", begun.elapsed());
}

#[tokio::test]
async fn a_last_word_is_kept_by_name_until_its_event_is_forgotten_and_after_that() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path()).unwrap();
    let mut marks = Vec::new();
    for n in 0..3 {
        let seq = accept(&journal, "order/7", n).await;
        journal.mapped(mapped(seq, vec![document("sale", "k-0")])).await.unwrap();
        let mark = journal.document_delivered(delivered(seq, 0, Next::EndDelivered)).await.unwrap();
        marks.push(mark.unwrap());
    }
    let finished = journal.finished_after(0, 10).unwrap();
    let keep = async |words: Vec<mapwright::journal::Finished>, to: u64| {
        let journal = journal.clone();
        std::thread::spawn(move || journal.keep(words, to)).join().unwrap().unwrap();
    };
    let kept = || journal.kept("acme", "orders", "order/7").unwrap().map(|it| it.mark);
    assert_eq!((kept(), journal.kept_to().unwrap()), (None, 0));
    let range = journal.clone();
    std::thread::spawn(move || range.keep_range(0, 1)).join().unwrap().unwrap();
    assert_eq!((kept(), journal.kept_to().unwrap()), (Some(marks[0]), marks[0]));
    keep(vec![finished[1].clone()], marks[1]).await;
    keep(vec![finished[0].clone()], marks[0]).await;
    assert_eq!((kept(), journal.kept_to().unwrap()), (Some(marks[1]), marks[1]), "never back");
    assert_eq!(journal.kept("acme", "orders", "order/7").unwrap().unwrap(), finished[1]);
    assert_eq!(journal.kept("acme", "other", "order/7").unwrap(), None);
    // With the events of all of them gone, the last of them is what is known.
    let in_a_year = Timestamp::now() + jiff::SignedDuration::from_hours(24 * 400);
    let retentions = mapwright::journal::Retentions::default();
    journal.forget_events(&retentions, in_a_year, 0).await.unwrap();
    assert_eq!(journal.counts().unwrap().events, 3, "numbers are not given out again");
    assert_eq!(kept(), Some(marks[2]));
    let word = journal.kept("acme", "orders", "order/7").unwrap().unwrap();
    assert_eq!((word.status, word.event_seq), (finished[2].status.clone(), finished[2].event_seq));
}
