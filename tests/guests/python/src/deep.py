"""A function that calls itself without end."""

from mapwright_guest import Context, MappingInput, Plugin, Skipped

plugin = Plugin()


@plugin.field_mapping
def transform(context: Context, input: MappingInput) -> Skipped:
    return Skipped(str(down(0)))


def down(depth: int) -> int:
    return 1 + down(depth + 1)
