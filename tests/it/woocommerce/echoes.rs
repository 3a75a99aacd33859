//! Two shops that write to each other through one host. What a write makes a shop say is known again
//! and goes no further; what anybody else says goes on; whoever dies in between does no harm.

use std::time::Duration;

use mapwright::journal::State;
use mapwright_tests::guests::Guest;
use mapwright_tests::host::{Folder, TestHost, until, until_ready};
use mapwright_tests::served::Served;
use mapwright_tests::shop::{Delivery, Reply, Shop};
use mapwright_tests::shop_api::{ApiTrouble, KEY, KEY_SECRET, ShopApi};
use serde_json::{Value, json};

/// More than any chain of ours takes.
const ROUNDS_MAX: usize = 10;

/// What both shops begin with.
fn customer() -> Value {
    let mut body: Value =
        serde_json::from_slice(&Delivery::captured("025-customers-customer-created").body).unwrap();
    body["id"] = json!(3);
    body
}

/// Whatever a customer of `shop` becomes, the one of `b` becomes, and the other way round.
fn folder(a: &ShopApi, b: &ShopApi, guest: &Guest) -> Folder {
    let folder = Folder::new();
    folder.write("shop-key", KEY);
    folder.write("shop-key-secret", KEY_SECRET);
    folder.write(folder.plugin("acme", "pass"), guest.component());
    let connection = |name: &str, url: &str| {
        format!(
            r#"[connections.{name}]
connector = "woocommerce"
base_url = "{url}"
webhook_secret = {{ file = "../../shop-secret" }}
api = {{ consumer_key = {{ file = "../../shop-key" }}, consumer_secret = {{ file = "../../shop-key-secret" }} }}

[connections.{name}.write]
timeout_ms = 20000
circuit_breaker = {{ failures = 5, open_ms = 200, open_max_ms = 1000 }}

[connections.{name}.poll]
entities = []

"#
        )
    };
    let route = |name: &str, from: &str, to: &str| {
        format!(
            "[routes.{name}]\nfrom = \"{from}\"\ntopics = [\"customer.*\", \"order.*\"]\n\
             to = \"{to}\"\nfield_mapping = \"pass\"\nskip_statuses = []\n\n"
        )
    };
    let toml = connection("shop", &a.url())
        + &connection("b", &b.url())
        + &route("to_b", "shop", "b")
        + &route("to_shop", "b", "shop");
    folder.write(folder.of("acme", "merchant.toml"), toml);
    folder
}

struct Desk {
    a: ShopApi,
    b: ShopApi,
    folder: Folder,
}

impl Desk {
    async fn open(guest: &Guest) -> Self {
        let (a, b) = (ShopApi::start().await, ShopApi::start().await);
        a.put("customers", customer());
        b.put("customers", customer());
        let folder = folder(&a, &b, guest);
        Self { a, b, folder }
    }

    /// Both shops send what is due; answers what was said to each.
    async fn ring(&self, address: std::net::SocketAddr) -> Vec<Reply> {
        let mut replies = Vec::new();
        for (name, shop) in [("shop", &self.a), ("b", &self.b)] {
            let hook = Shop::at("acme", name, address);
            for delivery in shop.ring() {
                replies.push(hook.send(&delivery).await);
            }
        }
        replies
    }

    /// Until nobody has anything to say any more.
    async fn ring_out(&self, host: &TestHost) -> Vec<Vec<String>> {
        let mut said = Vec::new();
        loop {
            let replies = self.ring(host.address()).await;
            if replies.is_empty() {
                return said;
            }
            assert!(replies.iter().all(|it| it.status == 200), "{replies:?}");
            said.push(replies.iter().map(|it| it.word("status").to_owned()).collect());
            assert!(said.len() < ROUNDS_MAX, "they go on for ever: {said:?}");
            host.settle().await;
        }
    }

    /// Somebody changes the customer of a shop.
    fn edit(&self, shop: &ShopApi, name: &str) {
        let mut body = shop.of("customers", 3);
        body["first_name"] = json!(name);
        mapwright_tests::shop_api::stamp(&mut body, 0);
        shop.put("customers", body);
    }

    fn hook(&self, shop: &ShopApi) -> Delivery {
        Delivery::signed("customer.updated", &shop.of("customers", 3).to_string())
    }

    fn names(&self) -> [String; 2] {
        [&self.a, &self.b].map(|shop| {
            shop.of("customers", 3)["first_name"].as_str().unwrap_or_default().to_owned()
        })
    }

    /// Both shops have told of their customer once, so that the host knows how it stands.
    async fn acquaint(&self, host: &TestHost) {
        for (name, shop) in [("shop", &self.a), ("b", &self.b)] {
            // The second may be no news: the first was written there.
            Shop::at("acme", name, host.address()).send(&self.hook(shop)).await;
            host.settle().await;
            self.ring_out(host).await;
        }
    }
}

fn passing() -> Guest {
    Guest::passing("pass", "customer", "customer-3")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_our_own_write_makes_a_shop_say_goes_no_further_and_is_counted() {
    let desk = Desk::open(&passing()).await;
    let host = TestHost::start(&desk.folder).await;
    desk.acquaint(&host).await;
    let (to_a, to_b) = (desk.a.writes().len(), desk.b.writes().len());
    let events = host.rows("acme").len();

    desk.edit(&desk.a, "Ana Maria");
    let reply = host.shop("acme").send(&desk.hook(&desk.a)).await.accepted();
    host.settle().await;
    let said = desk.ring_out(&host).await;
    assert_eq!(said, [["echo"]], "one write, one echo");
    assert_eq!(desk.names(), ["Ana Maria", "Ana Maria"]);
    assert_eq!((desk.a.writes().len(), desk.b.writes().len()), (to_a, to_b + 1));
    assert_eq!(host.rows("acme").len(), events + 1, "the echo is no event");

    // It is said whose it is, and counted; a second one of the same body is one as well.
    let echo = Shop::at("acme", "b", host.address()).send(&desk.hook(&desk.b)).await;
    assert_eq!((echo.status, echo.word("status")), (200, "echo"), "{echo:?}");
    assert_eq!(echo.word("event_id"), reply.word("event_id"), "the event that wrote it");
    let (_, metrics) = host.get("/metrics").await;
    let counted =
        metrics.lines().find(|line| line.contains("outcome=\"echo\"")).unwrap_or_default();
    assert!(!counted.is_empty() && !counted.ends_with(" 0"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_differs_from_what_we_wrote_goes_the_whole_road() {
    let desk = Desk::open(&passing()).await;
    let host = TestHost::start(&desk.folder).await;
    desk.acquaint(&host).await;
    desk.edit(&desk.a, "Ana Maria");
    host.shop("acme").send(&desk.hook(&desk.a)).await.accepted();
    host.settle().await;
    // Before our own write has rung, somebody changes the same customer.
    desk.edit(&desk.b, "Ana Beatriz");
    let b = Shop::at("acme", "b", host.address());
    b.send(&desk.hook(&desk.b)).await.accepted();
    host.settle().await;
    assert_eq!(desk.names(), ["Ana Beatriz", "Ana Beatriz"]);
    desk.ring_out(&host).await;
    assert_eq!(desk.names(), ["Ana Beatriz", "Ana Beatriz"]);
    // And back to what we had written: after an event in between the same words are news again.
    desk.edit(&desk.b, "Ana Maria");
    b.send(&desk.hook(&desk.b)).await.accepted();
    host.settle().await;
    desk.ring_out(&host).await;
    assert_eq!(desk.names(), ["Ana Maria", "Ana Maria"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_somebody_else_that_comes_in_one_body_with_ours_is_not_taken_for_an_echo() {
    let desk = Desk::open(&passing()).await;
    let host = TestHost::start(&desk.folder).await;
    desk.acquaint(&host).await;
    // Its webhook has not left yet when we write; the shop will tell of both in one body.
    let mut body = desk.b.of("customers", 3);
    body["billing"]["city"] = json!("Recife");
    mapwright_tests::shop_api::stamp(&mut body, 0);
    desk.b.put("customers", body);
    let mut ours = desk.a.of("customers", 3);
    ours["first_name"] = json!("Ana Maria");
    ours.as_object_mut().unwrap().remove("billing");
    mapwright_tests::shop_api::stamp(&mut ours, 0);
    let delivery = Delivery::signed("customer.updated", &ours.to_string());
    host.shop("acme").send(&delivery).await.accepted();
    host.settle().await;
    desk.ring_out(&host).await;
    let a = desk.a.of("customers", 3);
    assert_eq!((&a["billing"]["city"], &a["first_name"]), (&json!("Recife"), &json!("Ana Maria")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_is_quicker_than_the_answer_to_the_write_does_no_harm() {
    let desk = Desk::open(&passing()).await;
    let host = TestHost::start(&desk.folder).await;
    desk.acquaint(&host).await;
    desk.b.trouble(|_, asked| {
        (asked.method == "PUT").then_some(ApiTrouble::Mute(Duration::from_secs(3)))
    });
    let writes = desk.b.writes().len();
    desk.edit(&desk.a, "Ana Maria");
    host.shop("acme").send(&desk.hook(&desk.a)).await.accepted();
    until("the shop has done it and says nothing yet", async || {
        (desk.names()[1] == "Ana Maria").then_some(())
    })
    .await;
    // Its webhook comes now, and goes on: nobody knows yet that it is ours.
    let quick = desk.ring(host.address()).await;
    assert!(quick.iter().all(|it| it.status == 200), "{quick:?}");
    host.settle().await;
    desk.b.be_well();
    desk.ring_out(&host).await;
    assert_eq!(desk.names(), ["Ana Maria", "Ana Maria"]);
    assert!(desk.b.writes().len() <= writes + 2, "{:?}", desk.b.writes());
    assert!(host.rows("acme").iter().all(|row| row.state != State::Dead));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_between_the_write_and_its_record_costs_one_more_trip_and_begins_no_loop() {
    let desk = Desk::open(&passing()).await;
    let host = TestHost::start(&desk.folder).await;
    desk.acquaint(&host).await;
    host.stop().await;
    let to_a = desk.a.writes().len();
    desk.b.trouble(|_, asked| {
        (asked.method == "PUT").then_some(ApiTrouble::Mute(Duration::from_secs(60)))
    });
    let mut served = Served::start(&desk.folder);
    let address = served.address().await;
    desk.edit(&desk.a, "Ana Maria");
    Shop::of("acme", address).send(&desk.hook(&desk.a)).await.accepted();
    until("the shop has done it", async || (desk.names()[1] == "Ana Maria").then_some(())).await;
    served.kill();
    desk.b.be_well();
    let mut served = Served::start(&desk.folder);
    let address = served.address().await;
    until_ready(address, "nothing is open", |r| r["journal"]["counts"]["open"] == 0).await;
    // The first write was never recorded, so the second found what nobody had heard of: what the shop
    // says of it goes back once, and ends there.
    let mut said = Vec::new();
    loop {
        let replies = desk.ring(address).await;
        if replies.is_empty() {
            break;
        }
        said.push(replies.iter().map(|it| it.word("status").to_owned()).collect::<Vec<_>>());
        assert!(said.len() < ROUNDS_MAX, "they go on for ever: {said:?}");
        until_ready(address, "nothing is open", |r| r["journal"]["counts"]["open"] == 0).await;
    }
    served.terminate().await;
    assert!(desk.a.writes().len() <= to_a + 1, "{said:?}");
    assert_eq!(desk.names(), ["Ana Maria", "Ana Maria"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_made_in_a_shop_by_a_host_that_was_killed_is_found_and_does_not_come_back() {
    let mut guest = Guest::new("pass");
    let body = r#"{"status":"processing","customer_note":"from the other shop"}"#;
    guest.transform = Some(guest.mapped_bodies(&[("order", "order-1", body)], Some("seen")));
    let desk = Desk::open(&guest).await;
    desk.b.trouble(|_, asked| {
        (asked.method == "POST").then_some(ApiTrouble::Late(Duration::from_secs(3)))
    });
    let mut served = Served::start(&desk.folder);
    let address = served.address().await;
    Shop::of("acme", address).send(&Delivery::order(26)).await.accepted();
    until("it is on its way", async || (desk.b.writes().len() == 1).then_some(())).await;
    served.kill();
    desk.b.be_well();
    let mut served = Served::start(&desk.folder);
    let address = served.address().await;
    until_ready(address, "nothing is open", |r| r["journal"]["counts"]["open"] == 0).await;
    assert_eq!(desk.b.count("orders"), 1, "{:?}", desk.b.writes());
    let said = desk.ring(address).await;
    assert!(!said.is_empty() && said.iter().all(|it| it.word("status") == "echo"), "{said:?}");
    served.terminate().await;
    assert!(desk.a.writes().is_empty(), "{:?}", desk.a.writes());
}

/// What the host says of a file in which a piece is replaced.
async fn fault_of(desk: &Desk, from: &str, to: &str) -> String {
    let path = desk.folder.of("acme", "merchant.toml");
    let good = std::fs::read_to_string(&path).unwrap();
    let changed = good.replace(from, to);
    assert_ne!(good, changed, "{from}");
    desk.folder.write(&path, changed);
    let host = TestHost::start(&desk.folder).await;
    let said = mapwright_tests::host::faults(&host.ready().await).join("\n");
    host.stop().await;
    desk.folder.write(&path, good);
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_that_cannot_be_written_to_is_refused_with_what_is_missing() {
    let desk = Desk::open(&passing()).await;
    let keys = "api = { consumer_key = { file = \"../../shop-key\" }, consumer_secret = \
                { file = \"../../shop-key-secret\" } }\n";
    let secret = "webhook_secret = { file = \"../../shop-secret\" }\n";
    for (from, to, expected) in [
        ("[connections.b.write]\n", "[connections.b.write]\nforce = true\n", "force"),
        (
            "[connections.b.write]\n",
            "[connections.b.write]\nrate_limit = \"1/minute\"\n",
            "would never let one end",
        ),
        ("to = \"b\"", "to = \"c\"", "there is no [connections.c]"),
        (secret, "", "it has no webhook_secret"),
        (secret, "on_bad_signature = \"refuse\"\n", "they need a webhook_secret as well"),
    ] {
        let said = fault_of(&desk, from, to).await;
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let said = fault_of(&desk, keys, "").await;
    assert!(said.contains("has no keys"), "{said}");
    // Only written to, it needs no secret and hears nothing.
    let path = desk.folder.of("acme", "merchant.toml");
    let good = std::fs::read_to_string(&path).unwrap();
    let (before, b) = good.split_once("[connections.b]").unwrap();
    let b = b.replacen(secret, "", 1);
    let (b, _) = b.split_once("[routes.to_shop]").unwrap();
    desk.folder.write(&path, format!("{before}[connections.b]{b}"));
    let host = TestHost::start(&desk.folder).await;
    assert!(mapwright_tests::host::no_faults(&host.ready().await), "{:#}", host.ready().await);
    desk.edit(&desk.a, "Ana Maria");
    host.shop("acme").send(&desk.hook(&desk.a)).await.accepted();
    host.settle().await;
    assert_eq!(desk.names(), ["Ana Maria", "Ana Maria"]);
    // Nobody listens, so nobody asks how it stood before.
    let mut asked = desk.b.asked();
    asked.retain(|it| it.path.starts_with("customers"));
    assert!(!asked.is_empty() && asked.iter().all(|it| it.method == "PUT"), "{asked:?}");
    let unknown = Shop::at("acme", "b", host.address()).send(&desk.hook(&desk.b)).await;
    assert_eq!(unknown.status, 404, "{unknown:?}");
}
