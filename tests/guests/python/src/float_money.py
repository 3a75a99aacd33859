"""A float for money."""

from mapwright_guest import Context, Document, MappingInput, Plugin

plugin = Plugin()


@plugin.field_mapping
def transform(context: Context, input: MappingInput) -> Document:
    return Document.upsert("sale", "1", {"lines": [{"total": 0.1 + 0.2}]})
