"""Keys in an order that is nobody's: those of a set."""

from mapwright_guest import Context, Document, MappingInput, Plugin

plugin = Plugin()


@plugin.field_mapping
def transform(context: Context, input: MappingInput) -> Document:
    return Document.upsert("sale", "1", {key: 1 for key in {"total", "number", "currency", "lines", "customer"}})
