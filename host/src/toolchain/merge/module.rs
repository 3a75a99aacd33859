//! The inside of the merge: one module of many, with one numbering.
//!
//! Functions, globals, tables and memories that modules took from each other become the same; types are kept
//! once; segments get constant places, in the order in which the modules began. A global that nobody writes
//! is a constant from here on, a table that nobody makes larger has its size for good.

use std::collections::{BTreeMap, HashMap, HashSet};

use wasm_encoder::reencode::Reencode;
use wasm_encoder::{
    CodeSection, ConstExpr, DataSection, ElementSection, ExportSection, FunctionSection,
    GlobalSection, ImportSection, MemorySection, Module, NameMap, NameSection, TableSection,
    TypeSection,
};
use wasmparser::{DataKind, ElementKind, FuncType, Operator, TypeRef};

use super::image::Image;
use super::link::{Core, End, Kind, Linked};
use super::numbers::{Constant, Numbers, failed, new};
use super::part::{Part, said};

/// From where the merged module imports all that it does.
pub(super) const IMPORTS: &str = "";
/// How it is called in backtraces.
const NAME: &str = "python";

/// The name of an import: the number of the function in the component that was.
pub(super) fn import_name(number: u32) -> String {
    number.to_string()
}

/// The name of an export.
pub(super) fn export_name((kind, number): Core) -> String {
    format!("{kind:?}{number}").to_lowercase()
}

/// What came of it.
pub(super) struct Merged {
    pub(super) bytes: Vec<u8>,
    /// The functions it takes, by their numbers in the component that was.
    pub(super) imports: Vec<u32>,
}

/// The numbering of the merged module while it is made.
struct Numbering<'a> {
    numbers: Vec<Numbers>,
    /// Type of each imported function.
    imports: Vec<(u32, u32)>,
    types: TypeSection,
    /// Where modules are, by the numbers of their instances.
    at: HashMap<u32, usize>,
    parts: Vec<Part<'a>>,
}

pub(super) fn merge(
    modules: &[(u32, &[u8])],
    linked: &Linked<'_>,
    exports: &[Core],
) -> Result<Merged, String> {
    let numbering = Numbering::new(modules, linked)?;
    numbering.write(linked, exports)
}

impl<'a> Numbering<'a> {
    fn new(modules: &[(u32, &'a [u8])], linked: &Linked<'a>) -> Result<Self, String> {
        let parts = modules.iter().map(|(_, bytes)| Part::read(bytes));
        let parts = parts.collect::<Result<Vec<_>, _>>()?;
        let at = modules.iter().enumerate().map(|(at, (number, _))| (*number, at)).collect();
        let mut this =
            Self { numbers: Vec::new(), imports: Vec::new(), types: TypeSection::new(), at, parts };
        let mut known: HashMap<FuncType, u32> = HashMap::new();
        // What comes from outside is numbered first.
        let mut outside: BTreeMap<u32, u32> = BTreeMap::new();
        for (part, (instance, _)) in this.parts.iter().zip(modules) {
            let mut numbers = Numbers::default();
            for kind in &part.types {
                let number = match known.get(kind) {
                    Some(number) => *number,
                    None => {
                        let number = this.types.len();
                        this.types
                            .ty()
                            .func_type(&numbers.func_type(kind.clone()).map_err(failed)?);
                        known.insert(kind.clone(), number);
                        number
                    }
                };
                numbers.types.push(number);
            }
            for (module, name, of) in part.imported(Kind::Function) {
                let TypeRef::Func(kind) = of else { continue };
                let kind = new(&numbers.types, *kind).map_err(failed)?;
                let (end, core) = linked.import(*instance, module, name, Kind::Function)?;
                if this.outside(&end) {
                    let number = core.ok_or_else(|| format!("`{module}` is given whole"))?.1;
                    outside.insert(number, kind);
                }
            }
            this.numbers.push(numbers);
        }
        this.imports = outside.into_iter().collect();
        let mut counts = [u32::try_from(this.imports.len()).unwrap_or(u32::MAX), 0, 0, 0];
        let mut elements = 0;
        for (at, (instance, _)) in modules.iter().enumerate() {
            for (kind, count) in Kind::ALL.into_iter().zip(&mut counts) {
                let mut numbers = Vec::new();
                for (module, name, _) in this.parts[at].imported(kind) {
                    let (end, core) = linked.import(*instance, module, name, kind)?;
                    let number = this.resolved(&end, core, kind);
                    numbers.push(number.ok_or_else(|| format!("nothing gives `{module}.{name}`"))?);
                }
                let part = &this.parts[at];
                let own = match kind {
                    Kind::Table => part.tables.len(),
                    Kind::Memory => part.memories.len(),
                    Kind::Global => part.globals.len(),
                    _ => part.functions.len(),
                };
                for _ in 0..own {
                    numbers.push(*count);
                    *count += 1;
                }
                let here = &mut this.numbers[at];
                match kind {
                    Kind::Table => here.tables = numbers,
                    Kind::Memory => here.memories = numbers,
                    Kind::Global => here.globals = numbers,
                    _ => here.functions = numbers,
                }
            }
            this.numbers[at].elements = elements;
            elements += u32::try_from(this.parts[at].elements.len()).unwrap_or(u32::MAX);
        }
        Ok(this)
    }

    /// Whether what is taken is not of one of the modules.
    fn outside(&self, end: &End<'_>) -> bool {
        match end {
            End::Canon => true,
            End::Instance(from, _) => !self.at.contains_key(from),
        }
    }

    /// The new number of what is taken.
    fn resolved(&self, end: &End<'_>, core: Option<Core>, kind: Kind) -> Option<u32> {
        match end {
            End::Instance(from, name) if self.at.contains_key(from) => {
                let at = self.at[from];
                let export = self.parts[at].exports.get(name)?;
                (Kind::of(export.kind) == Some(kind)).then_some(())?;
                self.numbers.get(at)?.of(kind).get(export.index as usize).copied()
            }
            // Only functions come from outside.
            _ if kind == Kind::Function => {
                let number = core?.1;
                let at = self.imports.binary_search_by_key(&number, |(it, _)| *it).ok()?;
                u32::try_from(at).ok()
            }
            _ => None,
        }
    }

    fn write(mut self, linked: &Linked<'_>, exports: &[Core]) -> Result<Merged, String> {
        let mut imports = ImportSection::new();
        for (number, kind) in &self.imports {
            imports.import(
                IMPORTS,
                &import_name(*number),
                wasm_encoder::EntityType::Function(*kind),
            );
        }
        let mut section = ExportSection::new();
        let mut written: HashSet<u32> = HashSet::new();
        for core in exports {
            let (end, _) = linked.end(*core)?;
            let number = self.resolved(&end, Some(*core), core.0);
            let number = number.ok_or_else(|| format!("nothing gives {core:?}"))?;
            if core.0 == Kind::Global {
                written.insert(number);
            }
            section.export(&export_name(*core), core.0.into(), number);
        }

        let code = self.code(&mut written)?;
        let rest = self.rest(&written, code.grows_tables)?;
        let mut module = Module::new();
        module
            .section(&self.types)
            .section(&imports)
            .section(&code.functions)
            .section(&rest.tables);
        module.section(&rest.memories).section(&rest.globals).section(&section);
        module.section(&rest.elements);
        module.section(&code.bodies).section(&rest.data);
        let mut section = NameSection::new();
        section.module(NAME);
        section.functions(&code.names);
        module.section(&section);
        let imports = self.imports.into_iter().map(|(number, _)| number).collect();
        Ok(Merged { bytes: module.finish(), imports })
    }

    /// All functions, and what they do to globals and tables.
    fn code(&mut self, written: &mut HashSet<u32>) -> Result<Code, String> {
        let mut code = Code::default();
        let mut named = BTreeMap::new();
        for (part, numbers) in self.parts.iter().zip(&mut self.numbers) {
            for kind in &part.functions {
                code.functions.function(new(&numbers.types, *kind).map_err(failed)?);
            }
            for body in &part.bodies {
                let mut function = numbers.new_function_with_parsed_locals(body).map_err(failed)?;
                let mut reader = body.get_operators_reader().map_err(said)?;
                while !reader.eof() {
                    let operator = reader.read().map_err(said)?;
                    match &operator {
                        Operator::GlobalSet { global_index } => {
                            written.insert(new(&numbers.globals, *global_index).map_err(failed)?);
                        }
                        Operator::TableGrow { .. } => code.grows_tables = true,
                        _ => {}
                    }
                    function.instruction(&numbers.instruction(operator).map_err(failed)?);
                }
                code.bodies.function(&function);
            }
            let imported = part.imported(Kind::Function).count();
            for (old, name) in &part.names {
                if *old as usize >= imported
                    && let Some(new) = numbers.functions.get(*old as usize)
                {
                    named.insert(*new, *name);
                }
            }
        }
        for (number, name) in named {
            code.names.append(number, name);
        }
        Ok(code)
    }

    /// All that is not code.
    fn rest(&mut self, written: &HashSet<u32>, grown: bool) -> Result<Rest, String> {
        let (mut rest, mut image) = (Rest::default(), Image::default());
        let mut values: HashMap<u32, i32> = HashMap::new();
        for (part, numbers) in self.parts.iter().zip(&mut self.numbers) {
            for table in &part.tables {
                if !matches!(table.init, wasmparser::TableInit::RefNull) {
                    return Err("a table begins filled".to_owned());
                }
                let mut kind = numbers.table_type(table.ty).map_err(failed)?;
                if !grown {
                    kind.maximum.get_or_insert(kind.minimum);
                }
                rest.tables.table(kind);
            }
            for memory in &part.memories {
                rest.memories.memory(numbers.memory_type(*memory).map_err(failed)?);
            }
            for global in &part.globals {
                let number = rest.globals.len();
                let mut kind = numbers.global_type(global.ty).map_err(failed)?;
                kind.mutable &= written.contains(&number);
                let value = numbers.constant(&global.init_expr, &values)?;
                if let (false, Constant::Number(value)) = (kind.mutable, &value) {
                    values.insert(number, *value);
                }
                rest.globals.global(kind, &value.expression());
            }
            for element in &part.elements {
                let items = numbers.element_items(element.items.clone()).map_err(failed)?;
                match &element.kind {
                    ElementKind::Active { table_index, offset_expr } => {
                        let table = new(&numbers.tables, table_index.unwrap_or(0));
                        let table = table.map_err(failed)?;
                        let place = numbers.constant(offset_expr, &values)?.expression();
                        rest.elements.active((table > 0).then_some(table), &place, items)
                    }
                    ElementKind::Passive => rest.elements.passive(items),
                    ElementKind::Declared => rest.elements.declared(items),
                };
            }
            for segment in &part.data {
                let DataKind::Active { memory_index, offset_expr } = &segment.kind else {
                    return Err("a module has data without a place".to_owned());
                };
                let memory = new(&numbers.memories, *memory_index).map_err(failed)?;
                match (memory, numbers.constant(offset_expr, &values)?) {
                    (0, Constant::Number(place)) => image.put(place, segment.data)?,
                    _ => return Err("a module's data has no place that is known".to_owned()),
                }
            }
        }
        image.still()?;
        for (place, bytes) in image.segments() {
            rest.data.active(0, &ConstExpr::i32_const(place), bytes.iter().copied());
        }
        Ok(rest)
    }
}

#[derive(Default)]
struct Code {
    functions: FunctionSection,
    bodies: CodeSection,
    names: NameMap,
    grows_tables: bool,
}

#[derive(Default)]
struct Rest {
    tables: TableSection,
    memories: MemorySection,
    globals: GlobalSection,
    elements: ElementSection,
    data: DataSection,
}
