//! C: zig's clang from the Python package index, or a clang of the machine's that has WASI's libc.
//!
//! The project's `src/**/*.c` and the SDK's become objects, those a reactor without a WASI import, and that gets
//! the type of the world that `plugin.toml` names. The author's code is compiled with checks that trap and
//! tell file and line (under 2 % of fuel, 7 KB). zig compiles its libc once, about a minute; after that a
//! change costs a second.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use super::error::BuildError;
use super::folder::{Folder, PluginToml, Said, plugin_toml, sdk};
use super::program::{compile, first_line, on_path};
use super::venv::{Venv, Wanted};
use super::{BuildOptions, Compiled, Language, Project, component, say};

/// A C compiler with everything, of 420 MB on the disk.
const PACKAGES: [&str; 1] = ["ziglang==0.16.0"];
/// The first clang that knows what the SDK asks of it.
const CLANG_MAJOR_MIN: u32 = 14;
/// Where Debian puts WASI's libc.
const WASI_LIBC: &str = "/usr/lib/wasm32-wasi/libc.a";
const COMMON: [&str; 5] =
    ["-std=gnu11", "-O2", "-g", "-fvisibility=hidden", "-fno-stack-protector"];
const OF_SDK: [&str; 2] = ["-fno-sanitize=all", "-Wno-unused-command-line-argument"];
/// What goes over an edge says where, and ends the call.
const OF_AUTHOR: [&str; 4] =
    ["-Wall", "-Wextra", "-fsanitize=undefined", "-fno-sanitize-recover=all"];
/// The stack is bounded, so that running over it is a trap and not a write into what lies beside it.
const LINK: [&str; 5] =
    ["-O2", "-g", "-fno-sanitize=all", "-mexec-model=reactor", "-Wl,-z,stack-size=65536"];
const HINT: &str = "Does src/ have an export macro of mapwright.h for each interface of the world that \
                    plugin.toml names?";

/// A project with `plugin.toml` and no `go.mod`.
pub(super) struct C {
    folder: Folder,
    sdk: PathBuf,
    said: PluginToml,
}

pub(super) fn open(dir: &Path, options: &BuildOptions) -> Result<C, BuildError> {
    let mut all = None;
    let folder = Folder::read(dir, Language::C, options, |text| {
        let said = plugin_toml(text, "c")?;
        let words = Said { name: said.name.clone(), world: said.world.clone() };
        all = Some(said);
        Ok(words)
    })?;
    let sdk = sdk(&folder.dir, "c")?;
    Ok(C { folder, sdk, said: all.expect("it was read") })
}

impl Project for C {
    fn name(&self) -> &str {
        &self.folder.name
    }

    fn out_dir(&self) -> &Path {
        &self.folder.out_dir
    }

    fn compile(&self, options: &BuildOptions) -> Result<Compiled, BuildError> {
        let compiler = self.compiler(options)?;
        say(options, &self.folder.name, &compiler.name);
        let out = self.folder.out_dir.join("c").join(&self.folder.name);
        for folder in [out.join("sdk"), out.join("src")] {
            fs::create_dir_all(&folder).map_err(|e| BuildError::file(&folder, e))?;
        }
        let header = out.join("mapwright_project.h");
        if self.write_header(&header)? && !options.quiet {
            anstream::eprintln!("the first build compiles the C library as well: about a minute");
        }
        let include = self.sdk.join("include");
        let src = self.folder.dir.join("src");
        let mut headers = vec![header];
        for folder in [&include, &self.sdk.join("src"), &src] {
            headers.extend(files(folder, "h")?);
        }
        // Another compiler or other flags make other objects.
        let how = out.join("flags");
        let flags = format!("{}\n{COMMON:?}\n{OF_SDK:?}\n{OF_AUTHOR:?}\n", compiler.name);
        if !fs::read_to_string(&how).is_ok_and(|old| old == flags) {
            fs::write(&how, flags).map_err(|e| BuildError::file(&how, e))?;
        }
        headers.push(how);
        let newest = headers.iter().filter_map(|it| changed(it)).max();
        let mut objects = Vec::new();
        let parts = [("sdk", self.sdk.join("src"), &OF_SDK[..]), ("src", src.clone(), &OF_AUTHOR)];
        for (part, folder, flags) in parts {
            for source in files(&folder, "c")? {
                let within = source.strip_prefix(&folder).unwrap_or(&source);
                let name = within.with_extension("o").to_string_lossy().replace('/', "-");
                let object = out.join(part).join(name);
                let made = changed(&object);
                if made.is_none() || made < changed(&source).max(newest) {
                    let mut cc = compiler.command(&self.folder.dir);
                    cc.args(COMMON).args(flags);
                    for folder in [&out, &include, &src] {
                        cc.arg("-I").arg(folder);
                    }
                    // A panic says `src/orders.c:12`, wherever the project lies.
                    let shown = source.strip_prefix(&self.folder.dir).unwrap_or(&source);
                    cc.arg("-c").arg(shown).arg("-o").arg(&object);
                    compile(cc, options.quiet)?;
                }
                objects.push(object);
            }
        }
        let core = out.join("plugin.core.wasm");
        let mut link = compiler.command(&self.folder.dir);
        link.args(LINK).args(compiler.linking).args(&objects).arg("-o").arg(&core);
        compile(link, options.quiet)?;
        let module = fs::read(&core).map_err(|e| BuildError::file(&core, e))?;
        no_wasi(&module)?;
        fits(&module, &self.folder.world)?;
        let module = component::embed(&module, &self.folder.world, HINT)?;
        let keep = if self.said.debug { component::Debug::Kept } else { component::Debug::Dropped };
        let component = component::componentize_with(&module, keep, HINT)?;
        Ok(Compiled { component, toolchain: compiler.name })
    }
}

impl C {
    fn compiler(&self, options: &BuildOptions) -> Result<Compiler, BuildError> {
        let tools = &self.folder.tools_dir;
        let wanted = Wanted {
            dir: &tools.join("venv"),
            packages: &PACKAGES,
            requirements: None,
            purpose: "C plugins are compiled by a clang with WASI's libc (on Debian: clang lld wasi-libc \
                      libclang-rt-dev-wasm32), or by",
        };
        let zig = |venv: &Venv| Compiler {
            program: venv.path("python"),
            arguments: ["-m", "ziglang", "cc", "-target", "wasm32-wasi"]
                .map(str::to_owned)
                .to_vec(),
            linking: &[],
            cache: Some(tools.join("zig-cache")),
            name: PACKAGES[0].replace("==", " "),
        };
        match (Venv::find(&wanted), clang()) {
            (Some(venv), _) => Ok(zig(&venv)),
            (None, Some(clang)) => Ok(clang),
            (None, None) => {
                Venv::ready(&wanted, options.install_toolchain, options.quiet).map(|it| zig(&it))
            }
        }
    }

    /// Writes what the plugin's manifest is made of; whether it was not there yet.
    fn write_header(&self, header: &Path) -> Result<bool, BuildError> {
        let schema = self.folder.dir.join("settings.schema.json");
        let schema = fs::read_to_string(&schema).unwrap_or_else(|_| "{}".to_owned());
        let mut text =
            "/* Made by the build from plugin.toml and settings.schema.json. */\n".to_owned();
        for (name, value) in [
            ("NAME", &self.said.name),
            ("VERSION", &self.said.version),
            ("SUMMARY", &self.said.summary),
            ("SETTINGS_SCHEMA", &schema),
        ] {
            _ = writeln!(text, "#define MAPWRIGHT_{name} \\");
            let lines: Vec<String> = value.split_inclusive('\n').map(literal).collect();
            let lines = if lines.is_empty() { vec![literal("")] } else { lines };
            _ = writeln!(text, "    {}", lines.join(" \\\n    "));
        }
        let old = fs::read_to_string(header);
        if old.as_ref().is_ok_and(|old| *old == text) {
            return Ok(false);
        }
        fs::write(header, text).map_err(|e| BuildError::file(header, e))?;
        Ok(old.is_err())
    }
}

struct Compiler {
    program: PathBuf,
    arguments: Vec<String>,
    /// What it does by itself or wants to be told when it links.
    linking: &'static [&'static str],
    /// zig's, of the project's own.
    cache: Option<PathBuf>,
    name: String,
}

impl Compiler {
    fn command(&self, dir: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).current_dir(dir);
        if let Some(cache) = &self.cache {
            command.env("ZIG_GLOBAL_CACHE_DIR", cache).env("ZIG_LOCAL_CACHE_DIR", cache);
        }
        command
    }
}

/// A clang of the machine's that can do it.
fn clang() -> Option<Compiler> {
    let program = on_path("clang")?;
    on_path("wasm-ld")?;
    if !Path::new(WASI_LIBC).is_file() {
        return None;
    }
    let said = first_line(Command::new(&program).arg("--version"))?;
    let version = said.split_once("version ")?.1.split(' ').next()?.to_owned();
    let major: u32 = version.split('.').next()?.parse().ok()?;
    (major >= CLANG_MAJOR_MIN).then(|| Compiler {
        program,
        // Debian's headers of WASI's libc are not where clang looks.
        arguments: ["--target=wasm32-wasi", "-isystem", "/usr/include/wasm32-wasi"]
            .map(str::to_owned)
            .to_vec(),
        linking: &["-Wl,--stack-first"],
        cache: None,
        name: format!("clang {version}"),
    })
}

/// All files of a folder that end so, in the order of their names.
fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>, BuildError> {
    let mut found = Vec::new();
    let entries = fs::read_dir(folder).map_err(|e| BuildError::file(folder, e))?;
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            found.extend(files(&path, extension)?);
        } else if path.extension().is_some_and(|it| it == extension) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn changed(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).ok()?.modified().ok()
}

/// A text as C writes it.
fn literal(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // `??=` and its like are other characters to old compilers.
            '?' => out.push_str("\\?"),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// Holds what `src/` exports to the world: what is too much would be left out without a word.
fn fits(module: &[u8], world: &str) -> Result<(), BuildError> {
    let has = component::exported_interfaces(module);
    let should = component::interfaces_of(world, HINT)?;
    let differ = |reason: String| {
        Err(BuildError::NotAComponent {
            reason: format!("plugin.toml names the world `{world}`, and {reason}"),
            hint: "Name the world that has what src/ exports, or add the macro.",
        })
    };
    match (has.iter().find(|it| !should.contains(*it)), should.iter().find(|it| !has.contains(*it)))
    {
        (Some(more), _) => differ(format!("src/ exports `{more}`, which it does not have")),
        (None, Some(less)) => differ(format!("src/ does not export its `{less}`")),
        (None, None) => Ok(()),
    }
}

/// What the C library would ask of an operating system, and what a plugin has instead.
fn no_wasi(module: &[u8]) -> Result<(), BuildError> {
    let instead = |function: &str| match function {
        "fd_write" | "fd_seek" | "fd_close" | "fd_fdstat_get" => {
            "printf and its like: use mw_info(...)"
        }
        "clock_time_get" => "a clock: use context->received_at",
        "environ_get" | "environ_sizes_get" => "getenv: use the settings",
        "path_open" | "fd_read" | "fd_prestat_get" | "fd_prestat_dir_name" => {
            "a file: use a lookup table"
        }
        "random_get" => "random numbers: a plugin gives the same answer twice",
        "proc_exit" => "exit or abort: use mw_panic, or a refusal",
        _ => "the operating system: there is none",
    };
    let functions = component::preview1_functions(module);
    if functions.is_empty() {
        return Ok(());
    }
    let mut told: Vec<String> =
        functions.iter().map(|it| format!("{it} ({})", instead(it))).collect();
    told.dedup();
    Err(BuildError::NotAComponent {
        reason: format!("it asks WASI for {}", told.join(", ")),
        hint: "A plugin has only what mapwright.h gives it.",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_a_literal_that_says_the_same() {
        assert_eq!(literal("a \"b\" \\ ??=\n"), r#""a \"b\" \\ \?\?=\n""#);
    }
}
