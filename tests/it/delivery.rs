//! The `http` connector against a real receiver on loopback: what arrives there, and what each way
//! of answering (or not answering) means for the document.

use std::path::Path;
use std::time::Duration;

use mapwright::delivery::sandbox::{Kept, Misbehaviour, Sandbox};
use mapwright::delivery::{
    Answer, Blame, ConnectorConfig, Delivery, Health, Identities, OpenError, Outbound, Target,
    Verdict, http,
};
use mapwright::event::{Document, EventId, Operation};
use tokio::net::TcpListener;

/// An ERP on loopback.
async fn receiver() -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router = sandbox.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (sandbox, address)
}

fn target(config: &str, base_dir: &Path) -> Result<Target, OpenError> {
    let config: http::Config = toml::from_str(config).unwrap();
    Target::open(&ConnectorConfig::Http(config), base_dir, &Outbound::new().unwrap())
}

fn document(key: &str, body: &str) -> Document {
    Document {
        entity: "sale".to_owned(),
        key: key.to_owned(),
        operation: Operation::Upsert,
        body: serde_json::from_str(body).unwrap(),
        attributes: Vec::new(),
        request_key: None,
    }
}

async fn send(target: &Target, document: &Document, identities: &dyn Identities) -> Answer {
    attempt(target, document, identities, true).await
}

async fn attempt(
    target: &Target,
    document: &Document,
    identities: &dyn Identities,
    first_attempt: bool,
) -> Answer {
    let delivery = Delivery {
        merchant: "acme",
        connection: "erp",
        event_id: &EventId("0199-event".to_owned()),
        correlation_id: "corr-1",
        resource: &document.key,
        document,
        first_attempt,
        in_doubt: false,
    };
    target.deliver(&delivery, identities).await
}

fn nobody(_: &str, _: &str) -> Option<String> {
    None
}

fn delivered(answer: &Answer) -> Option<&str> {
    match &answer.verdict {
        Verdict::Delivered { target_id } => target_id.as_deref(),
        other => panic!("not delivered: {other:?}"),
    }
}

#[tokio::test]
async fn a_document_arrives_as_it_was_made_and_only_once() {
    let (sandbox, address) = receiver().await;
    let target = target(&format!("url = \"{address}/sales\""), Path::new(".")).unwrap();
    let body = "{ \"total\":1.10, \"n\" : 123456789012345678901234567890 ,\"text\":\"\\u00e9é\"}";
    for _ in 0..2 {
        let answer = send(&target, &document("order/27", body), &nobody).await;
        assert_eq!(delivered(&answer), Some("1"));
        assert!(answer.attempt.duration > Duration::ZERO);
    }
    let kept = sandbox.documents();
    let [Kept { path, key, entity, operation, correlation_id, times, body: received, .. }] =
        kept.as_slice()
    else {
        panic!("{kept:?}")
    };
    assert_eq!(received.get(), body);
    assert_eq!((path.as_str(), key.as_str(), *times), ("/sales", "order/27", 2));
    assert_eq!((entity.as_str(), operation.as_str()), ("sale", "upsert"));
    assert_eq!(correlation_id, "corr-1");
}

#[tokio::test]
async fn references_become_the_ids_the_target_gave() {
    let (sandbox, address) = receiver().await;
    let body = r#"{"party":{"$ref":{"entity":"party","key":"WC-2"}},"price":1.10}"#;
    let known = |entity: &str, key: &str| {
        (entity == "party").then(|| if key == "WC-2" { "17" } else { "A-9" }.to_owned())
    };
    for (ids, body, expected) in [
        ("auto", body, r#"{"party":17,"price":1.10}"#),
        ("string", body, r#"{"party":"17","price":1.10}"#),
        ("number", body, r#"{"party":17,"price":1.10}"#),
        ("auto", r#"[{"$ref":{"entity":"party","key":"x"}}]"#, r#"["A-9"]"#),
    ] {
        let config = format!("url = \"{address}/{{key}}\"\nids = \"{ids}\"");
        let target = target(&config, Path::new(".")).unwrap();
        delivered(&send(&target, &document("k", body), &known).await);
        assert_eq!(sandbox.documents()[0].body.get(), expected);
    }
    let sent = sandbox.requests();
    let target = target(&format!("url = \"{address}\"\nids = \"number\""), Path::new(".")).unwrap();
    for (body, expected) in [
        (r#"{"a":{"$ref":{"entity":"product","key":"CAM-001"}}}"#, "product \"CAM-001\""),
        (r#"{"a":{"$ref":{"entity":"party","key":"x"}}}"#, "\"A-9\""),
        (r#"{"a":{"$ref":"party"}}"#, "/a: a reference is exactly"),
    ] {
        match send(&target, &document("k", body), &known).await.verdict {
            Verdict::NotReady { reason, .. } => {
                assert!(body.contains("CAM-001") && reason.contains(expected), "{reason}");
            }
            Verdict::Rejected { reason, .. } => assert!(reason.contains(expected), "{reason}"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(sandbox.requests(), sent, "nothing is sent half-resolved");
}

#[tokio::test]
async fn every_status_means_what_the_table_says() {
    let (sandbox, address) = receiver().await;
    let plain = format!("url = \"{address}\"");
    let odd = format!("{plain}\nsuccess = [\"2xx\", 409]\nretry = [404]");
    for (config, status, expected) in [
        (&plain, 408, "retry"),
        (&plain, 425, "retry"),
        (&plain, 429, "retry"),
        (&plain, 500, "retry"),
        (&plain, 503, "retry"),
        (&plain, 400, "rejected"),
        (&plain, 401, "retry"),
        (&plain, 403, "retry"),
        (&plain, 404, "rejected"),
        (&plain, 409, "rejected"),
        (&plain, 422, "rejected"),
        (&odd, 409, "delivered"),
        (&odd, 404, "retry"),
        (&odd, 503, "rejected"),
    ] {
        let target = target(config, Path::new(".")).unwrap();
        sandbox.fail_next(1, status);
        let answer = send(&target, &document("k", "{}"), &nobody).await;
        let (verdict, text) = match &answer.verdict {
            Verdict::Delivered { .. } => ("delivered", "told to fail".to_owned()),
            Verdict::Retry { reason, after: None } => ("retry", reason.clone()),
            Verdict::Rejected { reason, code } => {
                assert_eq!(code, &format!("status_{status}"));
                ("rejected", reason.clone())
            }
            other => panic!("{status}: {other:?}"),
        };
        assert_eq!(verdict, expected, "{status}");
        assert!(text.contains("told to fail"), "the target's own words: {text}");
        assert_eq!(answer.attempt.status, Some(status));
    }
    assert!(sandbox.documents().is_empty());
}

#[tokio::test]
async fn the_patience_a_target_asks_for_is_passed_on() {
    let (sandbox, address) = receiver().await;
    let target = target(&format!("url = \"{address}\""), Path::new(".")).unwrap();
    let retry_after = Some("7".to_owned());
    sandbox.next(Misbehaviour::Status { status: 429, retry_after });
    let verdict = send(&target, &document("k", "{}"), &nobody).await.verdict;
    let Verdict::Retry { after, .. } = verdict else { panic!("{verdict:?}") };
    assert_eq!(after, Some(Duration::from_secs(7)));
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_says_where_it_leads() {
    let (sandbox, address) = receiver().await;
    let target = target(&format!("url = \"{address}\""), Path::new(".")).unwrap();
    sandbox.next(Misbehaviour::Redirect("https://other.example/api".to_owned()));
    let verdict = send(&target, &document("k", "{}"), &nobody).await.verdict;
    let Verdict::Rejected { code, reason } = verdict else { panic!("{verdict:?}") };
    assert_eq!(code, "redirected");
    assert!(reason.contains("https://other.example/api"), "{reason}");
    assert_eq!(sandbox.requests(), 1);
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_sent_again_only_where_that_is_safe() {
    let (sandbox, address) = receiver().await;
    let put = "method = \"PUT\"";
    for (more, key, safe) in
        [("idempotent = true", "safe", true), ("", "unsafe", false), (put, "put", true)]
    {
        let config = format!("url = \"{address}\"\ntimeout_ms = 300\n{more}");
        let target = target(&config, Path::new(".")).unwrap();
        sandbox.next(Misbehaviour::Slow(Duration::from_secs(60)));
        let verdict = send(&target, &document(key, "{}"), &nobody).await.verdict;
        let Verdict::Unknown { resend, reason, .. } = verdict else { panic!("{verdict:?}") };
        assert_eq!((resend, target.resends_safely(&document(key, "{}"))), (safe, safe), "{more}");
        assert!(reason.contains("300 ms"), "{reason}");
    }
    let target = target(&format!("url = \"{address}\""), Path::new(".")).unwrap();
    let again = send(&target, &document("safe", "{}"), &nobody).await;
    assert_eq!(delivered(&again), Some("1"), "the same key is the same document");
    assert_eq!(sandbox.documents().len(), 3);
}

#[tokio::test]
async fn what_may_have_arrived_is_looked_for_before_it_is_sent_again() {
    let sandbox = Sandbox::forgetful();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router = sandbox.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let config = format!(
        "url = \"{address}/sales\"\ntimeout_ms = 400\n\
         lookup = {{ url = \"{address}/documents?key={{key}}\", settle_ms = 70 }}"
    );
    let target = target(&config, Path::new(".")).unwrap();
    let order = document("order/27 é", "{}");
    sandbox.next(Misbehaviour::Slow(Duration::from_secs(60)));
    let verdict = send(&target, &order, &nobody).await.verdict;
    let Verdict::Unknown { resend: true, after, .. } = verdict else { panic!("{verdict:?}") };
    assert_eq!(after, Some(Duration::from_millis(70)), "it may be at work on it still");
    // Until then it is not even asked.
    let answer = loop {
        let answer = attempt(&target, &order, &nobody, false).await;
        let Verdict::NotNow { wait, .. } = answer.verdict else { break answer };
        assert_eq!(sandbox.requests(), 1, "nothing left");
        tokio::time::sleep(wait).await;
    };
    assert_eq!((delivered(&answer), sandbox.requests()), (Some("1"), 1));
    assert!(answer.attempt.detail.contains("found as 1"), "{answer:?}");

    // What is not there is sent.
    let other = document("order/28", "{}");
    assert_eq!(delivered(&attempt(&target, &other, &nobody, false).await), Some("2"));
    // A further version of what is known to be there cannot be told from the one before.
    let known = |_: &str, _: &str| Some("2".to_owned());
    assert_eq!(delivered(&attempt(&target, &other, &known, false).await), Some("3"));
    // In conflict with something: it is that, if it is there.
    sandbox.fail_next(1, 409);
    assert_eq!(delivered(&send(&target, &order, &nobody).await), Some("1"));
}

#[tokio::test]
async fn what_may_be_at_work_still_is_not_looked_for_before_it_has_settled() {
    let (sandbox, address) = receiver().await;
    let lookup = |settle_ms: u64| {
        format!("lookup = {{ url = \"{address}/documents?key={{key}}\", settle_ms = {settle_ms} }}")
    };
    // A proxy gave up waiting; the target behind it has not.
    let target_behind = |settle_ms| {
        target(&format!("url = \"{address}\"\n{}", lookup(settle_ms)), Path::new(".")).unwrap()
    };
    let target = target_behind(7_000);
    sandbox.fail_next(1, 504);
    let verdict = send(&target, &document("order/1", "{}"), &nobody).await.verdict;
    let Verdict::Unknown { resend: true, after, .. } = verdict else { panic!("{verdict:?}") };
    assert_eq!(after, Some(Duration::from_secs(7)));

    // The host before this one may have sent it a moment ago.
    let requests = sandbox.requests();
    let verdict = attempt(&target, &document("order/2", "{}"), &nobody, false).await.verdict;
    let Verdict::NotNow { wait, .. } = verdict else { panic!("{verdict:?}") };
    assert!(wait > Duration::from_secs(1) && wait <= Duration::from_secs(7), "{wait:?}");
    assert_eq!(sandbox.requests(), requests, "nothing left");
    // What certainly was not sent need not wait.
    assert!(delivered(&send(&target, &document("order/3", "{}"), &nobody).await).is_some());
    let target = target_behind(50);
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert!(
        delivered(&attempt(&target, &document("order/2", "{}"), &nobody, false).await).is_some()
    );
}

#[tokio::test]
async fn a_lookup_that_tells_nothing_sends_nothing() {
    let (sandbox, address) = receiver().await;
    for (nowhere, expected) in [
        ("http://127.0.0.1:1/?key={key}".to_owned(), "cannot connect"),
        (format!("{address}/control/fail?next=0&status=500&key={{key}}"), ""),
    ] {
        let config =
            format!("url = \"{address}\"\nlookup = {{ url = \"{nowhere}\", settle_ms = 0 }}");
        let target = target(&config, Path::new(".")).unwrap();
        let answer = attempt(&target, &document("k", "{}"), &nobody, false).await;
        match answer.verdict {
            Verdict::Retry { reason, .. } => {
                assert!(reason.contains("looking for it failed"), "{reason}");
                assert!(!expected.is_empty() && reason.contains(expected), "{reason}");
                assert_eq!(sandbox.requests(), 0);
            }
            // An answer in JSON without the id says that it is not there.
            Verdict::Delivered { .. } => assert_eq!(expected, ""),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn what_was_in_hand_when_the_host_stopped_is_sent_again_only_where_that_is_safe() {
    let (sandbox, address) = receiver().await;
    for (more, sent) in [("", 0), ("idempotent = true", 1)] {
        let target = target(&format!("url = \"{address}\"\n{more}"), Path::new(".")).unwrap();
        let order = document("k", "{}");
        let delivery = Delivery {
            merchant: "acme",
            connection: "erp",
            event_id: &EventId("0199-event".to_owned()),
            correlation_id: "corr-1",
            resource: "order/1",
            document: &order,
            first_attempt: false,
            in_doubt: true,
        };
        let verdict = target.deliver(&delivery, &nobody).await.verdict;
        assert_eq!(matches!(verdict, Verdict::Unknown { resend: false, .. }), sent == 0);
        assert_eq!(sandbox.requests(), sent);
    }
}

#[tokio::test]
async fn an_answer_that_is_none_is_told_from_one() {
    // What it answers is what it is sent: status, kind, text.
    let app = axum::Router::new().fallback(|body: String| async move {
        let parts: Vec<String> = serde_json::from_str(&body).unwrap();
        let mut response = axum::response::Response::new(axum::body::Body::from(parts[2].clone()));
        *response.status_mut() = parts[0].parse().unwrap();
        response.headers_mut().insert("content-type", parts[1].parse().unwrap());
        response
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    let (json, html, page) = ("application/json", "text/html; charset=UTF-8", "<p>Blocked</p>");
    let plain = format!("url = \"http://{address}\"");
    let keeps = format!("{plain}\nidempotent = true");
    let wants_id = format!("{keeps}\nid_pointer = \"/id\"");
    for (config, status, kind, text, expected) in [
        (&keeps, "200", html, page, "retry Doubtful"),
        (&keeps, "200", json, "\n<!DOCTYPE html><title>x</title>", "retry Doubtful"),
        (&plain, "200", html, page, "unknown false Doubtful"),
        (&format!("{plain}\naccept_html = true"), "200", html, page, "delivered Well"),
        (&keeps, "403", html, page, "retry Forbidden"),
        (&keeps, "401", json, "{}", "retry Refused"),
        (&keeps, "429", json, "{}", "retry Down"),
        (&keeps, "500", json, "{}", "retry Doubtful"),
        (&keeps, "504", json, "{}", "retry Doubtful"),
        (&plain, "504", json, "{}", "unknown false Doubtful"),
        (&plain, "503", json, "{}", "retry Doubtful"),
        (&keeps, "422", json, "{}", "rejected Well"),
        (&wants_id, "200", json, "", "unknown true Doubtful"),
        (&wants_id, "204", json, "", "delivered Well"),
        (&wants_id, "200", json, "{}", "delivered Well"),
        (&keeps, "200", json, "", "delivered Well"),
    ] {
        let target = target(config, Path::new(".")).unwrap();
        let body = serde_json::to_string(&[status, kind, text]).unwrap();
        let answer = send(&target, &document("k", &body), &nobody).await;
        let safe = match &answer.verdict {
            Verdict::Unknown { resend, .. } => format!(" {resend}"),
            _ => String::new(),
        };
        let seen = format!("{}{safe} {:?}", answer.verdict.name(), answer.health);
        assert_eq!(seen, expected, "{config} {status} {kind} {text:?}");
    }
}

#[tokio::test]
async fn one_document_that_is_forbidden_is_refused_once_others_were_let_in() {
    let (sandbox, address) = receiver().await;
    let target = target(&format!("url = \"{address}\""), Path::new(".")).unwrap();
    let forbidden = document("forbidden", "{}");
    for _ in 0..3 {
        sandbox.fail_next(1, 403);
        let answer = send(&target, &forbidden, &nobody).await;
        assert!(matches!(answer.verdict, Verdict::Retry { .. }), "{answer:?}");
        assert_eq!(answer.blame, Blame::Target, "it may be the credentials: nobody's attempt");
    }
    delivered(&send(&target, &document("other", "{}"), &nobody).await);
    sandbox.fail_next(1, 403);
    let verdict = send(&target, &forbidden, &nobody).await.verdict;
    let Verdict::Rejected { code, .. } = verdict else { panic!("{verdict:?}") };
    assert_eq!(code, "status_403");
}

#[tokio::test]
async fn what_the_limit_leaves_no_room_for_is_not_sent_and_says_when() {
    let (sandbox, address) = receiver().await;
    let config = format!("url = \"{address}\"\nrate_limit = \"2/hour\"");
    let target = target(&config, Path::new(".")).unwrap();
    for key in ["a", "b"] {
        delivered(&send(&target, &document(key, "{}"), &nobody).await);
    }
    let answer = send(&target, &document("c", "{}"), &nobody).await;
    let Verdict::NotNow { wait, .. } = answer.verdict else { panic!("{answer:?}") };
    assert!(wait > Duration::from_secs(3500), "{wait:?}");
    assert_eq!((sandbox.requests(), answer.health), (2, Health::Silent));
}

#[tokio::test]
async fn a_broken_connection_is_unknown_and_a_refused_one_was_not_sent() {
    // Reads the request and hangs up.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let hang_up = tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        loop {
            socket.readable().await.unwrap();
            // Readiness may be a false alarm.
            if socket.try_read(&mut request).is_ok() {
                break;
            }
        }
    });
    let target = target(&format!("url = \"http://{address}\""), Path::new(".")).unwrap();
    let verdict = send(&target, &document("k", "{}"), &nobody).await.verdict;
    assert!(matches!(verdict, Verdict::Unknown { resend: false, .. }), "{verdict:?}");
    hang_up.await.unwrap();
    // The listener is gone now.
    let verdict = send(&target, &document("k", "{}"), &nobody).await.verdict;
    let Verdict::Retry { reason, .. } = verdict else { panic!("{verdict:?}") };
    assert!(reason.contains("cannot connect"), "{reason}");
}

#[tokio::test]
async fn a_giant_answer_is_not_read_to_its_end() {
    let (sandbox, address) = receiver().await;
    let config = format!("url = \"{address}\"\nid_pointer = \"/id\"");
    let target = target(&config, Path::new(".")).unwrap();
    sandbox.next(Misbehaviour::Giant(50 * 1024 * 1024));
    let answer = send(&target, &document("k", "{}"), &nobody).await;
    assert_eq!(delivered(&answer), None);
    assert!(answer.attempt.detail.contains("too long"), "{}", answer.attempt.detail);
}

#[tokio::test]
async fn method_address_headers_and_credentials_are_as_configured() {
    // A receiver that tells what it got, in the header the connector is told to read.
    let app = axum::Router::new().fallback(
        |method: axum::http::Method, uri: axum::http::Uri, headers: axum::http::HeaderMap| async move {
            let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
            let told = format!(
                "{method} {uri} {} {} {} {}",
                header("authorization").unwrap_or_default(),
                header("x-api-key").unwrap_or_default(),
                header("x-dedup").unwrap_or_default(),
                header("user-agent").unwrap_or_default().starts_with("mapwright/"),
            );
            ([("x-told", told)], "{\"id\":1}")
        },
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token"), "s3cret\n").unwrap();
    let config = format!(
        r#"
        url = "http://{address}/api/{{entity}}"
        method = "PUT"
        headers = {{ X-Api-Key = {{ file = "token" }} }}
        auth = {{ basic = {{ username = "u", password = {{ file = "token" }} }} }}
        idempotency_header = "X-Dedup"
        id_header = "X-Told"
        operations.delete = {{ method = "DELETE", url = "http://{address}/api/{{entity}}/{{id}}" }}
        "#
    );
    let target = target(&config, folder.path()).unwrap();
    assert!(!format!("{target:?}").contains("s3cret"), "secrets do not show");
    let answer = send(&target, &document("a%é\n", "{}"), &nobody).await;
    let told = "PUT /api/sale Basic dTpzM2NyZXQ= s3cret a%25%C3%A9%0A true";
    assert_eq!(delivered(&answer), Some(told));

    let gone = Document { operation: Operation::Delete, ..document("k", "{}") };
    let verdict = send(&target, &gone, &nobody).await.verdict;
    assert!(matches!(verdict, Verdict::NotReady { .. }), "{verdict:?}");
    let known = |_: &str, _: &str| Some("a/7".to_owned());
    let answer = send(&target, &gone, &known).await;
    assert!(delivered(&answer).unwrap().starts_with("DELETE /api/sale/a%2F7 "), "{answer:?}");
}

#[tokio::test]
async fn a_machine_without_certificates_delivers_by_http_and_refuses_https() {
    // The certificates are looked for once, at the start: in a child of its own.
    if std::env::var_os("SSL_CERT_FILE").as_deref() != Some("/nowhere".as_ref()) {
        let name = "delivery::a_machine_without_certificates_delivers_by_http_and_refuses_https";
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name])
            .envs([("SSL_CERT_FILE", "/nowhere"), ("SSL_CERT_DIR", "/nowhere")])
            .output()
            .unwrap();
        assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
        return;
    }
    let (_sandbox, address) = receiver().await;
    let plain = target(&format!("url = \"{address}\""), Path::new(".")).unwrap();
    assert_eq!(delivered(&send(&plain, &document("k", "{}"), &nobody).await), Some("1"));
    let error = target("url = \"https://erp.example/{key}\"", Path::new(".")).unwrap_err();
    assert!(error.to_string().contains("install its CA certificates"), "{error}");
}

#[test]
fn a_connection_that_cannot_work_is_refused_by_key() {
    for (config, expected) in [
        ("url = \"erp.example\"", "url: "),
        ("url = \"http://e\"\nmethod = \"GET\"", "method: "),
        (
            "url = \"http://e\"\noperations.delete = { method = \"TRACE\" }",
            "operations.delete.method: ",
        ),
        ("url = \"http://e\"\nheaders = { \"a b\" = \"x\" }", "headers.a b: "),
        ("url = \"http://e\"\nheaders = { Host = \"x\" }", "headers.Host: "),
        ("url = \"http://e\"\nid_pointer = \"id\"", "id_pointer: "),
        ("url = \"http://e\"\ntimeout_ms = 0", "timeout_ms: "),
        ("url = \"http://e\"\nconnect_timeout_ms = 30000", "connect_timeout_ms: "),
        ("url = \"http://e\"\nlookup = { url = \"http://e/sales\" }", "lookup.url: "),
        ("url = \"http://e\"\nlookup = { url = \"http://e/{key}\", id = \"id\" }", "lookup.id: "),
        (
            "url = \"http://e\"\nauth = { bearer = { env = \"MAPWRIGHT_NOT_SET\" } }",
            "MAPWRIGHT_NOT_SET",
        ),
    ] {
        let error = target(config, Path::new(".")).unwrap_err().to_string();
        assert!(error.contains(expected), "{config}: {error}");
    }
    for (config, expected) in [
        ("url = \"http://e\"\nauth = { bearer = \"inline\" }", "bearer"),
        ("url = \"http://e\"\nretry = [\"4x\"]", "an HTTP status"),
        ("url = \"http://e\"\nurll = \"x\"", "urll"),
        ("url = \"http://e\"\nrate_limit = \"30 an hour\"", "write \"30/hour\""),
        ("url = \"http://e\"\nburst = 0", "nonzero"),
        ("url = \"http://e\"\ncircuit_breaker = { failures = 0 }", "failures must be 1"),
    ] {
        let error = toml::from_str::<http::Config>(config).unwrap_err().to_string();
        assert!(error.contains(expected), "{config}: {error}");
    }
}
