//! The walk through a route's plugins: status, then pricing, then field mapping.
//!
//! It stops at the first end that is not good. Dry run, golden cases, benchmarks and production all
//! come through [`run`], so they cannot differ. Everything but durations is a function of the job.

use std::time::Instant;

use serde::de::IgnoredAny;

use crate::event::{Document, PriceLine, Receipt, Violation};

use super::answer;
use super::bindings::{Answer, Question};
use super::digest::Digester;
use super::instance::{self, Instructions};
use super::job::{Job, Stage};
use super::outcome::{Outcome, Run, Usage};
use super::plugin::Capability;
use super::still::Stub;
use super::woocommerce::{self, Order};

/// Runs a job to its end on this thread. Never panics for anything a plugin does, and takes at
/// most the deadline of each stage.
#[must_use]
pub fn run(job: &Job) -> Run {
    let started = Instant::now();
    let mut walk = Walk {
        job,
        settings_digest: Digester::of(job.context.settings.as_bytes()),
        run: Run {
            outcome: Outcome::Mapped { documents: Vec::new(), checkpoint: None },
            source_status: None,
            status: None,
            lines: Vec::new(),
            logs: Vec::new(),
            receipts: Vec::new(),
            startups: Vec::new(),
            usage: Usage::default(),
        },
    };
    match walk.walk() {
        Ok((documents, checkpoint)) => {
            walk.run.outcome = Outcome::Mapped { documents, checkpoint };
        }
        Err(outcome) => walk.run.outcome = outcome,
    }
    let stages = &job.stages;
    let first = [&stages.status_translation, &stages.pricing, &stages.field_mapping];
    if walk.run.receipts.is_empty()
        && let Some(stage) = first.into_iter().flatten().next()
    {
        // What it might have used.
        walk.run.usage.fuel_limit = stage.limits.fuel;
        walk.run.usage.startup.fuel_limit = stage.limits.startup_fuel;
        walk.run.usage.memory_limit_bytes = stage.limits.memory_bytes;
    }
    walk.run.usage.duration_us = micros(started);
    walk.run
}

fn micros(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX)
}

struct Walk<'a> {
    job: &'a Job,
    settings_digest: String,
    run: Run,
}

/// A good answer, held against the contract.
enum Accepted {
    Status(Option<String>),
    Lines(Vec<PriceLine>),
    Documents(Vec<Document>, Option<String>),
}

impl<'a> Walk<'a> {
    fn walk(&mut self) -> Result<(Vec<Document>, Option<String>), Outcome> {
        let job = self.job;
        let stages = &job.stages;
        let payload = utf8(&job.payload)?;

        if woocommerce::is_order(&job.context.topic) {
            // Reading the head of an order checks all of it: one pass over the payload, not two.
            let order = Order::read(payload).or_else(|violation| {
                json(payload)?;
                Err(Outcome::Rejected { violations: vec![violation] })
            })?;
            self.typed_stages(&order)?;
        } else {
            json(payload)?;
        }

        let Some(stage) = &stages.field_mapping else {
            return Ok((Vec::new(), None));
        };
        let (status, lines) = (self.run.status.take(), std::mem::take(&mut self.run.lines));
        let question = Question::Transform { payload, status: status.as_deref(), lines: &lines };
        let accepted = self.ask(Capability::FieldMapping, stage, question);
        (self.run.status, self.run.lines) = (status, lines);
        match accepted? {
            Accepted::Documents(documents, checkpoint) => Ok((documents, checkpoint)),
            Accepted::Status(_) | Accepted::Lines(_) => Ok((Vec::new(), None)),
        }
    }

    /// Status translation and pricing, of orders only.
    fn typed_stages(&mut self, order: &Order<'_>) -> Result<(), Outcome> {
        let job = self.job;
        let status = order.status();
        if let (Some(stage), Some(status)) = (&job.stages.status_translation, &status) {
            let question = Question::Translate {
                entity: "order",
                status,
                previous: job.previous_status.as_deref(),
                attributes: &order.status_attributes(),
            };
            if let Accepted::Status(status) =
                self.ask(Capability::StatusTranslation, stage, question)?
            {
                self.run.status = status;
            }
        }
        self.run.source_status = status;

        let Some(stage) = &job.stages.pricing else { return Ok(()) };
        let lines = order.lines().map_err(|violations| Outcome::Rejected { violations })?;
        if lines.is_empty() {
            return Ok(());
        }
        let question = Question::Reprice { lines: &lines };
        if let Accepted::Lines(lines) = self.ask(Capability::Pricing, stage, question)? {
            self.run.lines = lines;
        }
        Ok(())
    }

    /// Asks one plugin, checks its answer, and writes the receipt either way.
    fn ask(
        &mut self,
        capability: Capability,
        stage: &Stage,
        question: Question<'_>,
    ) -> Result<Accepted, Outcome> {
        let plugin = stage.plugin.loaded();
        let context = &self.job.context;
        if !stage.plugin.can(capability) {
            return Err(Outcome::BadOutput {
                message: format!(
                    "plugin `{}` has no {}. Take another plugin for it, or leave it out of the route",
                    stage.plugin.name(),
                    capability.name()
                ),
            });
        }
        let instructions = Instructions {
            pre: &plugin.pre,
            limits: &stage.limits,
            lookups: &self.job.lookups,
            wasi: (!plugin.wasi.is_empty())
                .then(|| Stub::new(&context.event_id, &context.received_at)),
        };
        let called = instance::call(instructions, |store, instance| {
            plugin.facets.ask(store, instance, context, question)
        });

        let mut output_bytes = 0;
        let result = called.result.and_then(|answer| {
            output_bytes = answer::size(&answer);
            answer::within(&answer, output_bytes, &stage.limits)?;
            accept(answer, question)
        });
        let usage = &mut self.run.usage;
        usage.fuel = usage.fuel.saturating_add(called.fuel);
        usage.fuel_limit = usage.fuel_limit.saturating_add(stage.limits.fuel);
        let startup = called.startup;
        usage.startup.fuel = usage.startup.fuel.saturating_add(startup.fuel);
        usage.startup.fuel_limit = usage.startup.fuel_limit.saturating_add(startup.fuel_limit);
        usage.startup.duration_us = usage.startup.duration_us.saturating_add(startup.duration_us);
        usage.memory_bytes = usage.memory_bytes.max(called.memory_bytes);
        usage.memory_limit_bytes = usage.memory_limit_bytes.max(stage.limits.memory_bytes);
        usage.output_bytes = usage.output_bytes.saturating_add(output_bytes);
        self.run.logs.extend(called.logs);
        self.run.receipts.push(Receipt {
            capability: capability.name().to_owned(),
            plugin: plugin.manifest.name.clone(),
            version: plugin.manifest.version.clone(),
            digest: plugin.digest.clone(),
            settings_digest: self.settings_digest.clone(),
            output_digest: digest(&result),
            // Of the whole call, as ever: records of years can be compared.
            fuel: called.fuel.saturating_add(startup.fuel),
            memory_bytes: called.memory_bytes,
            duration_us: called.duration_us,
        });
        self.run.startups.push(startup);
        result
    }
}

/// Holds an answer against the contract; refusals and skips are outcomes of their own.
fn accept(answer: Answer, question: Question<'_>) -> Result<Accepted, Outcome> {
    match answer {
        Answer::Mapped { documents, checkpoint } => {
            Ok(Accepted::Documents(answer::documents(documents)?, checkpoint))
        }
        Answer::Translated(status) => Ok(Accepted::Status(status)),
        Answer::Priced(lines) => {
            if let Question::Reprice { lines: asked } = question {
                answer::lines(asked, &lines)?;
            }
            Ok(Accepted::Lines(lines))
        }
        Answer::Skipped(reason) => Err(Outcome::Skipped { reason }),
        Answer::NotReady(reason) => Err(Outcome::NotReady { reason }),
        Answer::Rejected(violations) => {
            answer::violations(&violations)?;
            Err(Outcome::Rejected { violations })
        }
    }
}

/// sha256 of what a call gave: equal for equal answers, on every machine.
fn digest(result: &Result<Accepted, Outcome>) -> String {
    let mut digester = Digester::default();
    match result {
        Ok(Accepted::Status(status)) => {
            digester.text("status").option(status.as_deref());
        }
        Ok(Accepted::Lines(lines)) => {
            digester.text("lines").count(lines.len());
            for line in lines {
                digester
                    .text(&line.id)
                    .text(&line.sku)
                    .text(&line.quantity)
                    .text(&line.unit_price)
                    .text(&line.currency)
                    .pairs(&line.attributes);
            }
        }
        Ok(Accepted::Documents(documents, checkpoint)) => {
            digester.text("documents").count(documents.len());
            for document in documents {
                digester
                    .text(&document.entity)
                    .text(&document.key)
                    .text(&format!("{:?}", document.operation))
                    .text(document.body.get())
                    .pairs(&document.attributes);
            }
            digester.option(checkpoint.as_deref());
        }
        // Not the backtrace: whether it has lines depends on the host.
        Err(Outcome::Trapped { message, .. }) => {
            digester.text("trapped").text(message);
        }
        Err(outcome) => {
            // The rare road; its JSON is as canonical as its fields' order.
            let text = serde_json::to_string(outcome).unwrap_or_default();
            digester.text(outcome.name()).text(&text);
        }
    }
    digester.finish()
}

fn not_json(message: String) -> Outcome {
    Outcome::Rejected {
        violations: vec![Violation {
            pointer: String::new(),
            code: "payload_not_json".to_owned(),
            message,
        }],
    }
}

/// The payload as text.
fn utf8(payload: &[u8]) -> Result<&str, Outcome> {
    std::str::from_utf8(payload).map_err(|error| {
        not_json(format!("the payload is not UTF-8 at byte {}", error.valid_up_to()))
    })
}

/// Refuses text that is not JSON, with the byte where it stops being that.
fn json(text: &str) -> Result<(), Outcome> {
    let Err(error) = serde_json::from_str::<IgnoredAny>(text) else { return Ok(()) };
    let before: usize =
        text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let byte = before + error.column().saturating_sub(1);
    Err(not_json(format!("the payload is not JSON at byte {byte}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_that_is_not_json_is_placed_by_its_byte() {
        for (payload, position) in [
            (&b"{\"a\":\n\n}"[..], "at byte 7"),
            (b"\xff", "not UTF-8 at byte 0"),
            (b"", "at byte 0"),
            (b"{} x", "at byte 3"),
        ] {
            let Err(Outcome::Rejected { violations }) = utf8(payload).and_then(json) else {
                panic!()
            };
            assert_eq!(violations[0].code, "payload_not_json");
            assert!(violations[0].message.contains(position), "{}", violations[0].message);
        }
    }
}
