"""Documents to put into a search index, ways to ask it, and a naive search to hold it against."""

import lzma
import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import pytest
from shared_data import SHARED

from repository.domain.access import Visibility
from repository.domain.search import IndexDocument, IndexHit, SearchRequest, SearchResult
from repository.domain.vietnamese import Keys
from repository.search.opensearch_connection import Connection
from repository.search.opensearch_index import OpenSearchIndex
from repository.search.port import SearchIndex
from repository.search.query import And, Near, Not, Or, Phrase, Prefix, Query, Word, words_of
from repository.search.tantivy_index import TantivyIndex

TODAY = date(2026, 11, 24)
EVERYTHING = Visibility(TODAY, everything=True)
Opener = Callable[[], SearchIndex]
ENGINES = ["tantivy", pytest.param("opensearch", marks=pytest.mark.service)]


@dataclass
class Engine:
    """One search index, which any number of instances open. `begin` makes what the clerk makes when it starts."""

    make: Opener
    drop: Callable[[], None] = lambda: None
    opened: list[SearchIndex] = field(default_factory=list)

    def open(self) -> SearchIndex:
        self.opened.append(self.make())
        return self.opened[-1]

    def clean_up(self) -> None:
        for index in self.opened:
            index.close()
        self.drop()


def engine_at(request: pytest.FixtureRequest, folder: Path) -> Engine:
    """The engine that the test's parameter names: a folder of its own, or an index of its own on the real server."""
    if request.param == "tantivy":
        return Engine(lambda: TantivyIndex(folder / "index"))
    url, name = request.getfixturevalue("servers").opensearch.settings()["DIACHI_OPENSEARCH_URLS"], own_index()
    OpenSearchIndex([url], name).begin_rebuild(lambda: None)
    return Engine(lambda: OpenSearchIndex([url], name), lambda: drop_index(url, name))


def own_index() -> str:
    return f"test-{secrets.token_hex(6)}"


def drop_index(url: str, name: str) -> None:
    Connection([url]).ask("DELETE", f"/{name}-v*")


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
