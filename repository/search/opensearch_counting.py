"""Totals and facets, without scores.

Counting hits is cheap, counting them by facet is not: ten times as much for each. So that costs grow slowly with very
many hits, their facets are counted apart, over the hits or, where nearly everything that may be seen is a hit, over the
rest of it, which is then taken from the facets of everything: those the engine keeps until the index changes."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from repository.search.entries import FACETS, Facets, by_count, split_row
from repository.search.opensearch_asking import Asking, Body, total_of
from repository.search.opensearch_query import Clause

_MOST_VALUES = 50_000  # of one field in one answer; below the engine's own limit for all fields together
FEW = 5_000  # hits whose facets are counted at once
_ABOUT = ("library", "kind", "place")


class Tally:
    """Total and facets of `matching`, whose bool narrows `narrowing` by `wanted`, in one round or two."""

    def __init__(self, asking: Asking, matching: Clause, narrowing: Clause, wanted: Clause, facets: bool) -> None:
        self._asking = asking
        self._facets = facets
        self._matching, self._narrowing, self._wanted = matching, narrowing, wanted
        self._whole = "must_not" not in narrowing and len(narrowing.get("filter", ())) < 2
        self._later: list[Body] = []
        self._few: Body = {}
        self._total = 0

    def first_bodies(self) -> list[Body]:
        """What to ask first."""
        bodies = [_count_body(self._matching)]
        if self._facets:
            self._few = _facets_body(self._matching) | {"terminate_after": FEW}
            bodies += [self._few, _count_body({"bool": self._narrowing})]
        return bodies

    def more_bodies(self, firsts: Sequence[dict[str, Any]]) -> list[Body]:
        """What to ask then, once the answers to `first_bodies` are here."""
        self._total = total_of(firsts[0])
        if self._facets and firsts[1].get("terminated_early"):
            rest = total_of(firsts[2]) - self._total
            self._later = self._by_rest() if self._whole and rest < self._total / 2 else [_facets_body(self._matching)]
        return self._later

    def total(self) -> int:
        """The total, known after `more_bodies`."""
        return self._total

    def facets(self, firsts: Sequence[dict[str, Any]], more: Sequence[dict[str, Any]]) -> Facets:
        """Counts by facet from the answers; none if they were not wanted."""
        if not self._facets:
            return {}
        if not self._later:
            found = self._counts(firsts[1], self._few)
        else:
            found = self._counts(more[0], self._later[0])
            for answer, body in zip(more[1:], self._later[1:], strict=True):
                rest = self._counts(answer, body)
                found = {field: found[field] - rest[field] for field in FACETS}
        return {field: by_count(found[field]) for field in FACETS}

    def _by_rest(self) -> list[Body]:
        rest = self._narrowing | {"must_not": [self._wanted]}
        return [_facets_body({"bool": self._narrowing}), _facets_body({"bool": rest})]

    def _counts(self, answer: dict[str, Any], body: Body) -> dict[str, Counter[str]]:
        found: dict[str, Counter[str]] = {field: Counter() for field in FACETS}
        for value, count in _counted(self._asking, answer, body, "about"):
            for field, part in zip(_ABOUT, value.split("\x1f"), strict=True):
                if part:
                    found[field][part] += count
        found["year"].update(dict(_counted(self._asking, answer, body, "year")))
        return found


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


def _count_body(matching: Clause) -> Body:
    return {"size": 0, "track_total_hits": True, "query": matching}


def _facets_body(matching: Clause) -> Body:
    aggregations = {"about": _terms("about"), "year": _terms("year_facet")}
    return {"size": 0, "track_total_hits": False, "query": matching, "aggs": aggregations}


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
