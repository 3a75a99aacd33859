"""Every payload that was captured from a real shop can be read, and its amounts are those of the text."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from mapwright_guest import Deleted, MappingInput, Rejected, money
from mapwright_guest._reading import Model

FOLDERS = (folder / "tests/fixtures/woocommerce" for folder in Path(__file__).resolve().parents)
FIXTURES = next((folder for folder in FOLDERS if folder.is_dir()), None)

pytestmark = pytest.mark.skipif(FIXTURES is None, reason="a copy of the SDK has no captured payloads with it")
PAYLOADS = sorted([*FIXTURES.glob("webhooks/*.json"), *FIXTURES.glob("rest/*.json")]) if FIXTURES else []
READERS = {"order": MappingInput.order, "product": MappingInput.product, "customer": MappingInput.customer}
TOPIC = re.compile(r"^x-wc-webhook-topic:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


def objects(payload: Path) -> list[tuple[str, dict[str, Any]]]:
    """The resources in a captured file, each with what it is."""
    body = json.loads(payload.read_text("utf-8"), parse_float=str)
    found = []
    for item in body if isinstance(body, list) else [body]:
        headers = payload.with_suffix(".headers")
        topic = TOPIC.search(headers.read_text("utf-8")) if headers.is_file() else None
        kind = (topic[1] if topic else payload.stem.split("-", 1)[1]).replace("-", ".").split(".")[0].rstrip("s")
        if kind == "variation":
            kind = "product"
        if isinstance(item, dict) and kind in READERS and "code" not in item:
            found.append((kind, item))
    return found


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda payload: payload.stem)
def test_a_captured_payload_can_be_read(payload: Path) -> None:
    for kind, item in objects(payload):
        found = READERS[kind](MappingInput(json.dumps(item)))
        if isinstance(found, Deleted):
            assert list(item) == ["id"]
        else:
            agrees(found, item)


def agrees(found: Model, item: dict[str, Any]) -> None:
    """All texts and amounts of a model say what the payload says."""
    for name, value in vars(found).items():
        said = item.get("type" if name == "kind" and "kind" not in item else name)
        if isinstance(value, Decimal) and isinstance(said, (str, int)) and said != "":
            assert money.plain(value) == str(said), name
        elif type(value) is str and isinstance(said, str):
            assert value == said, name
        elif isinstance(value, Model) and isinstance(said, dict):
            agrees(value, said)
        elif isinstance(value, list) and isinstance(said, list):
            assert len(value) == len(said), name
            for each, other in zip(value, said, strict=True):
                if isinstance(each, Model):
                    agrees(each, other)


def test_there_are_payloads_of_each_kind() -> None:
    kinds = [kind for payload in PAYLOADS for kind, _ in objects(payload)]
    assert kinds.count("order") >= 30 and kinds.count("product") >= 20 and kinds.count("customer") >= 5


def test_an_error_object_is_told_apart() -> None:
    assert FIXTURES is not None
    for payload in PAYLOADS:
        body = json.loads(payload.read_text("utf-8"))
        if isinstance(body, dict) and "code" in body and "id" not in body:
            with pytest.raises(Rejected) as caught:
                MappingInput(payload.read_text("utf-8")).order()
            assert caught.value.violations[0].code == "source_error"
