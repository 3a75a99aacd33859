"""Leaves a note of which objects the build made for good.

Python counts references in each object, so that a call which only reads what the build made writes to pages all over
the memory, and each first write to a page costs a page fault. ``mapwright build`` finds the note in the finished memory
and makes the counts of these objects those of immortal ones (PEP 683), which are not counted; then it blanks the note.
Where the component is made without it, the note is some hundred kilobytes that nobody reads.

Whatever is named here has to live until the snapshot, so all of it is kept. Objects that a call makes are not touched.
"""

from __future__ import annotations

import gc
import types
from typing import Any

_MARK = bytes.fromhex("936d61707772696768743a7374696c6c")
"""How the note begins, as in the host's ``toolchain/merge/image.rs``."""
_PASSING = (types.FrameType, types.GeneratorType, types.CoroutineType)
"""What runs at this moment and ends."""


def note() -> tuple[list[Any], bytes]:
    """All objects that can be found now, and where they are. Both have to be kept."""
    found: set[int] = set()
    kept: list[Any] = []
    ask = [*gc.get_objects(), *_below(object)]
    while ask:
        new = len(kept)
        for each in ask:
            if id(each) not in found and type(each) not in _PASSING:
                found.add(id(each))
                kept.append(each)
        ask = []
        for each in kept[new:]:
            ask += gc.get_referents(each)
            # What referents leave out: texts cannot be part of a cycle.
            if type(each) is dict:
                ask.extend(each)
            elif issubclass(type(each), type):
                ask += (*vars(each).values(), *vars(each), each.__mro__)  # those of Python itself have no referents
            elif type(each) is types.CodeType:
                ask += (each.co_consts, each.co_names, each.co_name, each.co_qualname, each.co_filename)
                ask += (*each.co_varnames, *each.co_cellvars, *each.co_freevars)
    note = bytearray(_MARK)
    for number in (len(kept), sum(map(id, kept)) % (1 << 32)):
        note += number.to_bytes(4, "little")
    for each in kept:
        note += (id(each) % (1 << 32)).to_bytes(4, "little")
    return kept, bytes(note)


def _below(kind: type) -> list[type]:
    """A class and all classes below it."""
    return [kind, *(each for direct in type.__subclasses__(kind) for each in _below(direct))]
