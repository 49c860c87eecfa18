"""Totals and facets: one pass over all hits, without scores."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from repository.search.entries import FACETS, Facets, by_count, split_row
from repository.search.opensearch_asking import Asking, Body
from repository.search.opensearch_query import Clause

_MOST_VALUES = 50_000  # of one field in one answer; below the engine's own limit for all fields together
_ABOUT = ("library", "kind", "place")


def tally_body(matching: Clause, facets: bool) -> Body:
    """The question whose answer `tally` reads."""
    body: Body = {"size": 0, "track_total_hits": True, "query": matching}
    if facets:
        body["aggs"] = {"about": _terms("about"), "year": _terms("year_facet")}
    return body


def tally(asking: Asking, answer: dict[str, Any], body: Body, facets: bool) -> tuple[int, Facets]:
    """Total of hits, and facets if asked."""
    total = int(answer["hits"]["total"]["value"])
    if not facets:
        return total, {}
    tallies: dict[str, Counter[str]] = {field: Counter() for field in FACETS}
    for value, count in _counted(asking, answer, body, "about"):
        for field, part in zip(_ABOUT, value.split("\x1f"), strict=True):
            if part:
                tallies[field][part] += count
    tallies["year"].update(dict(_counted(asking, answer, body, "year")))
    return total, {field: by_count(tallies[field]) for field in FACETS}


def tally_items_body(matching: Clause) -> Body:
    """The question whose answer `tally_items` reads."""
    return {"size": 0, "track_total_hits": False, "query": matching, "aggs": {"row": _terms("row")}}


def tally_items(asking: Asking, answer: dict[str, Any], body: Body, facets: bool) -> tuple[dict[str, int], Facets]:
    """How many documents of each item are hits, and facets, if asked, that count items."""
    pages: dict[str, int] = {}
    tallies: dict[str, Counter[str]] = {field: Counter() for field in FACETS}
    for value, count in _counted(asking, answer, body, "row"):
        values = split_row(value)
        pages[values["item"]] = count
        for field in FACETS:
            if field in values:
                tallies[field][values[field]] += 1
    return pages, {field: by_count(tallies[field]) for field in FACETS} if facets else {}


def _terms(field: str) -> Body:
    return {"terms": {"field": field, "size": _MOST_VALUES}}


def _counted(asking: Asking, answer: dict[str, Any], body: Body, name: str) -> Iterator[tuple[str, int]]:
    """Every value with its count; where one answer cannot hold them all, they are asked for in parts."""
    parts = 1
    answers = [answer["aggregations"][name]]
    while any(each["sum_other_doc_count"] for each in answers):
        parts *= 4
        answers = [asking.one(_part(body, name, at, parts))["aggregations"][name] for at in range(parts)]
    for each in answers:
        for bucket in each["buckets"]:
            yield bucket["key"], int(bucket["doc_count"])


def _part(body: Body, name: str, at: int, parts: int) -> Body:
    terms = body["aggs"][name]["terms"] | {"include": {"partition": at, "num_partitions": parts}}
    return body | {"aggs": {name: {"terms": terms}}}
