"""Imports a module where it is used, as many do for what is dear and rarely wanted."""

from mapwright_guest import Context, MappingInput, Plugin, Skipped

plugin = Plugin()


@plugin.field_mapping
def transform(context: Context, input: MappingInput) -> Skipped:
    import fractions

    return Skipped(str(fractions.Fraction(3, 6)))
