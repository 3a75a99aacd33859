"""Memory without end."""

from mapwright_guest import Context, MappingInput, Plugin, Skipped

plugin = Plugin()


@plugin.field_mapping
def transform(context: Context, input: MappingInput) -> Skipped:
    held: list[bytearray] = []
    while True:
        held.append(bytearray(1 << 20))
