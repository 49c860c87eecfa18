"""What every SearchIndex must do, whichever engine holds it."""

import lzma
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from shared_data import SHARED

from repository.domain.access import AccessLevel, Visibility
from repository.domain.errors import QueryRejected, StoreFailed
from repository.domain.search import Filters, IndexDocument, IndexHit, SearchRequest, SearchResult, Sort
from repository.domain.vietnamese import Keys, clean, text_keys
from repository.search.port import SearchIndex
from repository.search.query import And, Near, Not, Or, Phrase, Prefix, Query, Word, parse, words_of
from repository.search.tantivy_index import TantivyIndex

TODAY = date(2026, 11, 24)
EVERYTHING = Visibility(TODAY, everything=True)
Opener = Callable[[], SearchIndex]


@pytest.fixture(params=["tantivy"])
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens one and the same index, each time as another process would."""
    opened: list[SearchIndex] = []

    def open_index() -> SearchIndex:
        opened.append(TantivyIndex(tmp_path / "index"))
        return opened[-1]

    yield open_index
    for index in opened:
        index.close()


@pytest.fixture
def index(opener: Opener) -> SearchIndex:
    return opener()


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


# --- Vietnamese words -------------------------------------------------------------------------------------------


def test_marks_as_typed_stand_above_folded_ones(index: SearchIndex) -> None:
    filled(index, pages("dương lịch dương dương", "con đường", "đương thời", "duong"))
    hits = search(index, "đường").hits
    assert [hit.tier for hit in hits] == [1, 2, 3, 3]
    assert [hit.page_id for hit in hits[:2]] == ["p1", "p2"]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_typed_without_marks_finds_all_and_the_unmarked_form_first(index: SearchIndex) -> None:
    filled(index, pages("đường đường đường", "duong", "dương"))
    assert found(index, "duong")[0] == "p1"
    assert search(index, "duong").total == 3


def test_a_hit_is_as_good_as_its_weakest_word(index: SearchIndex) -> None:
    filled(index, pages("đường Hà Nôi", "đường Hà Nội", "duong ha noi"))
    assert [(hit.page_id, hit.tier) for hit in search(index, "đường hà nội").hits] == [("p1", 1), ("p0", 2), ("p2", 3)]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("hoà", "HÒA BÌNH"),
        ("hòa bình", "hoà bình"),
        ("lí", "Lý Thường Kiệt"),
        ("dak lak", "Đắk Lắk"),
        ("Đăk Lăk", "Đắk Lắk"),
        ("việt nam", "Việt-Nam"),
        ('"việt nam"', "Việt-\nNam độc-lập"),
        ("Việt-Nam", "nước Việt Nam"),
        ("information", "the infor-\nmation desk"),
        ("thư viện", "thƣ viện tỉnh"),
        ("thư viện", "thu\u031b vie\u0323\u0302n"),
        ("70000", "hơn 70.000 trang"),
        ("70.000", "hơn 70000 trang"),
        ("漢", "大漢字"),
    ],
)
def test_spellings_of_one_word_find_each_other(index: SearchIndex, query: str, text: str) -> None:
    assert search(filled(index, pages(text)), query).total == 1


@pytest.mark.parametrize(("query", "text"), [("quý", "quỳ"), ("hòa", "hóa")])
def test_other_words_are_never_exact(index: SearchIndex, query: str, text: str) -> None:
    assert [hit.tier for hit in search(filled(index, pages(text)), query).hits] == [2]


def test_the_commonest_words_are_found_too(index: SearchIndex) -> None:
    filled(index, pages("và của là", "một những các"))
    assert found(index, "và") == ["p0"]


# --- operators --------------------------------------------------------------------------------------------------


def test_a_phrase_is_side_by_side_and_folded_ones_come_below(index: SearchIndex) -> None:
    filled(index, pages("dia chi", "địa chí", "chí địa", "địa bàn chí"))
    assert found(index, '"địa chí"') == ["p1", "p0"]


def test_words_left_out(index: SearchIndex) -> None:
    filled(index, pages("hát then", "hát chèo", "hạt thóc"))
    assert set(found(index, "hát -then")) == {"p1", "p2"}
    assert set(found(index, "hat -hạt")) == {"p0", "p1"}, "typed with marks: that word alone is left out"
    assert found(index, "then OR chèo -hat") == ["p0"], "typed without: all its forms"
    assert set(found(index, 'hát -"hát then"')) == {"p1", "p2"}


def test_either_word(index: SearchIndex) -> None:
    filled(index, pages("đình làng", "chùa làng", "miếu"))
    assert set(found(index, "đình OR chùa")) == {"p0", "p1"}
    assert set(found(index, "làng (đình OR miếu)")) == {"p0"}


@pytest.mark.parametrize("distance", range(1, 9))
def test_near_in_either_order(index: SearchIndex, distance: int) -> None:
    texts = [f"{first} {'x ' * gap}{second}" for gap in range(10) for first, second in (("a", "b"), ("b", "a"))]
    texts += ["a", "b", "a a", f"a {'x ' * 3}a"]
    filled(index, pages(*texts))
    assert search(index, f"a NEAR/{distance} b").total == 2 * distance
    assert search(index, f"a NEAR/{distance} a").total == (1 if distance < 4 else 2)
    assert search(index, f"a* NEAR/{distance} b").total == 2 * distance
    assert search(index, f"a* NEAR/{distance} a").total == (1 if distance < 4 else 2)


def test_near_takes_phrases(index: SearchIndex) -> None:
    filled(index, pages("hà nội là thủ đô việt nam", "việt nam có hà nội", "hà và nội việt nam", "nội hà việt nam"))
    assert set(found(index, '"hà nội" NEAR/4 "việt nam"')) == {"p0", "p1"}
    assert set(found(index, '"hà nội" NEAR/2 "việt nam"')) == {"p1"}


def test_a_beginning_expands_in_full(index: SearchIndex) -> None:
    syllables = [f"tr{rhyme}{last}" for rhyme in "aeiou" for last in "bcdfghjklmnpqrstvwxz"]
    filled(index, pages(*syllables, "khác"))
    assert len(syllables) == 100
    assert search(index, "tr*").total == 100
    assert search(index, "tra*").total == 20


def test_a_beginning_ranks_by_its_marks(index: SearchIndex) -> None:
    filled(index, pages("dương", "đương", "hoàn", "lý", "lynx", "quyết", "quý"))
    assert found(index, "đư*") == ["p1", "p0"]
    assert found(index, "hòa*") == ["p2"]
    assert set(found(index, "ly*")) == {"p3", "p4"}
    assert set(found(index, "quy*")) == {"p5", "p6"}


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


QUERIES = [
    "và", "la", "việt nam", "viet nam", '"việt nam"', '"viet nam"', '"chiến tranh" -mỹ', "chien tranh -my", "th*", "đ*",
    "quân OR dân", "quân dân OR thành phố", "năm NEAR/3 tháng", "nam NEAR/10 nuoc", '"chiến tranh" NEAR/8 năm',
    "th* NEAR/3 nam", "một -một*", "hoà", "quý", "của và là có trong", '"của các"', "(quân OR dân) -của", "zzqx",
    "1945", '"thế chiến" OR "chiến tranh thế giới"', "nước -(việt OR pháp)", "năm NEAR/2 năm", "ng* NEAR/2 ngày",
]  # fmt: skip


@pytest.fixture(scope="module")
def real() -> list[IndexDocument]:
    return real_pages(300)


@pytest.fixture(scope="module")
def real_index(real: list[IndexDocument], tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchIndex]:
    index = TantivyIndex(tmp_path_factory.mktemp("real"))
    for start in range(0, len(real), 50):  # several commits, so several segments
        filled(index, real[start : start + 50])
    yield index
    index.close()


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


def all_hits(index: SearchIndex, query: str, size: int, **given: object) -> list[IndexHit]:
    hits: list[IndexHit] = []
    number = 1
    while helping := search(index, query, page=number, size=size, **given).hits:
        hits.extend(helping)
        number += 1
    return hits


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


# --- keeping it up to date --------------------------------------------------------------------------------------


def test_put_replaces_the_same_page_and_the_same_record(index: SearchIndex) -> None:
    record = replace(page("nhan đề cũ"), page_id=None, number=0)
    filled(index, [page("chữ cũ"), record])
    filled(index, [page("chữ mới"), replace(record, text="nhan đề mới")])
    assert index.count() == 2
    assert search(index, "cũ -mới").total == 0
    hits = search(index, "mới").hits
    assert {(hit.item, hit.page_id, hit.number) for hit in hits} == {("i1", "p1", 1), ("i1", None, 0)}


def test_removing(index: SearchIndex) -> None:
    documents = [page("x", "p1", "i1"), page("x", "p2", "i1"), page("x", "p3", "i2")]
    filled(index, [*documents, replace(documents[0], page_id=None, number=0)])
    index.remove_page("p1")
    index.remove_page("no such page")
    index.commit()
    assert {hit.page_id for hit in search(index, "x").hits} == {"p2", "p3", None}
    index.remove_item("i1")
    index.remove_item("no such item")
    index.commit()
    assert found(index, "x") == ["p3"]
    index.clear()
    index.commit()
    assert (index.count(), search(index, "x").total) == (0, 0)


def test_nothing_shows_before_commit(opener: Opener) -> None:
    writer, reader = opener(), opener()
    filled(writer, [page("một")])
    writer.put([page("hai", "p2")])
    assert (search(reader, "hai").total, search(writer, "hai").total) == (0, 0)
    writer.commit()
    assert (search(reader, "hai").total, search(writer, "hai").total) == (1, 1)


def test_what_was_not_committed_is_lost_on_close(index: SearchIndex) -> None:
    index.put([page("một")])
    index.close()
    assert index.count() == 0
    filled(index, [page("một")])
    assert index.count() == 1


def test_an_empty_index_answers(index: SearchIndex) -> None:
    result = search(index, "gì đó")
    assert (result.total, result.hits, index.count()) == (0, (), 0)


@pytest.mark.parametrize("text", ["", "   ", "…", "a" * 100_000, "\u0301\u0323", "😀😀", "x\x00y", "\ud800lẻ"])
def test_any_text_can_be_put(index: SearchIndex, text: str) -> None:
    assert filled(index, [page(text)]).count() == 1


@pytest.mark.parametrize("query", ["", "-chùa", "…", "a " * 600])
def test_senseless_queries_are_refused(index: SearchIndex, query: str) -> None:
    with pytest.raises(QueryRejected):
        search(index, query)


# --- processes --------------------------------------------------------------------------------------------------

WRITER = """
import sys, time
from pathlib import Path
sys.path[:0] = {paths!r}
from test_search_index import page
from repository.search.tantivy_index import TantivyIndex
index = TantivyIndex(Path({folder!r}))
for at in range(10_000):
    index.put([page(f"trang {{at}} viết " * 20, f"p{{at}}", number=at)])
    if at % 50 == 49:
        index.commit()
        print(at + 1, flush=True)
"""


def start_writer(folder: Path) -> subprocess.Popen[str]:
    root = Path(__file__).parents[2]
    paths = [str(root), str(root / "tests"), str(Path(__file__).parent)]
    code = WRITER.format(paths=paths, folder=str(folder))
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
@pytest.mark.fault
def test_a_killed_writer_leaves_an_index_at_a_commit_and_no_lock(tmp_path: Path) -> None:
    dice = random.Random(3)
    committed = 0
    for _ in range(3):
        with start_writer(tmp_path) as writer:
            assert writer.stdout is not None
            for _ in range(dice.randint(1, 3)):
                committed = int(writer.stdout.readline())
            time.sleep(dice.random() / 50)  # somewhere inside the next commit
            os.kill(writer.pid, signal.SIGKILL)
        index = TantivyIndex(tmp_path)
        assert index.count() % 50 == 0
        assert search(index, "trang viết").total == index.count() >= committed
        filled(index, [page("sau khi chết", "after")])
        assert search(index, "chết").total == 1
        index.remove_page("after")
        index.commit()
        index.close()


@pytest.mark.fault
def test_another_process_sees_a_commit_within_a_second_and_cannot_write(tmp_path: Path) -> None:
    reader = TantivyIndex(tmp_path)
    with start_writer(tmp_path) as writer:
        assert writer.stdout is not None
        for _ in range(3):
            committed = int(writer.stdout.readline())
            assert search(reader, "trang viết").total >= committed
        with pytest.raises(StoreFailed, match="tiến trình khác"):
            reader.put([page("chen vào")])
        writer.kill()
    filled(reader, [page("nay thì được", "now")])
    assert search(reader, "được").total == 1
    reader.close()
