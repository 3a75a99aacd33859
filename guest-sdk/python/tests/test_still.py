"""The note of what the build made for good. What the host does with it is tried there, and in the sandbox."""

from __future__ import annotations

import json
import types

from mapwright_guest import _still


class Sample:
    """Something with names and constants that nothing else has."""

    def answer(self) -> str:
        return "a constant of test_still"


def test_the_note_names_what_is_kept_and_leaves_out_what_passes() -> None:
    kept, note = _still.note()
    assert note[:16] == b"\x93mapwright:still"
    words = [int.from_bytes(note[at : at + 4], "little") for at in range(16, len(note), 4)]
    found = {id(each) for each in kept}
    assert words[0] == len(words) - 2 == len(found)
    assert words[1] == sum(map(id, kept)) % (1 << 32)
    assert words[2:] == [id(each) % (1 << 32) for each in kept]
    code = Sample.answer.__code__
    for each in (Sample, Sample.answer, code, code.co_consts, "a constant of test_still", json.loads, "expandtabs", str):
        assert id(each) in found, each
    assert not any(isinstance(each, types.FrameType) for each in kept)
