"""What every engine keeps of a document beside its words, and how it says who may find it."""

import hashlib
from collections import Counter
from datetime import date

from repository.domain.access import AccessLevel, Visibility
from repository.domain.search import FacetCount, IndexDocument

TIERS = (1, 2, 3)
TIER_STEP = 1000.0  # far above any BM25 sum, so that the score alone tells the order
FACETS = ("library", "kind", "place", "year")
Facets = dict[str, tuple[FacetCount, ...]]


def page_key(page_id: str) -> str:
    """The value of `key` for a page."""
    return f"page:{page_id}"


def document_key(document: IndexDocument) -> str:
    """The value of `key`: one per page, one per item's record."""
    return f"record:{document.item}" if document.page_id is None else page_key(document.page_id)


def page_of_key(key: str) -> str | None:
    """The page id in a `key`; None for a record's."""
    return key.removeprefix("page:") if key.startswith("page:") else None


def gates(document: IndexDocument) -> list[str]:
    """Marks of those whom the document is open to; an unknown level opens to its library's staff only."""
    found = [f"staff:{document.library}"]
    if document.published:
        match document.access:
            case AccessLevel.PUBLIC | AccessLevel.NETWORK | AccessLevel.EMBARGO:
                found.append(str(document.access))
            case AccessLevel.ONSITE:
                found.append(f"onsite:{document.library}")
    return found


def row(document: IndexDocument) -> str:
    """The item with its facet values in one string, by which hits are grouped: see split_row."""
    year = "" if document.year is None else str(document.year)
    return "\x1f".join((document.item, document.library, document.kind, document.place or "", year))


def split_row(value: str) -> dict[str, str]:
    """The facet values (and the item) that a `row` holds; empty ones left out."""
    names = ("item", "library", "kind", "place", "year")
    return {name: part for name, part in zip(names, value.split("\x1f"), strict=True) if part}


def hash64(text: str) -> int:
    """64 bits that stand for `text`."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def day(value: date) -> int:
    """A date as the `embargo` field holds it."""
    return value.toordinal()


def open_gates(visibility: Visibility) -> list[str]:
    """The gates that let this visitor through on any day; see gates."""
    found = [str(AccessLevel.PUBLIC)]
    if visibility.network:
        found.append(str(AccessLevel.NETWORK))
    found += [f"onsite:{library}" for library in sorted(visibility.onsite_of)]
    return found + [f"staff:{library}" for library in sorted(visibility.staff_of)]


def by_count(values: Counter[str]) -> tuple[FacetCount, ...]:
    """A facet's values by falling count, then by name."""
    ordered = sorted(values.items(), key=lambda entry: (-entry[1], entry[0]))
    return tuple(FacetCount(value, count) for value, count in ordered)
