//! The belt about statuses: which may follow which.

use super::settings::{StatusOf, Statuses};
use super::{Breaches, Known};
use crate::plugin::Run;

/// The name of "never delivered" in the settings.
const NEW: &str = "(new)";

pub(super) fn check(belt: &Statuses, known: &Known<'_>, run: &Run, breaches: &mut Breaches) {
    let (before, now) = match belt.of {
        StatusOf::Source => (known.previous_status, run.source_status.as_deref()),
        StatusOf::Target => (known.previous_target_status, run.status.as_deref()),
    };
    let Some(now) = now else { return };
    // Delivered under a status that nobody translated, or that was not kept then: it is not new, and
    // nothing is known of where it comes from.
    if belt.of == StatusOf::Target && before.is_none() && known.previous_status.is_some() {
        return;
    }
    if before == Some(now) {
        return;
    }
    let before = before.unwrap_or(NEW);
    let edges = belt.edges.get(before).or_else(|| belt.edges.get("*"));
    let Some(edges) = edges.filter(|edges| !edges.iter().any(|to| to == now)) else { return };
    let wanted = edges.join(", ");
    let message = if edges.is_empty() {
        format!("the status goes from {before} to {now}; nothing may follow {before}")
    } else {
        format!("the status goes from {before} to {now}; allowed are {wanted}")
    };
    breaches.add("statuses", None, "", now.to_owned(), wanted, message);
}
