"""Numbers that should be nobody's to foretell."""

import random
import secrets
import uuid

from mapwright_guest import Context, MappingInput, Plugin, Skipped

plugin = Plugin()


@plugin.field_mapping
def transform(context: Context, input: MappingInput) -> Skipped:
    return Skipped(f"{random.random()} {secrets.token_hex(4)} {uuid.uuid4()}")
