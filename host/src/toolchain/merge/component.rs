//! The outside of the merge: which modules of a component belong together, and the component around the one
//! that is made of them.

use std::collections::{BTreeSet, HashMap};
use std::convert::Infallible;
use std::ops::Range;

use wasm_encoder::CanonicalFunctionSection;
use wasm_encoder::reencode::{Error, Reencode, ReencodeComponent};
use wasmparser::{CanonicalFunction, CanonicalOption, ComponentAlias, Instance, Parser, Payload};

use super::link::{Core, Kind, Linked, Source};
use super::part::{defines_memory, said};

/// What stands in a component, in its order.
pub(super) enum Item<'a> {
    /// Whatever the merge does not touch: section and contents.
    Kept(u8, Range<usize>),
    Module(u32),
    Instance(u32, Instance<'a>),
    /// Gives a core item.
    CoreAlias {
        core: Core,
        instance: u32,
        name: &'a str,
    },
    Alias(ComponentAlias<'a>),
    /// Gives a core function, unless it lifts one.
    Canon(CanonicalFunction, Option<u32>),
}

/// A component, read.
pub(super) struct Read<'a> {
    pub(super) items: Vec<Item<'a>>,
    pub(super) modules: Vec<&'a [u8]>,
    pub(super) linked: Linked<'a>,
    /// Instances that are merged, and those that are only lists of names.
    pub(super) merged: Vec<u32>,
}

/// How many of each kind there are so far.
#[derive(Default)]
pub(super) struct Counts(HashMap<Kind, u32>);

impl Counts {
    pub(super) fn next(&mut self, kind: Kind) -> u32 {
        let count = self.0.entry(kind).or_default();
        *count += 1;
        *count - 1
    }
}

pub(super) fn read(bytes: &[u8]) -> Result<Read<'_>, String> {
    let mut items = Vec::new();
    let (mut modules, mut linked, mut counts) = (Vec::new(), Linked::default(), Counts::default());
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.map_err(said)?;
        match payload {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            _ if depth > 1 => {}
            Payload::ModuleSection { unchecked_range, .. } => {
                items.push(Item::Module(index(modules.len())));
                modules.push(&bytes[unchecked_range]);
            }
            Payload::InstanceSection(section) => {
                for instance in section {
                    let instance = instance.map_err(said)?;
                    items.push(Item::Instance(linked.add(&instance), instance));
                }
            }
            Payload::ComponentAliasSection(section) => {
                for alias in section {
                    match alias.map_err(said)? {
                        ComponentAlias::CoreInstanceExport { kind, instance_index, name } => {
                            let kind = Kind::of(kind).ok_or("it has tags")?;
                            let core = (kind, counts.next(kind));
                            linked.define(core, Source::Export(instance_index, name));
                            items.push(Item::CoreAlias { core, instance: instance_index, name });
                        }
                        alias => items.push(Item::Alias(alias)),
                    }
                }
            }
            Payload::ComponentCanonicalSection(section) => {
                for function in section {
                    let function = function.map_err(said)?;
                    let gives = !matches!(function, CanonicalFunction::Lift { .. });
                    let gives = gives.then(|| counts.next(Kind::Function));
                    if let Some(function) = gives {
                        linked.define((Kind::Function, function), Source::Canon);
                    }
                    items.push(Item::Canon(function, gives));
                }
            }
            // Names of what is not there any more.
            Payload::CustomSection(section) if section.name() == "component-name" => {}
            other => {
                if let Some((id, range)) = other.as_section() {
                    items.push(Item::Kept(id, range));
                }
            }
        }
    }
    let merged = together(&items, &linked, &modules)?;
    Ok(Read { items, modules, linked, merged })
}

/// Which instances become one: all but those made before the memory is there, and those that take what needs
/// the memory to be called.
fn together(
    items: &[Item<'_>],
    linked: &Linked<'_>,
    modules: &[&[u8]],
) -> Result<Vec<u32>, String> {
    let instances = items.iter().filter_map(|item| match item {
        Item::Instance(number, Instance::Instantiate { module_index, .. }) => {
            Some((*number, *module_index))
        }
        _ => None,
    });
    let needing: BTreeSet<u32> = items.iter().filter_map(needs_memory).collect();
    let (mut merged, mut memory) = (Vec::new(), false);
    for (number, of) in instances {
        let module = modules.get(of as usize).ok_or("a module is not there")?;
        memory |= defines_memory(module)?;
        let takes = linked.arguments(number).any(|from| {
            linked
                .listed(from)
                .any(|(_, core)| core.0 == Kind::Function && needing.contains(&core.1))
        });
        if memory && !takes {
            merged.push(number);
        }
    }
    Ok(merged)
}

/// The number of a function of the host's that reads or writes the memory.
fn needs_memory(item: &Item<'_>) -> Option<u32> {
    let Item::Canon(CanonicalFunction::Lower { options, .. }, Some(number)) = item else {
        return None;
    };
    let memory = |option: &CanonicalOption| matches!(option, CanonicalOption::Memory(_));
    options.iter().any(memory).then_some(*number)
}

/// The modules that are merged.
pub(super) fn parts_modules(items: &[Item<'_>], merged: &[u32]) -> BTreeSet<u32> {
    let of = |item: &Item<'_>| match item {
        Item::Instance(number, Instance::Instantiate { module_index, .. })
            if merged.contains(number) =>
        {
            Some(*module_index)
        }
        _ => None,
    };
    items.iter().filter_map(of).collect()
}

/// Whether a list of names is given to an instance that stays.
pub(super) fn used(list: u32, items: &[Item<'_>], merged: &[u32]) -> bool {
    items.iter().any(|item| match item {
        Item::Instance(number, Instance::Instantiate { args, .. }) => {
            !merged.contains(number) && args.iter().any(|arg| arg.index == list)
        }
        _ => false,
    })
}

/// The core items that the component asks for, apart from what merged instances take from each other.
pub(super) fn wanted(items: &[Item<'_>], merged: &[u32], linked: &Linked<'_>) -> BTreeSet<Core> {
    let mut wanted = Wanted::default();
    for item in items {
        match item {
            Item::Canon(function, _) => {
                // Only to see what is asked for.
                let mut seen = CanonicalFunctionSection::new();
                drop(wanted.parse_component_canonical(&mut seen, function.clone()));
            }
            Item::Instance(number, Instance::Instantiate { .. }) if !merged.contains(number) => {
                for from in linked.arguments(*number) {
                    wanted.0.extend(linked.listed(from).map(|(_, core)| core));
                }
            }
            _ => {}
        }
    }
    wanted.0
}

/// Notes each core item that is looked at.
#[derive(Default)]
struct Wanted(BTreeSet<Core>);

impl Reencode for Wanted {
    type Error = Infallible;

    fn function_index(&mut self, index: u32) -> Result<u32, Error<Infallible>> {
        self.0.insert((Kind::Function, index));
        Ok(index)
    }

    fn memory_index(&mut self, index: u32) -> Result<u32, Error<Infallible>> {
        self.0.insert((Kind::Memory, index));
        Ok(index)
    }
}

impl ReencodeComponent for Wanted {}

fn index(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
