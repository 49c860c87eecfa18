"""Puts a query's hits in their one order: tier by tier, BM25 inside a tier, a fixed place among equals."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from tantivy import DocAddress, Occur, Order, Query, Schema, Searcher

from repository.domain.search import Sort
from repository.search.entries import TIER_STEP, TIERS
from repository.search.query import Query as Tree
from repository.search.query import scored
from repository.search.tantivy_query import TreeCompiler, unscored
from repository.search.tantivy_schema import stored_key

_SPARE = 44  # hits asked for beyond those wanted, since equals at the edge must be put in order too
_ORDER_FIELDS = {Sort.YEAR: "by_year", Sort.YEAR_DESC: "by_year_desc", Sort.TITLE: "by_title"}


@dataclass(frozen=True, slots=True)
class Ranked:
    """A hit's place in the index with its score and tier."""

    score: float
    tier: int
    address: DocAddress


class Ranking:
    """The ordered hits of one request. `narrowing` are the clauses for visibility and filters."""

    def __init__(
        self, searcher: Searcher, schema: Schema, tree: Tree, narrowing: list[tuple[Occur, Query]], sort: Sort
    ) -> None:
        self.searcher = searcher
        self.tree = tree
        self.narrowing = narrowing
        self.sort = sort
        self._schema = schema
        self._levels = {tier: TreeCompiler(schema, tier).compile(tree) for tier in TIERS}
        self._counts: dict[int, int] = {}

    @property
    def matching(self) -> Query:
        """Every hit of any tier."""
        return self._narrowed([(Occur.Must, self._levels[3])])

    def window(self, start: int, stop: int) -> list[Ranked]:
        """Hits number `start` to before `stop`, counted from 0."""
        if self.sort is not Sort.RELEVANCE:
            return self._sorted(start, stop)
        found: list[Ranked] = []
        before = 0
        for tier in TIERS:
            if before < stop:
                hits = self._tier_hits(tier, max(start - before, 0), stop - before)
                found.extend(Ranked((4 - tier) * TIER_STEP + score, tier, address) for score, address in hits)
                before += self._counts[tier]
        return found

    def in_order(self, first: int) -> Iterator[Ranked]:
        """All hits, fetched in growing helpings beginning with `first`."""
        start, stop = 0, first
        while helping := self.window(start, stop):
            yield from helping
            start, stop = stop, stop * 4

    def _narrowed(self, clauses: list[tuple[Occur, Query]]) -> Query:
        together = clauses + self.narrowing
        return together[0][1] if len(together) == 1 else Query.boolean_query(together)

    def _tier_query(self, tier: int) -> Query:
        clauses = [(Occur.Must, self._levels[tier])]
        if tier > 1:
            clauses.append((Occur.MustNot, self._levels[tier - 1]))
        return self._narrowed(clauses)

    def _tier_hits(self, tier: int, start: int, stop: int) -> list[tuple[float, DocAddress]]:
        query = self._tier_query(tier)
        if not scored(self.tree):
            result = self.searcher.search(
                query, limit=max(stop - start, 1), offset=start, order_by_field="tie", order=Order.Asc
            )
            self._counts[tier] = result.count  # type: ignore[attr-defined]  # missing in the package's stub
            return [(0.0, address) for _, address in result.hits][: max(stop - start, 0)]
        limit = stop + _SPARE
        while True:
            result = self.searcher.search(query, limit=limit)
            hits = result.hits
            self._counts[tier] = result.count  # type: ignore[attr-defined]  # missing in the package's stub
            if len(hits) < limit or hits[-1][0] < hits[stop - 1][0]:
                return self._untied(hits, start, stop)
            limit *= 4

    def _untied(self, hits: list[tuple[float, DocAddress]], start: int, stop: int) -> list[tuple[float, DocAddress]]:
        ordered: list[tuple[float, DocAddress]] = []
        for _, equals in groupby(hits, key=lambda hit: hit[0]):
            group = list(equals)
            if len(group) > 1 and len(ordered) + len(group) > start:
                ties = self.searcher.fast_field_values("tie", [address for _, address in group])
                placed = sorted(zip(ties, range(len(group)), strict=True))
                group = [group[at] for _, at in placed]
            ordered.extend(group)
            if len(ordered) >= stop:
                break
        return ordered[start:stop]

    def _sorted(self, start: int, stop: int) -> list[Ranked]:
        result = self.searcher.search(
            self.matching,
            limit=stop - start,
            offset=start,
            count=False,
            order_by_field=_ORDER_FIELDS[self.sort],
            order=Order.Asc,
        )
        addresses = [address for _, address in result.hits]
        tiers = self._tiers_of(addresses)
        return [Ranked((4 - tier) * TIER_STEP, tier, address) for tier, address in zip(tiers, addresses, strict=True)]

    def _tiers_of(self, addresses: list[DocAddress]) -> list[int]:
        if not addresses:
            return []
        keys = [stored_key(self.searcher.doc(address)) for address in addresses]
        these = unscored(Query.term_set_query(self._schema, "key", keys))
        tier_of: dict[tuple[int, int], int] = {}
        for tier in (1, 2):
            query = Query.boolean_query([(Occur.Must, self._levels[tier]), (Occur.Must, these)])
            for _, address in self.searcher.search(query, limit=len(addresses), count=False).hits:
                tier_of.setdefault((address.segment_ord, address.doc), tier)
        return [tier_of.get((address.segment_ord, address.doc), 3) for address in addresses]
