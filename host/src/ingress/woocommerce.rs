//! What a WooCommerce shop sends, and how we know that it was the shop.
//!
//! A delivery is signed with base64(HMAC-SHA256(secret, body)). The body is PHP's JSON, so it is
//! the raw bytes that are verified. Nothing else is signed: topic, ids and time are what the sender
//! says. The ping that a shop sends when a webhook is made is not signed at all.

use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use super::guard::Share;
use crate::secret::{Secret, SecretSource};

/// The shop's URL for webhooks may carry this much in one body unless configured otherwise. A large
/// order is some 30 KB.
const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A connection to a shop as `merchant.toml` says it (without `connector`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the shop is (`https://shop.example`).
    pub base_url: String,
    /// The secret that was given when the webhooks were made.
    pub webhook_secret: SecretSource,
    /// What a delivery with a wrong signature is answered.
    #[serde(default)]
    pub on_bad_signature: OnBadSignature,
    /// Larger bodies are answered 413.
    #[serde(default = "body_bytes_max")]
    pub body_bytes_max: usize,
    /// How often one order or product may change before that is reported and slowed.
    #[serde(default)]
    pub resource_share: Share,
}

fn body_bytes_max() -> usize {
    BODY_BYTES_MAX
}

/// What to answer when the signature is missing or wrong. It goes to quarantine in any case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnBadSignature {
    /// 200: a shop switches a webhook off at its seventh failure in a row, so a mistyped secret
    /// would end the feed.
    #[default]
    Quarantine,
    /// 401.
    Refuse,
}

/// A shop, ready to check what is said to come from it.
#[derive(Clone)]
pub struct WooCommerce {
    keys: Vec<Hmac<Sha256>>,
    on_bad_signature: OnBadSignature,
    body_bytes_max: usize,
    resource_share: Share,
}

/// What the signature says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signature {
    Right,
    Wrong,
    Missing,
}

impl WooCommerce {
    /// `secret` is the resolved [`Config::webhook_secret`].
    #[must_use]
    pub fn new(config: &Config, secret: &Secret) -> Self {
        // Shops decode HTML entities in the secret before they sign; old ones encoded it.
        let given = secret.expose();
        let mut secrets = vec![given.to_owned()];
        for other in
            [html_escape::decode_html_entities(given), html_escape::encode_quoted_attribute(given)]
        {
            if !secrets.iter().any(|it| *it == other) {
                secrets.push(other.into_owned());
            }
        }
        let keys = secrets
            .iter()
            .map(|it| Hmac::new_from_slice(it.as_bytes()).expect("HMAC takes a key of any length"))
            .collect();
        Self {
            keys,
            on_bad_signature: config.on_bad_signature,
            body_bytes_max: config.body_bytes_max,
            resource_share: config.resource_share,
        }
    }

    pub(super) fn on_bad_signature(&self) -> OnBadSignature {
        self.on_bad_signature
    }

    pub(super) fn body_bytes_max(&self) -> usize {
        self.body_bytes_max
    }

    pub(super) fn resource_share(&self) -> Share {
        self.resource_share
    }

    /// Checks the signature over the bytes as received, in a time that does not tell how much of
    /// it was right.
    pub(super) fn verify(&self, headers: &HeaderMap, body: &[u8]) -> Signature {
        let Some(given) = headers.get("x-wc-webhook-signature") else { return Signature::Missing };
        if given.is_empty() {
            return Signature::Missing;
        }
        let Ok(given) = STANDARD.decode(given.as_bytes()) else { return Signature::Wrong };
        let mut right = Choice::from(0);
        for key in &self.keys {
            let mut mac = key.clone();
            mac.update(body);
            right |= mac.finalize().into_bytes().as_slice().ct_eq(&given);
        }
        if bool::from(right) { Signature::Right } else { Signature::Wrong }
    }
}

impl std::fmt::Debug for WooCommerce {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WooCommerce")
            .field("on_bad_signature", &self.on_bad_signature)
            .field("body_bytes_max", &self.body_bytes_max)
            .finish_non_exhaustive()
    }
}

/// Whether this is the ping: a form with nothing but the number of the webhook.
pub(super) fn is_ping(headers: &HeaderMap, body: &[u8]) -> bool {
    let number = body.strip_prefix(b"webhook_id=");
    media_type(headers)
        .is_some_and(|it| it.eq_ignore_ascii_case("application/x-www-form-urlencoded"))
        && !headers.contains_key("x-wc-webhook-signature")
        && number
            .is_some_and(|it| (1..=20).contains(&it.len()) && it.iter().all(u8::is_ascii_digit))
}

/// The content type without its parameters.
pub(super) fn media_type(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get("content-type")?.to_str().ok()?;
    Some(value.split(';').next().unwrap_or(value).trim())
}

/// Whether a body of this content type is read as JSON.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    media_type(headers).is_some_and(|it| {
        it.eq_ignore_ascii_case("application/json")
            || (it.len() > 5 && it.to_ascii_lowercase().ends_with("+json"))
    })
}

/// The topic header, if it has the shape of a topic: `order.updated`, `action.woocommerce_x`.
pub(super) fn topic(headers: &HeaderMap) -> Option<&str> {
    let topic = headers.get("x-wc-webhook-topic")?.to_str().ok()?;
    let word = |it: &str| {
        !it.is_empty()
            && it.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    let (resource, rest) = topic.split_once('.')?;
    (topic.len() <= 200 && word(resource) && word(rest)).then_some(topic)
}

/// The headers that help a person to understand a delivery. Authorization, cookies and whatever a
/// proxy adds stay out of the quarantine.
pub(super) fn headers_kept(headers: &HeaderMap) -> Vec<(String, String)> {
    const KEPT: [&str; 11] = [
        "content-type",
        "content-length",
        "user-agent",
        "x-correlation-id",
        "x-wc-webhook-source",
        "x-wc-webhook-topic",
        "x-wc-webhook-resource",
        "x-wc-webhook-event",
        "x-wc-webhook-signature",
        "x-wc-webhook-id",
        "x-wc-webhook-delivery-id",
    ];
    /// Longer values are cut: these are names, numbers and digests.
    const VALUE_CHARS_MAX: usize = 300;
    KEPT.iter()
        .filter_map(|name| {
            let value = headers.get(*name)?;
            let text = String::from_utf8_lossy(value.as_bytes());
            Some(((*name).to_owned(), text.chars().take(VALUE_CHARS_MAX).collect()))
        })
        .collect()
}
