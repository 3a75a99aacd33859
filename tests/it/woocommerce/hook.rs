//! At the hook: pings, signatures, secrets, errors in place of orders, strangers.

use mapwright_tests::host::no_faults;
use mapwright_tests::shop::{Delivery, SECRET, client};
use serde_json::Value;

use super::Desk;

fn ping() -> Delivery {
    Delivery::captured("001-register-ping")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ping_in_any_shape_gets_exactly_200_and_leaves_nothing() {
    let desk = Desk::open().await;
    for kind in [
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; charset=utf-8",
        "application/x-www-form-urlencoded;charset=UTF-8",
        "Application/X-WWW-Form-Urlencoded",
    ] {
        let reply = desk.send(&ping().with("content-type", kind)).await;
        assert_eq!((reply.status, reply.text.as_str()), (200, ""), "{kind}");
    }
    let counts = desk.host.journal().counts().unwrap();
    assert_eq!((counts.events, counts.quarantined), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ping_is_answered_while_the_connection_is_misconfigured() {
    let desk = Desk::with(|toml| toml.replace("../../shop-secret", "../../not-there-yet")).await;
    let reply = desk.send(&ping()).await;
    assert_eq!((reply.status, reply.text.as_str()), (200, ""));
    // What would have to be stored is not: its signature cannot be checked.
    let order = desk.captured("034-order-br-paid-order-created").await;
    assert_eq!((order.status, order.retry_after.as_deref()), (503, Some("30")));
    // As soon as the secret is there, it listens.
    desk.folder.write("not-there-yet", SECRET);
    desk.host.until_ready("the secret is read", no_faults).await;
    desk.captured("034-order-br-paid-order-created").await.accepted();
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_that_share_an_id_are_all_delivered() {
    let desk = Desk::open().await;
    let three = ["004", "005", "006"].map(|n| format!("{n}-products-product-created"));
    let mut ids = Vec::new();
    for name in &three {
        let delivery = Delivery::captured(name);
        let id = delivery.headers.iter().find(|(name, _)| name == "x-wc-webhook-delivery-id");
        ids.push(id.unwrap().1.clone());
        desk.send(&delivery).await.accepted();
    }
    ids.dedup();
    assert_eq!(ids.len(), 1, "the capture shows the case");
    assert_eq!(desk.bodies().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_bytes_as_sent_fit_the_signature() {
    let desk = Desk::open().await;
    let captured = Delivery::captured("034-order-br-paid-order-created");
    let mut rewritten = captured.clone();
    let value: Value = serde_json::from_slice(&captured.body).unwrap();
    rewritten.body = serde_json::to_vec(&value).unwrap();
    assert_ne!(rewritten.body, captured.body, "PHP escapes otherwise than we do");
    assert_eq!(desk.send(&rewritten).await.word("reason"), "signature_mismatch");
    desk.send(&captured).await.accepted();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_unsigned_reaches_the_erp_and_no_answer_switches_the_webhook_off() {
    let desk = Desk::open().await;
    let genuine = Delivery::captured("034-order-br-paid-order-created");
    // A shop switches its webhook off at the seventh failure in a row.
    for signature in ["", "AAAA", "not base64!", " ", "=", "\u{fc}", "AAAA===="] {
        let reply = desk.send(&genuine.clone().with("x-wc-webhook-signature", signature)).await;
        assert_eq!((reply.status, reply.word("status")), (200, "quarantined"), "{signature}");
    }
    let counts = desk.host.journal().counts().unwrap();
    assert_eq!((counts.events, counts.quarantined), (0, 7));
    assert!(desk.erp.arrivals().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_an_old_shop_escaped_is_understood_both_ways() {
    let secrets = ["a&b<c>\"d'", "a&amp;b&lt;c&gt;&quot;d&#x27;"];
    for configured in secrets {
        let desk = Desk::open().await;
        desk.folder.write("shop-secret", configured);
        for (n, signing) in secrets.into_iter().enumerate() {
            let body = format!(r#"{{"id":{n}}}"#);
            let delivery = Delivery::signed_with(signing, "order.updated", &body);
            // The new secret is read a moment after it was written.
            let said = mapwright_tests::host::until("the secret is read", async || {
                let reply = desk.send(&delivery).await;
                (reply.word("status") == "accepted").then_some(reply)
            });
            said.await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_of_nothing_or_of_blanks_is_refused_and_forges_nothing() {
    for secret in ["", " ", "\t\n", "   \r\n"] {
        let desk = Desk::with(|toml| toml.replace("../../shop-secret", "../../blank")).await;
        desk.folder.write("blank", secret);
        let said = desk.host.until_ready("the secret is looked at", |ready| {
            ready["faults"].to_string().contains("empty or blank")
        });
        said.await;
        for forged in [secret, secret.trim_end_matches(['\n', '\r']), ""] {
            let body = r#"{"id":1}"#;
            let reply = desk.send(&Delivery::signed_with(forged, "order.updated", body)).await;
            assert_eq!(reply.status, 503, "{secret:?} {forged:?}");
        }
        assert_eq!(desk.host.journal().counts().unwrap().events, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_in_place_of_an_order_says_whether_rights_or_the_resource_are_gone() {
    let desk = Desk::open().await;
    for (name, word) in [
        ("104-product-gone-product-created", "deleted for good"),
        ("108-order-apiver-order-created", "set it to v3"),
    ] {
        let reply = desk.captured(name).await;
        assert_eq!((reply.status, reply.word("reason")), (200, "resource_gone"), "{name}");
        assert!(reply.word("message").contains(word), "{reply:?}");
    }
    for status in [401, 403] {
        let body = format!(
            r#"{{"code":"woocommerce_rest_cannot_view","message":"Sorry, you cannot view this resource.","data":{{"status":{status}}}}}"#
        );
        let reply = desk.send(&Delivery::signed("order.updated", &body)).await;
        assert_eq!((reply.status, reply.word("reason")), (200, "owner_lost_rights"));
        assert!(reply.word("message").contains("another owner"), "{reply:?}");
    }
    let broken = r#"{"code":"internal_server_error","message":"","data":{"status":500}}"#;
    let reply = desk.send(&Delivery::signed("order.updated", broken)).await;
    assert_eq!((reply.status, reply.word("reason")), (200, "error_object"));
    // Each with its bytes, for whoever looks into it.
    let kept = desk.host.journal().quarantined(0, 10).unwrap();
    assert_eq!(kept.len(), 5);
    assert_eq!(kept[4].record.body, broken);
    assert!(desk.erp.arrivals().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_firewall_is_kept_apart_whoever_signed_it() {
    let desk = Desk::open().await;
    let page = "<!DOCTYPE html><html><title>Attention Required!</title></html>";
    let signed = Delivery::signed("order.updated", page);
    let mut unsigned = signed.clone().with("content-type", "text/html; charset=UTF-8");
    unsigned.headers.retain(|(name, _)| name != "x-wc-webhook-signature");
    for (delivery, reason) in [
        (signed.clone(), "not_json"),
        (signed.with("content-type", "text/html; charset=UTF-8"), "content_type"),
        (unsigned, "signature_missing"),
    ] {
        let reply = desk.send(&delivery).await;
        assert_eq!((reply.status, reply.word("reason")), (200, reason));
    }
    assert_eq!(desk.host.journal().counts().unwrap().events, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_that_is_opened_by_a_person_says_what_it_is_for() {
    let desk = Desk::open().await;
    let url = format!("http://{}/hooks/acme/shop", desk.host.address());
    let response = client().get(url).send().await.unwrap();
    assert_eq!(response.status(), 405);
    assert!(response.text().await.unwrap().contains("delivery URL"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_order_that_cannot_be_mapped_holds_no_other_and_costs_no_webhook() {
    let desk = Desk::with(|toml| toml.replace("\"echo\"", "\"woo-order-summary\"")).await;
    desk.folder.install("acme", "woo-order-summary");
    desk.host.until_ready("the plugin is taken", no_faults).await;
    // Seven in a row would end the webhook if we said no.
    for n in 1..=7 {
        let poison = format!(r#"{{"id":{n},"status":"processing","total":"a lot"}}"#);
        desk.shop.send(&Delivery::signed("order.created", &poison)).await.accepted();
    }
    desk.captured("034-order-br-paid-order-created").await.accepted();
    let rows = desk.host.rows("acme");
    let dead = rows.iter().filter(|row| row.cause.as_deref() == Some("rejected")).count();
    assert_eq!((rows.len(), dead), (8, 7), "{rows:#?}");
    assert_eq!(desk.erp.documents("acme").len(), 1);
}
