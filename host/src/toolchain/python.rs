//! Python: componentize-py in a venv of the project's own, driven by the SDK.
//!
//! What needs to know Python is in the SDK (`mapwright_guest.build`): it reads `pyproject.toml`, imports the
//! rules once natively so that faults are told at once, and runs componentize-py, which brings its own CPython
//! for Wasm. What comes out is a dozen modules, which the host would link anew for each event: they are made one
//! here, see [`merge`](super::merge). Some 20 s for each change, under a second when nothing changed.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::error::BuildError;
use super::folder::{Folder, Said, sdk};
use super::program::compile;
use super::venv::{Venv, Wanted};
use super::{BuildOptions, Compiled, Language, Project, merge, say};

/// All that is needed for a build. The project's own tests want more: `requirements-dev.txt`.
const PACKAGES: [&str; 1] = ["componentize-py==0.25.1"];
/// Which packages the project's tests need as well.
const REQUIREMENTS: &str = "requirements-dev.txt";

/// What to do where a component cannot be made of what componentize-py gave.
const HINT: &str = "It was made for componentize-py 0.25.1; --install-toolchain installs that";

/// A project with a `pyproject.toml`.
pub(super) struct Python {
    folder: Folder,
    sdk: PathBuf,
}

#[derive(Deserialize)]
struct PyProject {
    project: Named,
    tool: Tools,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct Tools {
    mapwright: World,
}

#[derive(Deserialize)]
struct World {
    world: String,
}

pub(super) fn open(dir: &Path, options: &BuildOptions) -> Result<Python, BuildError> {
    let folder = Folder::read(dir, Language::Python, options, |text| {
        let PyProject { project, tool } =
            toml::from_str(text).map_err(|error| error.to_string())?;
        Ok(Said { name: project.name, world: tool.mapwright.world })
    })?;
    let sdk = sdk(&folder.dir, "python")?;
    Ok(Python { folder, sdk })
}

impl Project for Python {
    fn name(&self) -> &str {
        &self.folder.name
    }

    fn out_dir(&self) -> &Path {
        &self.folder.out_dir
    }

    fn compile(&self, options: &BuildOptions) -> Result<Compiled, BuildError> {
        let tools = &self.folder.tools_dir;
        let requirements = [&self.folder.dir, &self.sdk].map(|folder| folder.join(REQUIREMENTS));
        let requirements = requirements.iter().find(|file| file.is_file());
        let wanted = Wanted {
            dir: &tools.join("venv"),
            packages: &PACKAGES,
            requirements: requirements.map(PathBuf::as_path),
            purpose: "Python plugins are compiled by",
        };
        let venv = Venv::ready(&wanted, options.install_toolchain, options.quiet)?;
        let toolchain = PACKAGES[0].replace("==", " ");
        say(options, &self.folder.name, &toolchain);
        // As componentize-py makes it; it lies where nobody takes it for the plugin.
        let parts = tools.join(format!("{}.parts.wasm", self.folder.name));
        let mut python = venv.program("python");
        python
            .args(["-m", "mapwright_guest.build"])
            .arg(&self.folder.dir)
            .arg("--out")
            .arg(&parts)
            .arg("--work")
            .arg(tools.join("build"))
            .env("PYTHONPATH", self.sdk.join("src"))
            .env("PYTHONDONTWRITEBYTECODE", "1");
        compile(python, options.quiet)?;
        let component = fs::read(&parts).map_err(|e| BuildError::file(&parts, e))?;
        let component = merge::merged(&component)
            .map_err(|reason| BuildError::NotAComponent { reason, hint: HINT })?;
        Ok(Compiled { component, toolchain })
    }
}
