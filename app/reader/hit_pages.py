"""The pages of one item on which a query finds something, to leaf through from hit to hit."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from app.visitors import services
from repository.catalog.access import visibility
from repository.domain.access import Visitor
from repository.domain.errors import QueryRejected
from repository.domain.search import Filters, SearchRequest

_ROUND = 100
_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class HitPages:
    """How many of the item's pages match, and the numbers of the nearest before and after, None when there is none."""

    total: int
    previous: int | None
    next: int | None


def hit_pages(visitor: Visitor, item_id: str, number: int, query: str) -> HitPages | None:
    """Matching pages around page `number` of an item that the visitor may see; None when the query makes no sense.

    Only numbers are asked of the index, no texts, so that this costs little; of a query that matches more than
    _ROUND x _ROUNDS pages of one item only the best so many are leafed through."""
    seen = visibility(visitor, services().reading.libraries())
    numbers: set[int] = set()
    for at in range(1, _ROUNDS + 1):
        request = SearchRequest(query, seen, Filters(item=item_id), page=at, size=_ROUND, facets=False)
        try:
            result = services().index.search(request)
        except QueryRejected:
            return None
        numbers.update(hit.number for hit in result.hits if hit.page_id is not None)
        if at * _ROUND >= result.total:
            break
    ordered = sorted(numbers)
    before, after = bisect_left(ordered, number), bisect_right(ordered, number)
    return HitPages(
        len(ordered), ordered[before - 1] if before else None, ordered[after] if after < len(ordered) else None
    )
