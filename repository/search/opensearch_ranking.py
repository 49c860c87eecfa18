"""Puts a query's hits in their one order: tier by tier, BM25 inside a tier, a fixed place among equals.

Each tier is asked apart, as "this tier and not the one before", so that the engine can pass over what cannot come to
the top; the others are asked only when the first does not fill the page. All hits are visited only by the
counts (opensearch_counting), which need no scores. Another order than relevance is one run of all hits."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from repository.domain.search import Sort
from repository.search.entries import TIER_STEP, TIERS
from repository.search.opensearch_asking import Asking, Body, total_of
from repository.search.opensearch_query import Clause, TreeCompiler
from repository.search.query import Query as Tree
from repository.search.query import scored

MOST_AT_ONCE = 10_000  # hits from the top that one question may reach; what lies deeper is walked to
_PLACE: list[Any] = [{"item_key": "asc"}, {"number": "asc"}]
_ORDERS: dict[Sort, list[Any]] = {
    Sort.YEAR: [{"year": {"order": "asc", "missing": "_last"}}, *_PLACE],
    Sort.YEAR_DESC: [{"year": {"order": "desc", "missing": "_last"}}, *_PLACE],
    Sort.TITLE: [{"by_title": "asc"}, {"number": "asc"}],
}


@dataclass(frozen=True, slots=True)
class Ranked:
    """A hit. `key` is its document's (entries.document_key)."""

    key: str
    item: str
    number: int
    score: float
    tier: int


class Ranking:
    """The ordered hits of one request. `narrowing` are the bool clauses for visibility and filters; with `group` only
    the first hit of each item counts."""

    def __init__(self, asking: Asking, tree: Tree, narrowing: Clause, sort: Sort, group: bool) -> None:
        self._asking = asking
        self._narrowing = narrowing
        self._sort = sort
        self._group = group
        self._scored = scored(tree)
        self._levels = {tier: TreeCompiler(tier).compile(tree) for tier in TIERS}
        self._runs: tuple[int, ...] = TIERS if sort is Sort.RELEVANCE else (0,)  # 0: all tiers in one run

    @property
    def wanted(self) -> Clause:
        """What makes a document a hit of any tier."""
        return self._levels[3]

    @property
    def matching(self) -> Clause:
        """Every hit of any tier, as a filter."""
        return self._narrowed("filter", self.wanted)

    def first_body(self, start: int, stop: int) -> Body:
        """What to ask along with the count; `window` reads the answer. Nothing of what lies deep."""
        if stop > MOST_AT_ONCE:
            return self._body(self._runs[0], 0, 0)
        return self._body(self._runs[0], 0 if self._group else start, stop)

    def more_bodies(self, first: dict[str, Any], stop: int, total: int) -> list[Body]:
        """What else to ask before `window` can read it all: the other tiers, where the first does not fill the page."""
        if self._group or stop > MOST_AT_ONCE:
            return []
        before = total_of(first)
        return [] if before >= min(stop, total) else [self._body(run, 0, stop - before) for run in self._runs[1:]]

    def window(
        self, first: dict[str, Any], more: Sequence[dict[str, Any]], start: int, stop: int, total: int
    ) -> list[Ranked]:
        """Hits number `start` to before `stop`, counted from 0, of `total`; `first` is the answer to `first_body`,
        `more` those to `more_bodies`."""
        if start >= total:
            return []
        if stop > MOST_AT_ONCE:
            return list(islice(self._walked(start), stop - start))
        if self._group:
            return self._grouped(first, stop, total)[start:stop]
        found, before = self._hits(self._runs[0], first), total_of(first)
        for run, answer in zip(self._runs[1:], more, strict=False):
            found += self._hits(run, answer)[max(start - before, 0) : max(stop - before, 0)]
            before += total_of(answer)
        return found

    def _grouped(self, first: dict[str, Any], stop: int, total: int) -> list[Ranked]:
        found = self._hits(self._runs[0], first)
        if len(found) < min(stop, total):
            seen = {hit.item for hit in found}
            bodies = [self._body(run, 0, stop - len(found), seen) for run in self._runs[1:]]
            for run, answer in zip(self._runs[1:], self._asking.many(bodies), strict=True):
                new = [hit for hit in self._hits(run, answer) if hit.item not in seen]
                seen |= {hit.item for hit in new}
                found += new
        return found

    def _walked(self, start: int) -> Iterator[Ranked]:
        """The hits from `start` on, in steps that need little memory at the server."""
        if self._group:
            yield from islice(self._walked_items(), start, None)
            return
        counts = [
            total_of(answer)
            for answer in self._asking.many([self._body(run, 0, 0) | {"track_total_hits": True} for run in self._runs])
        ]
        for run, count in zip(self._runs, counts, strict=True):
            if start < count:
                yield from self._walked_run(run, start)
            start = max(start - count, 0)

    def _walked_run(self, run: int, skipped: int) -> Iterator[Ranked]:
        after: list[Any] | None = None
        while True:
            step = min(skipped, MOST_AT_ONCE) or 200
            body = self._body(run, 0, step) | {"track_total_hits": False}
            if after is not None:
                body["search_after"] = after
            if skipped:
                body |= {"stored_fields": "_none_", "docvalue_fields": []}
            answer = self._asking.one(body)
            hits = answer["hits"]["hits"]
            if not skipped:
                yield from self._hits(run, answer)
            if len(hits) < step:
                return
            skipped = max(skipped - step, 0)
            after = hits[-1]["sort"]

    def _walked_items(self) -> Iterator[Ranked]:
        seen: set[str] = set()
        for run in self._runs:
            while new := self._hits(run, self._asking.one(self._body(run, 0, MOST_AT_ONCE, seen))):
                yield from new
                seen |= {hit.item for hit in new}

    def _body(self, run: int, start: int, stop: int, seen: Sequence[str] | set[str] = ()) -> Body:
        query = self._run(run)
        if seen:
            query = {"bool": {"must": query, "must_not": {"terms": {"item": sorted(seen)}}}}
        body: Body = {
            "query": query,
            "from": start,
            "size": stop - start,
            "sort": self._order(),
            "track_total_hits": stop or 1,  # as far as it decides whether another run is wanted
            "docvalue_fields": ["item"],
        }
        return body | ({"collapse": {"field": "item_key"}} if self._group and stop else {})

    def _order(self) -> list[Any]:
        if self._sort is not Sort.RELEVANCE:
            return _ORDERS[self._sort]
        return ["_score", *_PLACE] if self._scored else _PLACE

    def _run(self, run: int) -> Clause:
        if not run:
            named = [{"bool": {"filter": self._levels[tier], "_name": str(tier)}} for tier in TIERS[:2]]
            return {"bool": self.matching["bool"] | {"should": named}}
        clause = (
            self._narrowed("must", self._levels[run]) if self._scored else self._narrowed("filter", self._levels[run])
        )
        if run > 1:
            clause["bool"]["must_not"] = [*clause["bool"].get("must_not", []), self._levels[run - 1]]
        return clause

    def _narrowed(self, occur: str, clause: Clause) -> Clause:
        found: Clause = {"filter": list(self._narrowing.get("filter", []))}
        found.setdefault(occur, []).append(clause)
        if left_out := self._narrowing.get("must_not"):
            found["must_not"] = list(left_out)
        return {"bool": found}

    def _hits(self, run: int, answer: dict[str, Any]) -> list[Ranked]:
        found = []
        for hit in answer["hits"]["hits"]:
            tier = run or min((int(name) for name in hit.get("matched_queries", ())), default=3)
            score = (4 - tier) * TIER_STEP + ((hit["_score"] or 0.0) if run and self._scored else 0.0)
            found.append(Ranked(hit["_id"], hit["fields"]["item"][0], int(hit["sort"][-1]), score, tier))
        return found
