"""What is put into a full-text index and what comes out of it, whichever engine holds it."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from repository.domain.access import Visibility


@dataclass(frozen=True, slots=True)
class IndexDocument:
    """A page of an item (`page_id`, `number` from 1), or the item's own record (`page_id` None, `number` 0).

    `text` is the page's plain text, or the record's title, author, subjects and summary, NFC. The engine folds it.
    `version` never falls: where several processes may write, one of a lower version does not replace a higher."""

    item: str
    page_id: str | None
    number: int
    text: str
    title: str
    library: str
    kind: str
    place: str | None
    year: int | None
    language: str
    published: bool
    access: str
    embargo_until: date | None
    version: int = 0


class Sort(StrEnum):
    RELEVANCE = "relevance"
    YEAR = "year"
    YEAR_DESC = "-year"
    TITLE = "title"


@dataclass(frozen=True, slots=True)
class Filters:
    """Narrowing by facets; an empty tuple does not narrow. Years are inclusive."""

    library: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    place: tuple[str, ...] = ()
    from_year: int | None = None
    to_year: int | None = None
    item: str | None = None


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """`page` counts from 1, `size` is hits a page (at most 100). `group` gives one hit an item, its best page first."""

    query: str
    visibility: Visibility
    filters: Filters = field(default_factory=Filters)
    sort: Sort = Sort.RELEVANCE
    page: int = 1
    size: int = 20
    group: bool = False
    facets: bool = True


@dataclass(frozen=True, slots=True)
class IndexHit:
    """`tier` is 1 for a match with the marks as typed, 2 for one without tones, 3 for one without any marks.

    `pages` is how many documents of the item match when grouped, else 1."""

    item: str
    page_id: str | None
    number: int
    score: float
    tier: int
    pages: int = 1


@dataclass(frozen=True, slots=True)
class FacetCount:
    value: str
    count: int


@dataclass(frozen=True, slots=True)
class SearchResult:
    """`total` counts every visible hit (items when grouped); `facets` maps library, kind, place, year to counts."""

    total: int
    hits: tuple[IndexHit, ...]
    facets: dict[str, tuple[FacetCount, ...]]
