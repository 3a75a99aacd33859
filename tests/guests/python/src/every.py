"""All misdeeds in one component, by topic: ``misdeed.uncaught``."""

import importlib
from pathlib import Path

from mapwright_guest import Context, Document, Mapped, MappingInput, Plugin, Skipped

plugin = Plugin()
NAMES = sorted(file.stem for file in Path(__file__).parent.glob("*.py") if file.stem != "every")
MISDEEDS: dict[str, Plugin] = {name: importlib.import_module(name).plugin for name in NAMES}


@plugin.field_mapping
def transform(context: Context, input: MappingInput) -> Mapped | Skipped | Document:
    rules = MISDEEDS[context.topic.removeprefix("misdeed.")].transform
    assert rules is not None
    return rules(context, input)
