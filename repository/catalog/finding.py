"""Searching the full text: one question in, hits with snippets and boxes from the same match out."""

from dataclasses import dataclass

from repository.catalog.access import allows, visibility
from repository.db.ledger import Ledger
from repository.domain.access import Visitor
from repository.domain.columns import PageColumns
from repository.domain.pages import Box, PageText
from repository.domain.records import Item, Page
from repository.domain.search import FacetCount, Filters, IndexHit, SearchRequest, Sort
from repository.search.matching import boxes_of, match_page, snippet, snippet_of_text
from repository.search.port import SearchIndex
from repository.search.query import Query, parse


@dataclass(frozen=True, slots=True)
class Hit:
    """One hit. `snippet` is text in parts, each with whether it is marked; `boxes` are master pixels.

    `page` is None for a hit in the item's record; `pages` counts the item's matching pages when grouped."""

    item: Item
    page: Page | None
    score: float
    tier: int
    snippet: tuple[tuple[str, bool], ...]
    boxes: tuple[Box, ...]
    pages: int


@dataclass(frozen=True, slots=True)
class Found:
    """One page of hits, the count of all, and counts by facet."""

    total: int
    hits: tuple[Hit, ...]
    facets: dict[str, tuple[FacetCount, ...]]


class Finding:
    """Use cases of researchers."""

    def __init__(self, ledger: Ledger, index: SearchIndex) -> None:
        self._ledger = ledger
        self._index = index

    def search(
        self,
        visitor: Visitor,
        query: str,
        filters: Filters | None = None,
        sort: Sort = Sort.RELEVANCE,
        page: int = 1,
        size: int = 20,
        group: bool = False,
    ) -> Found:
        """Every hit that the visitor may see; raises QueryRejected. `page` counts from 1, `size` is 1 to 100."""
        parsed = parse(query)
        with self._ledger.read() as work:
            seen = visibility(visitor, work.libraries.all(), work.items.hidden())
        request = SearchRequest(query, seen, filters or Filters(), sort, page, size, group)
        result = self._index.search(request)  # between two units of work: a database must not wait for another server
        with self._ledger.read() as work:
            found = work.items.get_many(list({hit.item for hit in result.hits}))
            hidden = work.items.hidden()  # what was closed since the first unit is closed
            items = {key: item for key, item in found.items() if allows(seen, item.rights) and key not in hidden}
            page_ids = [hit.page_id for hit in result.hits if hit.page_id is not None and hit.item in items]
            pages = work.pages.get_many(page_ids)
            texts = work.texts.current_columns(page_ids)
        hits = (
            _hit(parsed, hit, items[hit.item], pages.get(hit.page_id or ""), texts.get(hit.page_id or ""))
            for hit in result.hits
            if hit.item in items
        )
        return Found(result.total, tuple(hits), result.facets)

    def boxes(self, text: PageText, query: str) -> tuple[Box, ...]:
        """Where the query's words stand on a page that the caller may see; none for a query that makes no sense."""
        parsed = parse(query)
        return boxes_of(text, match_page(parsed, text))


def record_text(item: Item) -> str:
    """What a search in the record itself looks through."""
    description = item.record.description
    parts = [description.title, description.author, *description.subjects, description.place, description.summary]
    return "\n".join(part for part in [*parts, item.code] if part)


def _hit(query: Query, hit: IndexHit, item: Item, page: Page | None, text: PageColumns | None) -> Hit:
    if page is None or text is None:
        return Hit(item, None, hit.score, hit.tier, snippet_of_text(query, record_text(item)), (), hit.pages)
    matches = match_page(query, text)
    cut = snippet(text, matches)
    return Hit(item, page, hit.score, hit.tier, cut.parts, boxes_of(text, matches), hit.pages)
