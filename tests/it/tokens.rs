//! Tokens of single merchants: the whole table of the API is walked with each role, and with the token
//! of somebody else. Whatever row comes to the table later is walked too.

use mapwright_tests::api::{Api, open_to_clients};
use mapwright_tests::command;
use mapwright_tests::erp::{Erp, Trouble};
use mapwright_tests::guests::Guest;
use mapwright_tests::host::{Folder, TestHost};
use mapwright_tests::shop::Delivery;
use serde_json::{Value, json};

const ROLES: [&str; 4] = ["read", "merchant", "consultant", "operator"];

/// What of acme's can be named.
struct Theirs {
    event: String,
    issue: String,
    replay: String,
    held: String,
    bookmark: String,
    recall: String,
    plugin: String,
    digest: String,
}

/// Two merchants on one host: each with an order that went well, one that died, one in quarantine, a
/// replay, a bookmark and a version of a plugin that the other has not.
async fn two_merchants() -> (Folder, Erp, TestHost, Api, Theirs) {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    open_to_clients(&folder);
    for name in ["bravo", "acme"] {
        let plugin = format!("{name}-rules");
        let guest = Guest::echo(&plugin).component();
        folder.merchant_with(name, erp.address(), &plugin, &guest);
    }
    let host = TestHost::start(&folder).await;
    let api = Api::of(host.address());
    for name in ["bravo", "acme"] {
        let shop = host.shop(name);
        shop.send(&Delivery::order(1)).await.accepted();
        host.settle().await;
        erp.trouble(|_, _| Some(Trouble::Status(422)));
        shop.send(&Delivery::order(2)).await.accepted();
        host.settle().await;
        erp.be_well();
        shop.send(&Delivery::order(3).with("x-wc-webhook-signature", "bm8=")).await;
        let id = api.replay(json!({ "merchant": name, "state": "delivered" })).await;
        api.replayed(id).await;
        let bookmark = json!({ "name": format!("{name}-mark"), "merchant": name });
        api.post("/v1/bookmarks", bookmark).await.well();
        let mut guest = Guest::echo(&format!("{name}-rules"));
        guest.version = "7.0.0".to_owned();
        let path = format!("/v1/merchants/{name}/plugins/{name}-rules");
        api.put(&path, guest.component()).await.well();
    }
    let first = |path: &'static str| {
        let api = api.clone();
        async move { api.items(path).await[0].clone() }
    };
    let slot = first("/v1/merchants/acme/plugins").await;
    let recall = json!({
        "merchant": "acme", "plugin": "acme-rules", "version": "acme-rules@1.0.0",
        "with": "acme-rules@7.0.0", "why": "x",
    });
    let recall = api.post("/v1/recalls", recall).await.well();
    let theirs = Theirs {
        event: first("/v1/dead-letters?merchant=acme").await["event_id"].as_str().unwrap().into(),
        issue: first("/v1/issues?merchant=acme").await["id"].to_string(),
        replay: first("/v1/replays?merchant=acme").await["id"].to_string(),
        held: first("/v1/quarantine?merchant=acme").await["id"].to_string(),
        bookmark: "acme-mark".to_owned(),
        recall: recall["id"].to_string(),
        plugin: "acme-rules".to_owned(),
        digest: slot["active"]["digest"].as_str().unwrap().to_owned(),
    };
    (folder, erp, host, api, theirs)
}

async fn token(api: &Api, name: &str, role: &str, merchant: Option<&str>) -> Api {
    let ask = json!({ "name": name, "role": role, "merchant": merchant });
    let made = api.post("/v1/tokens", ask).await.well();
    api.clone().with_token(made["token"].as_str().expect("it is given once"))
}

/// Every row of the table, as its own document tells it.
async fn table(api: &Api) -> Vec<(String, String, Value)> {
    let document = api.get("/v1/openapi.json").await.well();
    let mut rows = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            rows.push((method.to_uppercase(), path.clone(), operation.clone()));
        }
    }
    assert!(rows.len() > 40, "{}", rows.len());
    rows
}

impl Theirs {
    /// A path with their things in it, or with things that nobody has.
    fn fill(&self, path: &str, merchant: &str, real: bool) -> String {
        let of = |real_one: &str, nobody_s: &str| {
            if real { real_one.to_owned() } else { nobody_s.to_owned() }
        };
        path.replace("{merchant}", merchant)
            .replace("{event}", &of(&self.event, "01a202a1-0d63-77b5-977d-33a5ce578264"))
            .replace("{issue}", &of(&self.issue, "9009"))
            .replace("{replay}", &of(&self.replay, "9009"))
            .replace("{backfill}", "9009")
            .replace("{recall}", &of(&self.recall, "9009"))
            .replace("{kind}", "settings")
            .replace("{version}", &of(&self.digest, &"0".repeat(64)))
            .replace("{id}", &of(&self.held, "9009"))
            .replace("{name}", &of(&self.bookmark, "nobody-s"))
            .replace("{plugin}", &of(&self.plugin, "nobody-s"))
            .replace("{token}", "nobody-s")
            .replace("{route}", "orders")
    }

    /// Bodies that a row takes, about things of theirs or of nobody's.
    fn bodies(&self, schema: &str, merchant: Option<&str>, real: bool) -> Vec<Value> {
        let of = |real_one: &str, nobody_s: &str| {
            if real { real_one.to_owned() } else { nobody_s.to_owned() }
        };
        let event = of(&self.event, "01a202a1-0d63-77b5-977d-33a5ce578264");
        let issue: u64 = of(&self.issue, "9009").parse().unwrap();
        let digest = of(&self.digest, &"0".repeat(64));
        let mut bodies = match schema {
            "ReplayRequest" => vec![
                json!({ "event": event, "why": "x" }),
                json!({ "issue": issue, "why": "x" }),
                json!({ "state": "dead", "why": "x", "with": digest }),
                json!({ "state": "skipped", "why": "x" }),
            ],
            "BookmarkRequest" => vec![
                json!({ "name": "mine", "event": event }),
                json!({ "name": of(&self.bookmark, "nobody-s") }),
            ],
            "Release" => vec![json!({ "topic": "order.created", "why": "x" })],
            "BackfillRequest" => vec![json!({
                "connection": "shop", "entity": "orders", "from": "2026-11-01T00:00:00Z", "why": "x",
            })],
            "ActivateRequest" => vec![json!({ "version": digest, "why": "x" })],
            "CompareRequest" => vec![json!({ "candidate": digest })],
            "RecallRequest" => vec![json!({
                "plugin": of(&self.plugin, "nobody-s"), "version": "1.0.0", "with": digest, "why": "x",
            })],
            "TokenRequest" => vec![json!({ "name": "more", "role": "read" })],
            _ => vec![json!({ "why": "x" })],
        };
        if let Some(merchant) = merchant.filter(|_| schema.ends_with("Request")) {
            for body in &mut bodies {
                body["merchant"] = json!(merchant);
            }
        }
        bodies
    }
}

fn schema_of(operation: &Value) -> Option<String> {
    let taken = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
    taken.as_str().map(|it| it.rsplit('/').next().unwrap().to_owned())
}

/// All that can be seen of acme.
async fn account(api: &Api) -> String {
    let mut all = String::new();
    for path in [
        "/v1/events",
        "/v1/dead-letters",
        "/v1/issues",
        "/v1/replays",
        "/v1/quarantine",
        "/v1/bookmarks",
        "/v1/audit",
        "/v1/backfills",
        "/v1/recalls",
    ] {
        all.push_str(&api.get(&format!("{path}?merchant=acme")).await.well().to_string());
    }
    all + &api.get("/v1/merchants/acme/plugins").await.well().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_row_of_the_api_gives_a_token_anything_of_another_merchant() {
    let (_folder, _erp, _host, api, theirs) = two_merchants().await;
    let exported = token(&api, "eye-of-bravo", "read", Some("bravo")).await;
    for path in ["/v1/events/export", "/v1/dead-letters/export", "/v1/audit/export"] {
        let said = exported.get(path).await;
        assert!(said.status == 200 && said.text.contains("bravo"), "{path} {said:?}");
        assert!(!said.text.contains("acme"), "{path}: {}", said.text);
    }
    let rows = table(&api).await;
    // What names acme and nobody else. Numbers are compared by what is answered to them instead.
    let canaries = ["acme", &theirs.event, &theirs.digest];
    let mut asked = 0;
    for role in ["read", "merchant", "consultant"] {
        let own = token(&api, &format!("bravo-{role}"), role, Some("bravo")).await;
        let before = account(&api).await;
        for (method, path, operation) in &rows {
            let schema = schema_of(operation);
            for merchant in ["bravo", "acme"] {
                for query in ["", "?merchant=acme", "?merchant=acme&limit=500"] {
                    if method != "GET" && method != "DELETE" && !query.is_empty() {
                        continue;
                    }
                    let named = [None, Some("acme")];
                    for named in named.iter().take(if schema.is_some() { 2 } else { 1 }) {
                        let send = async |real: bool| {
                            let path = theirs.fill(path, merchant, real) + query;
                            let bodies = match &schema {
                                Some(schema) => theirs.bodies(schema, *named, real),
                                None => vec![Value::Null],
                            };
                            let mut said = Vec::new();
                            for body in bodies {
                                let body = Some(body).filter(|it| !it.is_null());
                                said.push(own.send(method, &path, body.as_ref(), &[]).await);
                            }
                            said
                        };
                        for (real, nothing) in send(true).await.iter().zip(send(false).await) {
                            asked += 1;
                            let place =
                                format!("{role}: {method} {path}{query} {merchant} {named:?}");
                            let mut text = real.text.clone();
                            // What was asked for may be said again.
                            for (mine, nobody_s) in [
                                (&*theirs.event, "01a202a1-0d63-77b5-977d-33a5ce578264"),
                                (&theirs.digest, &"0".repeat(64)),
                                (&theirs.plugin, "nobody-s"),
                                (&theirs.bookmark, "nobody-s"),
                                (&format!("`{}`", theirs.issue), "`9009`"),
                                (&format!("`{}`", theirs.replay), "`9009`"),
                                (&format!("`{}`", theirs.held), "`9009`"),
                                (&format!("`{}`", theirs.recall), "`9009`"),
                            ] {
                                if nothing.text.contains(nobody_s) {
                                    text = text.replace(mine, nobody_s);
                                }
                            }
                            for canary in canaries {
                                assert!(!text.contains(canary), "{place} tells {canary}: {text}");
                            }
                            assert_eq!(real.status, nothing.status, "{place}: {}", real.text);
                            if real.status >= 400 {
                                assert_eq!(text, nothing.text, "{place}: the answers differ");
                            }
                        }
                    }
                }
            }
        }
        let after = account(&api).await;
        assert!(before == after, "{role} of bravo changed something of acme's:\n{before}\n{after}");
    }
    assert!(asked > 400, "{asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_of_one_merchant_leads_the_token_of_another_nowhere() {
    let (_folder, _erp, host, api, _) = two_merchants().await;
    for number in 10..15 {
        host.shop("acme").send(&Delivery::order(number)).await.accepted();
    }
    host.settle().await;
    let own = token(&api, "bravo", "read", Some("bravo")).await;
    for list in ["events", "dead-letters", "issues", "audit", "replays", "quarantine", "recalls"] {
        let page = api.get(&format!("/v1/{list}?merchant=acme&limit=1")).await.well();
        let Some(next) = page["next"].as_str() else { continue };
        let said = own.get(&format!("/v1/{list}?cursor={next}&limit=500")).await;
        assert_eq!(said.status, 200, "{list}");
        assert!(!said.text.contains("acme"), "{list}: {}", said.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_row_is_open_from_the_role_that_it_names_on_and_to_none_below() {
    let (_folder, _erp, _host, api, theirs) = two_merchants().await;
    let rows = table(&api).await;
    let mut of = Vec::new();
    for role in ROLES {
        let merchant = (role != "operator").then_some("acme");
        of.push(token(&api, &format!("acme-{role}"), role, merchant).await);
    }
    let (mut open, mut shut, mut well) = (0, 0, 0);
    for (method, path, operation) in &rows {
        let needs = operation["x-mapwright-role"].as_str().expect("every row says its role");
        let needs = ROLES.iter().position(|role| *role == needs).unwrap();
        assert!(operation["x-mapwright-about"].is_string(), "every row says whose it is");
        let body = schema_of(operation).map(|schema| {
            let body = theirs.bodies(&schema, Some("acme"), true).remove(0);
            if path.ends_with("/revoke") { json!({}) } else { body }
        });
        for (has, role) in ROLES.iter().enumerate() {
            let path = theirs.fill(path, "acme", true);
            let said = of[has].send(method, &path, body.as_ref(), &[]).await;
            let place = format!("{role}: {method} {path}");
            if has < needs {
                let detail = said.clone().refused(403);
                assert!(detail.contains(ROLES[needs]), "{place}: {detail}");
                shut += 1;
            } else {
                assert_ne!(said.status, 403, "{place} {said:?}");
                open += 1;
                well += usize::from(said.status < 300);
            }
        }
    }
    assert!(open > 100 && shut > 25 && well > 70, "{open} {shut} {well}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_shown_once_kept_nowhere_audited_and_refused_once_revoked() {
    let (folder, _erp, host, api, _) = two_merchants().await;
    let ask = json!({ "name": "maria", "role": "merchant", "merchant": "acme", "why": "new" });
    let key = [("idempotency-key", "k")];
    let made = api.send("POST", "/v1/tokens", Some(&ask), &key).await.well();
    let secret = made["token"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("mwt_") && secret.len() > 40);
    let again = api.send("POST", "/v1/tokens", Some(&ask), &key).await.well();
    assert_eq!((&again["id"], &again["token"]), (&made["id"], &Value::Null));
    api.post("/v1/tokens", ask.clone()).await.refused(409);

    let maria = api.clone().with_token(&secret);
    let why = json!({ "why": "mended by hand" });
    let letter = maria.items("/v1/dead-letters").await[0].clone();
    let path = format!("/v1/dead-letters/{}/orders/resolve", letter["event_id"].as_str().unwrap());
    maria.post(&path, why).await.well();
    api.post("/v1/tokens/maria/revoke", json!({ "why": "left" })).await.well();
    maria.get("/v1/events").await.refused(401);
    api.post("/v1/tokens/maria/revoke", json!({})).await.refused(404);
    api.post("/v1/tokens/ops/revoke", json!({})).await.refused(409);
    let acts = api.items("/v1/audit?merchant=acme").await;
    let acts: Vec<_> = acts
        .iter()
        .map(|it| (it["who"].as_str().unwrap(), it["action"].as_str().unwrap()))
        .collect();
    assert_eq!(
        &acts[..3],
        [("ops", "revoke_token"), ("maria", "resolve"), ("ops", "create_token")]
    );
    for (name, role, merchant) in [
        ("a b", "read", None),
        ("", "read", None),
        ("boss", "operator", Some("acme")),
        ("lost", "merchant", None),
    ] {
        let ask = json!({ "name": name, "role": role, "merchant": merchant });
        api.post("/v1/tokens", ask).await.refused(422);
    }
    for merchant in ["nobody", "..", ""] {
        let ask = json!({ "name": "x", "role": "read", "merchant": merchant });
        let said = api.post("/v1/tokens", ask).await;
        assert!(said.status == 404, "{merchant} {said:?}");
    }
    host.stop().await;
    for file in std::fs::read_dir(folder.data()).unwrap().map(|it| it.unwrap().path()) {
        if file.is_file() {
            let bytes = std::fs::read(&file).unwrap();
            let found = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!found, "the token stands in {}", file.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_too_often_shuts_its_address_out_for_a_while() {
    let folder = Folder::new();
    open_to_clients(&folder);
    let host = TestHost::start(&folder).await;
    let api = Api::of(host.address());
    let wrong = api.clone().with_token("wrong");
    let from = |address: &'static str| [("x-forwarded-for", address)];
    let mut refused = 0;
    for _ in 0..25 {
        let said = wrong.send("GET", "/v1/events", None, &from("192.0.2.1")).await;
        refused += usize::from(said.status == 429);
        assert!([401, 429].contains(&said.status), "{said:?}");
    }
    assert_eq!(refused, 5);
    let said = api.send("GET", "/v1/events", None, &from("192.0.2.1")).await;
    assert!(said.clone().refused(429).contains("wrong tokens"), "the right one too: {said:?}");
    assert!(said.retry_after.is_some_and(|seconds| (1..=60).contains(&seconds)), "{said:?}");
    api.send("GET", "/v1/events", None, &from("192.0.2.2")).await.well();
    api.get("/v1/events").await.well();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_token_is_made_in_the_folder_of_a_host_that_never_ran() {
    let (folder, erp) = (Folder::new(), Erp::start().await);
    folder.merchant("acme", erp.address());
    let dir = folder.dir().display().to_string();
    let run = async |args: &[&str]| {
        let args: Vec<String> = args.iter().map(|it| (*it).to_owned()).collect();
        tokio::task::spawn_blocking(move || command::mapwright(args)).await.unwrap()
    };
    let create = ["token", "create", "--name", "boss", "--role", "operator", "--config", &dir];
    let made = run(&create).await.code(0);
    let secret = made.stdout.trim().to_owned();
    assert!(secret.starts_with("mwt_"), "{made:?}");
    let said = run(&create).await.code(1).stderr;
    assert!(said.contains("there is a token `boss`"), "{said}");
    let typo = ["token", "create", "--name", "x", "--role", "mercahnt", "--config", &dir];
    run(&typo).await.code(2);
    let host = TestHost::start(&folder).await;
    let api = Api::of(host.address()).with_token(&secret);
    assert_eq!(api.items("/v1/tokens").await[0]["created_by"], "this-command");

    // The host holds the folder now: the command asks it instead.
    let said = run(&["token", "list", "--config", &dir]).await.code(2).stderr;
    assert!(said.contains("--url"), "{said}");
    let url = format!("http://{}", host.address());
    let ask = async |args: &[&str]| {
        let mut args: Vec<String> = args.iter().map(|it| (*it).to_owned()).collect();
        args.extend(["--url".to_owned(), url.clone(), "--json".to_owned()]);
        let secret = secret.clone();
        tokio::task::spawn_blocking(move || command::against(&secret, args)).await.unwrap()
    };
    let eye = ["token", "create", "--name", "eye", "--role", "read", "--merchant", "acme"];
    assert_eq!(ask(&eye).await.code(0).json()["merchant"], "acme");
    assert_eq!(ask(&["token", "revoke", "eye"]).await.code(0).json()["revoked_by"], "boss/maria");
    let listed = ask(&["token", "list"]).await.code(0).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    assert!(!listed.to_string().contains("mwt_"));
}
