"""Ten megabytes on standard output."""

from mapwright_guest import Context, MappingInput, Plugin, Skipped

plugin = Plugin()


@plugin.field_mapping
def transform(context: Context, input: MappingInput) -> Skipped:
    for _ in range(10_000):
        print("x" * 1023)
    return Skipped("printed")
