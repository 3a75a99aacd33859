//! Ingress takes in what shops really send. Deliveries are the captured ones, sent over real HTTP
//! to a real journal; each test reads the journal to see what was kept.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use base64::Engine;
use hmac::{Hmac, KeyInit, Mac};
use mapwright::ingress::woocommerce::{Config, OnBadSignature, WooCommerce};
use mapwright::ingress::{Counters, Ingress, Share, Source, Sources, router};
use mapwright::journal::{Filter, Journal, JournalOptions, Quarantined, SummaryRow};
use mapwright::secret::{Secret, SecretSource};
use mapwright_tests::noise::noise;
use proptest::prelude::*;
use reqwest::{Client, Response};
use sha2::Sha256;

pub(crate) const SECRET: &str = "segredo-do-webhook-0001";

pub(crate) fn config() -> Config {
    Config {
        base_url: "https://shop.example".into(),
        webhook_secret: SecretSource::Env("UNUSED".into()),
        on_bad_signature: OnBadSignature::Quarantine,
        body_bytes_max: 1 << 20,
        resource_share: Share::default(),
    }
}

fn listening(config: &Config, secret: &str) -> Source {
    let shop = WooCommerce::new(config, &Secret::new(secret));
    let routes = ["order.created", "order.updated"]
        .map(|topic| (topic.to_owned(), vec!["orders".to_owned(), "ledger".to_owned()]));
    Source::woocommerce(shop, routes)
}

/// A listening ingress over a fresh journal.
pub(crate) struct Hooks {
    base: String,
    client: Client,
    pub(crate) journal: Journal,
    pub(crate) counters: Arc<Counters>,
    _dir: tempfile::TempDir,
}

impl Hooks {
    pub(crate) async fn start() -> Self {
        Self::start_with(&config(), &JournalOptions::default()).await
    }

    pub(crate) async fn start_with(config: &Config, options: &JournalOptions) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open_with(dir.path(), options).unwrap();
        let mut sources = Sources::default();
        sources.insert("acme", "shop", listening(config, SECRET));
        sources.insert("acme", "old-shop", listening(config, "a&b<c"));
        let why = "merchant.toml line 3: no such key".to_owned();
        sources.insert("broken", "shop", Source::Unavailable { why });
        let ingress = Ingress {
            journal: journal.clone(),
            sources: Arc::new(arc_swap::ArcSwap::from_pointee(sources)),
            counters: Arc::default(),
            guard: Arc::default(),
        };
        let counters = Arc::clone(&ingress.counters);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router(ingress)).await });
        // Whoever comes first installs it.
        rustls::crypto::ring::default_provider().install_default().ok();
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Self { base, client, journal, counters, _dir: dir }
    }

    /// A request to one of its paths, for those who need more than [`Hooks::post`].
    pub(crate) fn request(&self, to: &str) -> reqwest::RequestBuilder {
        self.client.post(format!("{}{to}", self.base))
    }

    async fn post(&self, to: &str, headers: &[(String, String)], body: Vec<u8>) -> Response {
        let mut request = self.request(to).body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request.send().await.unwrap()
    }

    /// Sends a captured delivery as it was sent.
    async fn deliver(&self, delivery: &Delivery) -> Response {
        self.post("/hooks/acme/shop", &delivery.headers, delivery.body.clone()).await
    }

    fn events(&self) -> Vec<SummaryRow> {
        self.journal.summary(&Filter { limit: 1000, ..Filter::default() }).unwrap()
    }

    fn quarantined(&self) -> Vec<Quarantined> {
        self.journal.quarantined(0, 1000).unwrap()
    }
}

struct Delivery {
    name: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Delivery {
    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(it, _)| it.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// Every captured delivery, in order.
fn deliveries() -> Vec<Delivery> {
    let folder =
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/woocommerce/webhooks"));
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|it| it != "headers") {
            continue;
        }
        let body = [path.with_extension("json"), path.with_extension("txt")];
        let headers = std::fs::read_to_string(&path).unwrap();
        found.push(Delivery {
            name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
            headers: headers
                .lines()
                .filter_map(|line| line.split_once(": "))
                .filter(|(name, _)| !["Host", "Connection", "Content-Length"].contains(name))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            body: std::fs::read(body.iter().find(|it| it.exists()).unwrap()).unwrap(),
        });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(found.len() > 100);
    found
}

fn delivery(name: &str) -> Delivery {
    deliveries().into_iter().find(|it| it.name.starts_with(name)).unwrap()
}

pub(crate) fn sign(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes())
}

fn signed(topic: &str, body: &[u8]) -> Vec<(String, String)> {
    signed_with(SECRET, topic, body)
}

fn signed_with(secret: &str, topic: &str, body: &[u8]) -> Vec<(String, String)> {
    [
        ("content-type", "application/json".to_owned()),
        ("x-wc-webhook-topic", topic.to_owned()),
        ("x-wc-webhook-signature", sign(secret, body)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

async fn json(response: Response) -> serde_json::Value {
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

#[tokio::test]
async fn every_captured_delivery_ends_where_it_belongs() {
    let hooks = Hooks::start().await;
    let mut expected_events = 0;
    for delivery in deliveries() {
        let name = &delivery.name;
        let response = hooks.deliver(&delivery).await;
        assert_eq!(response.status(), 200, "{name}");
        if name.ends_with("ping") {
            assert!(response.bytes().await.unwrap().is_empty(), "{name}");
            continue;
        }
        let topic = delivery.header("x-wc-webhook-topic").unwrap();
        let body: serde_json::Value = serde_json::from_slice(&delivery.body).unwrap();
        let answer = json(response).await;
        let status = answer["status"].as_str().unwrap();
        if body.get("code").is_some() && body.get("id").is_none() {
            assert_eq!(status, "quarantined", "{name}");
            assert_eq!(answer["reason"], "resource_gone", "{name}");
            continue;
        }
        assert!(["accepted", "duplicate"].contains(&status), "{name}: {answer}");
        if status == "duplicate" {
            continue;
        }
        expected_events += 1;
        let newest = hooks.events().into_iter().next().unwrap();
        assert_eq!(answer["event_id"], newest.event_id.0, "{name}");
        assert_eq!(newest.topic, topic, "{name}");
        let expected = match topic.strip_prefix("action.") {
            Some(action) if body["arg"].is_u64() => format!("action.{action}/{}", body["arg"]),
            // `"arg":[]`: the shop does not say what it is about.
            Some(action) => format!("action.{action}/4f53cda18c2baa0c"),
            None => format!("{}/{}", topic.split('.').next().unwrap(), body["id"]),
        };
        assert_eq!(newest.resource_key, expected, "{name}");
        let event = hooks.journal.event(newest.seq).unwrap().unwrap();
        assert_eq!(event.body, delivery.body, "{name}");
        let version = body["date_modified_gmt"].as_str().map(|it| format!("{it}Z"));
        assert_eq!(event.version.map(|it| it.to_string()), version, "{name}");
    }
    assert_eq!(hooks.events().len(), expected_events);
    assert!(expected_events > 50, "only {expected_events}");
    let unfit = hooks.quarantined();
    assert!(!unfit.is_empty() && unfit.iter().all(|it| it.record.reason == "resource_gone"));
    assert_eq!(hooks.counters.pings.load(Ordering::Relaxed), 2);
    assert_eq!(hooks.counters.accepted.load(Ordering::Relaxed), expected_events as u64);
}

#[tokio::test]
async fn created_and_updated_with_the_same_body_are_one_event() {
    let hooks = Hooks::start().await;
    let created = delivery("034-");
    let updated = delivery("035-");
    assert_eq!(created.body, updated.body);
    let first = json(hooks.deliver(&created).await).await;
    let second = json(hooks.deliver(&updated).await).await;
    assert_eq!(second["status"], "duplicate");
    assert_eq!(second["event_id"], first["event_id"]);
    // Topics that are routed differently are two events, whatever the body.
    let body = br#"{"id":9}"#;
    for topic in ["order.updated", "order.restored", "order.deleted"] {
        let answer = hooks.post("/hooks/acme/shop", &signed(topic, body), body.to_vec()).await;
        assert_eq!(json(answer).await["status"], "accepted", "{topic}");
    }
    assert_eq!(hooks.events().len(), 4);
}

#[tokio::test]
async fn the_same_action_twice_is_two_events() {
    let hooks = Hooks::start().await;
    let low_stock = delivery("065-");
    for _ in 0..2 {
        assert_eq!(json(hooks.deliver(&low_stock).await).await["status"], "accepted");
    }
    assert_eq!(hooks.events().len(), 2);
}

#[tokio::test]
async fn a_wrong_signature_is_kept_and_not_believed() {
    for (policy, status) in [(OnBadSignature::Quarantine, 200), (OnBadSignature::Refuse, 401)] {
        let config = Config { on_bad_signature: policy, ..config() };
        let hooks = Hooks::start_with(&config, &JournalOptions::default()).await;
        let genuine = delivery("034-");
        let send = async |signature: Option<&str>, body: Vec<u8>| {
            let mut headers = genuine.headers.clone();
            headers.retain(|(name, _)| !name.eq_ignore_ascii_case("x-wc-webhook-signature"));
            if let Some(signature) = signature {
                headers.push(("x-wc-webhook-signature".into(), signature.into()));
            }
            hooks.post("/hooks/acme/shop", &headers, body).await
        };
        let right = sign(SECRET, &genuine.body);
        let mut changed = genuine.body.clone();
        changed[40] ^= 1;
        let long = format!("{right}AAAA");
        for (signature, body, reason) in [
            (None, genuine.body.clone(), "signature_missing"),
            (Some(""), genuine.body.clone(), "signature_missing"),
            (Some("AAAA"), genuine.body.clone(), "signature_mismatch"),
            (Some("not base64!"), genuine.body.clone(), "signature_mismatch"),
            (Some(&*long), genuine.body.clone(), "signature_mismatch"),
            (Some(&*sign("", &genuine.body)), genuine.body.clone(), "signature_mismatch"),
            (Some(&*right), changed.clone(), "signature_mismatch"),
        ] {
            let response = send(signature, body).await;
            assert_eq!(response.status(), status, "{reason}");
            assert_eq!(json(response).await["reason"], reason);
        }
        assert!(hooks.events().is_empty());
        let kept = hooks.quarantined();
        assert_eq!(kept.len(), 7);
        assert_eq!(kept[0].record.body, genuine.body);
        assert_eq!(kept[6].record.body, changed);
        assert!(kept[6].record.headers.iter().any(|(name, _)| name == "x-wc-webhook-topic"));
    }
}

#[tokio::test]
async fn secrets_that_shops_escape_are_understood() {
    let hooks = Hooks::start().await;
    for (n, secret) in ["a&b<c", "a&amp;b&lt;c"].into_iter().enumerate() {
        let body = format!(r#"{{"id":{n}}}"#).into_bytes();
        let headers = signed_with(secret, "order.updated", &body);
        let answer = hooks.post("/hooks/acme/old-shop", &headers, body).await;
        assert_eq!(json(answer).await["status"], "accepted", "{secret}");
    }
}

#[tokio::test]
async fn bad_input_is_answered_with_what_is_wrong_and_nothing_signed_is_lost() {
    let hooks = Hooks::start().await;
    let deep = [b"{\"id\":1,\"a\":".to_vec(), vec![b'['; 900_000]].concat();
    let cases: [(&str, &str, Vec<u8>); 7] = [
        ("order.updated", "not_json", b"<html>blocked by the firewall</html>".to_vec()),
        ("order.updated", "not_json", Vec::new()),
        ("order.updated", "not_utf8", b"{\"id\":1,\"a\":\"\xff\"}".to_vec()),
        ("order.updated", "too_deep", deep),
        ("order.updated", "id_missing", b"{}".to_vec()),
        ("order.updated", "not_an_object", b"[{\"id\":1}]".to_vec()),
        ("nonsense", "topic_missing", b"{\"id\":1}".to_vec()),
    ];
    for (n, (topic, reason, body)) in cases.into_iter().enumerate() {
        let answer = hooks.post("/hooks/acme/shop", &signed(topic, &body), body.clone()).await;
        assert_eq!(answer.status(), 200, "{reason}");
        let answer = json(answer).await;
        assert_eq!(answer["reason"], reason);
        assert!(answer["message"].as_str().unwrap().len() > 20, "{reason}");
        assert_eq!(hooks.quarantined()[n].record.body, body, "{reason}");
    }
    let body = b"{\"id\":1}".to_vec();
    let mut headers = signed("order.updated", &body);
    headers[0].1 = "text/html".into();
    let answer = json(hooks.post("/hooks/acme/shop", &headers, body).await).await;
    assert_eq!(answer["reason"], "content_type");
    assert!(hooks.events().is_empty());
}

#[tokio::test]
async fn what_is_not_stored_is_not_answered_200() {
    let hooks = Hooks::start().await;
    let body = br#"{"id":1}"#.to_vec();
    let headers = signed("order.updated", &body);
    for (to, status) in [
        ("/hooks/nobody/shop", 404),
        ("/hooks/acme/nothing", 404),
        ("/hooks/%ff/shop", 404),
        ("/hooks/acme", 404),
        ("/hooks/broken/shop", 503),
    ] {
        let answer = hooks.post(to, &headers, body.clone()).await;
        assert_eq!(answer.status(), status, "{to}");
        if status == 503 {
            assert!(answer.headers().contains_key("retry-after"));
            assert!(json(answer).await["message"].as_str().unwrap().contains("line 3"));
        }
    }
    let large = [br#"{"id":1,"a":""#.to_vec(), vec![b'x'; 1 << 20], b"\"}".to_vec()].concat();
    let answer = hooks.post("/hooks/acme/shop", &signed("order.updated", &large), large).await;
    assert_eq!(answer.status(), 413);
    for method in [reqwest::Method::GET, reqwest::Method::PUT, reqwest::Method::DELETE] {
        let url = format!("{}/hooks/acme/shop", hooks.base);
        let answer = hooks.client.request(method, url).send().await.unwrap();
        assert_eq!(answer.status(), 405);
        assert_eq!(answer.headers()["allow"], "POST");
        assert!(json(answer).await["message"].as_str().unwrap().contains("delivery URL"));
    }
    assert!(hooks.events().is_empty() && hooks.quarantined().is_empty());
    // A slash too many costs no order.
    let answer = hooks.post("/hooks/acme/shop/", &headers, body).await;
    assert_eq!(json(answer).await["status"], "accepted");
}

#[tokio::test]
async fn a_full_disk_is_answered_503_and_recovers() {
    let options = JournalOptions { page_count_max: Some(120) };
    let hooks = Hooks::start_with(&config(), &options).await;
    let send = async |n: usize| {
        let body = format!(r#"{{"id":{n},"a":"{}"}}"#, noise(n as u64, 20_000)).into_bytes();
        hooks.post("/hooks/acme/shop", &signed("order.updated", &body), body).await
    };
    let mut stored = 0;
    let refused = loop {
        let answer = send(stored).await;
        if answer.status() != 200 {
            break answer;
        }
        stored += 1;
        assert!(stored < 100, "the limit was never met");
    };
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(hooks.events().len(), stored);
    hooks.journal.limit_pages(None).await.unwrap();
    assert_eq!(send(stored).await.status(), 200);
    assert_eq!(hooks.events().len(), stored + 1);
}

#[tokio::test]
async fn a_correlation_id_is_kept_if_it_is_sane() {
    let hooks = Hooks::start().await;
    for (n, (given, kept)) in [
        ("order-7:retry.1_a", true),
        ("has blank", false),
        ("<script>", false),
        (&*"x".repeat(129), false),
    ]
    .into_iter()
    .enumerate()
    {
        let body = format!(r#"{{"id":{n}}}"#).into_bytes();
        let mut headers = signed("order.updated", &body);
        headers.push(("x-correlation-id".into(), given.into()));
        let answer = json(hooks.post("/hooks/acme/shop", &headers, body).await).await;
        let expected = if kept { given } else { answer["event_id"].as_str().unwrap() };
        assert_eq!(answer["correlation_id"], expected);
    }
}

#[tokio::test]
async fn a_flood_of_forgeries_does_not_fill_the_disk() {
    let hooks = Hooks::start().await;
    let body = vec![b'x'; 1_000_000];
    let mut kept = 0;
    let last = loop {
        let answer = hooks.post("/hooks/acme/shop", &[], body.clone()).await;
        if answer.status() != 200 {
            break answer;
        }
        kept += 1;
        assert!(kept < 100, "the allowance was never used up");
    };
    assert_eq!(last.status(), 503);
    // The shop itself is not held up by it.
    assert_eq!(json(hooks.deliver(&delivery("034-")).await).await["status"], "accepted");
}

#[test]
fn arbitrary_requests_always_get_a_sane_answer() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let hooks = runtime.block_on(Hooks::start());
    let fragment = prop_oneof![
        Just(r#"{"id":"#.to_owned()),
        Just("1".to_owned()),
        Just("}".to_owned()),
        Just("[".to_owned()),
        Just(r#","code":"x""#.to_owned()),
        Just(r#","date_modified_gmt":"#.to_owned()),
        Just("\"".to_owned()),
        Just("webhook_id=".to_owned()),
        Just("\\u".to_owned()),
        ".{0,8}",
    ];
    let bodies = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200),
        proptest::collection::vec(fragment, 0..12).prop_map(|it| it.concat().into_bytes()),
    ];
    let topics =
        prop_oneof![Just("order.updated".to_owned()), Just("action.x".to_owned()), "[ -~]{0,30}"];
    let kinds = prop_oneof![
        Just("application/json".to_owned()),
        Just("application/x-www-form-urlencoded".to_owned()),
        "[ -~]{0,30}"
    ];
    let config = ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() };
    proptest!(config, |(body in bodies, topic in topics, kind in kinds, sign_it in any::<bool>())| {
        let mut headers = signed(&topic, &body);
        headers[0].1 = kind;
        if !sign_it {
            headers.truncate(2);
        }
        let before = hooks.journal.counts().unwrap();
        let (status, text) = runtime.block_on(async {
            let answer = hooks.post("/hooks/acme/shop", &headers, body.clone()).await;
            (answer.status(), answer.bytes().await.unwrap())
        });
        prop_assert_eq!(status, 200);
        let after = hooks.journal.counts().unwrap();
        let kept = (after.events - before.events) + (after.quarantined - before.quarantined);
        if text.is_empty() {
            // A ping: nothing to keep.
            prop_assert_eq!(kept, 0);
        } else {
            let answer: serde_json::Value = serde_json::from_slice(&text).unwrap();
            prop_assert_eq!(kept, u64::from(answer["status"] != "duplicate"));
            prop_assert!(sign_it || answer["status"] == "quarantined");
        }
    });
}

#[tokio::test]
async fn a_sender_that_stops_half_way_leaves_nothing() {
    use tokio::io::AsyncWriteExt;
    let hooks = Hooks::start().await;
    let address = hooks.base.strip_prefix("http://").unwrap();
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    socket
        .write_all(
            b"POST /hooks/acme/shop HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{\"id\":",
        )
        .await
        .unwrap();
    socket.shutdown().await.unwrap();
    drop(socket);
    // Seen once the request has been given up.
    for _ in 0..100 {
        if hooks.counters.refused.load(Ordering::Relaxed) > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(hooks.events().is_empty() && hooks.quarantined().is_empty());
}

#[test]
fn the_configuration_of_a_shop_has_good_defaults_and_refuses_unknown_keys() {
    let config: Config =
        toml::from_str("base_url = \"https://shop.example\"\nwebhook_secret = { env = \"S\" }")
            .unwrap();
    assert_eq!(config.on_bad_signature, OnBadSignature::Quarantine);
    assert_eq!(config.body_bytes_max, 4 << 20);
    let wrong = "base_url = \"x\"\nwebhook_secret = { env = \"S\" }\nwebhok = 1";
    let error = toml::from_str::<Config>(wrong).unwrap_err();
    assert!(error.to_string().contains("webhok"), "{error}");
    assert!(toml::from_str::<Config>("base_url = \"x\"\nwebhook_secret = \"inline\"").is_err());
}
