//! Plugins written by hand in WebAssembly text, for what no toolchain would let one write.
//!
//! A [`Guest`] is a core module with its component type embedded, as a compiler leaves it. Its
//! functions are given as instructions; the canonical ABI around them (where a record lies, what a
//! result looks like) is laid out here, once. Offsets follow from `wit/plugin.wit`: all strings and
//! lists are pointer and length, variants are a byte and an aligned payload.

use std::fmt::Write as _;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// The contract, as the host has it.
pub const WIT: &str = include_str!("../../wit/plugin.wit");

/// Where the payload's pointer lies in the arguments of `transform`; its length is 4 further on.
pub const PAYLOAD_AT: u32 = 116;
/// Where the lines' pointer lies in the arguments of `reprice`; their count is 4 further on.
pub const LINES_AT: u32 = 116;
/// Where the settings' pointer lies in the arguments of every function.
pub const SETTINGS_AT: u32 = 88;

/// The first address of constant data; below it is scratch space for the guest.
const DATA_AT: u32 = 1024;

/// A plugin to be.
#[derive(Clone)]
pub struct Guest {
    /// The manifest's name.
    pub name: String,
    /// The manifest's version.
    pub version: String,
    /// The manifest's settings schema.
    pub settings_schema: String,
    /// Body of `transform`: `(param $args i32) (result i32)`.
    pub transform: Option<String>,
    /// Body of `reprice`, likewise.
    pub reprice: Option<String>,
    /// Body of `translate`, likewise.
    pub translate: Option<String>,
    /// Instructions run before `describe` returns.
    pub describe: String,
    /// Further imports, in text.
    pub imports: String,
    /// Further functions and globals, in text.
    pub functions: String,
    /// The contract it is written for.
    pub wit: String,
    /// The contract's version, as it stands in names.
    pub contract: String,
    /// Pages of memory at the start.
    pub pages: u32,
    data: Data,
}

/// Constant data, laid out while the guest is written.
#[derive(Clone)]
struct Data {
    bytes: Vec<u8>,
}

impl Data {
    fn align(&mut self) {
        while !self.bytes.len().is_multiple_of(8) {
            self.bytes.push(0);
        }
    }

    fn here(&self) -> u32 {
        DATA_AT + u32::try_from(self.bytes.len()).expect("guests are small")
    }

    fn text(&mut self, text: &str) -> (u32, u32) {
        let at = self.here();
        self.bytes.extend_from_slice(text.as_bytes());
        (at, u32::try_from(text.len()).expect("guests are small"))
    }

    fn words(&mut self, words: &[u32]) -> u32 {
        self.align();
        let at = self.here();
        for word in words {
            self.bytes.extend_from_slice(&word.to_le_bytes());
        }
        at
    }
}

impl Guest {
    /// A plugin without any capability yet.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            settings_schema: "{}".to_owned(),
            transform: None,
            reprice: None,
            translate: None,
            describe: String::new(),
            imports: String::new(),
            functions: String::new(),
            wit: WIT.to_owned(),
            contract: "1.0.0".to_owned(),
            pages: 2,
            data: Data { bytes: Vec::new() },
        }
    }

    /// A plugin whose `transform` has this body.
    pub fn transforming(name: &str, body: &str) -> Self {
        Self { transform: Some(body.to_owned()), ..Self::new(name) }
    }

    /// A plugin that makes of the payload one document with the payload as its body.
    pub fn echo(name: &str) -> Self {
        Self::passing(name, "sale", "sale-1")
    }

    /// The same with another entity and key.
    pub fn passing(name: &str, entity: &str, key: &str) -> Self {
        let mut guest = Self::new(name);
        let body = guest.mapped(&[(entity, key)], Some("seen"));
        guest.transform = Some(format!(
            "{}\n{body}",
            // The body of the first document is put in place before the answer is given.
            guest.payload_into_first_body()
        ));
        guest
    }

    /// Puts a constant text into memory; pointer and length.
    pub fn text(&mut self, text: &str) -> (u32, u32) {
        self.data.text(text)
    }

    /// Instructions that give the answer `mapped` with these documents, bodies `{}`.
    pub fn mapped(&mut self, documents: &[(&str, &str)], checkpoint: Option<&str>) -> String {
        let documents: Vec<_> =
            documents.iter().map(|(entity, key)| (*entity, *key, "{}")).collect();
        self.mapped_bodies(&documents, checkpoint)
    }

    /// Instructions that give the answer `mapped` with these documents: entity, key and body.
    pub fn mapped_bodies(
        &mut self,
        documents: &[(&str, &str, &str)],
        checkpoint: Option<&str>,
    ) -> String {
        let mut words = Vec::new();
        for (entity, key, body) in documents {
            let (entity, entity_len) = self.text(entity);
            let (key, key_len) = self.text(key);
            let (body, body_len) = self.text(body);
            // Operation 2 is `upsert`; no attributes.
            words.extend([entity, entity_len, key, key_len, 2, body, body_len, 4, 0]);
        }
        let count = u32::try_from(documents.len()).expect("guests are small");
        let checkpoint = checkpoint.map(|text| self.text(text));
        let list = self.data.words(&words);
        let (some, at, len) = checkpoint.map_or((0, 0, 0), |(at, len)| (1, at, len));
        let answer = self.data.words(&[0, 0, list, count, some, at, len]);
        format!("(i32.const {answer})")
    }

    /// Instructions that put the payload into the body of the first document laid out so far.
    fn payload_into_first_body(&self) -> String {
        // The answer's third word points to the documents; a body lies 20 bytes into one.
        let answer = self.data.here() - 28;
        format!(
            "(i32.store offset=20 (i32.load (i32.const {list})) (i32.load offset={PAYLOAD_AT} (local.get $args)))
             (i32.store offset=24 (i32.load (i32.const {list})) (i32.load offset={length} (local.get $args)))",
            list = answer + 8,
            length = PAYLOAD_AT + 4,
        )
    }

    /// Instructions that give the answer `mapped` with one document whose body lies anywhere.
    pub fn mapped_at(&mut self, body: u32, length: u32, count: u32) -> String {
        let (entity, entity_len) = self.text("sale");
        let (key, key_len) = self.text("k");
        let document = [entity, entity_len, key, key_len, 2, body, length, 4, 0];
        let words: Vec<_> = (0..count).flat_map(|_| document).collect();
        let list = self.data.words(&words);
        let answer = self.data.words(&[0, 0, list, count, 0, 0, 0]);
        format!("(i32.const {answer})")
    }

    /// Instructions that give the answer `skipped`.
    pub fn skipped(&mut self, reason: &str) -> String {
        let (at, len) = self.text(reason);
        format!("(i32.const {})", self.data.words(&[0, 1, at, len, 0, 0, 0]))
    }

    /// Instructions that give the answer `not-ready`.
    pub fn not_ready(&mut self, reason: &str) -> String {
        let (at, len) = self.text(reason);
        format!("(i32.const {})", self.data.words(&[1, 1, at, len, 0, 0, 0]))
    }

    /// Instructions that give the answer `rejected` with these violations.
    pub fn rejected(&mut self, violations: &[(&str, &str, &str)]) -> String {
        let mut words = Vec::new();
        for (pointer, code, message) in violations {
            for text in [pointer, code, message] {
                let (at, len) = self.text(text);
                words.extend([at, len]);
            }
        }
        let count = u32::try_from(violations.len()).expect("guests are small");
        let list = self.data.words(&words);
        format!("(i32.const {})", self.data.words(&[1, 0, list, count, 0, 0, 0]))
    }

    /// Instructions by which `translate` gives this status.
    pub fn translated(&mut self, status: &str) -> String {
        let (at, len) = self.text(status);
        format!("(i32.const {})", self.data.words(&[0, 1, at, len]))
    }

    /// Instructions by which `reprice` gives the lines back as they came.
    pub fn lines_as_they_are(&mut self) -> String {
        let answer = self.data.words(&[0, 0, 0, 0]);
        format!(
            "(i32.store offset=4 (i32.const {answer}) (i32.load offset={LINES_AT} (local.get $args)))
             (i32.store offset=8 (i32.const {answer}) (i32.load offset={count} (local.get $args)))
             (i32.const {answer})",
            count = LINES_AT + 4,
        )
    }

    /// Instructions that log one line at a level (0 debug .. 3 error).
    pub fn log(&mut self, level: u32, message: &str) -> String {
        let (at, len) = self.text(message);
        format!("(call $log (i32.const {level}) (i32.const {at}) (i32.const {len}))")
    }

    /// The module without its component type.
    pub fn core_module(&self) -> Vec<u8> {
        wat::parse_str(self.text_format()).expect("the guest is well formed")
    }

    /// The module with its component type: what a compiler leaves.
    pub fn module(&self) -> Vec<u8> {
        let mut bytes = self.core_module();
        let mut resolve = Resolve::default();
        let package = resolve.push_str("plugin.wit", &self.wit).expect("the contract parses");
        let world = resolve.select_world(&[package], Some(self.world())).expect("such a world");
        embed_component_metadata(&mut bytes, &resolve, world, StringEncoding::UTF8)
            .expect("the type can be embedded");
        bytes
    }

    /// The component.
    pub fn component(&self) -> Vec<u8> {
        ComponentEncoder::default()
            .module(&self.module())
            .and_then(|encoder| encoder.validate(true).encode())
            .expect("the guest is a component")
    }

    fn world(&self) -> &'static str {
        match (&self.transform, &self.reprice, &self.translate) {
            (Some(_), None, None) => "field-mapping-plugin",
            (None, Some(_), None) => "pricing-plugin",
            (None, None, Some(_)) => "status-translation-plugin",
            (Some(_), None, Some(_)) => "mapping-and-status-plugin",
            (Some(_), Some(_), None) => "mapping-and-pricing-plugin",
            (None, Some(_), Some(_)) => "pricing-and-status-plugin",
            (Some(_), Some(_), Some(_)) => "complete-plugin",
            (None, None, None) => "plugin-base",
        }
    }

    fn text_format(&self) -> String {
        let mut data = self.data.clone();
        let mut words = Vec::new();
        for text in [&self.name, &self.version, "hand-written", &self.settings_schema] {
            let (at, len) = data.text(text);
            words.extend([at, len]);
        }
        words.extend([4, 0, 4, 0, 4, 0]); // no topics, entities, attributes
        let manifest = data.words(&words);
        data.align();
        let heap = data.here();

        let contract = &self.contract;
        let mut exports = String::new();
        for (name, body) in [
            ("field-mapping@{}#transform", &self.transform),
            ("pricing@{}#reprice", &self.reprice),
            ("status-translation@{}#translate", &self.translate),
        ] {
            if let Some(body) = body {
                let name = name.replace("{}", contract);
                writeln!(
                    exports,
                    "(func ${function} (export \"mapwright:plugin/{name}\") (param $args i32) (result i32) (local $i i32)\n{body})",
                    function = name.rsplit('#').next().unwrap_or_default(),
                )
                .expect("writing to a string");
            }
        }
        let mut bytes = String::new();
        for byte in &data.bytes {
            write!(bytes, "\\{byte:02x}").expect("writing to a string");
        }
        format!(
            r#"(module
            (import "mapwright:plugin/log@{contract}" "write" (func $log (param i32 i32 i32)))
            (import "mapwright:plugin/lookup@{contract}" "get-row" (func $get_row (param i32 i32 i32 i32 i32)))
            {imports}
            (memory (export "memory") {pages})
            (global $heap (mut i32) (i32.const {heap}))
            (data (i32.const {DATA_AT}) "{bytes}")
            ;; A bump allocator that asks for pages as it goes.
            (func $allocate (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                (local $at i32)
                (local.set $at (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
                (global.set $heap (i32.add (local.get $at) (local.get 3)))
                (block $enough
                    (br_if $enough (i32.le_u (global.get $heap)
                        (i32.shl (memory.size) (i32.const 16))))
                    (drop (memory.grow (i32.add (i32.const 1)
                        (i32.shr_u (local.get 3) (i32.const 16))))))
                (local.get $at))
            (func $describe (export "mapwright:plugin/manifest@{contract}#describe") (result i32)
                {describe}
                (i32.const {manifest}))
            {functions}
            {exports})"#,
            imports = self.imports,
            pages = self.pages,
            describe = self.describe,
            functions = self.functions,
        )
    }
}
