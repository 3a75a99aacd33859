"""NaN for money."""

from mapwright_guest import Context, Decimal, Document, MappingInput, Plugin

plugin = Plugin()


@plugin.field_mapping
def transform(context: Context, input: MappingInput) -> Document:
    return Document.upsert("sale", "1", {"total": Decimal("NaN")})
