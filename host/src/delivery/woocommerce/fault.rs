//! What goes wrong between us and a shop, and what each of it means for the document.
//!
//! | answer | the document is | the shop |
//! |---|---|---|
//! | 2xx with the resource | delivered | is well |
//! | a web page, a cache's copy, JSON without an id | unknown where something was written, else later | is in doubt |
//! | 400, 404 and so on with a code of its own | rejected under that code; what the code says is there is looked for | is well |
//! | 500 with a code of WooCommerce's (a refund beyond the rest) | rejected under that code | is well |
//! | 500 without, 502, 504, 52x | unknown: PHP may have ended after it had saved | is in doubt |
//! | 408, 425, 429, 503 | to be sent later | is in doubt, or wants patience |
//! | 401, `rest_no_route` | to be sent when that is mended | refuses us |
//! | 403 | the same; rejected once others were let in | forbids |
//! | 3xx | rejected, with the address | is well |

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use super::super::gate::NotNow;
use super::super::patience::retry_after;
use super::super::{Health, Missing, Verdict, shorten};

/// How much of what a shop says is kept.
const SAID_BYTES_MAX: usize = 400;
/// A code is a word, not a page.
const CODE_CHARS_MAX: usize = 80;

/// Why a request, or a whole attempt, did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// The gate lets no more requests out for now. What was done so far is found by the next attempt.
    NotNow(NotNow),
    /// Later, perhaps.
    Retry { reason: String, after: Option<Duration>, status: Option<u16>, health: Health },
    /// Something was sent that writes, and nobody knows what came of it.
    /// `resend`: and it can be found out, or does the same however often it comes.
    Unknown { reason: String, status: Option<u16>, resend: bool },
    /// The same, and it cannot be found out either.
    Untold { reason: String },
    /// Never, as it stands.
    Rejected { code: String, reason: String, status: Option<u16>, health: Health },
    /// WooCommerce says why not, in its own code.
    Refused(Refusal),
    /// Something is missing that may come.
    NotReady { reason: String, missing: Vec<Missing> },
}

/// An error of WooCommerce's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: String,
    pub(super) message: String,
    /// What has the SKU already.
    pub(super) resource_id: Option<u64>,
}

impl Refusal {
    /// There is nothing (any more) under the id that was asked for. A change says 400 where a look
    /// says 404.
    pub(super) fn is_gone(&self) -> bool {
        self.code.ends_with("_invalid_id") || (self.status == 404 && self.code != "rest_no_route")
    }

    /// There is something of this SKU, address or code already.
    pub(super) fn is_taken(&self) -> bool {
        const CODES: [&str; 5] = [
            "product_invalid_sku",
            "woocommerce_rest_product_not_created",
            "registration-error-email-exists",
            "registration-error-username-exists",
            "woocommerce_rest_coupon_code_already_exists",
        ];
        self.resource_id.is_some() || CODES.contains(&self.code.as_str())
    }
}

impl Fault {
    pub(super) fn rejected(code: &str, reason: impl Into<String>) -> Self {
        let (code, reason) = (code.to_owned(), reason.into());
        Self::Rejected { code, reason, status: None, health: Health::Silent }
    }

    pub(super) fn judge(self) -> (Verdict, Option<u16>, Health) {
        match self {
            Self::NotNow(not_now) => (Verdict::not_now(not_now), None, Health::Silent),
            Self::Retry { reason, after, status, health } => {
                (Verdict::Retry { reason, after }, status, health)
            }
            Self::Unknown { reason, status, resend } => {
                let verdict = Verdict::Unknown { reason, resend, after: None };
                (verdict, status, Health::Doubtful)
            }
            Self::Untold { reason } => {
                (Verdict::Unknown { reason, resend: false, after: None }, None, Health::Silent)
            }
            Self::Rejected { code, reason, status, health } => {
                (Verdict::Rejected { code, reason }, status, health)
            }
            Self::Refused(Refusal { status, code, message, .. }) => {
                let reason = format!("the shop answered {status}: {message} ({code})");
                (Verdict::rejected(&code, reason), Some(status), Health::Well)
            }
            Self::NotReady { reason, missing } => {
                (Verdict::NotReady { reason, missing }, None, Health::Silent)
            }
        }
    }
}

/// What an answer other than a good one means. `writes` says that the request may have changed
/// something.
pub(super) fn of_answer(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    writes: bool,
) -> Fault {
    let number = status.as_u16();
    let after = retry_after(headers, SystemTime::now());
    let said =
        shorten(&String::from_utf8_lossy(&body[..body.len().min(SAID_BYTES_MAX)]), SAID_BYTES_MAX);
    let reason = format!("the shop answered {number}: {said}");
    let retry =
        |health| Fault::Retry { reason: reason.clone(), after, status: Some(number), health };
    let unknown = || match writes {
        true => Fault::Unknown { reason: reason.clone(), status: Some(number), resend: true },
        false => retry(Health::Doubtful),
    };
    let refusal = refusal(number, headers, body);
    match (number, refusal) {
        (429, _) => retry(Health::Down),
        (503, _) if headers.contains_key(header::RETRY_AFTER) => retry(Health::Down),
        (408 | 425 | 503, _) => retry(Health::Doubtful),
        (401, Some(_)) => retry(Health::Refused),
        (403, Some(_)) => retry(Health::Forbidden),
        (404, Some(Refusal { code, .. })) if code == "rest_no_route" => Fault::Retry {
            reason: "there is no WooCommerce REST API (wc/v3) at base_url".to_owned(),
            after,
            status: Some(number),
            health: Health::Refused,
        },
        (300..=399, _) => {
            let to = headers.get(header::LOCATION).and_then(|to| to.to_str().ok()).unwrap_or("?");
            let reason = format!(
                "the shop answered {number}; redirects are not followed: set base_url to where it \
                 leads ({to})"
            );
            let (code, status) = ("redirected".to_owned(), Some(number));
            Fault::Rejected { code, reason, status, health: Health::Well }
        }
        (400..=499, Some(refusal)) => Fault::Refused(refusal),
        // Said by WooCommerce itself, so it was not done.
        (500 | 501, Some(refusal)) if refusal.code.starts_with("woocommerce_rest_") => {
            Fault::Refused(refusal)
        }
        // A page under 4xx is some firewall's: what it stopped was not taken.
        (400..=499, None) => retry(Health::Doubtful),
        _ => unknown(),
    }
}

/// WooCommerce's own error, if that is what it is.
fn refusal(status: u16, headers: &HeaderMap, body: &[u8]) -> Option<Refusal> {
    #[derive(Deserialize)]
    struct Said {
        code: String,
        #[serde(default)]
        message: String,
        #[serde(default)]
        data: serde_json::Value,
    }
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    if !kind.trim_start().starts_with("application/json") {
        return None;
    }
    let Said { code, message, data } = serde_json::from_slice(body).ok()?;
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if code.is_empty() || code.len() > CODE_CHARS_MAX || !code.chars().all(word) {
        return None;
    }
    let mut message = shorten(&message, SAID_BYTES_MAX);
    // Which parameter it is stands apart.
    if let Some(params) = data.get("params").and_then(serde_json::Value::as_object) {
        let told: Vec<_> = params.values().filter_map(|why| why.as_str()).collect();
        message = shorten(&format!("{message}: {}", told.join(" ")), SAID_BYTES_MAX);
    }
    let resource_id = data.get("resource_id").and_then(serde_json::Value::as_u64);
    Some(Refusal { status, code, message, resource_id })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, kind: &str, body: &str, writes: bool) -> (String, Health) {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, kind.parse().unwrap());
        let status = StatusCode::from_u16(status).unwrap();
        let (verdict, _, health) = of_answer(status, &headers, body.as_bytes(), writes).judge();
        let name = match verdict {
            Verdict::Rejected { code, .. } => code,
            other => other.name().to_owned(),
        };
        (name, health)
    }

    /// Errors word for word as a real shop wrote them.
    #[test]
    fn answers_are_told_apart_by_who_said_them_and_what_they_say() {
        const JSON: &str = "application/json; charset=UTF-8";
        let gone = r#"{"code":"woocommerce_rest_shop_order_invalid_id","message":"Invalid ID.","data":{"status":400}}"#;
        let rest = r#"{"code":"woocommerce_rest_cannot_create_order_refund","message":"Invalid refund amount.","data":500}"#;
        let fatal = r#"{"code":"internal_server_error","message":"<p>There has been a critical error on this website.</p>","data":{"status":500}}"#;
        let key = r#"{"code":"woocommerce_rest_authentication_error","message":"The API key provided does not have write permissions.","data":{"status":401}}"#;
        let route =
            r#"{"code":"rest_no_route","message":"No route was found","data":{"status":404}}"#;
        let page = "<!DOCTYPE html><title>Access denied</title>";
        for (status, kind, body, writes, expected, health) in [
            (400, JSON, gone, true, "woocommerce_rest_shop_order_invalid_id", Health::Well),
            (500, JSON, rest, true, "woocommerce_rest_cannot_create_order_refund", Health::Well),
            (500, JSON, fatal, true, "unknown", Health::Doubtful),
            (500, JSON, fatal, false, "retry", Health::Doubtful),
            (502, "text/html", page, true, "unknown", Health::Doubtful),
            (524, "text/html", page, true, "unknown", Health::Doubtful),
            (503, "text/html", page, true, "retry", Health::Doubtful),
            (429, "text/html", page, true, "retry", Health::Down),
            (401, JSON, key, true, "retry", Health::Refused),
            (403, "text/html", page, true, "retry", Health::Doubtful),
            (403, JSON, key, true, "retry", Health::Forbidden),
            (404, JSON, route, true, "retry", Health::Refused),
            (302, "text/html", "", true, "redirected", Health::Well),
        ] {
            assert_eq!(judged(status, kind, body, writes), (expected.to_owned(), health), "{body}");
        }
    }

    #[test]
    fn a_refusal_names_the_parameter_and_what_is_there_already() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        let price = r#"{"code":"rest_invalid_param","message":"Invalid parameter(s): regular_price","data":{"status":400,"params":{"regular_price":"regular_price is not of type string."}}}"#;
        let refused = refusal(400, &headers, price.as_bytes()).unwrap();
        assert!(refused.message.ends_with("regular_price is not of type string."), "{refused:?}");
        let sku = r#"{"code":"product_invalid_sku","message":"Invalid or duplicated SKU.","data":{"status":400,"resource_id":10,"unique_sku":"CAM-001-1"}}"#;
        let refused = refusal(400, &headers, sku.as_bytes()).unwrap();
        assert!(refused.is_taken() && !refused.is_gone());
        assert_eq!(refused.resource_id, Some(10));
    }
}
