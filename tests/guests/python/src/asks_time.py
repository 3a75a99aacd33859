"""Asks for the time twice, and for what is random."""

import random
import time

from mapwright_guest import Context, MappingInput, Plugin, Skipped

plugin = Plugin()


@plugin.field_mapping
def transform(context: Context, input: MappingInput) -> Skipped:
    first, second = time.time(), time.time()
    return Skipped(f"{first == second} {time.gmtime(first).tm_year} {random.random()}")
