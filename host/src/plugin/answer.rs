//! What a plugin answered, held against the contract before anybody acts on it.
//!
//! Types are wasmtime's business; here is what types cannot say: sizes, keys that are not empty,
//! bodies that are JSON, references that are whole, lines that came back as they went in, amounts that are decimals.

use serde_json::value::RawValue;

use crate::event::{Document, PriceLine, Violation};
use crate::reference;

use super::bindings::{Answer, RawDocument};
use super::limits::Limits;
use super::outcome::Outcome;

/// Bytes of an answer: all its texts together.
pub(super) fn size(answer: &Answer) -> u64 {
    let bytes: usize = match answer {
        Answer::Mapped { documents, checkpoint } => {
            documents
                .iter()
                .map(|document| {
                    document.entity.len()
                        + document.key.len()
                        + document.body.len()
                        + pairs(&document.attributes)
                })
                .sum::<usize>()
                + checkpoint.as_ref().map_or(0, String::len)
        }
        Answer::Skipped(reason) | Answer::NotReady(reason) => reason.len(),
        Answer::Translated(status) => status.as_ref().map_or(0, String::len),
        Answer::Priced(lines) => lines
            .iter()
            .map(|line| {
                line.id.len()
                    + line.sku.len()
                    + line.quantity.len()
                    + line.unit_price.len()
                    + line.currency.len()
                    + pairs(&line.attributes)
            })
            .sum(),
        Answer::Rejected(violations) => violations
            .iter()
            .map(|violation| {
                violation.pointer.len() + violation.code.len() + violation.message.len()
            })
            .sum(),
    };
    bytes as u64
}

fn pairs(pairs: &[(String, String)]) -> usize {
    pairs.iter().map(|(name, value)| name.len() + value.len()).sum()
}

/// Refuses an answer above the limits.
pub(super) fn within(answer: &Answer, size: u64, limits: &Limits) -> Result<(), Outcome> {
    let too_large = |what: &str, size, limit| {
        Err(Outcome::OutputTooLarge { what: what.to_owned(), size, limit })
    };
    if size > limits.output_bytes {
        return too_large("output_bytes", size, limits.output_bytes);
    }
    if let Answer::Mapped { documents, checkpoint } = answer {
        if documents.len() as u64 > u64::from(limits.documents) {
            return too_large("documents", documents.len() as u64, limits.documents.into());
        }
        let checkpoint = checkpoint.as_ref().map_or(0, String::len) as u64;
        if checkpoint > limits.checkpoint_bytes {
            return too_large("checkpoint_bytes", checkpoint, limits.checkpoint_bytes);
        }
    }
    Ok(())
}

fn bad(message: String) -> Outcome {
    Outcome::BadOutput { message }
}

/// The documents, each with a key, an entity and a JSON body.
pub(super) fn documents(raw: Vec<RawDocument>) -> Result<Vec<Document>, Outcome> {
    let mut documents: Vec<Document> = Vec::with_capacity(raw.len());
    for (index, raw) in raw.into_iter().enumerate() {
        let at = format_args!("/documents/{index}");
        if raw.entity.trim().is_empty() {
            return Err(bad(format!("{at}/entity is empty. Name what the document is (`sale`)")));
        }
        if raw.key.trim().is_empty() {
            return Err(bad(format!(
                "{at}/idempotency-key is empty. Make it of what never changes, like the order's id"
            )));
        }
        if documents.iter().any(|other| other.entity == raw.entity && other.key == raw.key) {
            return Err(bad(format!(
                "{at} has the entity `{}` and key `{}` of a document before it. One document for each key",
                raw.entity, raw.key
            )));
        }
        let body = RawValue::from_string(raw.body).map_err(|error| {
            bad(format!(
                "{at}/body is not JSON: {error}. Serialise it with a JSON library rather than by hand"
            ))
        })?;
        if let Some(place) = half_a_character(body.get()) {
            return Err(bad(format!(
                "{at}/body has half of a character at byte {place} (a lone surrogate, like `\\ud83d` without \
                 its second half), which is no text. Cut texts between characters"
            )));
        }
        if let Err(error) = reference::check(body.get()) {
            return Err(bad(format!("{at}/body: {error}")));
        }
        documents.push(Document {
            entity: raw.entity,
            key: raw.key,
            operation: raw.operation,
            body,
            attributes: raw.attributes,
            request_key: None,
        });
    }
    Ok(documents)
}

/// Where JSON text escapes one half of a surrogate pair without the other: its grammar allows that, and whoever
/// reads the text next (a target, our own comparing) may refuse it or put something else in its place.
fn half_a_character(json: &str) -> Option<usize> {
    let bytes = json.as_bytes();
    let unit = |at: usize| {
        let escape = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(escape).ok()?, 16).ok()
    };
    let mut at = 0;
    while let Some(next) = bytes[at..].iter().position(|byte| *byte == b'\\') {
        at += next;
        at += match unit(at) {
            Some(0xd800..=0xdbff) if matches!(unit(at + 6), Some(0xdc00..=0xdfff)) => 12,
            Some(0xd800..=0xdfff) => return Some(at),
            Some(_) => 6,
            None => 2,
        };
    }
    None
}

/// The lines as they came back: the same, in the same order, with decimal amounts.
pub(super) fn lines(asked: &[PriceLine], priced: &[PriceLine]) -> Result<(), Outcome> {
    if asked.len() != priced.len() {
        return Err(bad(format!(
            "{} lines went in and {} came back. Return every line in the order given",
            asked.len(),
            priced.len()
        )));
    }
    for (index, (asked, priced)) in asked.iter().zip(priced).enumerate() {
        if asked.id != priced.id {
            return Err(bad(format!(
                "/lines/{index}/id is `{}`, was `{}`. Return every line in the order given",
                priced.id, asked.id
            )));
        }
        if asked.currency != priced.currency {
            return Err(bad(format!(
                "/lines/{index}/currency is `{}`, was `{}`. Pricing does not change the currency",
                priced.currency, asked.currency
            )));
        }
        for (field, amount) in [("quantity", &priced.quantity), ("unit-price", &priced.unit_price)]
        {
            if !is_decimal(amount) {
                return Err(bad(format!(
                    "/lines/{index}/{field} is `{amount}`, which is not a decimal like `-12.34`"
                )));
            }
        }
    }
    Ok(())
}

/// Violations: at least one, each with a code.
pub(super) fn violations(violations: &[Violation]) -> Result<(), Outcome> {
    if violations.is_empty() {
        return Err(bad("rejected without a violation. Say what is wrong and where".to_owned()));
    }
    for (index, violation) in violations.iter().enumerate() {
        if violation.code.trim().is_empty() {
            return Err(bad(format!("/violations/{index}/code is empty. Give it a short word")));
        }
        if !(violation.pointer.is_empty() || violation.pointer.starts_with('/')) {
            return Err(bad(format!(
                "/violations/{index}/pointer is `{}`, which is not a JSON Pointer like `/line_items/0/sku`",
                violation.pointer
            )));
        }
    }
    Ok(())
}

/// Plain decimal text: `-12.34`, no exponent, no sign but minus, digits on both sides of the point.
pub(super) fn is_decimal(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let text_abs = text.strip_prefix('-').unwrap_or(text);
    match text_abs.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(text_abs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_plain() {
        for good in ["0", "-12.34", "10", "0.000"] {
            assert!(is_decimal(good), "{good}");
        }
        for wrong in ["", "-", "1.", ".5", "+1", "1e3", "1,5", " 1", "NaN"] {
            assert!(!is_decimal(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_body_that_is_not_json_is_placed() {
        let raw = RawDocument {
            entity: "sale".to_owned(),
            key: "1".to_owned(),
            operation: crate::event::Operation::Upsert,
            body: "{\"a\": }".to_owned(),
            attributes: Vec::new(),
        };
        let Err(Outcome::BadOutput { message }) = documents(vec![raw]) else { panic!() };
        assert!(message.contains("/documents/0/body") && message.contains("column 7"), "{message}");
    }

    #[test]
    fn a_reference_that_is_none_is_placed() {
        let raw = |body: &str| RawDocument {
            entity: "sale".to_owned(),
            key: "1".to_owned(),
            operation: crate::event::Operation::Upsert,
            body: body.to_owned(),
            attributes: Vec::new(),
        };
        let good = raw(r#"{"party":{"$ref":{"entity":"party","key":"WC-2"}}}"#);
        assert_eq!(documents(vec![good]).unwrap().len(), 1);
        let wrong = raw(r#"{"lines":[{"party":{"$ref":{"entity":5,"key":"WC-2"}}}]}"#);
        let Err(Outcome::BadOutput { message }) = documents(vec![wrong]) else { panic!() };
        assert!(message.starts_with("/documents/0/body: /lines/0/party"), "{message}");
    }

    #[test]
    fn half_a_character_is_found_and_a_whole_one_is_not() {
        for (json, place) in [
            (r#"{"a":"\ud83d\ude00 \u00e9 \\ud83d"}"#, None),
            (r#"{"a":"\ud83d"}"#, Some(6)),
            (r#"{"a":"\ud83dx\ude00"}"#, Some(6)),
            (r#"{"a":"\ud83d\ud83d\ude00"}"#, Some(6)),
            (r#"{"a":"\\","\uDE00":1}"#, Some(11)),
        ] {
            assert_eq!(half_a_character(json), place, "{json}");
            // Whoever reads it strictly agrees.
            let read = serde_json::from_str::<serde_json::Value>(json);
            assert_eq!(read.is_err(), place.is_some(), "{json}");
        }
    }
}
