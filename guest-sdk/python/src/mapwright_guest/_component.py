"""Between the contract's types and ours, inside the component. The build's entry calls it, nobody else.

Imported while the component is built: that is when Python is started, all modules are imported and the reader
and writer are run once, so that the snapshot which each event starts from has done all of that already. The
collector is off, because an instance lives for one call; its memory is given back as a whole.
"""

from __future__ import annotations

import decimal
import gc
import os
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from componentize_py_types import Err  # type: ignore[import-not-found]
from wit_world.imports import log as wire_log  # type: ignore[import-not-found]
from wit_world.imports import lookup as wire_lookup
from wit_world.imports import types as wire

from . import _fault, _host, _still, _warm, money
from .context import Context
from .mapping import Document, MappingInput, Skipped
from .plugin import Plugin
from .pricing import PriceLine
from .refusal import NotReady, Rejected
from .status import SourceStatus

try:
    from wit_world.exports import field_mapping as wire_mapping  # type: ignore[import-not-found]
except ImportError:  # the world has none
    wire_mapping = None
try:
    from wit_world.imports import pricing_types as wire_pricing
except ImportError:
    wire_pricing = None
try:
    from wit_world.exports import manifest as wire_manifest
except ImportError:
    wire_manifest = None

T = TypeVar("T")
_KEPT: list[Any] = []

_LEVELS = {"debug": wire_log.Level.DEBUG, "info": wire_log.Level.INFO, "warning": wire_log.Level.WARNING,
           "error": wire_log.Level.ERROR}


def _write(level: str, message: str) -> None:
    wire_log.write(_LEVELS[level], str(message).encode(errors="replace").decode())


def _row(table: str, key: str) -> Any:
    try:
        return wire_lookup.get_row(table, key)
    except Err:
        raise _host.UnknownTable(table) from None


_host.play(_write, _row)


def ready(sources: dict[str, str]) -> None:
    """Ends the preparation: ``sources`` says what the folders of the build are called in the project."""
    _fault.SOURCES.update(sources)
    gc.collect()
    _KEPT.append(_warm.filling(_top(gc.get_objects())))
    _warm.gather()
    _warm.up()
    gc.collect()
    gc.disable()
    kept, where = _still.note()
    gc.freeze()
    _KEPT.extend((kept, where, _warm.filling(max(id(where), _top(kept)))))


def _top(objects: list[Any]) -> int:
    return max(map(id, objects))


def describe(plugin: Plugin, name: str, version: str, summary: str, settings_schema: str) -> Any:
    """Answers ``manifest.describe``."""
    return wire_manifest.PluginManifest(
        name, version, summary, settings_schema, plugin.topics, plugin.entities, plugin.attributes
    )


def transform(plugin: Plugin, context: Any, input: Any) -> Any:
    """Answers ``field-mapping.transform``."""
    return _edge(lambda: _transform(plugin, context, input))


def reprice(plugin: Plugin, context: Any, lines: Any) -> Any:
    """Answers ``pricing.reprice``."""
    return _edge(lambda: _reprice(plugin, context, lines))


def translate(plugin: Plugin, context: Any, status: Any) -> Any:
    """Answers ``status-translation.translate``."""
    return _edge(lambda: _translate(plugin, context, status))


def _edge(work: Callable[[], T]) -> T:
    decimal.setcontext(money.ARITHMETIC)
    try:
        return work()
    except Rejected as refusal:
        answer = wire.Refusal_Rejected([wire.Violation(v.pointer, v.code, v.message) for v in refusal.violations])
    except NotReady as refusal:
        answer = wire.Refusal_NotReady(refusal.reason)
    except BaseException as fault:
        _trap(fault)
    raise Err(answer)


def _trap(fault: BaseException) -> NoReturn:
    """Says what was raised and where, then ends the call as a trap: what the author did not catch is no answer."""
    for line in _fault.lines(fault):
        _write("error", line)
    os.abort()


def _transform(plugin: Plugin, context: Any, input: Any) -> Any:
    given = MappingInput(input.payload, input.status, _lines(input.lines), input.attributes)
    outcome = plugin._answer_transform(_context(context), given)
    if isinstance(outcome, Skipped):
        return wire_mapping.MappingOutcome_Skipped(outcome.reason)
    documents = [_document(document) for document in outcome.documents]
    return wire_mapping.MappingOutcome_Mapped(wire_mapping.Mapping(documents, outcome.checkpoint))


def _document(document: Document) -> Any:
    operation = getattr(wire_mapping.Operation, document.operation.name)
    return wire_mapping.Document(document.entity, document.idempotency_key, operation, document.text,
                                 list(document.attributes.items()))


def _reprice(plugin: Plugin, context: Any, lines: Any) -> Any:
    return [
        wire_pricing.PriceLine(line.id, line.sku, money.plain(line.quantity), money.plain(line.unit_price),
                               line.currency, list(line.attributes))
        for line in plugin._answer_reprice(_context(context), _lines(lines))
    ]


def _translate(plugin: Plugin, context: Any, status: Any) -> Any:
    given = SourceStatus(status.entity, status.status, status.previous_status, status.attributes)
    return plugin._answer_translate(_context(context), given)


def _context(given: Any) -> Context:
    return Context(
        given.merchant, given.route, given.source, given.target, given.topic, given.resource_key, given.event_id,
        given.correlation_id, given.source_version_time, given.received_at, given.attempt, given.settings,
        given.checkpoint, given.attributes,
    )


def _lines(given: Any) -> list[PriceLine]:
    return [
        PriceLine(line.id, line.sku, _number(line, at, "quantity", line.quantity),
                  _number(line, at, "unit price", line.unit_price), line.currency, line.attributes)
        for at, line in enumerate(given)
    ]


def _number(line: Any, at: int, what: str, text: str) -> money.Decimal:
    try:
        return money.parse(text)
    except money.NotDecimal as fault:
        message = f"the {what} of line `{line.id}`: {fault}"
        raise Rejected.at(f"/line_items/{at}", "price_line_malformed", message) from None
