//! Between the bindings' types and ours: strings move, nothing is copied but the manifest.

pub use crate::bindings::base::mapwright::plugin::pricing_types::PriceLine as WirePriceLine;
pub use crate::bindings::base::mapwright::plugin::types::{
    Context as WireContext, Refusal as WireRefusal,
};
pub use crate::bindings::field_mapping::exports::mapwright::plugin::field_mapping::{
    MappingInput as WireMappingInput, MappingOutcome as WireMappingOutcome,
};
pub use crate::bindings::status_translation::exports::mapwright::plugin::status_translation::SourceStatus as WireSourceStatus;

use crate::bindings::base::exports::mapwright::plugin::manifest::PluginManifest;
use crate::bindings::base::mapwright::plugin::types::Violation as WireViolation;
use crate::bindings::field_mapping::exports::mapwright::plugin::field_mapping as wire;
use crate::export::{RepriceFn, TransformFn, TranslateFn};
use crate::{
    Context, Document, Manifest, Mapped, MappingInput, Operation, PriceLine, Refusal, SourceStatus,
    log, money,
};

/// Sends a panic's place and text to the log before the trap that follows it: what the host shows
/// beside the backtrace. Done at the start of each call, since an instance lives for one.
fn watch_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let text = panic.payload_as_str().unwrap_or("(no text)");
        let line = match panic.location() {
            Some(at) => format!("panicked at {}:{}:{}: {text}", at.file(), at.line(), at.column()),
            None => format!("panicked: {text}"),
        };
        log::write(log::Level::Error, &line);
    }));
}

/// Answers `describe`.
#[must_use]
pub fn describe(manifest: &Manifest) -> PluginManifest {
    watch_panics();
    let list = |items: &[&str]| items.iter().map(|&item| item.to_owned()).collect();
    PluginManifest {
        name: manifest.name.to_owned(),
        version: manifest.version.to_owned(),
        summary: manifest.summary.to_owned(),
        settings_schema: manifest.settings_schema.to_owned(),
        topics: list(manifest.topics),
        entities: list(manifest.entities),
        attributes: manifest
            .attributes
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
    }
}

/// Answers `transform`.
///
/// # Errors
/// What the plugin refused.
pub fn transform(
    plugin: TransformFn,
    context: WireContext,
    input: WireMappingInput,
) -> Result<WireMappingOutcome, WireRefusal> {
    watch_panics();
    let input = MappingInput {
        payload: input.payload,
        status: input.status,
        lines: our_lines(input.lines)?,
        attributes: input.attributes,
    };
    match plugin(&our_context(context), &input).map_err(wire_refusal)? {
        Mapped::Skipped(reason) => Ok(WireMappingOutcome::Skipped(reason)),
        Mapped::Documents { documents, checkpoint } => {
            Ok(WireMappingOutcome::Mapped(wire::Mapping {
                documents: documents.into_iter().map(wire_document).collect(),
                checkpoint,
            }))
        }
    }
}

/// Answers `reprice`.
///
/// # Errors
/// What the plugin refused.
pub fn reprice(
    plugin: RepriceFn,
    context: WireContext,
    lines: Vec<WirePriceLine>,
) -> Result<Vec<WirePriceLine>, WireRefusal> {
    watch_panics();
    let lines = plugin(&our_context(context), our_lines(lines)?).map_err(wire_refusal)?;
    Ok(lines
        .into_iter()
        .map(|line| WirePriceLine {
            id: line.id,
            sku: line.sku,
            quantity: line.quantity.to_string(),
            unit_price: line.unit_price.to_string(),
            currency: line.currency,
            attributes: line.attributes,
        })
        .collect())
}

/// Answers `translate`.
///
/// # Errors
/// What the plugin refused.
pub fn translate(
    plugin: TranslateFn,
    context: WireContext,
    status: WireSourceStatus,
) -> Result<Option<String>, WireRefusal> {
    watch_panics();
    let status = SourceStatus {
        entity: status.entity,
        status: status.status,
        previous_status: status.previous_status,
        attributes: status.attributes,
    };
    plugin(&our_context(context), &status).map_err(wire_refusal)
}

fn our_context(context: WireContext) -> Context {
    Context {
        merchant: context.merchant,
        route: context.route,
        source: context.source,
        target: context.target,
        topic: context.topic,
        resource_key: context.resource_key,
        event_id: context.event_id,
        correlation_id: context.correlation_id,
        source_version_time: context.source_version_time,
        received_at: context.received_at,
        attempt: context.attempt,
        settings: context.settings,
        checkpoint: context.checkpoint,
        attributes: context.attributes,
    }
}

fn our_lines(lines: Vec<WirePriceLine>) -> Result<Vec<PriceLine>, WireRefusal> {
    lines
        .into_iter()
        .enumerate()
        .map(|(index, line)| {
            let number = |what: &str, text: &str| {
                money::parse(text).map_err(|e| {
                    wire_refusal(Refusal::rejected(
                        format!("/line_items/{index}"),
                        "price_line_malformed",
                        format!("the {what} of line `{}`: {e}", line.id),
                    ))
                })
            };
            Ok(PriceLine {
                quantity: number("quantity", &line.quantity)?,
                unit_price: number("unit price", &line.unit_price)?,
                id: line.id,
                sku: line.sku,
                currency: line.currency,
                attributes: line.attributes,
            })
        })
        .collect()
}

fn wire_document(document: Document) -> wire::Document {
    wire::Document {
        entity: document.entity,
        idempotency_key: document.idempotency_key,
        operation: match document.operation {
            Operation::Create => wire::Operation::Create,
            Operation::Update => wire::Operation::Update,
            Operation::Upsert => wire::Operation::Upsert,
            Operation::Cancel => wire::Operation::Cancel,
            Operation::Delete => wire::Operation::Delete,
        },
        body: String::from(Box::<str>::from(document.body)),
        attributes: document.attributes,
    }
}

fn wire_refusal(refusal: Refusal) -> WireRefusal {
    match refusal {
        Refusal::NotReady(reason) => WireRefusal::NotReady(reason),
        Refusal::Rejected(violations) => WireRefusal::Rejected(
            violations
                .into_iter()
                .map(|v| WireViolation { pointer: v.pointer, code: v.code, message: v.message })
                .collect(),
        ),
    }
}
