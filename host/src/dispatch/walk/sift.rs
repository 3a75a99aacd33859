//! What the host itself keeps from a target, before any plugin is asked.
//!
//! Three things are never a plugin's to decide, because each of them needs more than one payload:
//! a version older than the one delivered before, an order in a status that its route keeps back,
//! and a deletion that belongs to something else. Each ends as `skipped` with its reason. It costs
//! a look into the body where a route keeps statuses back, and for a deletion a few look-ups.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::checkpoint::{self, Checkpoints, ResourceCheckpoint};
use crate::config::ReadyRoute;
use crate::event::Event;

/// Posts of WordPress: they share one row of numbers, so one id is one thing.
const POSTS: [&str; 3] = ["order", "product", "coupon"];

/// Why an event goes no further on this route, if it does not.
pub(super) fn sift(
    event: &Event,
    ready: &ReadyRoute,
    remembered: Option<&ResourceCheckpoint>,
    checkpoints: &Checkpoints,
) -> Result<Option<String>, checkpoint::Error> {
    if let Some(reason) = superseded(event, remembered) {
        return Ok(Some(reason));
    }
    if let Some(status) = kept_back(event, &ready.route.skip_statuses, remembered.is_some()) {
        return Ok(Some(format!(
            "{} is `{status}`: the route keeps it back until that changes (skip_statuses)",
            event.resource_key
        )));
    }
    let other = something_else(event, ready, checkpoints)?;
    Ok(other.map(|other| {
        format!(
            "the shop says that {} is gone, but this id is {other}: it sends `deleted` under more \
             than one name",
            event.resource_key
        )
    }))
}

/// Why a newer version of the resource stands in the target, if one does. The shop's clock counts
/// whole seconds, so of two versions of one second (or of none) the one that came later goes on
/// top. The road keeps their order; only a replay brings the earlier one after it.
pub(super) fn superseded(event: &Event, remembered: Option<&ResourceCheckpoint>) -> Option<String> {
    let before = remembered?;
    let key = &event.resource_key;
    match (event.version, before.version) {
        (Some(own), Some(delivered)) if own > delivered => None,
        (Some(own), Some(delivered)) if own < delivered => {
            Some(format!("version {delivered} of {key} was delivered before"))
        }
        _ if event.seq >= before.event_seq => None,
        _ => Some(format!(
            "event {} of {key}, which came later, was delivered before",
            before.event_seq
        )),
    }
}

/// The status that keeps an order back. What the target has already is told every change: an order
/// that goes back to `pending` must not stay `processing` there.
fn kept_back(event: &Event, statuses: &[String], delivered_before: bool) -> Option<String> {
    if statuses.is_empty() || delivered_before || !event.topic.starts_with("order.") {
        return None;
    }
    status(&event.body).filter(|status| statuses.contains(status))
}

/// The top-level `status`, where there is one that is text.
fn status(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Top<'b> {
        #[serde(borrow, default)]
        status: Option<&'b RawValue>,
    }
    if !body.trim_ascii_start().starts_with(b"{") {
        // serde would take a list for the fields, in order.
        return None;
    }
    let top: Top<'_> = serde_json::from_slice(body).ok()?;
    serde_json::from_str(top.status?.get()).ok()
}

/// What the id of a deletion is known as. A shop fires `coupon.deleted` and `product.deleted` for
/// an order in the trash where orders are posts, and both for a product everywhere.
fn something_else(
    event: &Event,
    ready: &ReadyRoute,
    checkpoints: &Checkpoints,
) -> Result<Option<String>, checkpoint::Error> {
    let Some((kind, "deleted")) = event.topic.split_once('.') else { return Ok(None) };
    let Some((_, id)) = event.resource_key.split_once('/') else { return Ok(None) };
    if !POSTS.contains(&kind) {
        return Ok(None);
    }
    for other in POSTS.into_iter().filter(|it| *it != kind) {
        let other = format!("{other}/{id}");
        for route in ready.neighbours.iter() {
            let known = checkpoints.get(&event.merchant, route, &other)?;
            // Only a body has a version; a deletion delivered before proves nothing.
            if known.is_some_and(|it| it.version.is_some()) {
                return Ok(Some(other));
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read_at_the_top_only_and_no_body_breaks_it() {
        assert_eq!(status(br#"{"id":1,"status":"pending"}"#).as_deref(), Some("pending"));
        assert_eq!(status(br#"{"status":"auto\u002ddraft"}"#).as_deref(), Some("auto-draft"));
        for none in [
            &br#"{"id":34}"#[..],
            br#"{"line":{"status":"pending"}}"#,
            br#"{"status":null}"#,
            br#"{"status":7}"#,
            br#"["pending"]"#,
            b"",
            b"\xff",
        ] {
            assert_eq!(status(none), None, "{none:?}");
        }
    }
}
