"""Returns half of a surrogate pair, which is no Unicode."""

from mapwright_guest import Context, MappingInput, Plugin, Skipped

plugin = Plugin()


@plugin.field_mapping
def transform(context: Context, input: MappingInput) -> Skipped:
    return Skipped("\ud83c")
