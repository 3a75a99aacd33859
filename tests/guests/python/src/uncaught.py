"""An exception that nobody catches."""

from mapwright_guest import Context, MappingInput, Plugin, Skipped

plugin = Plugin()


@plugin.field_mapping
def transform(context: Context, input: MappingInput) -> Skipped:
    return Skipped(deeper({}))


def deeper(rates: dict[str, str]) -> str:
    return rates["18"]
