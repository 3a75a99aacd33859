//! A WebAssembly file as its sections: a byte of kind, a length, the body. Modules and components are
//! alike in that, and a component holds modules and components as bodies of such sections.

use std::ops::Range;

/// Magic and version.
pub(crate) const HEAD: usize = 8;
/// A component's sections that hold files themselves.
const MODULE: u8 = 1;
const COMPONENT: u8 = 4;

#[derive(Clone)]
pub(crate) struct Section {
    pub(crate) id: u8,
    pub(crate) body: Vec<u8>,
}

pub(crate) struct Sections(pub(crate) Vec<Section>);

pub(crate) fn is_component(bytes: &[u8]) -> bool {
    bytes.get(6) == Some(&1)
}

impl Section {
    pub(crate) fn append_to(&self, bytes: &mut Vec<u8>) {
        bytes.push(self.id);
        let mut length = self.body.len();
        while length >= 0x80 {
            bytes.push((length & 0x7f) as u8 | 0x80);
            length >>= 7;
        }
        bytes.push(length as u8);
        bytes.extend_from_slice(&self.body);
    }
}

impl Sections {
    /// None when the bytes are no such file.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        let place = |(id, body): (u8, Range<usize>)| Section { id, body: bytes[body].to_vec() };
        Some(Self(places(bytes, 0..bytes.len())?.into_iter().map(place).collect()))
    }

    /// A file again.
    pub(crate) fn bytes(&self, head: &[u8]) -> Vec<u8> {
        let mut bytes = head.to_vec();
        for section in &self.0 {
            section.append_to(&mut bytes);
        }
        bytes
    }
}

/// Where the sections of the file in this part lie.
fn places(bytes: &[u8], file: Range<usize>) -> Option<Vec<(u8, Range<usize>)>> {
    let (mut at, mut found) = (file.start + HEAD, Vec::new());
    while at < file.end {
        let id = *bytes.get(at)?;
        at += 1;
        let (mut length, mut shift) = (0_usize, 0);
        loop {
            let byte = *bytes.get(at)?;
            at += 1;
            length |= usize::from(byte & 0x7f).checked_shl(shift)?;
            shift += 7;
            if byte < 0x80 {
                break;
            }
        }
        let end = at.checked_add(length).filter(|end| *end <= file.end)?;
        found.push((id, at..end));
        at = end;
    }
    Some(found)
}

/// Where one section's body lies, of the file itself or of one inside of it.
pub(crate) fn innermost(bytes: &[u8], dice: &mut fastrand::Rng) -> Option<Range<usize>> {
    let mut file = 0..bytes.len();
    loop {
        let component = bytes.get(file.start + 6) == Some(&1);
        let sections = places(bytes, file)?;
        // Large ones, mostly: code and data.
        let all: usize = sections.iter().map(|(_, body)| body.len()).sum();
        let mut at = dice.usize(..all.max(1));
        let (id, body) = sections.into_iter().find(|(_, body)| {
            let here = at < body.len();
            at = at.wrapping_sub(body.len());
            here
        })?;
        if !(component && matches!(id, MODULE | COMPONENT)) {
            return Some(body);
        }
        file = body;
    }
}
