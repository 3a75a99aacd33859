//! Whether the same input gives the same answer, byte for byte, in two fresh instances.
//!
//! Nothing that the host gives a plugin differs between two calls, so a difference would be a fault of
//! the host or a way out of the sandbox that nobody has seen yet. It costs two runs for each input.

use super::trial::{Input, Rules};
use crate::plugin::Run;

/// Where two answers to the first input that has two differ; none if all are the same.
#[must_use]
pub fn differs(rules: &Rules, inputs: &[Input]) -> Option<String> {
    inputs.iter().find_map(|input| {
        let (first, second) = (rules.answer(input), rules.answer(input));
        let part = differing(&first, &second)?;
        Some(format!("on {} two runs of the same input differ in their {part}", input.name))
    })
}

fn differing(first: &Run, second: &Run) -> Option<&'static str> {
    let text = |run: &Run| serde_json::to_string(&run.outcome).unwrap_or_default();
    let fuel = |run: &Run| run.receipts.iter().map(|it| it.fuel).collect::<Vec<_>>();
    // A deadline is the clock's doing, and says so.
    let timed = |run: &Run| run.outcome.name() == "deadline";
    match () {
        () if timed(first) || timed(second) => None,
        () if text(first) != text(second) => Some("answer"),
        () if first.status != second.status => Some("status"),
        () if first.lines != second.lines => Some("prices"),
        () if first.logs != second.logs => Some("log"),
        () if fuel(first) != fuel(second) => Some("fuel"),
        () => None,
    }
}
