"""Opens a connection."""

import socket

from mapwright_guest import Context, MappingInput, Plugin, Skipped

plugin = Plugin()


@plugin.field_mapping
def transform(context: Context, input: MappingInput) -> Skipped:
    socket.create_connection(("127.0.0.1", 80))
    return Skipped("connected")
