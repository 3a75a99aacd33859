//! A plugin that is never done: it burns whatever budget it is given.

use mapwright_guest::{Context, FieldMapping, Manifest, Mapped, MappingInput, Plugin, Refusal, package};

/// The plugin.
pub struct Busy;

impl Plugin for Busy {
    const MANIFEST: Manifest = Manifest { ..package!() };
}

impl FieldMapping for Busy {
    fn transform(_: &Context, input: &MappingInput) -> Result<Mapped, Refusal> {
        let mut turns = input.payload.len();
        loop {
            turns = std::hint::black_box(turns.wrapping_mul(31));
        }
    }
}

mapwright_guest::export!(Busy: field_mapping);
