//! Writes files that look like plugins, for `tests/it/smith.rs` to bring in: modules and components that
//! wasm-smith makes up, some in the shape of a real plugin and with its component type, so that they get past
//! the first looks; and real plugins with something changed where it does not show at once.
//!
//! `mapwright-smith FOLDER --seed N --files N [--only N] PLUGIN.wasm...` writes `NUMBER-KIND.wasm`. A file
//! depends on the seed, its number and the plugins, and on nothing else, so a failure is told by two numbers.
//! It knows nothing of the host: what a file deserves is not said here.

mod sections;

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::process::ExitCode;

use arbitrary::{Arbitrary as _, Unstructured};
use wasm_smith::{Component, Config, Module};
use wit_component::ComponentEncoder;

use self::sections::Sections;

/// What a made-up file is made of.
const DICE_BYTES: usize = 16 << 10;
/// How often a file is tried before something simpler is written: dice may say what cannot be made.
const TRIES: u64 = 20;

fn main() -> ExitCode {
    match asked(std::env::args().skip(1)).and_then(|asked| write(&asked)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

struct Asked {
    folder: PathBuf,
    seed: u64,
    files: u64,
    only: Option<u64>,
    plugins: Vec<Vec<u8>>,
}

fn asked(mut words: impl Iterator<Item = String>) -> Result<Asked, String> {
    let folder = words.next().ok_or("say where to: FOLDER --seed N --files N PLUGIN.wasm...")?;
    let mut asked =
        Asked { folder: folder.into(), seed: 0, files: 0, only: None, plugins: Vec::new() };
    while let Some(word) = words.next() {
        let mut number = || {
            let number = words.next().and_then(|it| it.parse().ok());
            number.ok_or(format!("{word} wants a number"))
        };
        match word.as_str() {
            "--seed" => asked.seed = number()?,
            "--files" => asked.files = number()?,
            "--only" => asked.only = Some(number()?),
            path => {
                asked
                    .plugins
                    .push(std::fs::read(path).map_err(|error| format!("{path}: {error}"))?);
            }
        }
    }
    if asked.plugins.is_empty() {
        return Err("no plugin was given to begin with".to_owned());
    }
    Ok(asked)
}

fn write(asked: &Asked) -> Result<(), String> {
    std::fs::create_dir_all(&asked.folder).map_err(|error| error.to_string())?;
    // What the generator stumbles over is tried again with other dice, and is nobody's news.
    std::panic::set_hook(Box::new(|_| {}));
    for number in (0..asked.files).filter(|number| asked.only.is_none_or(|only| only == *number)) {
        let (kind, bytes) = file(asked.seed, number, &asked.plugins);
        let path = asked.folder.join(format!("{number:06}-{kind}.wasm"));
        std::fs::write(&path, bytes).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

/// The file of this number.
fn file(seed: u64, number: u64, plugins: &[Vec<u8>]) -> (&'static str, Vec<u8>) {
    for again in 0..TRIES {
        let mut dice = fastrand::Rng::with_seed(
            seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (number << 8) ^ again,
        );
        let made = std::panic::catch_unwind(AssertUnwindSafe(|| match number % 8 {
            0 => Some(("module", module(&mut dice)?)),
            1 => Some(("component", component(&mut dice)?)),
            2 | 3 => Some(("shaped", shaped(&mut dice, plugins, number % 16 < 8)?)),
            4 => Some(("encoded", encoded(&shaped(&mut dice, plugins, true)?)?)),
            5 => Some(("sections", resectioned(&mut dice, plugins))),
            // Most of what gets through is of this kind.
            _ => Some(("bytes", rewritten(&mut dice, plugins))),
        }));
        if let Ok(Some(made)) = made {
            return made;
        }
    }
    ("plain", plugins[0].clone())
}

fn chance(dice: &mut fastrand::Rng) -> Vec<u8> {
    (0..DICE_BYTES).map(|_| dice.u8(..)).collect()
}

/// Any module, of any proposal that wasm-smith knows.
fn module(dice: &mut fastrand::Rng) -> Option<Vec<u8>> {
    let chance = chance(dice);
    let mut chance = Unstructured::new(&chance);
    let mut config = Config::arbitrary(&mut chance).ok()?;
    config.allow_invalid_funcs = dice.u8(..8) == 0;
    config.max_instructions = dice.usize(..2_000);
    Some(Module::new(config, &mut chance).ok()?.to_bytes())
}

/// Any component.
fn component(dice: &mut fastrand::Rng) -> Option<Vec<u8>> {
    let chance = chance(dice);
    let mut chance = Unstructured::new(&chance);
    let config = Config::arbitrary(&mut chance).ok()?;
    Some(Component::new(config, &mut chance).ok()?.to_bytes())
}

/// A module with the exports of a plugin, some of its imports and its component type, and code by chance.
fn shaped(dice: &mut fastrand::Rng, plugins: &[Vec<u8>], plain: bool) -> Option<Vec<u8>> {
    let model = pick(dice, plugins, |it| !sections::is_component(it))?;
    let chance = chance(dice);
    let mut chance = Unstructured::new(&chance);
    let mut config = if plain { Config::default() } else { Config::arbitrary(&mut chance).ok()? };
    if plain {
        // What any host runs, so that the code is reached.
        config.gc_enabled = false;
        config.reference_types_enabled = false;
        config.max_memory32_bytes = 4 << 20;
        config.max_table_elements = 1_000;
        config.exceptions_enabled = false;
        config.threads_enabled = false;
        config.relaxed_simd_enabled = false;
        config.tail_call_enabled = false;
        // The one it has to export comes on top.
        config.max_memories = 0;
        config.disallow_traps = dice.bool();
    }
    config.available_imports = Some(model.clone());
    config.exports = Some(model.clone());
    config.max_instructions = dice.usize(1..1_000);
    config.allow_start_export = dice.u8(..4) == 0;
    let mut bytes = Module::new(config, &mut chance).ok()?.to_bytes();
    for section in Sections::of(model)?.0 {
        if section.id == 0 && section.body.windows(14).take(2).any(|it| it == b"component-type") {
            section.append_to(&mut bytes);
        }
    }
    Some(bytes)
}

/// The component of a module.
fn encoded(module: &[u8]) -> Option<Vec<u8>> {
    ComponentEncoder::default().module(module).ok()?.encode().ok()
}

/// A plugin with its sections in disorder: one missing, twice, elsewhere, or out of another plugin.
fn resectioned(dice: &mut fastrand::Rng, plugins: &[Vec<u8>]) -> Vec<u8> {
    let bytes = &plugins[dice.usize(..plugins.len())];
    let other = &plugins[dice.usize(..plugins.len())];
    let (Some(mut own), Some(other)) = (Sections::of(bytes), Sections::of(other)) else {
        return bytes.clone();
    };
    for _ in 0..=dice.usize(..2) {
        let sections = &mut own.0;
        if sections.is_empty() {
            break;
        }
        let at = dice.usize(..sections.len());
        let to = dice.usize(..sections.len());
        match dice.u8(..4) {
            0 => drop(sections.remove(at)),
            1 => sections.insert(to, sections[at].clone()),
            2 => sections.swap(at, to),
            _ => sections[at] = other.0[dice.usize(..other.0.len())].clone(),
        }
    }
    own.bytes(&bytes[..sections::HEAD])
}

/// A plugin with a few bytes in other words, where code, data and types lie: lengths stay right, and some of
/// it is valid and does something else.
fn rewritten(dice: &mut fastrand::Rng, plugins: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = plugins[dice.usize(..plugins.len())].clone();
    let Some(inside) = sections::innermost(&bytes, dice) else { return bytes };
    for _ in 0..=dice.usize(..3) {
        let at = dice.usize(inside.clone());
        bytes[at] = match dice.u8(..4) {
            0 => bytes[at] ^ (1 << dice.u8(..8)),
            1 => bytes[at].wrapping_add(1),
            2 => dice.u8(..),
            // Arithmetic of one kind: the types stay right.
            _ => match bytes[at] {
                op @ 0x6a..=0x78 => 0x6a + (op - 0x6a + 1) % 15,
                op @ 0x46..=0x4f => 0x46 + (op - 0x46 + 1) % 10,
                other => other ^ 1,
            },
        };
    }
    bytes
}

fn pick<'a>(
    dice: &mut fastrand::Rng,
    plugins: &'a [Vec<u8>],
    wanted: impl Fn(&[u8]) -> bool,
) -> Option<&'a Vec<u8>> {
    let fit: Vec<_> = plugins.iter().filter(|it| wanted(it)).collect();
    if fit.is_empty() { None } else { Some(fit[dice.usize(..fit.len())]) }
}
