//! A look into a body: what it is about and how old it is, without reading it into a tree.
//!
//! Serde skips over everything but the seven top-level keys we ask for, without recursing. How deeply
//! brackets nest is known from another reading of the body, or counted byte by byte. A body that
//! passes is UTF-8, one JSON object, and shallow enough for every reader further on.

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Real payloads nest about eight deep; readers further on stop at 128.
pub(super) const DEPTH_MAX: usize = 100;
/// Ids are numbers; what is longer than this is not one.
const ID_CHARS_MAX: usize = 100;

/// What a body is about.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Peek {
    /// `order/27`, `action.woocommerce_payment_complete/26`.
    pub(super) resource_key: String,
    /// When the shop last changed it.
    pub(super) version: Option<Timestamp>,
    /// The refunds that an order names, which only the shop can tell more of.
    pub(super) refunds: Option<Vec<u64>>,
}

/// Why a body is not taken as an event.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unfit {
    /// A stable code.
    pub(super) reason: &'static str,
    /// One sentence for a person.
    pub(super) detail: String,
}

/// The top level of every payload, as far as we look.
#[derive(Deserialize)]
struct Top<'b> {
    #[serde(borrow, default)]
    id: Option<&'b RawValue>,
    #[serde(borrow, default)]
    arg: Option<&'b RawValue>,
    #[serde(borrow, default)]
    action: Option<&'b RawValue>,
    #[serde(borrow, default)]
    code: Option<&'b RawValue>,
    #[serde(borrow, default)]
    data: Option<&'b RawValue>,
    #[serde(borrow, default)]
    date_modified_gmt: Option<&'b RawValue>,
    #[serde(borrow, default)]
    refunds: Option<&'b RawValue>,
}

/// What a REST error says besides its code.
#[derive(Deserialize)]
struct ErrorData {
    status: u16,
}

/// Looks into a body that was sent under `topic` (`order.updated`) and nests as deeply as `depth` says,
/// if that is known.
pub(super) fn peek(topic: &str, body: &[u8], depth: Option<usize>) -> Result<Peek, Unfit> {
    let text = std::str::from_utf8(body).map_err(|error| Unfit {
        reason: "not_utf8",
        detail: format!(
            "the body is not UTF-8 from byte {} on: a plug-in of the shop writes text in another encoding; \
             find it by what stands there, and bring the order again once it is mended",
            error.valid_up_to()
        ),
    })?;
    let depth = depth.unwrap_or_else(|| count_depth(body));
    if depth > DEPTH_MAX {
        return Err(Unfit {
            reason: "too_deep",
            detail: format!(
                "the body nests {depth} deep, at most {DEPTH_MAX} are read: a plug-in of the shop puts \
                 structures without end into its meta data; keep that out of the webhook"
            ),
        });
    }
    if text.trim_start().starts_with('[') {
        // serde would take a list for the fields of the struct, in order.
        return Err(Unfit {
            reason: "not_an_object",
            detail: "the body is a JSON list; a delivery is one JSON object".into(),
        });
    }
    let top: Top<'_> = serde_json::from_str(text).map_err(|error| Unfit {
        reason: match error.is_data() {
            // One of our keys is there twice, and nobody knows which is meant.
            true if text.trim_start().starts_with('{') => "ambiguous",
            true => "not_an_object",
            false => "not_json",
        },
        detail: match error.is_data() {
            true if text.trim_start().starts_with('{') => format!(
                "the body cannot be read as one JSON object: {error}; nobody knows which is meant, so a \
                 plug-in of the shop that adds the second has to be found"
            ),
            true => "the body is JSON, but no object; a delivery is one JSON object: look at what a \
                     plug-in of the shop makes of this webhook"
                .to_owned(),
            false => format!(
                "the body cannot be read as one JSON object: {error}; look at what a plug-in of the shop \
                 or a proxy between prints into it (PHP warnings, an HTML page)"
            ),
        },
    })?;
    let (resource, verb) = topic.split_once('.').unwrap_or((topic, ""));
    let name = match top.id.and_then(scalar) {
        Some(id) => format!("{resource}/{id}"),
        None if resource == "action" => match top.arg.map(|arg| (scalar(arg), arg)) {
            Some((Some(arg), _)) => format!("action.{verb}/{arg}"),
            // A custom action may say anything; its text is all that tells it from others.
            Some((None, arg)) => format!("action.{verb}/{}", digest(arg.get().as_bytes())),
            None if top.action.is_some() => format!("action.{verb}/-"),
            None => return Err(nameless(&top)),
        },
        None => return Err(nameless(&top)),
    };
    let version = top.date_modified_gmt.and_then(|it| moment(it.get()));
    let refunds = top.refunds.filter(|_| resource == "order").and_then(refunds);
    Ok(Peek { resource_key: name, version, refunds })
}

/// A body without an id. Where the shop could not read the resource as the user who owns the
/// webhook, it signs and sends its own REST error in its place; what to do differs by its status.
fn nameless(top: &Top<'_>) -> Unfit {
    let Some(code) = top.code.and_then(scalar) else {
        return Unfit {
            reason: "id_missing",
            detail: match top.id {
                None => "the body has no `id`, so it cannot be told what it is about: this is no order, \
                         product or customer of WooCommerce; look at the webhook's topic"
                    .into(),
                Some(_) => format!(
                    "the body's `id` is no id (a number, or a plain text of at most {ID_CHARS_MAX} \
                     characters): a plug-in of the shop changes it"
                ),
            },
        };
    };
    // serde would take a list for the fields, in order.
    let data = top.data.map(RawValue::get).filter(|it| it.starts_with('{'));
    let data: Option<ErrorData> = data.and_then(|it| serde_json::from_str(it).ok());
    let status = data.map_or(0, |it| it.status);
    match status {
        401 | 403 => Unfit {
            reason: "owner_lost_rights",
            detail: format!(
                "the shop sent its own error {status} ({code}) instead of the resource: the user \
                 who owns the webhook was removed or may not read it any more, and so it will be \
                 with every event of this webhook; give the webhook another owner (save it as an \
                 administrator), then fetch what is missing"
            ),
        },
        404 => Unfit {
            reason: "resource_gone",
            detail: format!(
                "the shop sent its own error 404 ({code}) instead of the resource: it was deleted \
                 for good before the webhook left, and there is nothing to do; if every order \
                 comes like this, the webhook has an old API version: set it to v3"
            ),
        },
        _ => Unfit {
            reason: "error_object",
            detail: format!(
                "the shop sent its own error ({code}) instead of the resource: look at the shop's \
                 log, at the webhook's user and at its API version, and fetch what is missing"
            ),
        },
    }
}

/// The ids in an order's list of refunds; nothing where it is no such list.
fn refunds(list: &RawValue) -> Option<Vec<u64>> {
    #[derive(Deserialize)]
    struct Refund {
        id: u64,
    }
    let refunds: Vec<Refund> = serde_json::from_str(list.get()).ok()?;
    Some(refunds.into_iter().map(|refund| refund.id).collect())
}

/// A number or a short plain string, as text.
fn scalar(raw: &RawValue) -> Option<String> {
    let text = raw.get();
    let value = match text.as_bytes().first()? {
        b'0'..=b'9' | b'-' => text.to_owned(),
        b'"' => serde_json::from_str::<String>(text).ok()?,
        _ => return None,
    };
    let plain = !value.is_empty()
        && value.chars().count() <= ID_CHARS_MAX
        && !value.chars().any(char::is_control);
    plain.then_some(value)
}

/// WooCommerce's `_gmt` dates carry no zone; they are UTC. One that does carry a zone is believed.
fn moment(json: &str) -> Option<Timestamp> {
    let text: String = serde_json::from_str(json).ok()?;
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment);
    }
    let civil: DateTime = text.parse().ok()?;
    civil.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|it| it.timestamp())
}

/// How deeply brackets nest, strings left out. What is not JSON gives some number.
fn count_depth(body: &[u8]) -> usize {
    let mut depth = 0_usize;
    let mut deepest = 0;
    let mut bytes = body.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => {
                while let Some(byte) = bytes.next() {
                    match byte {
                        b'"' => break,
                        b'\\' => {
                            bytes.next();
                        }
                        _ => {}
                    }
                }
            }
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

fn digest(bytes: &[u8]) -> String {
    use sha2::Digest;
    let digest = sha2::Sha256::digest(bytes);
    hex::encode(digest.first_chunk::<8>().expect("a sha256 has 32 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn key(topic: &str, body: &str) -> String {
        peek(topic, body.as_bytes(), None).unwrap().resource_key
    }

    #[track_caller]
    fn reason(topic: &str, body: &[u8]) -> &'static str {
        peek(topic, body, None).unwrap_err().reason
    }

    #[test]
    fn a_resource_is_named_by_what_it_is_and_its_id() {
        assert_eq!(key("order.updated", r#"{"id":27}"#), "order/27");
        assert_eq!(key("order.updated", r#"{"a":{"id":1},"id":"27"}"#), "order/27");
        assert_eq!(key("product.deleted", " {\"id\" : 9 }\n"), "product/9");
        assert_eq!(key("action.paid", r#"{"action":"paid","arg":26}"#), "action.paid/26");
        assert_eq!(key("action.paid", r#"{"action":"paid","arg":null}"#), "action.paid/-");
        assert_ne!(
            key("action.x", r#"{"action":"x","arg":{"a":1}}"#),
            key("action.x", r#"{"action":"x","arg":{"a":2}}"#)
        );
    }

    #[test]
    fn an_order_names_its_refunds_and_nothing_else_does() {
        let refunds = |topic: &str, body: &str| peek(topic, body.as_bytes(), None).unwrap().refunds;
        let body = r#"{"id":26,"refunds":[{"id":38,"total":"-71.91"},{"id":39}]}"#;
        assert_eq!(refunds("order.updated", body), Some(vec![38, 39]));
        assert_eq!(refunds("order.updated", r#"{"id":26,"refunds":[]}"#), Some(vec![]));
        assert_eq!(refunds("order.deleted", r#"{"id":26}"#), None);
        assert_eq!(refunds("product.updated", body), None);
        for odd in ["null", "7", "{}", "[1]", r#"[{"id":"x"}]"#] {
            let body = format!(r#"{{"id":26,"refunds":{odd}}}"#);
            assert_eq!(refunds("order.updated", &body), None, "{odd}");
        }
    }

    #[test]
    fn a_gmt_date_without_a_zone_is_utc() {
        let at = |text: &str| {
            let body = format!(r#"{{"id":1,"date_modified_gmt":{text}}}"#);
            peek("order.updated", body.as_bytes(), None).unwrap().version.map(|it| it.to_string())
        };
        assert_eq!(at(r#""2026-11-22T02:14:55""#).as_deref(), Some("2026-11-22T02:14:55Z"));
        assert_eq!(at(r#""2026-11-22T02:14:55Z""#).as_deref(), Some("2026-11-22T02:14:55Z"));
        assert_eq!(at(r#""2026-11-22T02:14:55-03:00""#).as_deref(), Some("2026-11-22T05:14:55Z"));
        for odd in ["null", "12", r#""""#, r#""yesterday""#, "{}", r#""9999999-01-01""#] {
            assert_eq!(at(odd), None, "{odd}");
        }
    }

    #[test]
    fn what_is_not_an_event_is_called_by_its_name() {
        let error =
            br#"{"code":"woocommerce_rest_cannot_view","message":"x","data":{"status":403}}"#;
        assert_eq!(reason("order.updated", error), "owner_lost_rights");
        let error = br#"{"code":"x_invalid_id","message":"Invalid ID.","data":{"status":404}}"#;
        assert_eq!(reason("order.updated", error), "resource_gone");
        for data in ["500", "null", "{}", r#"{"status":"404"}"#, "[404]"] {
            let error = format!(r#"{{"code":"x","data":{data}}}"#);
            assert_eq!(reason("order.updated", error.as_bytes()), "error_object", "{data}");
        }
        assert_eq!(reason("order.updated", b"{}"), "id_missing");
        assert_eq!(reason("order.updated", br#"{"id":null}"#), "id_missing");
        assert_eq!(reason("order.updated", br#"{"id":{"a":1}}"#), "id_missing");
        assert_eq!(reason("order.updated", b""), "not_json");
        assert_eq!(reason("order.updated", b"<html>"), "not_json");
        assert_eq!(reason("order.updated", br#"{"id":1}x"#), "not_json");
        assert_eq!(reason("order.updated", br#"{"id":1"#), "not_json");
        assert_eq!(reason("order.updated", b"[1]"), "not_an_object");
        assert_eq!(reason("order.updated", b"12"), "not_an_object");
        assert_eq!(reason("order.updated", b"\"\xff\""), "not_utf8");
        assert_eq!(reason("order.updated", br#"{"id":1,"id":2}"#), "ambiguous");
    }

    #[test]
    fn depth_is_bounded_without_recursion() {
        let nested =
            |depth: usize| format!(r#"{{"id":1,"a":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
        assert_eq!(key("order.updated", &nested(DEPTH_MAX - 1)), "order/1");
        assert_eq!(reason("order.updated", nested(DEPTH_MAX).as_bytes()), "too_deep");
        assert_eq!(reason("order.updated", &vec![b'['; 4 << 20]), "too_deep");
        assert_eq!(key("order.updated", r#"{"id":1,"a":"[[[[\"[[{{\\"}"#), "order/1");
    }
}
