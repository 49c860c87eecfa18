"""The rules of Presentation API 3.0 that a document must keep: a schema, and what no schema can say."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from iiif_prezi3 import Collection, Manifest
from jsonschema import Draft202012Validator

_SCHEMA = json.loads((Path(__file__).parent / "schemas" / "iiif_presentation_3.json").read_text("utf-8"))
_VALIDATOR = Draft202012Validator(_SCHEMA)


def check_presentation(document: dict[str, Any]) -> list[str]:
    """What is wrong with a Manifest or Collection, as `path: message`; empty when nothing is."""
    faults = [f"{error.json_path}: {error.message}" for error in _VALIDATOR.iter_errors(document)]
    if faults:
        return faults
    (Manifest if document["type"] == "Manifest" else Collection)(**document)
    own = list(_own_ids(document))
    faults += [f"id used twice: {one}" for one in sorted(set(own)) if own.count(one) > 1]
    for canvas in document["items"] if document["type"] == "Manifest" else ():
        faults += [
            f"{painting['id']}: its target is not its canvas"
            for page in canvas["items"]
            for painting in page["items"]
            if painting["target"] != canvas["id"]
        ]
    return faults


def _own_ids(node: dict[str, Any]) -> Iterator[str]:
    """Ids of what the document itself defines; images, services and links may come back under the same id."""
    yield node["id"]
    for child in node.get("items", ()):
        yield from _own_ids(child)
