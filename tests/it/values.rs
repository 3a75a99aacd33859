//! Tables and settings have versions as plugins have: brought in, judged by what really came in, put to
//! work, taken back; and what a person changes in the folder is kept too.

use mapwright_tests::api::{Api, READ_TOKEN, TOKEN, open_to_clients};
use mapwright_tests::command::{self, Ran};
use mapwright_tests::erp::Erp;
use mapwright_tests::host::{Folder, TestHost, until};
use mapwright_tests::shop::Delivery;
use mapwright_tests::variants::altered;
use serde_json::{Value, json};

const TABLE: &str = "key,price,discount_percent,currency,breaks\nwholesale:*,,10,,\n";
const VALUES: &str = "/v1/merchants/acme/values";

fn merchant(erp: &Erp) -> String {
    let address = erp.address();
    format!(
        r#"# Acme's own words
[connections.shop]
connector = "woocommerce"
base_url = "https://acme.example"
webhook_secret = {{ file = "../../shop-secret" }}

[connections.erp]
connector = "http"
url = "http://{address}/acme/{{entity}}"
idempotent = true

[routes.orders]
from = "shop"
topics = ["order.created", "order.updated"]
to = "erp"
field_mapping = "woo-order-summary"
pricing = "wholesale-pricing"
settings = {{ default_role = "wholesale", shop_name = "Acme" }} # agreed with Ana
"#
    )
}

/// Orders as a summary whose `items` are the sum of the unit prices, and whose customer is greeted by the
/// shop's name.
fn summing() -> Vec<u8> {
    let body = ".body(&summary(&order, input.status.as_deref())),";
    let summed = r#".body(&{
        let mut all = summary(&order, input.status.as_deref());
        all.items = input.lines.iter().map(|line| line.unit_price).sum();
        let settings: std::collections::BTreeMap<String, String> = context.settings()?;
        let shop = settings.get("shop_name").map(String::as_str).unwrap_or_default();
        all.customer = format!("{shop}: {}", all.customer);
        all
    }),"#;
    let entities = r#"entities: &["order_summary"],"#;
    let schema = r##"entities: &["order_summary"],
        settings_schema: r#"{"type":"object","properties":{"shop_name":{"type":"string"}}}"#,"##;
    let edits = [(body, summed), (entities, schema)];
    std::fs::read(altered("woo-order-summary", "1.9.0", &edits)).unwrap()
}

/// A host on which three orders were priced with a discount of ten percent.
async fn start() -> (Folder, Erp, TestHost, Api) {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    open_to_clients(&folder);
    folder.write(folder.of("acme", "plugins/woo-order-summary.wasm"), summing());
    folder.install("acme", "wholesale-pricing");
    folder.write(folder.of("acme", "lookups/price_list.csv"), TABLE);
    folder.write(folder.of("acme", "merchant.toml"), merchant(&erp));
    let host = TestHost::start(&folder).await;
    let api = Api::of(host.address());
    for number in 1..=3 {
        host.shop("acme").send(&Delivery::order(number)).await.accepted();
    }
    host.settle().await;
    (folder, erp, host, api)
}

async fn mapwright(host: &TestHost, args: &[&str]) -> Ran {
    let url = format!("http://{}", host.address());
    let mut args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
    args.extend(["--merchant", "acme", "--json", "--url", &url].map(str::to_owned));
    tokio::task::spawn_blocking(move || command::against(TOKEN, args)).await.unwrap()
}

async fn held(api: &Api, what: &str) -> Value {
    api.get(&format!("{VALUES}/{what}")).await.well()
}

/// The sum of the unit prices of an order, as the target has it.
fn prices(erp: &Erp, key: &str) -> Value {
    let kept = erp.documents("acme").into_iter().find(|it| it.key == key);
    let body: Value = serde_json::from_str(kept.expect("it is there").body.get()).unwrap();
    body["items"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_is_judged_by_recorded_orders_put_to_work_and_taken_back() {
    let (folder, erp, host, api) = start().await;
    let (before, key) = (erp.requests(), "order/1");
    let ten = prices(&erp, key);
    until("what is in the folder is a version", async || {
        (held(&api, "table/price_list").await["versions"].as_array().unwrap().len() == 1)
            .then_some(())
    })
    .await;

    // Twelve percent instead of ten, and a row for one article.
    let file = folder.dir().join("price_list.csv");
    std::fs::write(&file, TABLE.replace(",10,", ",12,") + "wholesale:NONE,1.00,,,\n").unwrap();
    let path = file.display().to_string();
    let push = ["table", "push", &path, "--why", "December"];
    let kept = mapwright(&host, &push).await.code(0).json();
    assert_eq!(kept["no"], 2);
    assert_eq!(kept["changes"]["added"], json!(["wholesale:NONE"]));
    let cell = &kept["changes"]["changed"][0]["cells"][0];
    assert_eq!((&cell["before"], &cell["after"]), (&json!("10"), &json!("12")));
    assert_eq!(held(&api, "table/price_list").await["versions"][0]["who"], "ops/maria");

    // It changes prices of every order: said with the money, and it stays where it is.
    let diff = ["table", "diff", "price_list", "2", "--promote", "--why", "x"];
    let found = mapwright(&host, &diff).await.code(1).json();
    let found = &found["items"][0];
    assert_eq!((&found["route"], &found["promoted"]), (&json!("orders"), &json!(false)));
    assert_eq!(
        (&found["difference"]["compared"], &found["difference"]["equal"]),
        (&json!(3), &json!(0))
    );
    let fields = found["difference"]["fields"].to_string();
    assert!(fields.contains("order_summary/items") && fields.contains("BRL"), "{fields}");
    assert_eq!(erp.requests(), before, "judging sends nothing");

    // Put to work by hand: the next order has the new price, and so has a host started anew.
    let activate = ["table", "activate", "price_list", "2", "--why", "Ana has signed it"];
    mapwright(&host, &activate).await.code(0);
    host.shop("acme").send(&Delivery::version(1, 30)).await.accepted();
    host.settle().await;
    let twelve = prices(&erp, key);
    assert_ne!(twelve, ten);
    let on_disk = std::fs::read(folder.of("acme", "lookups/price_list.csv")).unwrap();
    assert_eq!(on_disk, std::fs::read(&file).unwrap(), "the folder is the truth");

    // And back.
    let rollback = ["table", "rollback", "price_list", "--why", "too cheap"];
    mapwright(&host, &rollback).await.code(0);
    host.shop("acme").send(&Delivery::version(1, 40)).await.accepted();
    host.settle().await;
    assert_eq!(prices(&erp, key), ten);
    let audit = api.items("/v1/audit?merchant=acme").await;
    let acts: Vec<_> = audit.iter().map(|it| it["action"].as_str().unwrap()).collect();
    assert_eq!(acts, ["activate_table", "activate_table", "put_table"]);
    assert_eq!(audit[0]["why"], "too cheap");
    let said = mapwright(&host, &["table", "show", "price_list"]).await.code(0).stdout;
    assert_eq!(said, TABLE);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_change_in_the_merchants_own_file_and_nothing_else_of_it_does() {
    let (folder, erp, host, api) = start().await;
    let path = folder.of("acme", "merchant.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let file = folder.dir().join("orders.json");
    std::fs::write(&file, r#"{"shop_name":"Acme Atacado","default_role":"retail"}"#).unwrap();
    let push = ["settings", "push", &file.display().to_string(), "--why", "the retail shop"];
    let kept = mapwright(&host, &push).await.code(0).json();
    let changed: Vec<_> =
        kept["changes"]["changed"].as_array().unwrap().iter().map(|it| it["at"].clone()).collect();
    assert_eq!(changed, ["/default_role", "/shop_name"]);
    let no = kept["no"].to_string();

    let diff = ["settings", "diff", "orders", &no, "--last", "2"];
    let found = mapwright(&host, &diff).await.code(1).json();
    assert_eq!(found["items"][0]["difference"]["compared"], 2);
    mapwright(&host, &["settings", "activate", "orders", &no, "--why", "x"]).await.code(0);
    let now = std::fs::read_to_string(&path).unwrap();
    assert!(now.contains("Acme Atacado"), "{now}");
    let others = |text: &str| {
        text.lines()
            .filter(|line| !line.starts_with("settings"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(others(&now), others(&text), "all else stands as it stood, comments too");
    host.shop("acme").send(&Delivery::order(9)).await.accepted();
    host.settle().await;
    let told = erp.documents("acme").iter().any(|it| it.body.get().contains("Acme Atacado"));
    assert!(told, "the plugin was told the new name");
    let back = ["settings", "rollback", "orders", "--why", "wrong shop"];
    mapwright(&host, &back).await.code(0);
    let again = std::fs::read_to_string(&path).unwrap();
    assert!(again.contains("\"Acme\"") && !again.contains("Atacado"), "{again}");
    assert_eq!(
        held(&api, "settings/orders").await["active"],
        held(&api, "settings/orders").await["versions"][1]["digest"]
    );
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_changes_in_the_folder_is_a_version_too() {
    let (folder, _erp, host, api) = start().await;
    let count = async || held(&api, "table/price_list").await["versions"].as_array().unwrap().len();
    until("the first is kept", async || (count().await == 1).then_some(())).await;
    folder.write(folder.of("acme", "lookups/price_list.csv"), TABLE.replace(",10,", ",15,"));
    until("the second is kept", async || (count().await == 2).then_some(())).await;
    let held = held(&api, "table/price_list").await;
    assert_eq!(
        (&held["versions"][0]["origin"], &held["active"]),
        (&json!("folder"), &held["versions"][0]["digest"])
    );
    // What is broken is neither in use nor a version, and says so.
    folder.write(folder.of("acme", "lookups/price_list.csv"), "key,price\nA,1\nA,2\n");
    let fault = until("the fault is told", async || {
        api.get(&format!("{VALUES}/table/price_list")).await.well()["fault"]
            .as_str()
            .map(str::to_owned)
    })
    .await;
    assert!(fault.contains("key `A` stands already"), "{fault}");
    assert_eq!(count().await, 2);
    // The way back is a rollback to what was in use before it broke.
    let activate = json!({ "version": "1", "why": "as it was" });
    api.post(&format!("{VALUES}/table/price_list/activate"), activate).await.well();
    assert_eq!(
        std::fs::read_to_string(folder.of("acme", "lookups/price_list.csv")).unwrap(),
        TABLE
    );
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_used_is_refused_with_its_place_and_changes_nothing() {
    let (folder, _erp, host, api) = start().await;
    let before = std::fs::read(folder.of("acme", "merchant.toml")).unwrap();
    let put = async |what: &str, bytes: &str, status: u16, said: &str| {
        let text = api.put(&format!("{VALUES}/{what}"), bytes.as_bytes().to_vec()).await;
        let text = text.refused(status);
        assert!(text.contains(said), "{what} {bytes:?}: {text}");
    };
    put("table/price_list", "key,price\nA,1\nA,2\n", 422, "price_list.csv:3: key `A`").await;
    put("table/price_list", "", 422, "no header row").await;
    put("table/..%2Fevil", "a,b\n", 422, "letters, digits").await;
    put("settings/orders", "[]", 422, "JSON object").await;
    put("settings/orders", r#"{"decimals":"two"}"#, 422, "/decimals").await;
    put("settings/orders", r#"{"shop_name":null}"#, 422, "/shop_name is null").await;
    put("settings/nothing", "{}", 404, "no route `nothing`").await;
    put("other/orders", "{}", 404, "neither `table` nor `settings`").await;
    api.get(&format!("{VALUES}/table/nothing")).await.refused(404);
    let activate = |version: &str| json!({ "version": version, "why": "x" });
    let path = format!("{VALUES}/table/price_list/activate");
    api.post(&path, activate("99")).await.refused(404);
    // Settings that no plugin knows are put back at once, and said.
    api.put(&format!("{VALUES}/settings/orders"), br#"{"shop_nam":"Acme"}"#.to_vec()).await.well();
    let versions = held(&api, "settings/orders").await["versions"].clone();
    let path = format!("{VALUES}/settings/orders/activate");
    let said = api.post(&path, activate(&versions[0]["no"].to_string())).await.refused(409);
    assert!(said.contains("did you mean `shop_name`"), "{said}");
    assert_eq!(std::fs::read(folder.of("acme", "merchant.toml")).unwrap(), before);
    assert!(host.ready().await["faults"].as_array().is_none_or(Vec::is_empty));
    let eye = api.clone().with_token(READ_TOKEN);
    eye.put(&format!("{VALUES}/table/price_list"), TABLE.into()).await.refused(403);
    host.stop().await;
}
