"""Lists of items as IIIF Collections (Presentation API 3.0 §5.1): by library and by kind, long ones in parts."""

from collections.abc import Sequence

from iiif.labels import LanguageMap, field_label, in_language, kind_label, library_label
from iiif.presentation import PRESENTATION_CONTEXT, Node, collection_url, manifest_url
from repository.domain.records import Item, Kind, Library

PART = 200


def top_collection(libraries: Sequence[Library], kinds: Sequence[Kind], base_url: str) -> Node:
    """The root: one collection a library, then one a kind."""
    entries = [_entry(collection_url(base_url, f"library:{it.code}"), library_label(it)) for it in libraries]
    entries += [_entry(collection_url(base_url, f"kind:{kind}"), kind_label(kind)) for kind in kinds]
    return _collection(collection_url(base_url, "top"), field_label("top"), entries)


def items_collection(
    name: str, label: LanguageMap, items: Sequence[Item], base_url: str, part: int | None = None
) -> Node:
    """The items of collection `name` (`library:<code>`, `kind:<kind>`), or of its part `part`, counted from 1."""
    entries = [
        {
            "id": manifest_url(base_url, item.id),
            "type": "Manifest",
            "label": in_language(item.record.description.language, item.title),
        }
        for item in items
    ]
    document = _collection(collection_url(base_url, name, part), label, entries)
    above, above_label = (name, label) if part else ("top", field_label("top"))
    document["partOf"] = [_entry(collection_url(base_url, above), above_label)]
    return document


def parted_collection(name: str, label: LanguageMap, total: int, base_url: str) -> Node:
    """A collection of more than PART items, as the list of its parts: version 3 has no other way to page one."""
    entries = []
    for part in range(1, -(-total // PART) + 1):
        first, last = (part - 1) * PART + 1, min(part * PART, total)
        part_label = {language: [f"{text[0]} ({first}-{last})"] for language, text in label.items()}
        entries.append(_entry(collection_url(base_url, name, part), part_label))
    document = _collection(collection_url(base_url, name), label, entries)
    document["partOf"] = [_entry(collection_url(base_url, "top"), field_label("top"))]
    return document


def _entry(url: str, label: LanguageMap) -> Node:
    return {"id": url, "type": "Collection", "label": label}


def _collection(url: str, label: LanguageMap, entries: list[Node]) -> Node:
    return {"@context": PRESENTATION_CONTEXT, "id": url, "type": "Collection", "label": label, "items": entries}
