"""Filters, counts, orders and access of every SearchIndex; hits and tiers against a naive search over real pages."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from search_samples import (
    ENGINES,
    EVERYTHING,
    TODAY,
    Opener,
    all_hits,
    engine_at,
    filled,
    naive,
    page,
    real_pages,
    search,
)

from repository.domain.access import AccessLevel, Visibility
from repository.domain.search import Filters, IndexDocument, Sort
from repository.domain.vietnamese import clean, text_keys
from repository.search.port import SearchIndex
from repository.search.query import parse

# --- filters, facets, access ------------------------------------------------------------------------------------


def described() -> list[IndexDocument]:
    rows = [
        ("a", "LS", "book", "Lạng Sơn", 1930, "Chùa Tiên"),
        ("b", "LS", "map", "Lạng Sơn", 1968, "Bản đồ"),
        ("c", "TN", "book", None, 2001, "Ảnh cũ"),
        ("d", "TN", "book", "Thái Nguyên", None, "Đình làng"),
    ]
    return [
        page("văn hóa", f"{item}{at}", item, at, library=library, kind=kind, place=place, year=year, title=title)
        for item, library, kind, place, year, title in rows
        for at in (1, 2)
    ]


@pytest.mark.parametrize(
    ("filters", "items"),
    [
        (Filters(), "abcd"),
        (Filters(library=("LS",)), "ab"),
        (Filters(library=("LS", "TN")), "abcd"),
        (Filters(kind=("map",)), "b"),
        (Filters(place=("Thái Nguyên", "Lạng Sơn")), "abd"),
        (Filters(place=("lạng sơn",)), ""),
        (Filters(from_year=1968), "bc"),
        (Filters(to_year=1968), "ab"),
        (Filters(from_year=1931, to_year=2000), "b"),
        (Filters(item="c"), "c"),
        (Filters(library=("TN",), kind=("book",), to_year=2001), "c"),
    ],
)
def test_filters_narrow_hits_and_counts(index: SearchIndex, filters: Filters, items: str) -> None:
    result = search(filled(index, described()), "văn hoá", filters=filters)
    assert {hit.item for hit in result.hits} == set(items)
    assert result.total == 2 * len(items)
    assert sum(entry.count for entry in result.facets["library"]) == result.total


def test_facets_count_all_hits_not_the_page_shown(index: SearchIndex) -> None:
    facets = search(filled(index, described()), "văn hóa", size=1).facets
    assert [(entry.value, entry.count) for entry in facets["kind"]] == [("book", 6), ("map", 2)]
    assert [(entry.value, entry.count) for entry in facets["library"]] == [("LS", 4), ("TN", 4)]
    assert [(entry.value, entry.count) for entry in facets["place"]] == [("Lạng Sơn", 4), ("Thái Nguyên", 2)]
    assert [(entry.value, entry.count) for entry in facets["year"]] == [("1930", 2), ("1968", 2), ("2001", 2)]


def test_facets_can_be_left_out(index: SearchIndex) -> None:
    result = search(filled(index, described()), "văn hóa", facets=False)
    assert (result.total, result.facets) == (8, {})


def test_grouped_by_item(index: SearchIndex) -> None:
    filled(index, [*described(), page("văn hóa văn hóa", "a3", "a", 3, library="LS", kind="book", year=1930)])
    result = search(index, "văn hóa", group=True)
    assert result.total == 4
    assert sorted((hit.item, hit.pages) for hit in result.hits) == [("a", 3), ("b", 2), ("c", 2), ("d", 2)]
    assert [(entry.value, entry.count) for entry in result.facets["library"]] == [("LS", 2), ("TN", 2)]
    assert result.hits[0].page_id == "a3", "the best page of the best item"


def test_orders(index: SearchIndex) -> None:
    filled(index, described())

    def items(sort: Sort, **given: object) -> str:
        return "".join(hit.item for hit in search(index, "văn hóa", sort=sort, **given).hits)

    assert items(Sort.YEAR) == "aabbccdd"
    assert items(Sort.YEAR_DESC) == "ccbbaadd"
    assert items(Sort.TITLE) == "ccbbaadd", "Ảnh, Bản, Chùa, Đình"
    assert items(Sort.TITLE, group=True) == "cbad"
    assert [hit.tier for hit in search(index, "vân hóa", sort=Sort.YEAR).hits] == [3] * 8
    assert [hit.tier for hit in search(index, "văn hoá", sort=Sort.YEAR).hits] == [1] * 8


def access_cases() -> list[IndexDocument]:
    cases = [
        ("public", True, None),
        ("network", True, None),
        ("onsite", True, None),
        ("restricted", True, None),
        ("embargo", True, TODAY),
        ("embargo", True, date(2026, 11, 25)),
        ("embargo", True, None),
        ("public", False, None),
        ("embargo", False, date(2020, 1, 1)),
        ("made up", True, None),
    ]
    return [
        page(
            "mật",
            f"{library}{at}",
            f"{library}-{at}",
            library=library,
            access=level,
            published=out,
            embargo_until=until,
        )
        for library in ("LS", "TN")
        for at, (level, out, until) in enumerate(cases)
    ]


def may_find(seen: Visibility, document: IndexDocument) -> bool:
    """The rule of repository.domain.access.Visibility, spelled out once more."""
    if document.item in seen.hidden_items:
        return False
    if seen.everything or document.library in seen.staff_of:
        return True
    if not document.published:
        return False
    until = document.embargo_until
    return (
        document.access == AccessLevel.PUBLIC
        or (document.access == AccessLevel.EMBARGO and until is not None and until <= seen.today)
        or (document.access == AccessLevel.NETWORK and seen.network)
        or (document.access == AccessLevel.ONSITE and document.library in seen.onsite_of)
    )


VISITORS = [
    Visibility(TODAY),
    Visibility(date(2026, 11, 25)),
    Visibility(TODAY, network=True),
    Visibility(TODAY, network=True, onsite_of=frozenset({"LS"})),
    Visibility(TODAY, onsite_of=frozenset({"TN"})),
    Visibility(TODAY, staff_of=frozenset({"LS"})),
    Visibility(TODAY, staff_of=frozenset({"LS", "TN"})),
    EVERYTHING,
]
VISITORS += [replace(visitor, hidden_items=frozenset({"LS-0", "TN-4", "LS-7"})) for visitor in VISITORS]


@pytest.mark.parametrize("visitor", VISITORS, ids=range(len(VISITORS)))
@pytest.mark.parametrize("group", [False, True])
def test_nothing_leaks(index: SearchIndex, visitor: Visibility, group: bool) -> None:
    documents = access_cases()
    expected = [document for document in documents if may_find(visitor, document)]
    result = search(filled(index, documents), "mật", visitor, size=100, group=group)
    assert {hit.page_id for hit in result.hits} == {document.page_id for document in expected}
    assert result.total == len(expected)
    counted = {entry.value: entry.count for entry in result.facets["library"]}
    assert counted == Counter(document.library for document in expected)


# --- against a naive reading of the query over real text ---------------------------------------------------------

QUERIES = [
    "và", "la", "việt nam", "viet nam", '"việt nam"', '"viet nam"', '"chiến tranh" -mỹ', "chien tranh -my", "th*", "đ*",
    "quân OR dân", "quân dân OR thành phố", "năm NEAR/3 tháng", "nam NEAR/10 nuoc", '"chiến tranh" NEAR/8 năm',
    "th* NEAR/3 nam", "một -một*", "hoà", "quý", "của và là có trong", '"của các"', "(quân OR dân) -của", "zzqx",
    "1945", '"thế chiến" OR "chiến tranh thế giới"', "nước -(việt OR pháp)", "năm NEAR/2 năm", "ng* NEAR/2 ngày",
]  # fmt: skip


@pytest.fixture(scope="module")
def real() -> list[IndexDocument]:
    return real_pages(300)


@pytest.fixture(scope="module", params=ENGINES)
def real_index(
    request: pytest.FixtureRequest, real: list[IndexDocument], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SearchIndex]:
    engine = engine_at(request, tmp_path_factory.mktemp("real"))
    index = engine.open()
    for start in range(0, len(real), 50):  # several commits, so several segments
        filled(index, real[start : start + 50])
    yield index
    engine.clean_up()


@pytest.mark.parametrize("query", QUERIES)
def test_hits_tiers_and_counts_equal_a_naive_search(
    real: list[IndexDocument], real_index: SearchIndex, query: str
) -> None:
    tree = parse(query)
    expected = {}
    for document in real:
        run = text_keys(clean(document.text))
        tiers = [tier for tier in (1, 2, 3) if naive(tree, run, tier)]
        if tiers:
            expected[document.page_id] = tiers[0]
    hits = all_hits(real_index, query, size=100)
    assert {hit.page_id: hit.tier for hit in hits} == expected
    result = search(real_index, query)
    assert result.total == len(expected)
    items = {document.item for document in real if document.page_id in expected}
    assert search(real_index, query, group=True).total == len(items)


@pytest.mark.parametrize("given", [{}, {"group": True}, {"sort": Sort.YEAR}, {"sort": Sort.TITLE, "group": True}])
@pytest.mark.parametrize("query", ["của", "th*", '"viet nam"', "nam"])
def test_paging_through_gives_each_hit_once(real_index: SearchIndex, query: str, given: dict[str, object]) -> None:
    total = search(real_index, query, **given).total
    hits = all_hits(real_index, query, size=7, **given)
    marks = [hit.item if "group" in given else hit.page_id for hit in hits]
    assert len(marks) == len(set(marks)) == total
    assert hits == all_hits(real_index, query, size=31, **given)
    if "sort" not in given:
        assert [hit.tier for hit in hits] == sorted(hit.tier for hit in hits)


def test_equals_keep_their_places_through_commits(opener: Opener) -> None:
    same = [page("giống nhau", f"p{at}", f"i{at % 5}", at) for at in range(60)]
    index = filled(opener(), same[:20])
    filled(index, same[20:])
    before = [hit.page_id for hit in all_hits(index, "giống nhau", size=9)]
    filled(index, same[10:30])
    assert [hit.page_id for hit in all_hits(opener(), "giống nhau", size=11)] == before
