"""The full-text index of the production profile: OpenSearch."""

from collections.abc import Callable, Sequence
from pathlib import Path

from repository.domain.search import IndexDocument, IndexHit, SearchRequest, SearchResult
from repository.search.entries import page_of_key
from repository.search.opensearch_asking import Asking
from repository.search.opensearch_connection import Connection, IndexMissing
from repository.search.opensearch_counting import Tally, tally_items, tally_items_body
from repository.search.opensearch_generations import Generations
from repository.search.opensearch_query import narrowing
from repository.search.opensearch_ranking import Ranked, Ranking
from repository.search.opensearch_writing import Writer
from repository.search.paging import hit_range
from repository.search.query import parse

_SOON = 1.5  # seconds


class OpenSearchIndex:
    """A SearchIndex on the nodes at `urls`, under the alias `index`; `owner` is what other sites are told of whose it
    is. Threads may share one instance.

    Several processes may write: of two that write the same document, the higher version stays."""

    def __init__(
        self,
        urls: Sequence[str],
        index: str = "diachi",
        user: str = "",
        password: str = "",
        ca_file: Path | None = None,
        shards: int = 1,
        replicas: int = 0,
        owner: str = "",
    ) -> None:
        self._connection = Connection(urls, user, password, ca_file)
        self._generations = Generations(self._connection, index, shards, replicas, owner)
        self.urls, self.alias = tuple(urls), index
        self._shards = shards
        self._writer = Writer(self._connection, self._generations)

    def __repr__(self) -> str:
        return f"OpenSearchIndex({self._connection.where}, {self.alias})"

    def claim(self, site: str) -> None:
        """Write for that site only; see the port."""
        self._generations.claim(site)

    def put(self, documents: Sequence[IndexDocument]) -> None:
        """Add documents, replacing those with the same page id (or, for a record, the same item)."""
        self._writer.put(documents)

    def remove_page(self, page_id: str, version: int | None = None) -> None:
        """Remove a page, if there."""
        self._writer.remove_page(page_id, version)

    def remove_item(self, item: str, version: int | None = None) -> None:
        """Remove an item's record and pages, if there."""
        self._writer.remove_item(item, version)

    def items(self) -> frozenset[str]:
        """The items that the last commit holds documents of."""
        asking = Asking(self._connection, self.alias, "", self._shards)
        body = tally_items_body({"match_all": {}})
        try:
            return frozenset(tally_items(asking, asking.one(body), body, facets=False)[0])
        except IndexMissing:
            return frozenset()

    def clear(self) -> None:
        """Remove everything."""
        self._writer.remove_all()

    def commit(self) -> None:
        """Make changes durable and findable; nothing happens when this instance has written nothing."""
        self._writer.commit()

    def begin_rebuild(self, owe_everything: Callable[[], None]) -> None:
        """Begin a new generation; see the port."""
        self._generations.begin(owe_everything)

    def rebuilding(self) -> bool:
        """Whether a generation is being filled."""
        return self._generations.standing().filling is not None

    def finish_rebuild(self) -> None:
        """Let the filled generation serve; see the port."""
        self._generations.finish()

    def wanting(self) -> bool:
        """Whether a rebuild is called for; see the port."""
        standing = self._generations.standing()
        if standing.filling is not None:
            return not standing.filling.owed
        return standing.serving is None or not standing.serving.owed or not standing.serving.current

    def count(self) -> int:
        """How many documents the last commit holds."""
        try:
            return int(self._connection.ask("GET", f"/{self.alias}/_count")["count"])
        except IndexMissing:
            return 0

    def ping(self) -> None:
        """Whether every part of the index can be searched; see the port."""
        self._connection.ask(
            "POST",
            f"/{self.alias}/_search",
            {"size": 0, "track_total_hits": False, "terminate_after": 1},
            params={"allow_partial_search_results": "false"},
            timeout=_SOON,
        )

    def close(self) -> None:
        """Drop what was not committed and close connections."""
        self._writer.forget()
        self._connection.close()

    def search(self, request: SearchRequest) -> SearchResult:
        """One page of hits, counted and faceted. Raises QueryRejected, StoreFailed, ServerUnreachable, WrongUse."""
        tree = parse(request.query)
        start, stop = hit_range(request)
        asking = Asking(self._connection, self.alias, request.query, self._shards)
        clauses = narrowing(request.visibility, request.filters)
        ranking = Ranking(asking, tree, clauses, request.sort, request.group)
        if request.group:
            return _grouped(asking, ranking, request)
        tally = Tally(asking, ranking.matching, clauses, ranking.wanted, request.facets)
        *counted, first = asking.many([*tally.first_bodies(), ranking.first_body(start, stop)])
        counting = tally.more_bodies(counted)
        ranked = ranking.more_bodies(first, stop, tally.total())
        more = asking.many([*counting, *ranked]) if counting or ranked else []
        facets = tally.facets(counted, more[: len(counting)])
        hits = ranking.window(first, more[len(counting) :], start, stop, tally.total())
        return SearchResult(tally.total(), tuple(_hit(hit, 1) for hit in hits), facets)


def _grouped(asking: Asking, ranking: Ranking, request: SearchRequest) -> SearchResult:
    start, stop = hit_range(request)
    body = tally_items_body(ranking.matching)
    counted, first = asking.many([body, ranking.first_body(start, stop)])
    pages, facets = tally_items(asking, counted, body, request.facets)
    hits = ranking.window(first, (), start, stop, len(pages))
    return SearchResult(len(pages), tuple(_hit(hit, pages.get(hit.item, 1)) for hit in hits), facets)


def _hit(found: Ranked, pages: int) -> IndexHit:
    return IndexHit(found.item, page_of_key(found.key), found.number, found.score, found.tier, pages)
