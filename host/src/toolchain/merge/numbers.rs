//! Old numbers to new: what one module calls its functions, types and the rest, and what they are called in the
//! merged one.

use std::collections::HashMap;

use wasm_encoder::ConstExpr;
use wasm_encoder::reencode::{Error, Reencode};
use wasmparser::Operator;

use super::link::Kind;
use super::part::said;

/// Old numbers to new, of one module.
#[derive(Default)]
pub(super) struct Numbers {
    pub(super) types: Vec<u32>,
    pub(super) functions: Vec<u32>,
    pub(super) tables: Vec<u32>,
    pub(super) memories: Vec<u32>,
    pub(super) globals: Vec<u32>,
    /// How many there were before.
    pub(super) elements: u32,
}

impl Numbers {
    pub(super) fn of(&self, kind: Kind) -> &[u32] {
        match kind {
            Kind::Table => &self.tables,
            Kind::Memory => &self.memories,
            Kind::Global => &self.globals,
            _ => &self.functions,
        }
    }
}

/// A number that a module has not.
#[derive(Debug)]
pub(super) struct Unknown;

impl std::fmt::Display for Unknown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a number is beyond its list")
    }
}

/// The new number of an old one.
pub(super) fn new(numbers: &[u32], old: u32) -> Result<u32, Error<Unknown>> {
    numbers.get(old as usize).copied().ok_or(Error::UserError(Unknown))
}

impl Reencode for Numbers {
    type Error = Unknown;

    fn type_index(&mut self, old: u32) -> Result<u32, Error<Unknown>> {
        new(&self.types, old)
    }

    fn function_index(&mut self, old: u32) -> Result<u32, Error<Unknown>> {
        new(&self.functions, old)
    }

    fn table_index(&mut self, old: u32) -> Result<u32, Error<Unknown>> {
        new(&self.tables, old)
    }

    fn memory_index(&mut self, old: u32) -> Result<u32, Error<Unknown>> {
        new(&self.memories, old)
    }

    fn global_index(&mut self, old: u32) -> Result<u32, Error<Unknown>> {
        new(&self.globals, old)
    }

    fn element_index(&mut self, old: u32) -> Result<u32, Error<Unknown>> {
        Ok(self.elements + old)
    }

    // Segments are laid anew: nothing may ask for one.
    fn data_index(&mut self, _: u32) -> Result<u32, Error<Unknown>> {
        Err(Error::UserError(Unknown))
    }
}

/// What an expression of a segment or a global comes to.
pub(super) enum Constant {
    Number(i32),
    Other(ConstExpr),
}

impl Constant {
    pub(super) fn expression(&self) -> ConstExpr {
        match self {
            Self::Number(value) => ConstExpr::i32_const(*value),
            Self::Other(expression) => expression.clone(),
        }
    }
}

impl Numbers {
    /// Works out an expression; `values` are those of the globals that nobody writes.
    pub(super) fn constant(
        &mut self,
        expression: &wasmparser::ConstExpr<'_>,
        values: &HashMap<u32, i32>,
    ) -> Result<Constant, String> {
        let mut stack: Vec<i32> = Vec::new();
        let mut reader = expression.get_operators_reader();
        loop {
            let value = match reader.read().map_err(said)? {
                Operator::I32Const { value } => value,
                Operator::GlobalGet { global_index } => {
                    let global = new(&self.globals, global_index).map_err(|e| e.to_string())?;
                    *values.get(&global).ok_or("a segment's place is not known")?
                }
                operator @ (Operator::I32Add | Operator::I32Sub | Operator::I32Mul) => {
                    let (Some(right), Some(left)) = (stack.pop(), stack.pop()) else {
                        return Err("an expression is not complete".to_owned());
                    };
                    match operator {
                        Operator::I32Add => left.wrapping_add(right),
                        Operator::I32Sub => left.wrapping_sub(right),
                        _ => left.wrapping_mul(right),
                    }
                }
                Operator::End => break,
                // Numbers of other types, references: as they are.
                _ => {
                    return self
                        .const_expr(expression.clone())
                        .map(Constant::Other)
                        .map_err(failed);
                }
            };
            stack.push(value);
        }
        match stack[..] {
            [value] => Ok(Constant::Number(value)),
            _ => Err("an expression is not complete".to_owned()),
        }
    }
}

pub(super) fn failed(error: Error<Unknown>) -> String {
    error.to_string()
}
