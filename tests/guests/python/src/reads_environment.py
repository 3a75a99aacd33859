"""Reads the environment and the arguments."""

import os
import sys

from mapwright_guest import Context, MappingInput, Plugin, Skipped

plugin = Plugin()


@plugin.field_mapping
def transform(context: Context, input: MappingInput) -> Skipped:
    return Skipped(f"{dict(os.environ)} {sys.argv}")
