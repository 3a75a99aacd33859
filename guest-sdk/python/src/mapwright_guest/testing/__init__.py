"""Running a plugin natively, so that its tests are ordinary pytest.

``run`` gives a plugin a payload, settings, lookup tables and a checkpoint and walks the road the host walks: status
translation, pricing, field mapping, as far as the plugin has them. ``cases`` and ``check`` do so for the golden cases.

    from mapwright_guest.testing import cases, check, run

    @pytest.mark.parametrize("case", cases("cases"), ids=lambda case: case.name)
    def test_golden_case(case: Path) -> None:
        check(plugin, case)

    def test_a_line_without_sku_is_named() -> None:
        answer = run(plugin, {"id": 1, "status": "processing", ...}, lookups={"taxes": "rate,tax\\n18,ICMS\\n"})
        assert answer.violations[0].pointer == "/line_items/0/sku"

Exceptions of the rules come through as they are, with pytest's traceback. What this does not do: limit fuel, memory or time.
``mapwright test`` runs the same cases in the sandbox.
"""

from __future__ import annotations

from .golden import cases, check
from .harness import Run, run

__all__ = ["Run", "cases", "check", "run"]
