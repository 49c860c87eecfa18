"""How documents lie in OpenSearch: the index's settings and fields, and how a document fills them."""

import json
from typing import Any

from repository.domain.access import AccessLevel
from repository.domain.collation import sort_key
from repository.domain.search import IndexDocument
from repository.domain.vietnamese import clean, text_keys
from repository.search.entries import day, gates, hash64, row

VERSION = 1  # raise it with every change here: an index of another version is rebuilt beside the one that serves
LONGEST_KEYWORD = 8000  # characters; the engine refuses a document with a keyword over 32,766 bytes
_HALF = 1 << 63

_WORDS = {"type": "text", "analyzer": "whitespace", "index_options": "positions"}  # they come folded
_FILTER = {"type": "keyword", "doc_values": False, "ignore_above": LONGEST_KEYWORD}
_COUNTED = {"type": "keyword", "index": False, "ignore_above": LONGEST_KEYWORD}
_FACET = {**_COUNTED, "eager_global_ordinals": True}
_SORTED = {"type": "long", "index": False}


def mapping() -> dict[str, Any]:
    """The index's fields.

    `k1` `k2` `k3` hold the page's word keys; `gate` says who may see it (entries.gates). `about` is library, kind and
    place in one value, so that facets are counted by few fields; `row` these with item and year (entries.row).
    `item_key` and `number` are a document's fixed place among equals. Of the text only its keys are kept: the ledger
    has it."""
    return {
        "dynamic": "strict",
        "_source": {"enabled": False},
        "properties": {
            "k1": _WORDS,
            "k2": _WORDS,
            "k3": _WORDS,
            "gate": _FILTER,
            "library": _FILTER,
            "kind": _FILTER,
            "place": _FILTER,
            "item": {"type": "keyword", "ignore_above": LONGEST_KEYWORD},
            "year": {"type": "integer"},
            "embargo": {"type": "integer", "doc_values": False},
            "about": _FACET,
            "year_facet": _FACET,
            "row": _COUNTED,
            "item_key": _SORTED,
            "number": _SORTED,
            "by_title": _COUNTED,
        },
    }


def settings(shards: int, replicas: int) -> dict[str, Any]:
    """The index's settings. It is refreshed by `commit` alone, so that nothing half done is ever found."""
    return {
        "index.number_of_shards": shards,
        "index.number_of_replicas": replicas,
        "index.refresh_interval": "-1",
        "index.gc_deletes": "1h",  # so long is a late writer's page kept from coming back after its removal
        "index.max_terms_count": 1_000_000,
    }


def fields(document: IndexDocument) -> dict[str, Any]:
    """What the index holds of a document."""
    words = text_keys(clean(document.text))
    held: dict[str, Any] = {
        "k1": " ".join([word.k1 for word in words]),
        "k2": " ".join([word.k2 for word in words]),
        "k3": " ".join([word.k3 for word in words]),
        "gate": gates(document),
        "item": document.item,
        "library": document.library,
        "kind": document.kind,
        "about": "\x1f".join((document.library, document.kind, document.place or "")),
        "row": row(document),
        "item_key": hash64(document.item) - _HALF,
        "number": document.number,
        "by_title": f"{sort_key(document.title)[: LONGEST_KEYWORD // 4]}\x00{document.item}",
    }
    if document.place:
        held["place"] = document.place
    if document.year is not None:
        held |= {"year": document.year, "year_facet": str(document.year)}
    if document.access == AccessLevel.EMBARGO and document.embargo_until is not None:
        held["embargo"] = day(document.embargo_until)
    return held


def to_source(document: IndexDocument) -> bytes:
    """The document as one line of a bulk request."""
    return json.dumps(fields(document), ensure_ascii=False, separators=(",", ":")).encode()
