"""Makes the component of a plugin project: ``python -m mapwright_guest.build PROJECT --out plugin.wasm``.

``mapwright build`` calls this with the Python of the project's own environment; it needs nothing but ``componentize-py``
of the pinned version there. It reads ``pyproject.toml``, imports the plugin natively first (a fault in the rules is told
in a second and not after twenty), writes the component's entry, and lets componentize-py start Python once and keep its
memory. When nothing changed since the last time, it does nothing.

What it says, it says on standard error, one sentence and the way out. Exit codes: 0 made or up to date, 1 the rules
cannot be imported or do not suit the world, 2 the project, the contract or a tool.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import importlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
import traceback
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from .plugin import Plugin

COMPONENTIZE_PY = "0.25.1"
"""The version this SDK was tried with."""
CONTRACT = "mapwright:plugin@1.0.0"
"""The contract this SDK speaks."""
CAPABILITIES = {"field_mapping": "field-mapping", "pricing": "pricing", "status_translation": "status-translation"}
ENTRY = "mapwright_entry"


class Unfit(Exception):
    """Why there is no component."""

    def __init__(self, message: str, code: int = 2) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Project:
    """What ``pyproject.toml`` says."""

    root: Path
    name: str
    version: str
    summary: str
    world: str
    module: str
    source: Path
    settings_schema: str

    @classmethod
    def read(cls, root: Path) -> Project:
        """Reads a project. Raises ``Unfit`` naming the key that is missing or wrong."""
        file = root / "pyproject.toml"
        try:
            table = tomllib.loads(file.read_text("utf-8"))
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise Unfit(f"{file}: {error}") from None
        project, tool = table.get("project", {}), table.get("tool", {}).get("mapwright")
        if tool is None:
            raise Unfit(f"{file}: there is no [tool.mapwright]; add it with `world = \"field-mapping-plugin\"`")
        for key in ("name", "version", "description"):
            if not isinstance(project.get(key), str):
                raise Unfit(f"{file}: [project] says no `{key}`")
        if not isinstance(tool.get("world"), str):
            raise Unfit(f"{file}: [tool.mapwright] says no `world`")
        unknown = set(tool) - {"world", "module", "source", "settings_schema"}
        if unknown:
            raise Unfit(f"{file}: [tool.mapwright] has no `{min(unknown)}`")
        schema = root / tool.get("settings_schema", "settings.schema.json")
        return cls(
            root, project["name"], project["version"], project["description"], tool["world"],
            tool.get("module", project["name"].replace("-", "_")), root / tool.get("source", "src"),
            schema.read_text("utf-8") if schema.is_file() else "{}",
        )


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m mapwright_guest.build", description="Makes the component of a plugin.")
    parser.add_argument("project", type=Path, nargs="?", default=Path("."), help="its folder")
    parser.add_argument("--wit", type=Path, help="the contract's folder; beside the SDK when not given")
    parser.add_argument("--out", type=Path, help="the component; target/mapwright/NAME.wasm when not given")
    parser.add_argument("--work", type=Path, help="for what lies in between; .mapwright/build when not given")
    parser.add_argument("--module", help="the module with the plugin; pyproject's when not given")
    given = parser.parse_args(arguments)
    try:
        project = Project.read(given.project.resolve())
        if given.module:
            project = replace(project, name=given.module.replace("_", "-"), module=given.module)
        wit = (given.wit or Path(__file__).resolve().parents[4] / "wit").resolve()
        out = (given.out or project.root / "target" / "mapwright" / f"{project.name}.wasm").resolve()
        work = (given.work or project.root / ".mapwright" / "build").resolve()
        build(project, wit, out, work)
    except Unfit as unfit:
        print(f"error: {unfit}", file=sys.stderr)
        return unfit.code
    print(out)
    return 0


def build(project: Project, wit: Path, out: Path, work: Path) -> None:
    """Makes the component unless it is up to date. Raises ``Unfit``."""
    wanted = exports_of(wit, project.world)
    tool = componentize_py()
    inputs = digest(project, wit)
    mark = work / f"{project.name}.inputs"
    if out.is_file() and mark.is_file() and mark.read_text("utf-8") == f"{inputs} {out}":
        return
    plugin = load(project)
    held = [CAPABILITIES[name] for name in plugin.capabilities]
    if sorted(held) != sorted(wanted):
        raise Unfit(f"the world `{project.world}` wants {_listed(wanted)}, the plugin has {_listed(held)}; name another world "
                    "in pyproject.toml, or decorate what is missing", 1)
    # Copies, because componentize-py leaves compiled files beside what it reads.
    shutil.rmtree(work, ignore_errors=True)
    for folder, name in ((project.source, "own"), (Path(__file__).resolve().parents[1], "sdk")):
        shutil.copytree(folder, work / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    (work / "entry").mkdir()
    (work / "entry" / f"{ENTRY}.py").write_text(entry(project, wanted), "utf-8")
    out.parent.mkdir(parents=True, exist_ok=True)
    made = out.with_suffix(".making")
    paths = [argument for name in ("entry", "own", "sdk") for argument in ("-p", str(work / name))]
    command = [*tool, "-q", "-d", str(wit), "-w", project.world, "componentize", *paths, ENTRY, "-o", str(made)]
    # An environment whose site-packages count: pure Python that is installed there may be imported.
    run = subprocess.run(command, env=os.environ | {"VIRTUAL_ENV": sys.prefix}, text=True, capture_output=True)
    if run.returncode or not made.is_file():
        raise Unfit(f"componentize-py made no component:\n{told(run.stderr + run.stdout, project)}", 1)
    made.replace(out)
    mark.write_text(f"{inputs} {out}", "utf-8")


def told(said: str, project: Project) -> str:
    """What componentize-py said that an author can use: Python's own words, in the project's own file names."""
    said = said.split("\n\nCaused by:")[0].split("\nStack backtrace:")[0]
    said = said.split("AssertionError: ", 1)[-1]
    return said.replace("/1/", f"{_shown(project)}/").strip()


def exports_of(wit: Path, world: str) -> list[str]:
    """What a world exports beside the manifest. Raises ``Unfit`` for another contract or world."""
    try:
        text = "\n".join(file.read_text("utf-8") for file in sorted(wit.glob("*.wit")))
    except OSError as error:
        raise Unfit(f"{wit}: {error}") from None
    package = re.search(r"^package ([\w:.@-]+);", text, re.MULTILINE)
    if package is None:
        raise Unfit(f"{wit}: there is no contract here (plugin.wit)")
    if package[1] != CONTRACT:
        raise Unfit(f"{wit} is `{package[1]}`, this SDK speaks `{CONTRACT}`; take the SDK and the contract of one `mapwright new`")
    worlds = dict(re.findall(r"^world ([\w-]+) \{(.*?)^\}", text, re.MULTILINE | re.DOTALL))
    if world not in worlds or world == "plugin-base":
        raise Unfit(f"there is no world `{world}`; there are {_listed(sorted(set(worlds) - {'plugin-base'}))}")
    return re.findall(r"export ([\w-]+);", worlds[world])


def componentize_py() -> list[str]:
    """How componentize-py is called. Raises ``Unfit`` where it is missing or another version."""
    how = f"`{sys.executable} -m pip install componentize-py=={COMPONENTIZE_PY}`"
    try:
        version = metadata.version("componentize-py")
    except metadata.PackageNotFoundError:
        raise Unfit(f"componentize-py is missing; {how} installs it") from None
    if version != COMPONENTIZE_PY:
        raise Unfit(f"componentize-py is {version}, this SDK is made for {COMPONENTIZE_PY}; {how} installs it")
    return [sys.executable, "-c", "import sys, componentize_py; sys.argv[0] = 'componentize-py'; sys.exit(componentize_py.script())"]


def digest(project: Project, wit: Path) -> str:
    """Changes whenever the component would."""
    sha = hashlib.sha256(f"{COMPONENTIZE_PY} {project!r}".encode())
    for folder in (project.source, Path(__file__).resolve().parent, wit):
        for file in sorted(folder.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                sha.update(f"\n{file} ".encode() + hashlib.sha256(file.read_bytes()).digest())
    return sha.hexdigest()


def load(project: Project) -> Plugin:
    """Imports the plugin natively. Raises ``Unfit`` with the author's own file and line."""
    sys.path.insert(0, str(project.source))
    sys.dont_write_bytecode = True
    try:
        module = importlib.import_module(project.module)
    except BaseException as error:
        raise Unfit(f"`{project.module}` cannot be imported:\n{_trace(error, project)}", 1) from None
    plugin = getattr(module, "plugin", None)
    if not isinstance(plugin, Plugin):
        raise Unfit(f"`{project.module}` has no `plugin`; write `plugin = Plugin(...)` there", 1)
    return plugin


def _trace(error: BaseException, project: Project) -> str:
    """A traceback that begins in the project."""
    trace = error.__traceback__
    while trace is not None and not trace.tb_frame.f_code.co_filename.startswith(str(project.source)):
        trace = trace.tb_next
    return "".join(traceback.format_exception(type(error), error, trace)).strip()


def imported(project: Project) -> list[str]:
    """All modules that the rules import anywhere. In the sandbox there are no files, so an import inside a function has to
    be done beforehand."""
    found: set[str] = set()
    for file in project.source.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_bytes(), str(file))):
            if isinstance(node, ast.Import):
                found.update(name.name for name in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module)
    return sorted(found - {"__future__"})


def entry(project: Project, wanted: list[str]) -> str:
    """The module that componentize-py makes the component of."""
    made_of: dict[str, Any] = {"name": project.name, "version": project.version, "summary": project.summary,
                               "settings_schema": project.settings_schema}
    methods = {
        "field-mapping": "class FieldMapping:\n    def transform(self, context, input):\n"
                         "        return _component.transform(plugin, context, input)\n",
        "pricing": "class Pricing:\n    def reprice(self, context, lines):\n"
                   "        return _component.reprice(plugin, context, lines)\n",
        "status-translation": "class StatusTranslation:\n    def translate(self, context, status):\n"
                              "        return _component.translate(plugin, context, status)\n",
    }
    return (
        f'"""The entry of {project.name}, made by mapwright_guest.build."""\n\n'
        "from mapwright_guest import _component, _entry\n"
        f"from {project.module} import plugin\n\n"
        f"_entry.prepare({imported(project)!r}, '/1/')\n\n\n"
        "class Manifest:\n    def describe(self):\n"
        f"        return _component.describe(plugin, **{made_of!r})\n\n\n"
        + "\n\n".join(methods[name] for name in wanted)
        + f"\n\n_component.ready({{'/1/': {f'{_shown(project)}/'!r}}})\n"
    )


def _shown(project: Project) -> str:
    return os.path.relpath(project.source, project.root).replace("\\", "/")


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "nothing"




if __name__ == "__main__":
    sys.exit(main())
