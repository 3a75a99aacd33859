//! The life of a sale, and the buttons that lead it on.
//!
//! ```text
//!             quote            confirm           process
//!    draft ---------> quotation ----> confirmed ----> processing ...> done
//!      ^ ^--- draft ----/    \           /
//!      |                      v  cancel v
//!      +------- draft ------ cancelled
//! ```
//! A document says which state it wants. A sale that is further on stays where it is: people and
//! shipments have moved it, and Tryton has no way back from there. `done` comes by itself when all
//! is shipped and invoiced; wanting it leads to `processing`. Only a draft can be changed, so a
//! quotation that differs from its document goes back to draft first, and later states keep their
//! fields: the record of the attempt says so.

use serde_json::{Value, json};

use super::Target;
use super::fault::Fault;
use super::job::Job;
use super::rpc::Effect;
use super::work::Done;
use super::write::{Lists, described};

/// From any state to any other takes fewer buttons than this.
const BUTTONS_MAX: usize = 6;

/// Where a sale stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    Draft,
    Quotation,
    Confirmed,
    Processing,
    Done,
    Cancelled,
}

const STATES: [(&str, State); 6] = [
    ("draft", State::Draft),
    ("quotation", State::Quotation),
    ("confirmed", State::Confirmed),
    ("processing", State::Processing),
    ("done", State::Done),
    ("cancelled", State::Cancelled),
];

impl State {
    /// The state a body asks for.
    pub(super) fn wanted(value: &Value) -> Result<Self, Fault> {
        value.as_str().and_then(Self::named).ok_or_else(|| {
            let known = STATES.map(|(name, _)| name).join(", ");
            Fault::rejected("state_unknown", format!("/state: {value} is none of {known}"))
        })
    }

    fn named(name: &str) -> Option<Self> {
        STATES.iter().find(|(known, _)| *known == name).map(|(_, state)| *state)
    }

    fn name(self) -> &'static str {
        STATES.iter().find(|(_, state)| *state == self).map_or("?", |(name, _)| name)
    }

    /// The button that leads from here towards the wanted state.
    fn button(self, wanted: Self) -> Option<&'static str> {
        match (self, wanted) {
            (Self::Cancelled, Self::Cancelled) => None,
            (_, Self::Cancelled) => Some("cancel"),
            (Self::Cancelled, _) | (Self::Quotation, Self::Draft) => Some("draft"),
            (here, wanted) if here >= wanted => None,
            (Self::Draft, _) => Some("quote"),
            (Self::Quotation, _) => Some("confirm"),
            (Self::Confirmed, _) => Some("process"),
            (Self::Processing | Self::Done, _) => None,
        }
    }
}

impl Target {
    /// Brings the fields and lines of a sale to those of its document, as far as its state allows.
    pub(super) async fn update_sale(&self, job: &Job<'_>, id: i64) -> Result<String, Fault> {
        let here = self.state(id).await?;
        let stays_cancelled = matches!(job.state, None | Some(State::Cancelled));
        match here {
            State::Cancelled if stays_cancelled => {
                return Ok(format!("found sale {id} cancelled, left as it is"));
            }
            State::Confirmed | State::Processing | State::Done => {
                return Ok(format!("found sale {id} {}, fields left as they are", here.name()));
            }
            State::Quotation if self.says_the_same(job, id).await? => {
                return Ok(described("sale", id, &[]));
            }
            State::Quotation | State::Cancelled => self.press(id, "draft").await?,
            State::Draft => {}
        }
        let changed = self.write("sale.sale", id, &job.record, Lists::Replace).await?;
        // Without a state of its own the document does not mean to take the quotation back.
        if here == State::Quotation && job.state.is_none() {
            self.press(id, "quote").await?;
        }
        Ok(described("sale", id, &changed))
    }

    /// Presses buttons until the sale is where it should be, or further on.
    pub(super) async fn lead_to(
        &self,
        id: i64,
        wanted: State,
        what: String,
    ) -> Result<Done, Fault> {
        let mut here = self.state(id).await?;
        let mut path = here.name().to_owned();
        for _ in 0..BUTTONS_MAX {
            let Some(button) = here.button(wanted) else {
                return Ok(Done { id: Some(id), what: format!("{what}, {path}") });
            };
            self.press(id, button).await?;
            let before = std::mem::replace(&mut here, self.state(id).await?);
            path = format!("{path} -> {}", here.name());
            if here == before {
                break;
            }
        }
        let reason = format!("sale {id} does not get to {}: {path}", wanted.name());
        Err(Fault::rejected("state_unreachable", reason))
    }

    async fn state(&self, id: i64) -> Result<State, Fault> {
        let standing = self.read("sale.sale", &[id], &["state"]).await?;
        let state = standing.row(id).get("state").unwrap_or(&Value::Null);
        state.as_str().and_then(State::named).ok_or_else(|| {
            Fault::rejected("state_unknown", format!("sale {id} is in a state {state} of its own"))
        })
    }

    async fn press(&self, id: i64, button: &str) -> Result<(), Fault> {
        let method = format!("sale.sale.{button}");
        match self.rpc.call(&method, json!([[id]]), Effect::Writes).await {
            Err(Fault::Rejected { code, reason }) => {
                Err(Fault::Rejected { code, reason: format!("sale {id}, {button}: {reason}") })
            }
            other => other.map(drop),
        }
    }

    async fn says_the_same(&self, job: &Job<'_>, id: i64) -> Result<bool, Fault> {
        self.differences("sale.sale", id, &job.record, Lists::Replace)
            .await
            .map(|changes| changes.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buttons_lead_from_any_state_to_any_other_or_stop_further_on() {
        let press = |here: State, button: &str| match (here, button) {
            (State::Draft, "quote") => State::Quotation,
            (State::Quotation, "confirm") => State::Confirmed,
            (State::Confirmed, "process") => State::Processing,
            (State::Quotation | State::Cancelled, "draft") => State::Draft,
            (State::Draft | State::Quotation | State::Confirmed, "cancel") => State::Cancelled,
            other => panic!("no such button: {other:?}"),
        };
        for (_, start) in STATES {
            for (_, wanted) in STATES {
                if start >= State::Processing
                    && start < State::Cancelled
                    && wanted == State::Cancelled
                {
                    continue; // Tryton itself refuses this, in its own words.
                }
                let mut here = start;
                let mut steps = 0;
                while let Some(button) = here.button(wanted) {
                    here = press(here, button);
                    steps += 1;
                    assert!(steps < BUTTONS_MAX, "{start:?} to {wanted:?}");
                }
                let reached = here == wanted
                    || (here > wanted && here != State::Cancelled)
                    || (here == State::Processing && wanted == State::Done);
                assert!(reached, "{start:?} to {wanted:?} ended at {here:?}");
            }
        }
    }
}
