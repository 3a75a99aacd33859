//! A walk without plugins and checkpoints: what is left is what has to do with the target, decided by
//! the real parts. Each of its commits takes a moment and can be cut off before and after.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;

use super::super::super::walk::deliveries::{Deliveries, Tries, record};
use super::super::super::walk::steps::SENDING;
use super::super::super::walk::verdict::{After, after};
use super::clock::SimClock;
use super::host::MERCHANT;
use super::journal::{Journal, Row, begun};
use crate::delivery::{Blame, Clock, Delivery, Health, Target, backoff};
use crate::event::EventId;
use crate::journal::{Delivered, End, Mapped, Passage, PassageState};

/// Where it stopped.
pub(super) enum Stop {
    Ended,
    Again(Duration),
}

/// The journal has no room.
struct Full;

/// As the walk waits for room.
const PATIENCE: Duration = Duration::from_secs(1);

/// One passage, from where the journal says it stands to its next stop.
pub(super) struct Walk {
    pub(super) clock: SimClock,
    pub(super) journal: Journal,
    pub(super) target: Arc<Target>,
    pub(super) retry: backoff::Schedule,
    pub(super) wells: Arc<Mutex<Option<u32>>>,
    pub(super) seq: u64,
    /// Set once an attempt has told the gate what it showed: the walk is nobody's probe from then on.
    pub(super) told: Arc<AtomicBool>,
}

impl Walk {
    pub(super) async fn go(&self) -> Stop {
        self.try_to().await.unwrap_or(Stop::Again(PATIENCE))
    }

    async fn try_to(&self) -> Result<Stop, Full> {
        let passage = self.journal.rows()[self.seq as usize].passage.clone();
        let (resource, documents) = {
            let rows = self.journal.rows();
            let row = &rows[self.seq as usize];
            (row.resource.clone(), row.documents.clone())
        };
        let all = match passage {
            Some(passage) => Deliveries::taken_up(passage),
            None => {
                let mapped = Mapped {
                    seq: self.seq,
                    route: "orders".to_owned(),
                    receipts: Vec::new(),
                    documents,
                    checkpoint: None,
                    status: None,
                    target_status: None,
                    at: Timestamp::UNIX_EPOCH,
                };
                let all = Deliveries::fresh(&mapped, false);
                self.write(|row| row.passage = Some(begun(mapped))).await?;
                all
            }
        };
        self.deliver(&resource, all).await
    }

    /// As the walk does it.
    async fn deliver(&self, resource: &str, all: Deliveries) -> Result<Stop, Full> {
        let mut tries = all.tries;
        for (ordinal, document) in (0u32..).zip(&all.documents).skip(all.next) {
            let sending = all.sending(ordinal, false, self.target.resends_safely(document));
            if sending.is_noted_first {
                let made = tries.made;
                self.write_passage(|it| (it.attempt, it.reason) = (made, Some(SENDING.to_owned())))
                    .await?;
            }
            let delivery = Delivery {
                merchant: MERCHANT,
                connection: "erp",
                event_id: &EventId(self.seq.to_string()),
                correlation_id: "c",
                resource,
                document,
                first_attempt: sending.first_attempt,
                in_doubt: sending.in_doubt,
            };
            let nobody = |_: &str, _: &str| -> Option<String> { None };
            let answer = self.target.deliver(&delivery, &nobody).await;
            self.told.store(true, Ordering::Relaxed);
            if answer.health == Health::Well
                && let Some(wells) = self.wells.lock().unwrap().as_mut()
            {
                *wells += 1;
            }
            let attempt = record(ordinal, tries.records, &answer);
            let counts = answer.blame == Blame::Document;
            let (wait, attempt) = match after(document, answer.verdict, counts) {
                After::Next { target_id } => {
                    let done = ordinal as usize + 1 == all.documents.len();
                    // This is waited out where it stands.
                    while self.journal.is_full() {
                        self.clock.sleep_until(self.clock.now() + PATIENCE).await;
                    }
                    self.write_passage(|it| {
                        it.delivered.push(Delivered { ordinal, target_id });
                        it.attempts.push(attempt);
                        (it.attempt, it.reason) = (0, None);
                        it.intended = (!done).then_some(ordinal + 1);
                        if done {
                            it.state = PassageState::Delivered;
                        }
                    })
                    .await?;
                    tries = Tries::default();
                    continue;
                }
                After::End(End::Dead { cause, .. }) => return self.dead(cause).await,
                After::End(other) => panic!("a delivery cannot end so: {other:?}"),
                After::Hold(wait) => (wait, None),
                After::Again(wait) => (wait, Some(attempt)),
                After::Park { reason, .. } => panic!("nothing refers to anything: {reason}"),
            };
            let next = tries.next(&self.retry, &wait);
            let Some(time) = next.wait else { return self.dead(wait.cause.to_owned()).await };
            let due = self.clock.now() + time;
            self.write(|row| {
                row.due = Some(due);
                let passage = row.passage.as_mut().expect("it was mapped");
                passage.attempt = next.made;
                passage.reason = Some(format!("{}: {}", wait.cause, wait.reason));
                passage.attempts.extend(attempt);
            })
            .await?;
            return Ok(Stop::Again(time));
        }
        Ok(Stop::Ended)
    }

    async fn dead(&self, cause: String) -> Result<Stop, Full> {
        self.write(|row| {
            row.passage.as_mut().expect("it was mapped").state = PassageState::Dead;
            row.cause = Some(cause);
        })
        .await?;
        Ok(Stop::Ended)
    }

    async fn write_passage(&self, change: impl FnOnce(&mut Passage)) -> Result<(), Full> {
        self.write(|row| change(row.passage.as_mut().expect("it was mapped"))).await
    }

    /// A commit: it may be cut off before, and after, and find no room.
    async fn write(&self, change: impl FnOnce(&mut Row)) -> Result<(), Full> {
        let moment = Duration::from_millis(1);
        self.clock.sleep_until(self.clock.now() + moment).await;
        if self.journal.is_full() {
            return Err(Full);
        }
        change(&mut self.journal.rows()[self.seq as usize]);
        self.clock.sleep_until(self.clock.now() + moment).await;
        Ok(())
    }
}
