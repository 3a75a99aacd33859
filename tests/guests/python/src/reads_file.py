"""Reads a file."""

from mapwright_guest import Context, MappingInput, Plugin, Skipped

plugin = Plugin()


@plugin.field_mapping
def transform(context: Context, input: MappingInput) -> Skipped:
    with open("/etc/passwd") as file:
        return Skipped(file.read())
