//! C: zig's clang from the Python package index, or a clang of the machine's that has WASI's libc.
//!
//! The project's `src/*.c` and the SDK's are compiled together, as a reactor without a WASI import, and get the
//! type of the world that `plugin.toml` names. A second or two, whatever changed: there is nothing to keep.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::BuildError;
use super::folder::{Folder, Said, plugin_toml, sdk};
use super::program::{compile, first_line, on_path};
use super::venv::{Venv, Wanted};
use super::{BuildOptions, Compiled, Project, component, say};

/// A C compiler with everything, of 90 MB.
const PACKAGES: [&str; 1] = ["ziglang==0.16.0"];
/// The first clang that knows what the SDK asks of it.
const CLANG_MAJOR_MIN: u32 = 14;
/// Where Debian puts WASI's libc.
const WASI_LIBC: &str = "/usr/lib/wasm32-wasi/libc.a";
/// The same for both compilers. The stack is bounded so that running over it is a trap and not a write into
/// what lies beside it; the first is the linker's default order of the two in zig.
const FLAGS: [&str; 9] = [
    "-std=c11",
    "-O2",
    "-g",
    "-mexec-model=reactor",
    "-mbulk-memory",
    "-ffunction-sections",
    "-Wl,--gc-sections",
    "-Wl,-z,stack-size=65536",
    "-Wl,--stack-first",
];
const HINT: &str = "Does the plugin use an export macro of mapwright.h for each interface of the world that \
                    plugin.toml names?";

/// A project with `plugin.toml` and no `go.mod`.
pub(super) struct C {
    folder: Folder,
    sdk: PathBuf,
    sources: Vec<String>,
}

pub(super) fn open(dir: &Path, options: &BuildOptions) -> Result<C, BuildError> {
    let mut sources = Vec::new();
    let folder = Folder::read(dir, "plugin.toml", options, |text| {
        let said = plugin_toml(text, "c")?;
        sources = said.sources;
        Ok(Said { name: said.name, world: said.world })
    })?;
    let sdk = sdk(&folder.dir, "c")?;
    Ok(C { folder, sdk, sources })
}

impl Project for C {
    fn name(&self) -> &str {
        &self.folder.name
    }

    fn out_dir(&self) -> &Path {
        &self.folder.out_dir
    }

    fn compile(&self, options: &BuildOptions) -> Result<Compiled, BuildError> {
        let (tools, dir) = (&self.folder.tools_dir, &self.folder.dir);
        let (mut compiler, toolchain) = match clang() {
            Some(found) => found,
            None => {
                let wanted = Wanted {
                    dir: &tools.join("c-venv"),
                    packages: &PACKAGES,
                    requirements: None,
                    purpose: "C plugins are compiled by a clang with WASI's libc (on Debian: clang lld \
                              wasi-libc libclang-rt-dev-wasm32), or by",
                };
                let venv = Venv::ready(&wanted, options.install_toolchain, options.quiet)?;
                let mut zig = venv.program("python");
                zig.args(["-m", "ziglang", "cc", "-target", "wasm32-wasi"])
                    .env("ZIG_GLOBAL_CACHE_DIR", tools.join("zig-cache"))
                    .env("ZIG_LOCAL_CACHE_DIR", tools.join("zig-cache"));
                (zig, PACKAGES[0].replace("==", " "))
            }
        };
        say(options, &self.folder.name, &toolchain);
        let core = self.folder.out_dir.join(format!("{}.core.wasm", self.folder.name));
        compiler.args(FLAGS).arg("-I").arg(self.sdk.join("include")).arg("-I").arg(dir.join("src"));
        if self.sources.is_empty() {
            compiler.args(sources_in(&dir.join("src"))?);
        }
        compiler.args(self.sources.iter().map(|source| dir.join(source)));
        compiler.args(sources_in(&self.sdk.join("src"))?);
        // What the compiler writes down of paths is the same wherever the project lies.
        compiler.arg(format!("-ffile-prefix-map={}/=", dir.display()));
        compiler.arg(format!("-ffile-prefix-map={}=sdk", self.sdk.display()));
        compiler.arg("-o").arg(&core).current_dir(dir);
        compile(compiler, options.quiet)?;
        let module = fs::read(&core).map_err(|e| BuildError::file(&core, e))?;
        let module = component::embed(&module, &self.folder.world, HINT)?;
        let component = component::componentize(&module, HINT)?;
        Ok(Compiled { component, toolchain })
    }
}

/// The C files of a folder, in the order of their names.
fn sources_in(folder: &Path) -> Result<Vec<PathBuf>, BuildError> {
    let entries = fs::read_dir(folder).map_err(|e| BuildError::file(folder, e))?;
    let mut sources: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "c"))
        .collect();
    sources.sort();
    Ok(sources)
}

/// A clang of the machine's that can do it.
fn clang() -> Option<(Command, String)> {
    let program = on_path("clang")?;
    on_path("wasm-ld")?;
    if !Path::new(WASI_LIBC).is_file() {
        return None;
    }
    let said = first_line(Command::new(&program).arg("--version"))?;
    let version = said.split_once("version ")?.1.split(' ').next()?.to_owned();
    let major: u32 = version.split('.').next()?.parse().ok()?;
    let mut command = Command::new(program);
    command.arg("--target=wasm32-wasi");
    (major >= CLANG_MAJOR_MIN).then(|| (command, format!("clang {version}")))
}
