"""The plugin: what it is, and the functions that hold its rules.

    plugin = Plugin(topics=["order.created"], entities=["sale"])

    @plugin.field_mapping
    def transform(context: Context, input: MappingInput) -> Mapped:
        ...

Name, version, summary and world stand in ``pyproject.toml``, the settings in ``settings.schema.json``; the build
puts them into the component.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar, Union

from . import _fault, _text
from .context import Context
from .mapping import Document, Mapped, MappingInput, Skipped
from .pricing import PriceLine
from .status import SourceStatus

__all__ = ["Plugin"]

Outcome = Union[Mapped, Skipped, Document]
"""What a field mapping gives: ``Mapped``, ``Skipped``, or the one document there is."""
FieldMapping = Callable[[Context, MappingInput], Outcome]
Pricing = Callable[[Context, list[PriceLine]], Iterable[PriceLine]]
StatusTranslation = Callable[[Context, SourceStatus], Union[str, None]]

F = TypeVar("F", bound=FieldMapping)
P = TypeVar("P", bound=Pricing)
S = TypeVar("S", bound=StatusTranslation)


class Plugin:
    """A plugin. Make one, named ``plugin``, in the module that pyproject's ``[tool.mapwright]`` names."""

    def __init__(self, *, topics: Iterable[str] = (), entities: Iterable[str] = (),
                 attributes: Mapping[str, str] | None = None) -> None:
        self.topics = list(topics)
        """The topics it understands; empty for any."""
        self.entities = list(entities)
        """The entities of the documents it makes."""
        self.attributes = list((attributes or {}).items())
        """Open name and value pairs of the manifest."""
        self.transform: FieldMapping | None = None
        self.reprice: Pricing | None = None
        self.translate: StatusTranslation | None = None

    def field_mapping(self, function: F) -> F:
        """Turns a payload into documents. The same context, input and lookup tables must give the same answer."""
        self._once(self.transform, "field_mapping")
        self.transform = function
        return function

    def pricing(self, function: P) -> P:
        """Prices the lines of an order: the lines in the order given, each under its own id."""
        self._once(self.reprice, "pricing")
        self.reprice = function
        return function

    def status_translation(self, function: S) -> S:
        """Translates a status; ``None`` when the target is to keep the one it has."""
        self._once(self.translate, "status_translation")
        self.translate = function
        return function

    @staticmethod
    def _once(there: object, name: str) -> None:
        if there is not None:
            raise TypeError(f"@plugin.{name} stands on two functions; a plugin has one")

    @property
    def capabilities(self) -> list[str]:
        """What it can: any of ``field_mapping``, ``pricing`` and ``status_translation``."""
        functions = {"field_mapping": self.transform, "pricing": self.reprice,
                     "status_translation": self.translate}
        return [name for name, function in functions.items() if function is not None]

    # What the component and the native harness call: the author's function, its answer held to what it may be.

    def _answer_transform(self, context: Context, input: MappingInput) -> Mapped | Skipped:
        assert self.transform is not None
        outcome = self.transform(context, input)
        if isinstance(outcome, Document):
            return Mapped(outcome)
        if not isinstance(outcome, (Mapped, Skipped)):
            raise TypeError(_fault.wrong_answer(self.transform, outcome, "Mapped, Skipped or a Document"))
        return outcome

    def _answer_reprice(self, context: Context, lines: list[PriceLine]) -> list[PriceLine]:
        assert self.reprice is not None
        priced = self.reprice(context, lines)
        answer = priced if isinstance(priced, list) else list(priced or ())
        if priced is None or not all(isinstance(line, PriceLine) for line in answer):
            raise TypeError(_fault.wrong_answer(self.reprice, priced, "a list of PriceLine"))
        return answer

    def _answer_translate(self, context: Context, status: SourceStatus) -> str | None:
        assert self.translate is not None
        answer = self.translate(context, status)
        if answer is not None and not isinstance(answer, str):
            raise TypeError(_fault.wrong_answer(self.translate, answer, "a text or None"))
        return None if answer is None else _text.sent(answer, "status")
