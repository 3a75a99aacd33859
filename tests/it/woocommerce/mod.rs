//! What is known to go wrong between WooCommerce and whoever listens to it, case by case; the table
//! in `host/README.md` names these tests.
//!
//! Deliveries are the captured ones wherever one shows the case, sent over HTTP to a whole host;
//! what is looked at is what stands in the ERP and in the journal. Most tests use a plugin that
//! passes every payload on as it is, so that whatever does not arrive was held by the host.

mod deletions;
mod echoes;
mod hook;
mod loops;
mod payloads;
mod statuses;
mod sweep;
mod versions;
mod write;

use mapwright::journal::{State, SummaryRow};
use mapwright_tests::erp::Erp;
use mapwright_tests::guests::Guest;
use mapwright_tests::host::{Folder, TestHost, merchant_toml};
use mapwright_tests::shop::{Delivery, Reply, Shop};
use serde_json::Value;

/// What the plugin calls every document.
const KEY: &str = "sale-1";

/// A shop whose every topic goes to an ERP as it came.
struct Desk {
    folder: Folder,
    erp: Erp,
    host: TestHost,
    shop: Shop,
}

impl Desk {
    async fn open() -> Self {
        Self::with(|toml| toml).await
    }

    /// With changes to `merchant.toml`.
    async fn with(change: impl FnOnce(String) -> String) -> Self {
        let (folder, erp) = (Folder::new(), Erp::start().await);
        folder.merchant_with("acme", erp.address(), "echo", &Guest::echo("echo").component());
        let toml = merchant_toml("acme", erp.address(), "echo").replace(
            r#"topics = ["order.created", "order.updated", "order.deleted"]"#,
            r#"topics = ["order.*", "product.*", "coupon.*", "customer.*", "action.*"]"#,
        );
        folder.write(folder.of("acme", "merchant.toml"), change(toml));
        let host = TestHost::start(&folder).await;
        let shop = host.shop("acme");
        Self { folder, erp, host, shop }
    }

    /// Sends a captured delivery by its name, and waits for what becomes of it.
    async fn captured(&self, name: &str) -> Reply {
        self.send(&Delivery::captured(name)).await
    }

    async fn send(&self, delivery: &Delivery) -> Reply {
        let reply = self.shop.send(delivery).await;
        self.host.settle().await;
        reply
    }

    /// How each event ended, in the order of the journal.
    fn states(&self) -> Vec<State> {
        self.host.rows("acme").iter().map(|row| row.state).collect()
    }

    fn last(&self) -> SummaryRow {
        self.host.rows("acme").pop().expect("something was accepted")
    }

    /// The bodies that reached the ERP, in order.
    fn bodies(&self) -> Vec<Value> {
        self.erp.taken(KEY).into_iter().map(|arrival| arrival.body).collect()
    }
}

fn is_skipped(row: &SummaryRow, pieces: &[&str]) {
    assert_eq!(row.state, State::Skipped, "{row:#?}");
    let reason = row.reason.as_deref().unwrap_or_default();
    for piece in pieces {
        assert!(reason.contains(piece), "no `{piece}` in: {reason}");
    }
}
