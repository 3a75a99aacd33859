//! Data folders of earlier layouts, kept for ever as they were left: each opens, and its work goes on.

use std::path::{Path, PathBuf};

use mapwright::event::Origin;
use mapwright::journal::{Journal, PassageState};

/// Layout 1, left by a SIGKILL: four orders, of which two are delivered, one is a dead letter and one
/// waits for its next attempt; two deliveries in quarantine.
#[tokio::test]
async fn a_folder_of_layout_1_is_taken_over_with_all_that_is_in_it() {
    let dir = tempfile::tempdir().unwrap();
    for file in ["journal.db", "journal.db-wal"] {
        let from = fixtures().join("journal/layout-1").join(file);
        std::fs::copy(from, dir.path().join(file)).unwrap();
    }
    for _ in ["migrated", "opened again"] {
        let journal = Journal::open(dir.path()).unwrap();
        let counts = journal.counts().unwrap();
        assert_eq!(
            (counts.events, counts.open, counts.delivered, counts.dead_letters, counts.quarantined),
            (4, 1, 2, 1, 2)
        );
        assert_eq!(journal.open_merchants().unwrap(), ["acme"]);
        let open = journal.open_events("acme", 0, 10).unwrap();
        assert_eq!(open.len(), 1);
        assert_eq!((open[0].seq, &*open[0].resource_key), (3, "order/27"));
        assert_eq!(open[0].origin, Origin::Hook);
        let waiting = journal.passage(3, "orders").unwrap().unwrap();
        assert_eq!(waiting.state, PassageState::Delivering);
        assert_eq!(waiting.documents.len(), 1, "a document mapped before is still to be sent");
        let dead = journal.passage(2, "orders").unwrap().unwrap();
        assert_eq!(dead.dead.unwrap().cause, "status_422");
        let body = journal.event(3).unwrap().unwrap().body.clone();
        assert_eq!(body, captured("039-order-br-cnpj-order-created.json"), "byte for byte");
        assert_eq!(journal.finished_after(0, 10).unwrap().len(), 2);
        assert_eq!(journal.last_of("acme", "shop", "order/27").unwrap(), Some(3));
        assert_eq!(journal.quarantined(0, 10).unwrap().len(), 2);
    }
}

/// Layout 2, left by a SIGKILL: four orders on two routes, one of which has a seatbelt that nothing
/// keeps. One delivered, one delivered and replayed, one refused, one waiting for its next attempt; a
/// delivery in quarantine, two issues, a line in the audit record, and the seal.
#[tokio::test]
async fn a_folder_of_layout_2_is_taken_over_with_all_that_is_in_it() {
    let dir = tempfile::tempdir().unwrap();
    for file in ["journal.db", "journal.db-wal", "journal.seal"] {
        let from = fixtures().join("journal/layout-2").join(file);
        std::fs::copy(from, dir.path().join(file)).unwrap();
    }
    for _ in ["migrated", "opened again"] {
        let journal = Journal::open(dir.path()).unwrap();
        let counts = journal.counts().unwrap();
        assert_eq!(
            (counts.events, counts.open, counts.delivered, counts.dead_letters, counts.quarantined),
            (4, 1, 3, 5, 1),
            "one was delivered twice, by a replay"
        );
        let waiting = journal.passage(4, "orders").unwrap().unwrap();
        assert_eq!(waiting.state, PassageState::Delivering);
        assert_eq!(waiting.documents.len(), 1, "a document mapped before is still to be sent");
        let withheld = journal.passage(3, "belted").unwrap().unwrap();
        assert_eq!(withheld.dead.unwrap().cause, "seatbelt_required");
        let body = journal.event(4).unwrap().unwrap().body.clone();
        assert_eq!(body, captured("044-order-es-eur-order-created.json"), "byte for byte");
        let finished = journal.finished_after(0, 10).unwrap();
        assert_eq!(finished.last().unwrap().resource_key, "order/26", "delivered again last");
        let audit = journal.audit(None, None, 10).unwrap();
        assert_eq!((audit.len(), &*audit[0].why), (1, "seen twice"));
    }
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn captured(name: &str) -> Vec<u8> {
    std::fs::read(fixtures().join("woocommerce/webhooks").join(name)).unwrap()
}
