"""One native run of a plugin."""

from __future__ import annotations

import csv
import decimal
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from .. import _host, _text, _writing, money
from .._reading import plain
from ..context import Context
from ..mapping import Document, Mapped, MappingInput
from ..plugin import Plugin
from ..pricing import PriceLine
from ..refusal import NotReady, Rejected, Violation
from ..status import SourceStatus

__all__ = ["Run", "run"]

_ID = "019fa000-0000-7000-8000-000000000001"
UNREMARKABLE = Context(merchant="acme", route="orders", source="shop", target="erp", topic="order.updated", event_id=_ID,
                       correlation_id=_ID)
"""The context until something else is said."""
UNIT_PRICE_PLACES = 10
"""Places of the unit price that the host hands to pricing."""


@dataclass
class Run:
    """What a run gave, in the words of ``mapwright dry-run``."""

    outcome: str = "mapped"
    """``mapped``, ``skipped``, ``rejected`` or ``not_ready``."""
    documents: tuple[Document, ...] = ()
    """In delivery order."""
    checkpoint: str | None = None
    """What the plugin wants back next time, JSON text."""
    reason: str | None = None
    """Why it was skipped or is not ready."""
    violations: tuple[Violation, ...] = ()
    """Where and why it was rejected."""
    status: str | None = None
    """The target's status."""
    lines: Sequence[PriceLine] = ()
    """The priced lines."""
    logs: list[tuple[str, str]] = field(default_factory=list)
    """What the plugin logged: level and line."""

    def body(self, entity: str) -> Any:
        """The body of the first document of that entity, as the target will get it."""
        for document in self.documents:
            if document.entity == entity:
                return plain(_text.load(document.text))
        raise AssertionError(f"there is no document of entity `{entity}`: {self.outcome} {self.reason or self.violations}")

    def to_json(self) -> dict[str, Any]:
        """As ``mapwright dry-run --json`` would say it, without usage and plugin. Numbers are kept as their text."""
        documents = []
        for document in self.documents:
            told = {"entity": document.entity, "idempotency_key": document.idempotency_key,
                    "operation": document.operation.value, "body": _text.load(document.text)}
            if document.attributes:
                told["attributes"] = [list(pair) for pair in document.attributes.items()]
            documents.append(told)
        lines = [
            {"id": line.id, "sku": line.sku, "quantity": money.plain(line.quantity),
             "unit_price": money.plain(line.unit_price), "currency": line.currency,
             "attributes": [list(pair) for pair in line.attributes]}
            for line in self.lines
        ]
        return {"outcome": self.outcome, "documents": documents, "status": self.status, "lines": lines,
                "checkpoint": self.checkpoint, "violations": [vars(violation) for violation in self.violations],
                "reason": self.reason}


def run(plugin: Plugin, payload: str | Path | Mapping[str, Any], *, settings: str | Mapping[str, Any] = "{}",
        lookups: Mapping[str, str | Path] | None = None, checkpoint: str | Mapping[str, Any] | None = None,
        previous_status: str | None = None, status: str | None = None, lines: Sequence[PriceLine] = (),
        **context: Any) -> Run:
    """Runs a plugin on a payload: JSON text, a file, or a dict.

    ``lookups`` are tables as CSV text or files; ``checkpoint`` is what was remembered the last time; ``status`` and ``lines``
    stand for what other plugins of the route gave; everything else (``topic=``, ``received_at=``) goes to the context. What
    is not said follows from the payload.
    """
    text = payload.read_text("utf-8") if isinstance(payload, Path) else _json(payload)
    try:
        top = _text.load(text)
    except _text.NotJson:
        top = None
    top = top if isinstance(top, dict) else {}
    given = _context(replace(UNREMARKABLE, settings_json=_json(settings), **context), top)
    if checkpoint is not None:
        given = replace(given, checkpoint_json=_json(checkpoint))
    tables = {name: _table(name, table) for name, table in (lookups or {}).items()}
    logs: list[tuple[str, str]] = []

    def row(table: str, key: str) -> Sequence[tuple[str, str]] | None:
        if table not in tables:
            raise _host.UnknownTable(table)
        return tables[table].get(key)

    found = Run(status=status, lines=list(lines), logs=logs)
    host = _host.play(lambda level, message: logs.append((level, message)), row)
    try:
        with decimal.localcontext(money.ARITHMETIC):
            _walk(plugin, given, text, top, previous_status, found)
    except Rejected as refusal:
        found.outcome, found.violations = "rejected", refusal.violations
    except NotReady as refusal:
        found.outcome, found.reason = "not_ready", refusal.reason
    finally:
        _host.play(*host)
    return found


def _walk(plugin: Plugin, context: Context, payload: str, top: dict[str, Any], previous_status: str | None,
          found: Run) -> None:
    is_order = context.topic.startswith("order.")
    if plugin.translate and is_order and type(top.get("status")) is str:
        names = ("payment_method", "date_paid_gmt", "customer_id", "currency", "created_via")
        asked = SourceStatus("order", top["status"], previous_status, _present(top, names))
        found.status = plugin._answer_translate(context, asked)
    if plugin.reprice:
        asked_lines = list(found.lines) or (_price_lines(top) if is_order else [])
        found.lines = plugin._answer_reprice(context, asked_lines)
    if plugin.transform:
        outcome = plugin._answer_transform(context, MappingInput(payload, found.status, found.lines))
        if isinstance(outcome, Mapped):
            found.documents, found.checkpoint = outcome.documents, outcome.checkpoint
        else:
            found.outcome, found.reason = "skipped", outcome.reason


def _json(value: str | Mapping[str, Any]) -> str:
    return value if isinstance(value, str) else _writing.write(dict(value))


def _context(context: Context, top: dict[str, Any]) -> Context:
    """What is left empty follows from the payload."""
    modified = top.get("date_modified_gmt")
    version = context.source_version_time or (f"{modified.rstrip('Z')}Z" if type(modified) is str else None)
    resource = context.topic.split(".")[0] if not context.topic.startswith("action.") else context.topic
    name = top.get("id") if top.get("id") is not None else top.get("arg")
    id = str(name) if isinstance(name, str) and name else "0"
    return replace(context, source_version_time=version, resource_key=context.resource_key or f"{resource}/{id}",
                   received_at=context.received_at or version or "2026-01-01T00:00:00Z")


def _table(name: str, table: str | Path) -> dict[str, list[tuple[str, str]]]:
    """Reads a table from CSV: the columns of each row, found by the first."""
    text = table.read_text("utf-8-sig") if isinstance(table, Path) else table
    head, *rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    found: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        if len(row) != len(head):
            raise ValueError(f"lookup table `{name}`: the row `{row[0]}` has {len(row)} columns, the head has {len(head)}")
        if row[0] in found:
            raise ValueError(f"lookup table `{name}`: the key `{row[0]}` stands twice")
        found[row[0]] = list(zip(head, row, strict=True))
    return found


def _plain(value: Any) -> str:
    """A value as the host writes it into an attribute."""
    if value is None or isinstance(value, str):
        return str(value or "")  # of a number its digits, as the text that they are to a plugin
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _present(source: dict[str, Any], names: Sequence[str]) -> list[tuple[str, str]]:
    return [(name, _plain(source[name])) for name in names if source.get(name) is not None]


def _number(item: dict[str, Any], name: str) -> Decimal:
    try:
        return money.parse(_plain(item.get(name)))
    except money.NotDecimal:
        return money.ZERO


def _price_lines(top: dict[str, Any]) -> list[PriceLine]:
    """The lines the host would have priced of this payload."""
    items = top.get("line_items")
    meta = top.get("meta_data")
    entries = [entry for entry in meta if isinstance(entry, dict)] if isinstance(meta, list) else []
    roles = [_plain(entry.get("value")) for key in ("_customer_role", "customer_role") for entry in entries
             if entry.get("key") == key]
    lines = []
    for item in items if isinstance(items, list) else []:
        quantity, subtotal = _number(item, "quantity"), _number(item, "subtotal")
        unit_price = money.round_to(subtotal / quantity if quantity else subtotal, UNIT_PRICE_PLACES)
        attributes = _present(item, ("product_id", "variation_id", "name", "subtotal", "total", "tax_class"))
        attributes += _present(top, ("customer_id",)) + [("customer_role", role) for role in roles[:1]]
        lines.append(PriceLine(_plain(item.get("id")), _plain(item.get("sku")), quantity, money.normalized(unit_price),
                               _plain(top.get("currency")), attributes))
    return lines
