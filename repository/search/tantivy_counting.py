"""Totals and facets: one pass over all hits."""

from collections import Counter
from typing import Any

from tantivy import Query, Searcher

from repository.search.entries import FACETS, Facets, by_count, split_row

_ALL_BUCKETS = 65_000  # more than any field has values, so that no count is cut off


def tally(searcher: Searcher, query: Query, facets: bool) -> tuple[int, Facets]:
    """Total of hits, and facets if asked; every document has one library, so its counts add up to the total."""
    wanted: dict[str, Any] = {}
    for field in FACETS if facets else ("library",):
        wanted |= _terms(field)
    counted = searcher.aggregate(query, wanted)
    tallies = {
        field: Counter({str(bucket["key"]): int(bucket["doc_count"]) for bucket in counted[field]["buckets"]})
        for field in wanted
    }
    total = tallies["library"].total()
    return total, {field: by_count(tallies[field]) for field in FACETS} if facets else {}


def tally_items(searcher: Searcher, query: Query, facets: bool) -> tuple[dict[str, int], Facets]:
    """How many documents of each item are hits, and facets, if asked, that count items."""
    pages: dict[str, int] = {}
    tallies: dict[str, Counter[str]] = {field: Counter() for field in FACETS}
    for bucket in searcher.aggregate(query, _terms("row"))["row"]["buckets"]:
        values = split_row(bucket["key"])
        pages[values["item"]] = int(bucket["doc_count"])
        for field in FACETS:
            if field in values:
                tallies[field][values[field]] += 1
    return pages, {field: by_count(tallies[field]) for field in FACETS} if facets else {}


def _terms(field: str) -> dict[str, Any]:
    return {field: {"terms": {"field": field, "size": _ALL_BUCKETS, "segment_size": _ALL_BUCKETS}}}
