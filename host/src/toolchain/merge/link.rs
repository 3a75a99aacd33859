//! Which instance of a component takes what from which: its core instances and the names between them.
//!
//! A list of names stands for what is listed, so all lists are followed to their end.

use std::collections::HashMap;

use wasm_encoder::ExportKind;
use wasmparser::{ExternalKind, Instance};

/// What modules take from each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Function,
    Table,
    Memory,
    Global,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::Function, Self::Table, Self::Memory, Self::Global];

    /// None for what only later Wasm has.
    pub(super) fn of(kind: ExternalKind) -> Option<Self> {
        Some(match kind {
            ExternalKind::Func => Self::Function,
            ExternalKind::Table => Self::Table,
            ExternalKind::Memory => Self::Memory,
            ExternalKind::Global => Self::Global,
            _ => return None,
        })
    }
}

impl From<Kind> for ExportKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Function => Self::Func,
            Kind::Table => Self::Table,
            Kind::Memory => Self::Memory,
            Kind::Global => Self::Global,
        }
    }
}

/// A core item in the component's own numbering.
pub(super) type Core = (Kind, u32);

/// Where a core item comes from.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    /// An instance, under this name.
    Export(u32, &'a str),
    /// The component model.
    Canon,
}

/// All core instances and the core items that were taken out of them.
#[derive(Default)]
pub(super) struct Linked<'a> {
    instances: Vec<Linking<'a>>,
    sources: HashMap<Core, Source<'a>>,
}

enum Linking<'a> {
    /// Of a module, with what it is given: name and instance.
    Module(Vec<(&'a str, u32)>),
    List(HashMap<&'a str, Core>),
}

/// Where an import ends.
pub(super) enum End<'a> {
    /// At what an instance of a module exports.
    Instance(u32, &'a str),
    /// At the component model.
    Canon,
}

impl<'a> Linked<'a> {
    /// The next instance.
    pub(super) fn add(&mut self, instance: &Instance<'a>) -> u32 {
        self.instances.push(match instance {
            Instance::Instantiate { args, .. } => {
                Linking::Module(args.iter().map(|arg| (arg.name, arg.index)).collect())
            }
            Instance::FromExports(exports) => Linking::List(
                exports
                    .iter()
                    .filter_map(|it| Some((it.name, (Kind::of(it.kind)?, it.index))))
                    .collect(),
            ),
        });
        u32::try_from(self.instances.len() - 1).unwrap_or(u32::MAX)
    }

    pub(super) fn define(&mut self, core: Core, source: Source<'a>) {
        self.sources.insert(core, source);
    }

    fn get(&self, instance: u32) -> Option<&Linking<'a>> {
        self.instances.get(instance as usize)
    }

    /// The instances that one of a module is given.
    pub(super) fn arguments(&self, instance: u32) -> impl Iterator<Item = u32> + '_ {
        let given = match self.get(instance) {
            Some(Linking::Module(given)) => given.as_slice(),
            _ => &[],
        };
        given.iter().map(|(_, from)| *from)
    }

    /// What stands in a list of names.
    pub(super) fn listed(&self, instance: u32) -> impl Iterator<Item = (&'a str, Core)> + '_ {
        let list = match self.get(instance) {
            Some(Linking::List(list)) => Some(list),
            _ => None,
        };
        list.into_iter().flatten().map(|(name, core)| (*name, *core))
    }

    /// Where a core item comes from, through all lists.
    pub(super) fn end(&self, core: Core) -> Result<(End<'a>, Core), String> {
        let source = self.sources.get(&core);
        match source.ok_or_else(|| format!("there is no core item {core:?}"))? {
            Source::Canon => Ok((End::Canon, core)),
            Source::Export(instance, name) => match self.get(*instance) {
                Some(Linking::List(list)) => {
                    self.end(*list.get(name).ok_or_else(|| format!("`{name}` is not there"))?)
                }
                _ => Ok((End::Instance(*instance, name), core)),
            },
        }
    }

    /// Where what an instance imports ends, and the core item it is in the component.
    pub(super) fn import(
        &self,
        instance: u32,
        module: &str,
        name: &'a str,
        kind: Kind,
    ) -> Result<(End<'a>, Option<Core>), String> {
        let missing = || format!("nothing gives `{module}.{name}`");
        let Some(Linking::Module(given)) = self.get(instance) else { return Err(missing()) };
        let (_, from) = given.iter().find(|(it, _)| *it == module).ok_or_else(missing)?;
        match self.get(*from) {
            Some(Linking::List(list)) => {
                let core = *list.get(name).ok_or_else(missing)?;
                if core.0 != kind {
                    return Err(format!("`{module}.{name}` is of another kind"));
                }
                let (end, core) = self.end(core)?;
                Ok((end, Some(core)))
            }
            Some(Linking::Module(_)) => Ok((End::Instance(*from, name), None)),
            None => Err(missing()),
        }
    }

    /// Whether a core item comes out of one of these instances.
    pub(super) fn within(&self, core: Core, instances: &[u32]) -> bool {
        matches!(self.end(core), Ok((End::Instance(from, _), _)) if instances.contains(&from))
    }
}
