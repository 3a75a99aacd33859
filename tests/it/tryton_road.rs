//! Real WooCommerce orders go by HTTP through the whole road into a real Tryton and are read back
//! there, by the tests' own means, as sales with the right party, addresses, lines and total.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use mapwright::journal::{Journal, State};
use mapwright_tests::host::{Folder, TestHost, rows, until, until_ready};
use mapwright_tests::plugins::built;
use mapwright_tests::served::Served;
use mapwright_tests::shop::{Delivery, Shop};
use mapwright_tests::tryton::{DATABASE, PASSWORD, Tryton, USERNAME, shared};
use serde_json::{Value, json};

use crate::tryton::one_request;

const PLUGIN: &str = "woo-order-to-tryton";

/// A merchant `acme` whose orders go to this Tryton; its customers and sales begin with `prefix`.
fn folder(server: &Tryton, prefix: &str) -> Folder {
    let folder = Folder::new();
    folder.write(folder.of("acme", "erp-password"), PASSWORD);
    folder.write(
        folder.of("acme", "lookups/taxes.csv"),
        "rate,tax\n18,ICMS 18%\nES-IVA-1,IVA 21%\n10,IVA 10%\n",
    );
    folder.write(folder.plugin("acme", PLUGIN), fs::read(built(PLUGIN)).unwrap());
    let base_url = server.base_url();
    folder.write(
        folder.of("acme", "merchant.toml"),
        format!(
            r#"[connections.shop]
connector = "woocommerce"
base_url = "https://shop.example"
webhook_secret = {{ file = "../../shop-secret" }}

[connections.erp]
connector = "tryton"
base_url = "{base_url}"
database = "{DATABASE}"
username = "{USERNAME}"
password = {{ file = "erp-password" }}

[routes.orders]
from = "shop"
topics = ["order.created", "order.updated", "order.deleted"]
to = "erp"
field_mapping = "{PLUGIN}"
status_translation = "{PLUGIN}"
settings = {{ shop_name = "Acme", prefix = "{prefix}" }}
"#
        ),
    );
    folder
}

/// The address of a slow way to the server: the first call of a method arrives after `late`, also if
/// nobody waits for its answer any more. Answers how many such calls have set out, too.
fn slow_way(server: &Tryton, method: &'static str, late: Duration) -> (String, Arc<AtomicU32>) {
    let (listener, to) = (TcpListener::bind("127.0.0.1:0").unwrap(), server.address());
    let address = format!("http://{}", listener.local_addr().unwrap());
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            let (mut near, to, calls) = (socket.unwrap(), to.clone(), Arc::clone(&counted));
            std::thread::spawn(move || {
                let request = one_request(&mut near);
                let is_slow = String::from_utf8_lossy(&request).contains(method);
                if is_slow && calls.fetch_add(1, Ordering::Relaxed) == 0 {
                    std::thread::sleep(late);
                }
                let mut far = TcpStream::connect(&to).unwrap();
                // Nobody may be there to send, or to listen.
                far.write_all(&request).ok();
                let mut answer = Vec::new();
                far.read_to_end(&mut answer).ok();
                near.write_all(&answer).ok();
            });
        }
    });
    (address, calls)
}

/// Waits for a server off the runtime's own threads.
async fn server() -> &'static Tryton {
    tokio::task::spawn_blocking(shared).await.unwrap()
}

/// The one sale with this reference.
fn sale(server: &Tryton, reference: &str) -> Value {
    let fields = [
        "state",
        "description",
        "total_amount",
        "currency.code",
        "party.code",
        "party.name",
        "invoice_address.city",
        "invoice_address.street",
        "shipment_address.city",
        "shipment_address.subdivision.code",
        "lines.product.code",
        "lines.quantity",
        "lines.unit_price",
        "lines.description",
    ];
    let mut sales = server.find("sale.sale", json!([["reference", "=", reference]]), &fields);
    assert_eq!(sales.len(), 1, "{sales:#?}");
    sales.remove(0)
}

/// `quantity x what at unit price` for each line.
fn lines(sale: &Value) -> Vec<String> {
    let line = |line: &Value| {
        let what = line["product."]["code"].as_str().or(line["description"].as_str()).unwrap();
        let price = line["unit_price"]["decimal"].as_str().unwrap();
        let price = price.trim_end_matches('0').trim_end_matches('.');
        format!("{} x {what} at {price}", line["quantity"])
    };
    sale["lines."].as_array().unwrap().iter().map(line).collect()
}

/// Sends a captured order through the road and gives the sale that stands in Tryton for it.
async fn cross(prefix: &str, capture: &str) -> (Folder, TestHost, Value) {
    let server = server().await;
    let folder = folder(server, prefix);
    let host = TestHost::start(&folder).await;
    let delivery = Delivery::captured(capture);
    let order: Value = serde_json::from_slice(&delivery.body).unwrap();
    host.shop("acme").send(&delivery).await.accepted();
    host.settle().await;
    let row = host.rows("acme").remove(0);
    assert_eq!(row.state, State::Delivered, "{row:#?}");
    let sale = sale(server, &format!("{prefix}{}", order["id"]));
    assert_eq!(row.documents.last().unwrap().target_id, Some(sale["id"].to_string()));
    let total = sale["total_amount"]["decimal"].as_str().unwrap();
    assert_eq!(Some(total), order["total"].as_str(), "the order's total is the sale's");
    assert_eq!(sale["currency."]["code"], order["currency"]);
    (folder, host, sale)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_order_with_fees_a_variation_and_shipping_stands_in_tryton() {
    let (_folder, _host, sale) = cross("CIA-", "039-order-br-cnpj-order-created").await;
    assert_eq!(sale["description"], "Acme #27");
    // Tryton goes on by itself from there.
    let state = sale["state"].as_str().unwrap();
    assert!(["confirmed", "processing"].contains(&state), "{state}");
    assert_eq!(sale["party."]["code"], "CIA-11222333000181");
    assert_eq!(sale["party."]["name"], "Padaria Pão & Cia Ltda");
    let street = sale["invoice_address."]["street"].as_str().unwrap();
    assert!(street.starts_with("Rua Conceição de Monte Alegre, S/N"), "{street}");
    assert_eq!(sale["shipment_address."]["city"], "São Paulo");
    assert_eq!(
        lines(&sale),
        [
            "10.0 x CAFE-250 at 33.33",
            "1.0 x CALCA-P-AZ at 189.9",
            "1.0 x FRETE at 42.1",
            "1.0 x Embalagem para presente at 7.5",
            "1.0 x Desconto PIX 5% at -4.28",
            "1.0 x Desconto PIX 5% at -8.06",
        ]
    );
    let fields = ["identifiers.type", "identifiers.code", "contact_mechanisms.value", "addresses"];
    let code = json!([["code", "=", "CIA-11222333000181"]]);
    let parties = server().await.find("party.party", code, &fields);
    let [party] = parties.as_slice() else { panic!("{parties:#?}") };
    assert_eq!(party["identifiers."][0]["type"], "br_vat");
    assert_eq!(party["identifiers."][0]["code"], "11.222.333/0001-81");
    assert_eq!(party["addresses"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paid_order_with_a_coupon_stands_in_tryton_once_however_often_it_is_sent() {
    let (folder, host, first) = cross("CUPOM-", "034-order-br-paid-order-created").await;
    assert_eq!(lines(&first), ["3.0 x CAM-001 at 71.91"]);
    assert_eq!(first["party."]["name"], "João da Silva Açaí");

    // The same order with another note is another event, and the same sale.
    let mut order: Value =
        serde_json::from_slice(&Delivery::captured("034-order-br-paid-order-created").body)
            .unwrap();
    order["customer_note"] = json!("sem pressa");
    order["date_modified_gmt"] = json!("2026-11-22T04:00:00");
    let changed = Delivery::signed("order.updated", &order.to_string());
    host.shop("acme").send(&changed).await.accepted();
    host.settle().await;
    assert!(host.rows("acme").iter().all(|row| row.state == State::Delivered));
    host.stop().await;

    // And so it is for a host that remembers nothing at all.
    fs::remove_dir_all(folder.data()).unwrap();
    let host = TestHost::start(&folder).await;
    host.shop("acme").send(&changed).await.accepted();
    host.settle().await;
    let row = host.rows("acme").remove(0);
    assert_eq!(row.state, State::Delivered, "{row:#?}");
    let server = server().await;
    let again = sale(server, "CUPOM-26");
    assert_eq!((&again["id"], &again["total_amount"]), (&first["id"], &first["total_amount"]));
    let code = json!([["code", "=", "CUPOM-2"]]);
    let parties = server.find("party.party", code, &["addresses", "contact_mechanisms"]);
    let [party] = parties.as_slice() else { panic!("{parties:#?}") };
    assert_eq!(party["addresses"].as_array().unwrap().len(), 1, "{party}");
    assert_eq!(party["contact_mechanisms"].as_array().unwrap().len(), 2, "{party}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_in_euro_with_two_taxes_stands_in_tryton() {
    let (_folder, _host, sale) = cross("ES-", "044-order-es-eur-order-created").await;
    assert_eq!(sale["party."]["name"], "María José Núñez Ibáñez");
    assert_eq!(sale["shipment_address."]["city"], "Madrid");
    assert_eq!(
        lines(&sale),
        [
            "1.0 x CAM-001 at 79.9",
            "3.0 x CAFE-250 at 33.33",
            "1.0 x EBOOK-1 at 19.9",
            "1.0 x FRETE at 6.95",
        ]
    );
}

/// The call that makes the sale arrives when the host that sent it is long gone and the next one has
/// started.
#[tokio::test(flavor = "multi_thread")]
async fn a_sale_that_was_on_its_way_when_the_host_was_killed_is_found_and_not_made_again() {
    let server = server().await;
    let (way, calls) = slow_way(server, "model.sale.sale.create", Duration::from_secs(4));
    let folder = folder(server, "TARDE-");
    let file = folder.of("acme", "merchant.toml");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(&server.base_url()));
    folder.write(file, text.replace(&server.base_url(), &way));
    let capture = Delivery::captured("034-order-br-paid-order-created");
    let mut served = Served::start(&folder);
    Shop::of("acme", served.address().await).send(&capture).await.accepted();
    until("the sale is on its way", async || (calls.load(Ordering::Relaxed) > 0).then_some(()))
        .await;
    let set_out = Instant::now();
    served.kill();
    let mut served = Served::start(&folder);
    let address = served.address().await;
    until_ready(address, "nothing is open", |r| r["journal"]["counts"]["open"] == 0).await;
    until("the first call has arrived for certain", async || {
        (set_out.elapsed() > Duration::from_secs(6)).then_some(())
    })
    .await;
    served.terminate().await;
    // It is the one sale with this reference.
    assert_eq!(sale(server, "TARDE-26")["total_amount"]["decimal"], "254.56");
    assert_eq!(calls.load(Ordering::Relaxed), 1, "it was found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_killed_again_and_again_on_its_way_to_tryton_makes_one_sale() {
    let server = server().await;
    let folder = folder(server, "MORTO-");
    let capture = Delivery::captured("039-order-br-cnpj-order-created");
    let mut served = Served::start(&folder);
    Shop::of("acme", served.address().await).send(&capture).await.accepted();
    // A delivery of three documents makes some twenty calls; each kill falls among others of them.
    for millis in [40, 90, 160, 260, 400] {
        tokio::time::sleep(Duration::from_millis(millis)).await;
        served.kill();
        served = Served::start(&folder);
        served.address().await;
    }
    let address = served.address().await;
    until_ready(address, "nothing is open", |r| r["journal"]["counts"]["open"] == 0).await;
    served.terminate().await;
    let journal = Journal::open(&folder.data()).unwrap();
    let rows = rows(&journal, "acme");
    assert_eq!((rows.len(), rows[0].state), (1, State::Delivered), "{rows:#?}");
    assert_eq!(sale(server, "MORTO-27")["total_amount"]["decimal"], "602.80");
    let code = json!([["code", "=", "MORTO-11222333000181"]]);
    let parties = server.find("party.party", code, &["addresses"]);
    let [party] = parties.as_slice() else { panic!("{parties:#?}") };
    assert_eq!(party["addresses"].as_array().unwrap().len(), 1, "{party}");
}
