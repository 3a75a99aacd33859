//! The WIT contract in Rust: the only file that sees generated types.
//!
//! [`Facets`] finds what a component exports (`manifest` and one to three others) and calls it;
//! [`add_imports`] gives a linker `log` and `lookup`. Everything here speaks the newest contract of
//! its major version; a plugin for an older minor version of it links as it is, since 1.x grows only
//! by imports. A second major version would be a second file like this one, chosen in `contract.rs`.
//!
//! Strings go in borrowed, so a payload is copied once: into the sandbox.

use wasmtime::component::{Instance, InstancePre, Linker, WasmStr};
use wasmtime::{AsContextMut, Store, StoreContextMut, Trap};

use crate::event::{Operation, PriceLine, Violation};

use super::call::Call;
use super::job::Context;
use super::lookups::Row;

#[allow(
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    elided_lifetimes_in_paths,
    clippy::all,
    clippy::str_to_string,
    reason = "generated from wit/plugin.wit, which is documented"
)]
mod generated {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "mapwright:plugin/complete-plugin",
        // Arguments borrow: payloads and lines are not cloned to be handed in.
        ownership: Borrowing { duplicate_if_necessary: true },
    });
}

use generated::exports::mapwright::plugin as exported;
use generated::mapwright::plugin as shared;

/// The version of the contract this file speaks.
pub(super) const VERSION: &str = "1.0.0";

/// Where to find each exported function, resolved once when the plugin is loaded.
#[derive(Clone)]
pub(super) struct Facets {
    manifest: exported::manifest::GuestIndices,
    pub(super) field_mapping: Option<exported::field_mapping::GuestIndices>,
    pub(super) pricing: Option<exported::pricing::GuestIndices>,
    pub(super) status_translation: Option<exported::status_translation::GuestIndices>,
}

/// A manifest as the plugin gives it, unchecked.
pub(super) struct Described {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) summary: String,
    pub(super) settings_schema: String,
    pub(super) topics: Vec<String>,
    pub(super) entities: Vec<String>,
    pub(super) attributes: Vec<(String, String)>,
}

/// A document as the plugin gives it, unchecked.
pub(super) struct RawDocument {
    pub(super) entity: String,
    pub(super) key: String,
    pub(super) operation: Operation,
    pub(super) body: String,
    pub(super) attributes: Vec<(String, String)>,
}

/// What a plugin answered, unchecked.
pub(super) enum Answer {
    Mapped { documents: Vec<RawDocument>, checkpoint: Option<String> },
    Skipped(String),
    Priced(Vec<PriceLine>),
    Translated(Option<String>),
    Rejected(Vec<Violation>),
    NotReady(String),
}

/// What one exported function is asked.
#[derive(Debug, Clone, Copy)]
pub(super) enum Question<'a> {
    Translate {
        entity: &'a str,
        status: &'a str,
        previous: Option<&'a str>,
        attributes: &'a [(String, String)],
    },
    Reprice {
        lines: &'a [PriceLine],
    },
    Transform {
        payload: &'a str,
        status: Option<&'a str>,
        lines: &'a [PriceLine],
    },
}

impl Facets {
    /// Looks the exports up by name; none of the optional three is an error here.
    pub(super) fn find(pre: &InstancePre<Call>) -> wasmtime::Result<Self> {
        Ok(Self {
            manifest: exported::manifest::GuestIndices::new(pre)?,
            field_mapping: exported::field_mapping::GuestIndices::new(pre).ok(),
            pricing: exported::pricing::GuestIndices::new(pre).ok(),
            status_translation: exported::status_translation::GuestIndices::new(pre).ok(),
        })
    }

    /// Fails when an export has another type than the contract gives it.
    pub(super) fn typecheck(
        &self,
        store: &mut Store<Call>,
        instance: &Instance,
    ) -> wasmtime::Result<()> {
        self.manifest.load(&mut *store, instance)?;
        if let Some(facet) = &self.field_mapping {
            facet.load(&mut *store, instance)?;
        }
        if let Some(facet) = &self.pricing {
            facet.load(&mut *store, instance)?;
        }
        if let Some(facet) = &self.status_translation {
            facet.load(&mut *store, instance)?;
        }
        Ok(())
    }

    /// Asks the plugin what it is.
    pub(super) fn describe(
        &self,
        store: &mut Store<Call>,
        instance: &Instance,
    ) -> wasmtime::Result<Described> {
        let facet = self.manifest.load(&mut *store, instance)?;
        let manifest = facet.call_describe(store)?;
        Ok(Described {
            name: manifest.name,
            version: manifest.version,
            summary: manifest.summary,
            settings_schema: manifest.settings_schema,
            topics: manifest.topics,
            entities: manifest.entities,
            attributes: manifest.attributes,
        })
    }

    /// Asks one question. The plugin must have the capability: [`super::Plugin`] sees to it.
    pub(super) fn ask(
        &self,
        store: &mut Store<Call>,
        instance: &Instance,
        context: &Context,
        question: Question<'_>,
    ) -> wasmtime::Result<Answer> {
        let attributes = borrow_pairs(&context.attributes);
        let context = shared::types::Context {
            merchant: &context.merchant,
            route: &context.route,
            source: &context.source,
            target: &context.target,
            topic: &context.topic,
            resource_key: &context.resource_key,
            event_id: &context.event_id,
            correlation_id: &context.correlation_id,
            source_version_time: context.source_version_time.as_deref(),
            received_at: &context.received_at,
            attempt: context.attempt,
            settings: &context.settings,
            checkpoint: context.checkpoint.as_deref(),
            attributes: &attributes,
        };
        match question {
            Question::Translate { entity, status, previous, attributes } => {
                let attributes = borrow_pairs(attributes);
                let status = exported::status_translation::SourceStatus {
                    entity,
                    status,
                    previous_status: previous,
                    attributes: &attributes,
                };
                let facet =
                    present(self.status_translation.as_ref())?.load(&mut *store, instance)?;
                Ok(match facet.call_translate(store, context, status)? {
                    Ok(status) => Answer::Translated(status),
                    Err(refusal) => refusal.into(),
                })
            }
            Question::Reprice { lines } => {
                let attributes = borrow_attributes(lines);
                let lines = borrow_lines(lines, &attributes);
                let facet = present(self.pricing.as_ref())?.load(&mut *store, instance)?;
                Ok(match facet.call_reprice(store, context, &lines)? {
                    Ok(lines) => Answer::Priced(lines.into_iter().map(PriceLine::from).collect()),
                    Err(refusal) => refusal.into(),
                })
            }
            Question::Transform { payload, status, lines } => {
                let attributes = borrow_attributes(lines);
                let lines = borrow_lines(lines, &attributes);
                let input = exported::field_mapping::MappingInput {
                    payload,
                    status,
                    lines: &lines,
                    attributes: &[],
                };
                let facet = present(self.field_mapping.as_ref())?.load(&mut *store, instance)?;
                Ok(match facet.call_transform(store, context, input)? {
                    Ok(outcome) => outcome.into(),
                    Err(refusal) => refusal.into(),
                })
            }
        }
    }
}

fn present<T>(facet: Option<&T>) -> wasmtime::Result<&T> {
    facet.ok_or_else(|| wasmtime::format_err!("the plugin lacks the capability it was asked for"))
}

fn borrow_pairs(pairs: &[(String, String)]) -> Vec<(&str, &str)> {
    pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

fn borrow_attributes(lines: &[PriceLine]) -> Vec<Vec<(&str, &str)>> {
    lines.iter().map(|line| borrow_pairs(&line.attributes)).collect()
}

fn borrow_lines<'a>(
    lines: &'a [PriceLine],
    attributes: &'a [Vec<(&'a str, &'a str)>],
) -> Vec<shared::pricing_types::PriceLineParam<'a>> {
    lines
        .iter()
        .zip(attributes)
        .map(|(line, attributes)| shared::pricing_types::PriceLineParam {
            id: &line.id,
            sku: &line.sku,
            quantity: &line.quantity,
            unit_price: &line.unit_price,
            currency: &line.currency,
            attributes,
        })
        .collect()
}

impl From<shared::pricing_types::PriceLineResult> for PriceLine {
    fn from(line: shared::pricing_types::PriceLineResult) -> Self {
        Self {
            id: line.id,
            sku: line.sku,
            quantity: line.quantity,
            unit_price: line.unit_price,
            currency: line.currency,
            attributes: line.attributes,
        }
    }
}

impl From<shared::types::Refusal> for Answer {
    fn from(refusal: shared::types::Refusal) -> Self {
        match refusal {
            shared::types::Refusal::Rejected(violations) => Self::Rejected(
                violations
                    .into_iter()
                    .map(|violation| Violation {
                        pointer: violation.pointer,
                        code: violation.code,
                        message: violation.message,
                    })
                    .collect(),
            ),
            shared::types::Refusal::NotReady(reason) => Self::NotReady(reason),
        }
    }
}

impl From<exported::field_mapping::MappingOutcome> for Answer {
    fn from(outcome: exported::field_mapping::MappingOutcome) -> Self {
        use exported::field_mapping::{MappingOutcome, Operation as Wit};
        match outcome {
            MappingOutcome::Skipped(reason) => Self::Skipped(reason),
            MappingOutcome::Mapped(mapping) => Self::Mapped {
                documents: mapping
                    .documents
                    .into_iter()
                    .map(|document| RawDocument {
                        entity: document.entity,
                        key: document.idempotency_key,
                        operation: match document.operation {
                            Wit::Create => Operation::Create,
                            Wit::Update => Operation::Update,
                            Wit::Upsert => Operation::Upsert,
                            Wit::Cancel => Operation::Cancel,
                            Wit::Delete => Operation::Delete,
                        },
                        body: document.body,
                        attributes: document.attributes,
                    })
                    .collect(),
                checkpoint: mapping.checkpoint,
            },
        }
    }
}

/// Gives the linker the two imported interfaces.
///
/// A call burns fuel for the bytes it moves, so a plugin cannot make the host work for nothing.
pub(super) fn add_imports(linker: &mut Linker<Call>) -> wasmtime::Result<()> {
    use shared::log::Level;
    use shared::lookup::LookupFailure;

    let mut log = linker.instance(&format!("mapwright:plugin/log@{VERSION}"))?;
    log.func_wrap(
        "write",
        |mut store: StoreContextMut<'_, Call>, (level, message): (Level, WasmStr)| {
            // Copied out only as far as it will be kept.
            let (kept, length) = {
                let message = message.to_str(&store)?;
                (store.data().log.excerpt(&message), message.len())
            };
            burn(&mut store, length)?;
            let level = match level {
                Level::Debug => "debug",
                Level::Info => "info",
                Level::Warning => "warning",
                Level::Error => "error",
            };
            store.data_mut().log.write(level, kept, length);
            Ok(())
        },
    )?;

    let mut lookup = linker.instance(&format!("mapwright:plugin/lookup@{VERSION}"))?;
    lookup.func_wrap(
        "get-row",
        |mut store: StoreContextMut<'_, Call>, (table, key): (WasmStr, WasmStr)| {
            let row: Result<Option<Row>, LookupFailure> = {
                let table = table.to_str(&store)?;
                let key = key.to_str(&store)?;
                store.data().lookups.row(&table, &key).ok_or(LookupFailure::UnknownTable)
            };
            let bytes = row.as_ref().map_or(0, |row| {
                row.iter()
                    .flat_map(|row| row.iter())
                    .map(|(name, value)| name.len() + value.len())
                    .sum()
            });
            burn(&mut store, bytes)?;
            Ok((row,))
        },
    )?;
    Ok(())
}

/// Burns fuel for a host call that moved this many bytes.
pub(super) fn burn(store: &mut StoreContextMut<'_, Call>, bytes: usize) -> wasmtime::Result<()> {
    // What a host call costs beside its bytes, next to an instruction's 1.
    const CALL: u64 = 100;
    let mut store = store.as_context_mut();
    let fuel = store.get_fuel()?;
    let cost = CALL.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
    match fuel.checked_sub(cost) {
        Some(left) => store.set_fuel(left),
        None => {
            store.set_fuel(0)?;
            Err(Trap::OutOfFuel.into())
        }
    }
}
