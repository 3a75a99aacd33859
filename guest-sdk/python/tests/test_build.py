"""What the build says of projects that cannot become a component. What it makes is tried in the sandbox."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from mapwright_guest import build

WIT = Path(__file__).resolve().parents[3] / "wit"
RULES = "from mapwright_guest import Plugin, Skipped\nplugin = Plugin()\n\n\n@plugin.field_mapping\ndef t(context, input):\n    return Skipped('x')\n"


def project(folder: Path, rules: str = RULES, world: str = "field-mapping-plugin", more: str = "") -> Path:
    (folder / "src").mkdir()
    (folder / "src" / "acme.py").write_text(rules)
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "acme"\nversion = "1.0.0"\ndescription = "x"\n[tool.mapwright]\nworld = "{world}"\n{more}'
    )
    return folder


def said(folder: Path, *arguments: str) -> tuple[int, str]:
    """As the host calls it: a process of its own."""
    command = [sys.executable, "-m", "mapwright_guest.build", str(folder), "--wit", str(WIT), *arguments]
    run = subprocess.run(command, capture_output=True, text=True, cwd=Path(build.__file__).parents[1], check=False)
    return run.returncode, run.stderr


@pytest.mark.parametrize(
    ("rules", "world", "more", "code", "words"),
    [
        ("import nothing_of_that_name\n", "field-mapping-plugin", "", 1, "No module named 'nothing_of_that_name'"),
        ("def x(:\n", "field-mapping-plugin", "", 1, "acme.py\", line 1"),
        ("x = 1\n", "field-mapping-plugin", "", 1, "`acme` has no `plugin`"),
        (RULES, "pricing-plugin", "", 1, "the world `pricing-plugin` wants `pricing`, the plugin has `field-mapping`"),
        (RULES, "everything", "", 2, "there is no world `everything`; there are `complete-plugin`"),
        (RULES, "field-mapping-plugin", "colour = 1\n", 2, "[tool.mapwright] has no `colour`"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, rules: str, world: str, more: str, code: int, words: str) -> None:
    pytest.importorskip("componentize_py")
    told = said(project(tmp_path, rules, world, more))
    assert told[0] == code and words in told[1]


def test_another_contract_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plugin.wit").write_text("package mapwright:plugin@2.0.0;\n")
    with pytest.raises(build.Unfit, match="this SDK speaks `mapwright:plugin@1.0.0`"):
        build.exports_of(tmp_path, "field-mapping-plugin")


def test_a_missing_or_other_tool_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", lambda name: "0.20.0")
    with pytest.raises(build.Unfit, match="componentize-py is 0.20.0, this SDK is made for"):
        build.componentize_py()

    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    with pytest.raises(build.Unfit, match="componentize-py is missing; .* -m pip install componentize-py=="):
        build.componentize_py()


def test_imports_inside_functions_are_found(tmp_path: Path) -> None:
    rules = RULES.replace("    return", "    import statistics\n    from fractions import Fraction\n    return")
    found = build.Project.read(project(tmp_path, rules))
    assert build.imported(found) == ["fractions", "mapwright_guest", "statistics"]
