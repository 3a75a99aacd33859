//! What a target refuses: tried again while there is hope, a dead letter when there is none, and
//! nobody else held back by it.

use std::time::Duration;

use mapwright::journal::State;
use mapwright_tests::erp::{Erp, Trouble};
use mapwright_tests::host::{Folder, TestHost, merchant_toml, until};
use mapwright_tests::shop::Delivery;

async fn one_merchant() -> (Folder, Erp, TestHost) {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    folder.merchant("acme", erp.address());
    let host = TestHost::start(&folder).await;
    (folder, erp, host)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_down_for_a_while_gets_the_document_once_and_each_attempt_is_written_down()
{
    let (_folder, erp, host) = one_merchant().await;
    erp.trouble(|n, _| (n < 4).then_some(Trouble::Status(503)));
    host.shop("acme").send(&Delivery::order(1)).await.accepted();
    host.settle().await;
    let documents = erp.documents("acme");
    assert_eq!((documents.len(), documents[0].times), (1, 1));
    let row = &host.rows("acme")[0];
    let attempts: Vec<_> = row.attempts.iter().map(|a| (a.no, a.outcome.as_str())).collect();
    let wanted = [(1, "retry"), (2, "retry"), (3, "retry"), (4, "retry"), (5, "delivered")];
    assert_eq!(attempts, wanted);
    assert!(row.attempts[0].detail.contains("503"), "{row:#?}");
    assert_eq!(row.receipts.len(), 1, "mapped once, whatever the target did");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_patience_that_a_target_asks_for_is_given() {
    let (_folder, erp, host) = one_merchant().await;
    erp.trouble(|n, _| (n == 0).then_some(Trouble::StatusAfter(429, 2)));
    host.shop("acme").send(&Delivery::order(1)).await.accepted();
    host.settle().await;
    let arrivals = erp.arrivals();
    let waited = arrivals[1].at - arrivals[0].at;
    // The schedule alone (20 ms) would have come back a hundred times sooner.
    assert!(waited >= Duration::from_secs(2), "{waited:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_target_refuses_is_a_dead_letter_and_the_next_version_goes_on() {
    let (_folder, erp, host) = one_merchant().await;
    erp.trouble(|n, _| (n == 0).then_some(Trouble::Status(422)));
    let shop = host.shop("acme");
    shop.send(&Delivery::version(1, 1)).await.accepted();
    shop.send(&Delivery::version(1, 2)).await.accepted();
    host.settle().await;
    let rows = host.rows("acme");
    assert_eq!((rows[0].state, rows[1].state), (State::Dead, State::Delivered));
    assert_eq!(rows[0].cause.as_deref(), Some("status_422"));
    let detail = rows[0].detail.as_deref().unwrap();
    assert!(detail.contains("order/1") && detail.contains("told to fail"), "{detail}");
    assert_eq!(rows[0].attempts.len(), 1, "a refusal is not tried again");
    assert_eq!(erp.taken("order/1").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_never_comes_back_ends_in_a_dead_letter_after_the_last_attempt() {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    folder.merchant("acme", erp.address());
    let file = merchant_toml("acme", erp.address(), "woo-order-summary");
    let patience = "\n[retry]\nfirst_ms = 10\nmax_ms = 20\nattempts_max = 3\n";
    folder.write(folder.of("acme", "merchant.toml"), file + patience);
    let host = TestHost::start(&folder).await;
    erp.trouble(|_, _| Some(Trouble::Status(500)));
    host.shop("acme").send(&Delivery::order(1)).await.accepted();
    host.settle().await;
    let row = &host.rows("acme")[0];
    assert_eq!((row.state, row.cause.as_deref()), (State::Dead, Some("retry_exhausted")));
    assert!(row.detail.as_deref().unwrap().contains("given up after 3 attempts"), "{row:#?}");
    assert_eq!((row.attempts.len(), erp.arrivals().len()), (3, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_target_of_one_merchant_holds_back_nobody_else() {
    const ORDERS: u64 = 300;
    let (folder, erp) = (Folder::new(), Erp::start().await);
    // More than all places of the dispatcher are waiting for a target that refuses connections.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    folder.merchant("acme", erp.address());
    folder.merchant("dead", erp.address());
    folder.write(
        folder.of("dead", "merchant.toml"),
        merchant_toml("dead", nobody, "woo-order-summary"),
    );
    let host = TestHost::start(&folder).await;
    for order in 0..ORDERS {
        host.shop("dead").send(&Delivery::order(order)).await.accepted();
    }
    for order in 0..20 {
        host.shop("acme").send(&Delivery::order(order)).await.accepted();
    }
    until("all orders of the other merchant stand in the ERP", async || {
        (erp.documents("acme").len() == 20).then_some(())
    })
    .await;
    let waiting = host.rows("dead").iter().filter(|row| row.ended_at.is_none()).count() as u64;
    assert!(waiting > 0, "the dead target's orders are still waiting");

    // And nothing of it is lost: with a target that answers, all of it is delivered.
    folder.write(
        folder.of("dead", "merchant.toml"),
        merchant_toml("dead", erp.address(), "woo-order-summary"),
    );
    until("all orders of the dead target stand in the ERP", async || {
        (erp.documents("dead").len() as u64 == ORDERS).then_some(())
    })
    .await;
    assert!(erp.documents("dead").iter().all(|kept| kept.times == 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_routes_of_one_event_succeed_and_fail_apart() {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    folder.merchant("acme", erp.address());
    let file = merchant_toml("acme", erp.address(), "woo-order-summary");
    let books = format!(
        "\n[connections.books]\nconnector = \"http\"\nurl = \"http://{}/acme/books\"\n\
         \n[routes.books]\nfrom = \"shop\"\ntopics = [\"order.*\"]\nto = \"books\"\n\
         field_mapping = \"woo-order-summary\"\n",
        erp.address()
    );
    folder.write(folder.of("acme", "merchant.toml"), file + &books);
    erp.trouble(|_, path| (path == "/acme/books").then_some(Trouble::Status(400)));
    let host = TestHost::start(&folder).await;
    host.shop("acme").send(&Delivery::order(1)).await.accepted();
    host.settle().await;
    let rows = host.rows("acme");
    let ends: Vec<_> = rows.iter().map(|row| (row.route.as_deref().unwrap(), row.state)).collect();
    assert_eq!(ends, [("books", State::Dead), ("orders", State::Delivered)]);
    assert_eq!(erp.documents("acme").len(), 1);
}
