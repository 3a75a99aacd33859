"""A set, which has no order."""

from mapwright_guest import Context, Document, MappingInput, Plugin

plugin = Plugin()


@plugin.field_mapping
def transform(context: Context, input: MappingInput) -> Document:
    return Document.upsert("sale", "1", {"tags": {"a", "b"}})
