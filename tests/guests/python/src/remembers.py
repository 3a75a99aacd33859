"""Keeps something in the module from one call to the next."""

from mapwright_guest import Context, MappingInput, Plugin, Skipped

seen: list[str] = []

plugin = Plugin()


@plugin.field_mapping
def transform(context: Context, input: MappingInput) -> Skipped:
    seen.append(context.resource_key)
    return Skipped(f"{len(seen)} seen")
