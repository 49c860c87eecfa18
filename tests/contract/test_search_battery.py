"""The same questions to Tantivy and to OpenSearch over the same real pages: the same hits, tiers, totals and facets."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from search_samples import EVERYTHING, TODAY, all_hits, drop_index, filled, own_index, real_pages
from servers_here import Servers

from repository.domain.access import Visibility
from repository.domain.errors import QueryRejected
from repository.domain.search import Filters, IndexDocument, SearchRequest, Sort
from repository.domain.vietnamese import keys
from repository.search.opensearch_index import OpenSearchIndex
from repository.search.port import SearchIndex
from repository.search.query import parse
from repository.search.tantivy_index import TantivyIndex

pytestmark = pytest.mark.service

COUNT = 320
WRITTEN = """và | của | la | đường | duong | Đường | ĐƯỜNG | hoà | hòa | hoa | hóa | thuỷ | thủy | thuy | quý | quí
lý | lí | ly | việt nam | viet nam | Việt-Nam | Viet-Nam | nước việt nam | chiến tranh thế giới | chien tranh
hà nội | ha noi | Hanoi | "việt nam" | "viet nam" | "Việt-Nam" | "chiến tranh thế giới" | "the gioi" | "của các"
"trong đó" | “thế giới” | «thế giới» | "hà nội | "" việt | "một" | "thế chiến thứ hai" | "the chien thu hai"
"là một" -"của các" | "không có ở đây đâu nhé" | năm NEAR tháng | năm NEAR/1 tháng | năm NEAR/3 tháng
nam NEAR/3 thang | năm NEAR/50 tháng | năm NEAR/2 năm | nam NEAR/2 nam | "việt nam" NEAR/5 nước
nước NEAR/5 "việt nam" | "viet nam" NEAR/9 "chien tranh" | "của các" NEAR/3 "của các" | th* NEAR/3 năm
năm NEAR/3 th* | th* NEAR/2 ng* | ly* NEAR/4 th* | quy* NEAR/9 nam | (việt OR pháp) NEAR/4 nước
quân NEAR/4 (dân OR đội) | năm NEAR/3 tháng NEAR/3 ngày | th* NEAR/1 th* | một NEAR/1 trong NEAR/1 những | th* | ng*
đ* | d* | ư* | tr* | nghi* | ly* | lý* | quy* | quý* | hòa* | hoa* | việ* | viet* | 19* | 2* | zq* | x* | một -một
một -là | mot -một | hat -hạt | nước -(việt OR pháp) | việt -"việt nam" | viet -"viet nam" | quân -dân -đội
năm -th* | nước -(quân dân) | một -(năm NEAR/3 tháng) | nước -NOT việt | quân NOT dân | a -b | là --của
quân OR dân | quân HOẶC dân | quân dân OR thành phố | (quân OR dân) -của | (quân OR dân) (đội OR tộc)
đình OR chùa OR miếu | ((việt nam)) | (quân (dân OR (đội -của))) | quân OR | OR quân | (quân | quân) | ( ) quân
AND quân AND dân | NEAR | OR | quân OR dân NEAR/5 đội | "thế chiến" OR "chiến tranh thế giới" | zzqx | zzqx OR việt
zzqx việt | "zzqx việt" | 1945 | 1.945 | 70.000 | 3,14 | 2020 | 19 | 100 | 20 10 | "năm 1945" | nam 1975 | 1,000
8.10.2020 | Hồ Chí Minh | ho chi minh | "Hồ Chí Minh" | Nguyễn | nguyen | "nguyen van" | Nguyễn* | Trần Hưng Đạo
Pháp -Mỹ | mỹ | information | the | of | "of the" | music | Paris | New York | "new york" | café | naïve | ê | ô | y
Y | ý | 漢 | 中国 | я"""

VISITORS = [
    EVERYTHING,
    Visibility(TODAY),
    Visibility(TODAY + timedelta(days=40)),
    Visibility(TODAY, network=True, onsite_of=frozenset({"L1"})),
    Visibility(TODAY, staff_of=frozenset({"L0", "L2"})),
    Visibility(TODAY, network=True, hidden_items=frozenset({"item1", "item5", "item9", "no such item"})),
    replace(EVERYTHING, hidden_items=frozenset({f"item{at}" for at in range(20)})),
]
FILTERS = [
    Filters(),
    Filters(library=("L1",)),
    Filters(library=("L0", "L2"), kind=("book", "map")),
    Filters(place=("Lạng Sơn",)),
    Filters(place=("Huế", "Hà Nội"), from_year=1950),
    Filters(from_year=1920, to_year=1975),
    Filters(to_year=1930),
    Filters(item="item3"),
]


def collection() -> list[IndexDocument]:
    dice = random.Random(5)
    items = {}
    made = []
    for document in real_pages(COUNT):
        if document.item not in items:
            items[document.item] = {
                "kind": dice.choice(("book", "map", "serial")),
                "place": dice.choice(("Lạng Sơn", "Huế", "Hà Nội", None)),
                "year": dice.choice((None, *range(1890, 2020, 7))),
                "title": f"{dice.choice(('Địa chí', 'Đình làng', 'Ảnh cũ', 'Tập'))} {dice.randint(1, 30)}",
                "access": dice.choice(("public", "public", "network", "onsite", "restricted", "embargo")),
                "embargo_until": dice.choice((None, TODAY, TODAY + timedelta(days=30))),
                "published": dice.random() < 0.9,
            }
            record = replace(document, page_id=None, number=0, text=str(items[document.item]["title"]))
            made.append(replace(record, **items[document.item]))
        made.append(replace(document, **items[document.item]))
    return made


@dataclass(frozen=True)
class Both:
    """One collection in both engines."""

    tantivy: SearchIndex
    opensearch: SearchIndex
    documents: list[IndexDocument]


@pytest.fixture(scope="module")
def both(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    url, name = servers.opensearch.settings()["DIACHI_OPENSEARCH_URLS"], own_index()
    opensearch = OpenSearchIndex([url], name, shards=2)
    opensearch.begin_rebuild(lambda: None)
    pair = Both(TantivyIndex(tmp_path_factory.mktemp("tantivy")), opensearch, collection())
    for index in (pair.tantivy, pair.opensearch):
        for start in range(0, len(pair.documents), 150):
            filled(index, pair.documents[start : start + 150])
    yield pair
    pair.tantivy.close()
    opensearch.close()
    drop_index(url, name)


def questions() -> list[str]:
    written = [query.strip() for line in WRITTEN.splitlines() for query in line.split(" | ")]
    dice = random.Random(9)
    for document in dice.sample(real_pages(COUNT), 24):
        words = re.findall(r"\w+", document.text)
        at = dice.randrange(len(words) - 8)
        taken = words[at : at + dice.randint(2, 5)]
        written += [
            f'"{" ".join(taken)}"',
            f'"{keys(taken[0]).k3} {keys(taken[1]).k3}"',
            " ".join(dice.sample(words, 3)),
            f"{words[at]} NEAR/{dice.randint(1, 9)} {words[at + dice.randint(1, 7)]}",
            f"{taken[0][:3]}* -{dice.choice(words)}",
        ]
        lines = document.text.splitlines()
        if len(lines) > 1:  # a phrase across a line's end
            written.append(f'"{lines[0].split()[-1]} {lines[1].split()[0]}"')
    return list(dict.fromkeys(written))


QUESTIONS = questions()


def answer(index: SearchIndex, query: str, visitor: Visibility, **given: object) -> tuple[object, ...] | str:
    """All that both engines must agree on: total, facets, and each hit with its tier."""
    try:
        first = index.search(SearchRequest(query, visitor, **given))
    except QueryRejected as error:
        return str(error)
    hits = all_hits(index, query, 100, visibility=visitor, **given)
    assert len(hits) == first.total, query
    found = [(hit.item, hit.pages) if "group" in given else (hit.page_id, hit.item, hit.tier) for hit in hits]
    if "sort" in given:
        return first.total, first.facets, found
    tiers = [hit.tier for hit in hits]
    assert tiers == sorted(tiers), query
    return first.total, first.facets, sorted(found, key=str), sorted(tiers)


def test_there_are_questions_enough() -> None:
    assert len(QUESTIONS) >= 250


@pytest.mark.parametrize("query", QUESTIONS)
def test_both_engines_give_the_same_hits_in_the_same_tiers(both: Both, query: str) -> None:
    assert answer(both.opensearch, query, EVERYTHING) == answer(both.tantivy, query, EVERYTHING)


@pytest.mark.parametrize("at", range(0, len(QUESTIONS), 4))
def test_whoever_asks_and_however_narrowed(both: Both, at: int) -> None:
    query, visitor, filters = QUESTIONS[at], VISITORS[at // 4 % len(VISITORS)], FILTERS[at // 4 % len(FILTERS)]
    for narrow in (Filters(), filters):
        told = answer(both.opensearch, query, visitor, filters=narrow)
        assert told == answer(both.tantivy, query, visitor, filters=narrow)


@pytest.mark.parametrize("at", range(2, len(QUESTIONS), 6))
def test_grouped_by_item_and_in_other_orders(both: Both, at: int) -> None:
    query, visitor = QUESTIONS[at], VISITORS[at % len(VISITORS)]
    assert answer(both.opensearch, query, visitor, group=True) == answer(both.tantivy, query, visitor, group=True)
    for sort in (Sort.YEAR, Sort.YEAR_DESC, Sort.TITLE):
        assert answer(both.opensearch, query, visitor, sort=sort) == answer(both.tantivy, query, visitor, sort=sort)


# --- queries that nobody thought of ---------------------------------------------------------------------------------

WORDS = st.sampled_from(
    "và của là một những các nam năm việt viet nước nuoc quân dân đường duong hoà hòa hoa lý ly quý 1945 19 the".split()
)
MARKED = st.tuples(WORDS, st.sampled_from(["", "", "", "*"])).map("".join)
QUOTED = st.lists(WORDS, min_size=1, max_size=3).map(lambda words: f'"{" ".join(words)}"')
SINGLE = MARKED | QUOTED
NEARBY = st.tuples(SINGLE, st.integers(1, 12), SINGLE).map(lambda parts: f"{parts[0]} NEAR/{parts[1]} {parts[2]}")


def longer(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    together = st.lists(inner, min_size=2, max_size=3)
    return (
        together.map(" ".join)
        | together.map(" OR ".join)
        | inner.map(lambda query: f"({query})")
        | st.tuples(inner, inner).map(lambda pair: f"{pair[0]} -({pair[1]})")
    )


@pytest.mark.slow
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.recursive(SINGLE | NEARBY, longer, max_leaves=6))
def test_any_query_means_the_same_to_both(both: Both, query: str) -> None:
    try:
        parse(query)
    except QueryRejected:
        return
    assert answer(both.opensearch, query, EVERYTHING) == answer(both.tantivy, query, EVERYTHING)
