"""How documents lie in OpenSearch: the index's settings and fields, and how a document fills them."""

import json
from itertools import pairwise
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
_SET = {"type": "text", "analyzer": "whitespace", "index_options": "docs", "norms": False}
_FILTER = {"type": "keyword", "doc_values": False, "ignore_above": LONGEST_KEYWORD}
_COUNTED = {"type": "keyword", "index": False, "ignore_above": LONGEST_KEYWORD}
_FACET = {**_COUNTED, "eager_global_ordinals": True}
SHORT = 2  # letters of the beginnings kept


def mapping(replicas: int = 0) -> dict[str, Any]:
    """The index's fields.

    `k1` `k2` `k3` hold the page's word keys; `gate` says who may see it (entries.gates). `about` is library, kind and
    place in one value, so that facets are counted by few fields; `row` these with item and year (entries.row).
    `item_key` and `number` are a document's fixed place among equals. Of the text only its keys are kept: the ledger
    has it.

    Two helps for speed: `b1` `b2` `b3` hold the first letter and the first two of every word, so that the shortest
    beginnings are looked up and not put together from thousands of words; `pairs` holds every two words side by side
    by their coarsest keys, so that a phrase is looked for only where its words meet and could come to the top, however
    common they are."""
    return {
        "dynamic": "strict",
        # only a replica ever reads a copy of the source; a site that gets replicas later is to be reindexed
        "_source": {"enabled": False, "recovery_source_enabled": replicas > 0},
        "properties": {
            "k1": _WORDS,
            "k2": _WORDS,
            "k3": _WORDS,
            "b1": _SET,
            "b2": _SET,
            "b3": _SET,
            "pairs": {"type": "text", "analyzer": "whitespace", "index_options": "freqs"},
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
            "item_key": {"type": "long"},  # indexed, so that a sort by it can pass over what comes too late
            "number": {"type": "long", "index": False},
            "by_title": _COUNTED,
        },
    }


def settings(shards: int, replicas: int, processors: int = 2) -> dict[str, Any]:
    """The index's settings. It is refreshed by `commit` alone, so that nothing half done is ever found.

    `processors` are those of one node: half of them, two at least, count the hits of one question."""
    return {
        "index.number_of_shards": shards,
        "index.number_of_replicas": replicas,
        "index.refresh_interval": "-1",
        "index.gc_deletes": "1h",  # so long is a late writer's page kept from coming back after its removal
        "index.max_terms_count": 1_000_000,
        "index.search.concurrent.max_slice_count": max(2, min(processors // 2, 4)),
    }


def fields(document: IndexDocument) -> dict[str, Any]:
    """What the index holds of a document."""
    words = text_keys(clean(document.text))
    runs = {1: [word.k1 for word in words], 2: [word.k2 for word in words], 3: [word.k3 for word in words]}
    # not by `pair`, since it is done for every word of every page
    held: dict[str, Any] = {"pairs": " ".join([f"{one}_{other}" for one, other in pairwise(runs[3])])}
    for tier, keys in runs.items():
        held[f"k{tier}"] = " ".join(keys)
        starts = {key[:SHORT] for key in keys}
        held[f"b{tier}"] = " ".join(starts | {start[:length] for start in starts for length in range(1, SHORT)})
    held |= {
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


def pair(one: str, other: str) -> str:
    """Two words side by side as `pairs` holds them; no word has an underscore."""
    return f"{one}_{other}"


def to_source(document: IndexDocument) -> bytes:
    """The document as one line of a bulk request."""
    return json.dumps(fields(document), ensure_ascii=False, separators=(",", ":")).encode()
