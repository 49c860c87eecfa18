"""Documents to put into a search index, ways to ask it, and a naive search to hold it against."""

import lzma
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date

from shared_data import SHARED

from repository.domain.access import Visibility
from repository.domain.search import IndexDocument, IndexHit, SearchRequest, SearchResult
from repository.domain.vietnamese import Keys
from repository.search.port import SearchIndex
from repository.search.query import And, Near, Not, Or, Phrase, Prefix, Query, Word, words_of

TODAY = date(2026, 11, 24)
EVERYTHING = Visibility(TODAY, everything=True)
Opener = Callable[[], SearchIndex]


def page(text: str, page_id: str = "p1", item: str = "i1", number: int = 1, **given: object) -> IndexDocument:
    document = IndexDocument(
        item=item,
        page_id=page_id,
        number=number,
        text=text,
        title="Địa chí Lạng Sơn",
        library="LS",
        kind="book",
        place="Lạng Sơn",
        year=1999,
        language="vie",
        published=True,
        access="public",
        embargo_until=None,
    )
    return replace(document, **given)


def pages(*texts: str) -> list[IndexDocument]:
    return [page(text, f"p{at}", number=at + 1) for at, text in enumerate(texts)]


def filled(index: SearchIndex, documents: list[IndexDocument]) -> SearchIndex:
    index.put(documents)
    index.commit()
    return index


def search(index: SearchIndex, query: str, visibility: Visibility = EVERYTHING, **given: object) -> SearchResult:
    return index.search(SearchRequest(query, visibility, **given))


def found(index: SearchIndex, query: str, **given: object) -> list[str | None]:
    return [hit.page_id for hit in search(index, query, **given).hits]


def all_hits(index: SearchIndex, query: str, size: int, **given: object) -> list[IndexHit]:
    hits: list[IndexHit] = []
    number = 1
    while helping := search(index, query, page=number, size=size, **given).hits:
        hits.extend(helping)
        number += 1
    return hits


def real_pages(count: int) -> list[IndexDocument]:
    with lzma.open(SHARED / "text_vi" / "wiki_vi.txt.xz", "rt", encoding="utf-8") as file:
        lines = [next(file).strip() for _ in range(count * 3)]
    dice = random.Random(1)
    made = []
    for at in range(count):
        text = "\n".join(lines[at * 3 : at * 3 + 3])
        item = f"item{at // 7}"
        made.append(
            page(
                text,
                f"p{at:04}",
                item,
                at % 7 + 1,
                library=f"L{at // 7 % 3}",
                access=dice.choice(("public", "network")),
            )
        )
    return made


def naive(query: Query, run: list[Keys], tier: int) -> bool:
    """Whether a page matches at a tier; slow and plain."""
    match query:
        case And():
            return all(naive(part, run, tier) for part in query.parts)
        case Or():
            return any(naive(part, run, tier) for part in query.parts)
        case Not():
            return not naive(query.part, run, 1 if any(word.marked for word in words_of(query.part)) else 3)
        case Near():
            return any(
                1 <= (right - left_end if right > left else left - right_end) + 1 <= query.distance
                for left, left_end in places(query.left, run, tier)
                for right, right_end in places(query.right, run, tier)
            )
    return bool(places(query, run, tier))


def places(query: Query, run: list[Keys], tier: int) -> list[tuple[int, int]]:
    if isinstance(query, Prefix):
        starts, whole = query.stem.at(tier), query.keys.at(tier)
        return [
            (at, at + 1) for at, word in enumerate(run) if word.at(tier).startswith(starts) or word.at(tier) == whole
        ]
    assert isinstance(query, Word | Phrase)
    wanted = [word.at(tier) for word in words_of(query)]
    own = [word.at(tier) for word in run]
    return [(at, at + len(wanted)) for at in range(len(own)) if own[at : at + len(wanted)] == wanted]
