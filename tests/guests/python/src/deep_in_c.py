"""Recursion through the interpreter's C code, which Python counts apart from its own."""

from mapwright_guest import Context, MappingInput, Plugin, Skipped

plugin = Plugin()


@plugin.field_mapping
def transform(context: Context, input: MappingInput) -> Skipped:
    nested: list[object] = []
    for _ in range(5_000):
        nested = [nested]
    return Skipped(str(len(repr(nested))))
