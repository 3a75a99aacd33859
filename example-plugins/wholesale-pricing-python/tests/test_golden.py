"""The golden cases of wholesale-pricing, natively; ``mapwright test`` runs the same in the sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest
from mapwright_guest.testing import cases, check
from wholesale_pricing_python import plugin

CASES = Path(__file__).parents[2] / "wholesale-pricing" / "cases"


@pytest.mark.parametrize("case", cases(CASES), ids=lambda case: case.name)
def test_golden_case(case: Path) -> None:
    check(plugin, case)
