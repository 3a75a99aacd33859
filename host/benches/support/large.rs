//! A component as large as those with an interpreter in them, made of one in Rust: its own functions again and
//! again, each compiled again. All of it is code as rustc leaves it and none of it is padding; the copies are
//! never called. Not shown by it: what an interpreter does when it starts.

/// Magic and version.
const HEAD: usize = 8;
/// Section of a component that is a module.
const MODULE: u8 = 1;
/// Sections of a module: the types of its functions, and their bodies.
const FUNCTIONS: u8 = 3;
const CODE: u8 = 10;
/// A function's custom section of names would say nothing of the copies.
const CUSTOM: u8 = 0;

/// The component with the functions of its largest module as often as fit in so many bytes.
pub(crate) fn grown_to(component: &[u8], bytes: usize) -> Vec<u8> {
    let sections = sections(component);
    let largest = sections.iter().filter(|(id, _)| *id == MODULE).map(|(_, body)| body.len()).max();
    let largest = largest.expect("a component has a module");
    let mut grown = component[..HEAD].to_vec();
    for (id, body) in sections {
        if id == MODULE && body.len() == largest {
            section(&mut grown, id, &module(body, bytes));
        } else {
            section(&mut grown, id, body);
        }
    }
    grown
}

fn module(bytes: &[u8], wanted: usize) -> Vec<u8> {
    let sections: Vec<_> = sections(bytes).into_iter().filter(|(id, _)| *id != CUSTOM).collect();
    let code = sections.iter().find(|(id, _)| *id == CODE).map_or(1, |(_, body)| body.len());
    let times = (wanted.saturating_sub(bytes.len()) / code).max(1);
    let mut grown = bytes[..HEAD].to_vec();
    for (id, body) in sections {
        if id == FUNCTIONS || id == CODE {
            // A number and that many entries: added behind the others, they change nobody's index.
            let (count, entries) = number(body);
            let mut more = Vec::new();
            write_number(&mut more, count * times);
            for _ in 0..times {
                more.extend_from_slice(entries);
            }
            section(&mut grown, id, &more);
        } else {
            section(&mut grown, id, body);
        }
    }
    grown
}

fn sections(bytes: &[u8]) -> Vec<(u8, &[u8])> {
    let (mut rest, mut found) = (&bytes[HEAD..], Vec::new());
    while let Some((id, after)) = rest.split_first() {
        let (length, after) = number(after);
        let (body, after) = after.split_at(length);
        found.push((*id, body));
        rest = after;
    }
    found
}

fn section(bytes: &mut Vec<u8>, id: u8, body: &[u8]) {
    bytes.push(id);
    write_number(bytes, body.len());
    bytes.extend_from_slice(body);
}

/// LEB128, and what comes after it.
fn number(bytes: &[u8]) -> (usize, &[u8]) {
    let length = 1 + bytes.iter().position(|byte| *byte < 0x80).expect("a number ends");
    let number = bytes[..length].iter().rev();
    (number.fold(0, |sum, byte| (sum << 7) | usize::from(byte & 0x7f)), &bytes[length..])
}

fn write_number(bytes: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        bytes.push(u8::try_from(number & 0x7f).expect("seven bits") | 0x80);
        number >>= 7;
    }
    bytes.push(u8::try_from(number).expect("seven bits"));
}
