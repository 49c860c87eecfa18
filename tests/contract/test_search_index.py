"""What every SearchIndex must do, whichever engine holds it: the language, and keeping up to date."""

from dataclasses import replace

import pytest
from search_samples import Opener, filled, found, page, pages, search

from repository.domain.errors import QueryRejected, WrongUse
from repository.search.port import SearchIndex

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


@pytest.mark.parametrize("given", [{"page": 0}, {"size": 0}, {"size": 101}, {"page": -1}])
def test_pages_out_of_bounds_are_wrong_use(index: SearchIndex, given: dict[str, int]) -> None:
    with pytest.raises(WrongUse):
        search(filled(index, pages("a")), "a", **given)


@pytest.mark.parametrize("group", [False, True])
def test_a_page_far_past_the_end_is_empty(index: SearchIndex, group: bool) -> None:
    result = search(filled(index, pages("a")), "a", page=10**9, size=100, group=group)
    assert (result.total, result.hits) == (1, ())
