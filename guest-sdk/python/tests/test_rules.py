"""Plugins, refusals, settings and checkpoints, through the harness."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pytest
from mapwright_guest import (
    Context,
    Document,
    Mapped,
    MappingInput,
    NotReady,
    Operation,
    Plugin,
    PriceLine,
    Rejected,
    Skipped,
    SourceStatus,
    Violation,
    Violations,
    log,
    lookup,
    reference,
)
from mapwright_guest.testing import cases, check, run


@dataclass(frozen=True)
class Nested:
    rate: Decimal
    tags: list[str]


@dataclass(frozen=True)
class Settings:
    shop: str
    limit: Decimal = Decimal("1.50")
    count: int = 3
    open: bool = False
    kind: Literal["a", "b"] = "a"
    nested: Nested | None = None


plugin = Plugin(topics=["order.created"], entities=["sale"])


@plugin.field_mapping
def transform(context: Context, input: MappingInput) -> Mapped | Skipped | Document:
    top = input.json()
    if top["do"] == "settings":
        return Skipped(repr(context.settings(Settings)))
    if top["do"] == "lookup":
        row = lookup.row("taxes", top["key"])
        return Skipped(f"{row.decimal('rate')} {row.get('none')}" if row else "no row")
    if top["do"] == "wrong":
        return top  # type: ignore[no-any-return]
    if top["do"] == "one":
        log.warning("one only")
        return Document.delete("sale", "1", {"party": reference("party", "2")}, via="test")
    if top["do"] == "check":
        with Violations() as violations:
            violations.at("lines", 3).at("a/b", "~").add("odd", "it is odd")
            violations.at().add("whole", "all of it")
    return Mapped([Document.create("sale", "1", {"status": input.status, "seen": context.remembered()})],
                  remember={"at": context.received_at})


@plugin.pricing
def reprice(context: Context, lines: list[PriceLine]) -> list[PriceLine]:
    return [replace(line, unit_price=line.unit_price * 2).with_attribute("rule", "twice") for line in lines]


@plugin.status_translation
def translate(context: Context, status: SourceStatus) -> str | None:
    return f"{status.status}/{status.previous_status}/{status.attribute('currency')}"


def test_violations_have_their_pointers() -> None:
    assert run(plugin, {"do": "check"}).violations == (
        Violation("/lines/3/a~1b/~0", "odd", "it is odd"), Violation("", "whole", "all of it")
    )


def test_violations_end_in_a_rejection_only_where_there_are_any() -> None:
    with Violations() as violations:
        assert not violations and len(violations) == 0
    with pytest.raises(ZeroDivisionError), Violations() as violations:
        violations.at("a").add("b", "c")
        1 // 0
    with pytest.raises(Rejected, match="rejected; b at `/a`: c"):
        violations.finish()


def test_settings_are_a_dataclass() -> None:
    text = '{"shop": "A", "limit": 2.10, "unknown": 1, "nested": {"rate": "0.10", "tags": ["x"]}}'
    assert run(plugin, {"do": "settings"}, settings=text).reason == (
        "Settings(shop='A', limit=Decimal('2.10'), count=3, open=False, kind='a', "
        "nested=Nested(rate=Decimal('0.10'), tags=['x']))"
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [({}, "`shop`: it is missing"), ({"shop": 1}, "`shop`: 1 is no text"),
     ({"shop": "A", "count": "1"}, "`count`: '1' is no whole number"), ({"shop": "A", "open": 1}, "`open`: 1 is neither true"),
     ({"shop": "A", "kind": "c"}, "`kind`: 'c' is none of 'a', 'b'"),
     ({"shop": "A", "nested": {"rate": "x", "tags": []}}, "`nested/rate`: `x` is not a decimal number"),
     ({"shop": "A", "nested": {"rate": "1", "tags": ["", 1]}}, "`nested/tags/1`: 1 is no text")],
)
def test_settings_that_do_not_suit_wait_for_the_merchant(settings: dict[str, Any], said: str) -> None:
    answer = run(plugin, {"do": "settings"}, settings=settings)
    assert answer.outcome == "not_ready" and answer.reason is not None
    assert answer.reason.startswith("the settings of route `orders` do not suit this plugin") and said in answer.reason


def test_a_float_setting_is_refused_when_it_is_declared() -> None:
    @dataclass
    class Wrong:
        price: float

    with pytest.raises(TypeError, match="Wrong.price is a float"):
        Context(settings_json='{"price": 1.5}').settings(Wrong)


def test_lookups_find_rows_and_say_what_is_missing() -> None:
    tables = {"taxes": "key,rate\r\n18,0.18\r\nx,many\r\ny,\r\n"}
    assert run(plugin, {"do": "lookup", "key": "18"}, lookups=tables).reason == "0.18 None"
    assert run(plugin, {"do": "lookup", "key": "19"}, lookups=tables).reason == "no row"
    told = {key: run(plugin, {"do": "lookup", "key": key}, lookups=tables).reason for key in "xy"}
    assert told == {"x": "lookup table `taxes`, row `x`, column `rate`: `many` is not a decimal number",
                    "y": "lookup table `taxes` has nothing in column `rate` for `y`"}
    answer = run(plugin, {"do": "lookup", "key": "18"})
    assert (answer.outcome, answer.reason) == ("not_ready", "there is no lookup table `taxes`; add lookups/taxes.csv")


def test_one_document_is_an_answer() -> None:
    answer = run(plugin, {"do": "one"})
    assert (answer.documents[0].operation, answer.documents[0].attributes) == (Operation.DELETE, {"via": "test"})
    assert answer.body("sale") == {"party": {"$ref": {"entity": "party", "key": "2"}}}
    assert answer.logs == [("warning", "one only")]


def test_status_pricing_and_mapping_follow_each_other() -> None:
    answer = run(
        plugin,
        {"id": 7, "do": "map", "status": "processing", "currency": "BRL", "date_modified_gmt": "2026-01-02T03:04:05",
         "line_items": [{"id": 1, "sku": "A", "quantity": 3, "subtotal": "10.00", "total": "9.00"}]},
        previous_status="pending", checkpoint={"at": "then"},
    )
    assert answer.status == "processing/pending/BRL"
    assert answer.lines[0].unit_price == Decimal("6.6666666666") and answer.lines[0].attribute("rule") == "twice"
    # Numbers of the payload are texts here, as in the sandbox.
    assert type(answer.lines[0].id) is str and answer.lines[0].attribute("subtotal") == "10.00"
    assert answer.body("sale") == {"status": "processing/pending/BRL", "seen": {"at": "then"}}
    assert answer.checkpoint == '{"at":"2026-01-02T03:04:05Z"}'


def test_another_answer_is_a_fault_of_the_plugin() -> None:
    with pytest.raises(TypeError, match=r"`transform` \(.*test_rules.py:\d+\) returned .* not Mapped, Skipped or a Document"):
        run(plugin, {"do": "wrong"})
    with pytest.raises(TypeError, match="unit_price is 1.5, a float; it must be a Decimal"):
        PriceLine("1", unit_price=1.5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="stands on two functions"):
        plugin.pricing(reprice)


def test_golden_cases_compare_and_bless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = tmp_path / "first"
    case.mkdir()
    (case / "payload.json").write_text('{"do": "map", "id": 1}')
    (case / "context.toml").write_text('received_at = "2026-01-01T00:00:00Z"\ntopic = "product.created"\n')
    (case / "expected.json").write_text('{"checkpoint": "x", "documents": [{"body": {"status": 1}}]}')
    [found] = cases(tmp_path)
    with pytest.raises(AssertionError, match="first:\n  /checkpoint: expected \"x\", got"):
        check(plugin, found)
    monkeypatch.setenv("MAPWRIGHT_BLESS", "1")
    check(plugin, found)
    monkeypatch.delenv("MAPWRIGHT_BLESS")
    check(plugin, found)
    assert "violations" not in (case / "expected.json").read_text()
    (case / "context.toml").write_text("colour = 1")
    with pytest.raises(ValueError, match="unknown key `colour`"):
        check(plugin, found)


def test_what_is_not_ready_says_why() -> None:
    assert NotReady("later").reason == "later" and str(NotReady("later")) == "not ready: later"


@pytest.mark.parametrize(
    "made",
    [lambda: Skipped("\ud83c"), lambda: Skipped(5),  # type: ignore[arg-type]
     lambda: NotReady("\ud83c"), lambda: Violation("", "a", "\udf75"),
     lambda: Document.upsert("sale", 27),  # type: ignore[arg-type]
     lambda: Document.upsert("sale", "1", {}, via=2),  # type: ignore[arg-type]
     lambda: PriceLine(5)],  # type: ignore[arg-type]
)
def test_what_goes_to_the_host_is_text(made: Callable[[], object]) -> None:
    with pytest.raises((TypeError, ValueError), match="no text|no Unicode text"):
        made()
