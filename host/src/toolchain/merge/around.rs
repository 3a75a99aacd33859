//! The component around the merged module: what stood in it, in its order, with new numbers.
//!
//! Sections that have nothing to do with core items are copied as they are. Lists of names and names of the
//! linking that nobody asks for any more are left out.

use std::collections::BTreeMap;
use std::convert::Infallible;

use wasm_encoder::reencode::{Error, Reencode, ReencodeComponent};
use wasm_encoder::{
    Alias, CanonicalFunctionSection, Component, ComponentAliasSection, ExportKind, InstanceSection,
    ModuleArg, RawSection,
};
use wasmparser::{CanonicalFunction, ComponentAlias, Instance};

use super::component::{Counts, Item, Read, parts_modules, used, wanted};
use super::link::{Core, Kind};
use super::module;

type Failed = Error<Infallible>;

pub(super) fn write(bytes: &[u8], read: &Read<'_>) -> Result<Vec<u8>, String> {
    let Read { items, modules, linked, merged } = read;
    let mut parts = Vec::new();
    for item in items {
        if let Item::Instance(number, Instance::Instantiate { module_index, .. }) = item
            && merged.contains(number)
        {
            parts.push((*number, modules[*module_index as usize]));
        }
    }
    let wanted = wanted(items, merged, linked);
    let exports: Vec<Core> =
        wanted.iter().copied().filter(|core| linked.within(*core, merged)).collect();
    let module = module::merge(&parts, linked, &exports)?;

    let gone = parts_modules(items, merged);
    // It begins as soon as it and all that it takes is there.
    let last = items.iter().enumerate().filter(|(_, item)| match item {
        Item::CoreAlias { core, .. } => takes(&module, *core),
        Item::Canon(_, Some(number)) => module.imports.contains(number),
        _ => false,
    });
    let first = items.iter().position(|it| matches!(it, Item::Module(of) if gone.contains(of)));
    let last = last.map(|(at, _)| at).max().max(first);
    let mut out = Out::default();
    for (at, item) in items.iter().enumerate() {
        match item {
            Item::Kept(id, range) => {
                out.flush();
                out.component.section(&RawSection { id: *id, data: &bytes[range.clone()] });
            }
            Item::Module(number) if gone.contains(number) => {
                if out.merged.is_none() {
                    out.merged = Some(out.module(&module.bytes));
                }
            }
            Item::Module(number) => {
                let new = out.module(modules[*number as usize]);
                out.indices.modules.insert(*number, new);
            }
            Item::Instance(number, _) if merged.contains(number) => {}
            Item::Instance(number, instance) => {
                let listed = matches!(instance, Instance::FromExports(_));
                if !listed || used(*number, items, merged) {
                    out.instance(*number, instance)?;
                }
            }
            Item::CoreAlias { core, instance, name } => {
                let asked = wanted.contains(core) || takes(&module, *core);
                if asked && !linked.within(*core, merged) {
                    out.core_alias(*core, *instance, name);
                }
            }
            Item::Alias(alias) => out.alias(alias.clone())?,
            Item::Canon(function, number) => out.canon(function.clone(), *number)?,
        }
        if Some(at) == last {
            out.instantiate(&module, &exports);
        }
    }
    out.flush();
    Ok(out.component.finish())
}

/// Whether the merged module takes a core item.
fn takes(module: &module::Merged, (kind, number): Core) -> bool {
    kind == Kind::Function && module.imports.contains(&number)
}

/// New numbers for old.
#[derive(Default)]
struct Indices {
    modules: BTreeMap<u32, u32>,
    instances: BTreeMap<u32, u32>,
    core: BTreeMap<Core, u32>,
}

impl Indices {
    fn get(&self, kind: Kind, index: u32) -> u32 {
        // What is not there any more is found by the validation.
        self.core.get(&(kind, index)).copied().unwrap_or(u32::MAX)
    }
}

impl Reencode for Indices {
    type Error = Infallible;

    fn function_index(&mut self, index: u32) -> Result<u32, Failed> {
        Ok(self.get(Kind::Function, index))
    }

    fn memory_index(&mut self, index: u32) -> Result<u32, Failed> {
        Ok(self.get(Kind::Memory, index))
    }

    fn table_index(&mut self, index: u32) -> Result<u32, Failed> {
        Ok(self.get(Kind::Table, index))
    }

    fn global_index(&mut self, index: u32) -> Result<u32, Failed> {
        Ok(self.get(Kind::Global, index))
    }
}

impl ReencodeComponent for Indices {
    fn module_index(&mut self, index: u32) -> u32 {
        self.modules.get(&index).copied().unwrap_or(u32::MAX)
    }

    fn instance_index(&mut self, index: u32) -> u32 {
        self.instances.get(&index).copied().unwrap_or(u32::MAX)
    }
}

/// The component that is written.
#[derive(Default)]
struct Out {
    component: Component,
    indices: Indices,
    counts: Counts,
    modules: u32,
    instances: u32,
    /// The number of the merged module.
    merged: Option<u32>,
    /// What is not written yet, of one kind at a time.
    open: Open,
}

#[derive(Default)]
enum Open {
    #[default]
    Nothing,
    Instances(InstanceSection),
    Aliases(ComponentAliasSection),
    Canons(CanonicalFunctionSection),
}

impl Out {
    fn flush(&mut self) {
        match std::mem::take(&mut self.open) {
            Open::Nothing => {}
            Open::Instances(section) => drop(self.component.section(&section)),
            Open::Aliases(section) => drop(self.component.section(&section)),
            Open::Canons(section) => drop(self.component.section(&section)),
        }
    }

    fn instances(&mut self) -> &mut InstanceSection {
        if !matches!(self.open, Open::Instances(_)) {
            self.flush();
            self.open = Open::Instances(InstanceSection::new());
        }
        let Open::Instances(section) = &mut self.open else { unreachable!("it was just opened") };
        section
    }

    fn aliases(&mut self) -> &mut ComponentAliasSection {
        if !matches!(self.open, Open::Aliases(_)) {
            self.flush();
            self.open = Open::Aliases(ComponentAliasSection::new());
        }
        let Open::Aliases(section) = &mut self.open else { unreachable!("it was just opened") };
        section
    }

    fn module(&mut self, bytes: &[u8]) -> u32 {
        self.flush();
        const CORE_MODULE: u8 = 1;
        self.component.section(&RawSection { id: CORE_MODULE, data: bytes });
        self.modules += 1;
        self.modules - 1
    }

    fn instance(&mut self, number: u32, instance: &Instance<'_>) -> Result<(), String> {
        let mut indices = std::mem::take(&mut self.indices);
        let done = indices.parse_instance(self.instances(), instance.clone());
        self.indices = indices;
        done.map_err(|error| error.to_string())?;
        self.indices.instances.insert(number, self.instances);
        self.instances += 1;
        Ok(())
    }

    fn core_alias(&mut self, core: Core, instance: u32, name: &str) {
        let instance = self.indices.instance_index(instance);
        self.aliases().alias(Alias::CoreInstanceExport { instance, kind: core.0.into(), name });
        let new = self.counts.next(core.0);
        self.indices.core.insert(core, new);
    }

    fn alias(&mut self, alias: ComponentAlias<'_>) -> Result<(), String> {
        let alias = self.indices.component_alias(alias).map_err(|error| error.to_string())?;
        self.aliases().alias(alias);
        Ok(())
    }

    fn canon(&mut self, function: CanonicalFunction, number: Option<u32>) -> Result<(), String> {
        if !matches!(self.open, Open::Canons(_)) {
            self.flush();
            self.open = Open::Canons(CanonicalFunctionSection::new());
        }
        let Open::Canons(section) = &mut self.open else { unreachable!("it was just opened") };
        let done = self.indices.parse_component_canonical(section, function);
        done.map_err(|error| error.to_string())?;
        if let Some(number) = number {
            let new = self.counts.next(Kind::Function);
            self.indices.core.insert((Kind::Function, number), new);
        }
        Ok(())
    }

    /// The merged instance, and what others want of it.
    fn instantiate(&mut self, module: &module::Merged, exports: &[Core]) {
        let taken: Vec<(String, ExportKind, u32)> = module
            .imports
            .iter()
            .map(|number| {
                let new = self.indices.get(Kind::Function, *number);
                (module::import_name(*number), ExportKind::Func, new)
            })
            .collect();
        let of = self.merged.unwrap_or(u32::MAX);
        let list = self.instances;
        let section = self.instances();
        section.export_items(taken.iter().map(|(name, kind, at)| (name.as_str(), *kind, *at)));
        section.instantiate(of, [(module::IMPORTS, ModuleArg::Instance(list))]);
        self.instances += 2;
        for core in exports {
            let name = module::export_name(*core);
            self.aliases().alias(Alias::CoreInstanceExport {
                instance: list + 1,
                kind: core.0.into(),
                name: &name,
            });
            let new = self.counts.next(core.0);
            self.indices.core.insert(*core, new);
        }
    }
}
