"""What is marked on a page, boxed, and cut out: all from one match."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from repository.domain.columns import columns_of
from repository.domain.pages import Box, PageText, Reading, Word
from repository.domain.vietnamese import clean, text_keys
from repository.search.matching import boxes_of, match_page, snippet, snippet_of_text
from repository.search.printed import PrintedRun
from repository.search.query import parse

READING = Reading("tesseract 5", "vie")


def page(text: str) -> PageText:
    """One line a line, blocks parted by empty lines; every letter 10 pixels wide, every line 50 high."""
    words = []
    for block, paragraph in enumerate(text.split("\n\n")):
        for line, printed in enumerate(paragraph.split("\n")):
            x = 0
            for word in printed.split():
                words.append(Word(word, Box(x, block * 1000 + line * 50, len(word) * 10, 40), 90.0, line, block))
                x += len(word) * 10 + 10
    return PageText(2000, 3000, tuple(words), READING)


def marked(query: str, text: str) -> list[str]:
    """The printed words marked for each occurrence."""
    printed = page(text)
    return [" ".join(printed.words[at].text for at in place) for place in match_page(parse(query), printed).words]


@pytest.mark.parametrize(
    ("query", "text", "places"),
    [
        ("đường", "Đường sắt, dương lịch, con đường.", ["Đường", "đường."]),
        ("đường", "dương lịch, duong", ["dương", "duong"]),
        ("đường", "đương thời, dương lịch", ["đương"]),
        ("duong", "đường dương duong", ["duong", "đường", "dương"]),
        ("hà nội", "Hà Nội có hà", ["Hà", "Nội", "hà"]),
        ('"hà nội"', "Hà Nội, hà và nội", ["Hà Nội,"]),
        ('"hà nội"', "về Hà\nNội", ["Hà Nội"]),
        ('"hà nội"', "về Hà\n\nNội", ["Hà Nội"]),
        ('"việt nam"', "nước Việt-Nam, Việt-\nNam", ["Việt-Nam,", "Việt- Nam"]),
        ("nam", "nước Việt-Nam", ["Việt-Nam"]),
        ("information", "the infor-\nmation desk", ["infor- mation"]),
        ("đình OR chùa", "đình làng", ["đình"]),
        ("đình OR chùa", "đình, chùa", ["đình,", "chùa"]),
        ("hát -then", "hát chèo", ["hát"]),
        ("hát -then", "hát then", []),
        ("hát chèo", "hát then", []),
        ("năm NEAR/2 tháng", "năm ấy, tháng ba, năm", ["năm tháng", "tháng năm"]),
        ("năm NEAR/1 tháng", "năm ấy, tháng ba", []),
        ("tru*", "Truyện, trụ, trị", ["Truyện,", "trụ,"]),
        ("70000", "hơn 70.000 trang", ["70.000"]),
    ],
)
def test_marked(query: str, text: str, places: list[str]) -> None:
    assert marked(query, text) == places


def test_exact_places_come_first() -> None:
    matches = match_page(parse("ha đường"), page("duong hà ha đường"))
    assert matches.words == ((2,), (3,), (1,)), "ha was typed without marks: its other forms too, but đường alone"
    assert matches.tiers == (1, 1, 2)
    matches = match_page(parse("hạ đường"), page("hà đường"))
    assert (matches.words, matches.tiers) == (((1,), (0,)), (1, 2))


def test_boxes_of_a_phrase_are_one_a_line() -> None:
    printed = page("ở Hà Nội\nvà Hà\nNội")
    boxes = boxes_of(printed, match_page(parse('"hà nội"'), printed))
    assert boxes == (Box(20, 0, 60, 40), Box(30, 50, 20, 40), Box(0, 100, 30, 40))


def test_boxes_of_words_stand_alone_and_once() -> None:
    printed = page("Hà Nội")
    assert boxes_of(printed, match_page(parse("hà nội"), printed)) == (Box(0, 0, 20, 40), Box(30, 0, 30, 40))
    printed = page("a a a")
    assert len(boxes_of(printed, match_page(parse('"a a"'), printed))) == 2
    assert len(boxes_of(printed, match_page(parse("a NEAR/2 a"), printed))) >= 1


LONG = " ".join(f"chữ{at}" for at in range(200)) + " chùa Tiên ở phía bắc " + " ".join(f"sau{at}" for at in range(200))


def test_a_snippet_is_cut_around_the_match() -> None:
    printed = page(LONG)
    cut = snippet(printed, match_page(parse("chùa bắc"), printed))
    text = "".join(part for part, _ in cut.parts)
    assert [part for part, mark in cut.parts if mark] == ["chùa", "bắc"]
    assert 150 < len(text) < 220
    assert text.startswith("… ")
    assert text.endswith(" …")
    assert [printed.words[at].text for at in cut.words] == text.strip("… ").split()


def test_a_snippet_shows_the_place_where_most_words_meet() -> None:
    printed = page("chùa " + "x " * 150 + "chùa làng " + "x " * 150 + "làng")
    cut = snippet(printed, match_page(parse("chùa làng"), printed))
    assert [part for part, mark in cut.parts if mark] == ["chùa làng"]


def test_a_short_page_is_shown_whole_and_a_miss_unmarked() -> None:
    printed = page("một trang\nngắn")
    assert snippet(printed, match_page(parse("trang"), printed)).parts == (
        ("một ", False),
        ("trang", True),
        (" ngắn", False),
    )
    assert snippet(printed, match_page(parse("vắng"), printed)).parts == (("một trang ngắn", False),)
    assert snippet(page(""), match_page(parse("vắng"), page(""))).parts == ()


def test_a_broken_word_reads_on_in_the_snippet() -> None:
    printed = page("the infor-\nmation desk")
    cut = snippet(printed, match_page(parse("information"), printed))
    assert cut.parts == (("the ", False), ("infor-mation", True), (" desk", False))


def test_a_record_has_snippets_too() -> None:
    parts = snippet_of_text(parse("lạng sơn"), "Địa chí Lạng Sơn\nNguyễn Văn A")
    assert parts == (("Địa chí ", False), ("Lạng Sơn", True), (" Nguyễn Văn A", False))
    assert snippet_of_text(parse("x"), "") == ()


PRINTED = st.lists(
    st.lists(st.text("ađviệtNam-‐.,19\u00ad\u200b漢\u0301", min_size=1, max_size=8), min_size=1, max_size=5), max_size=5
)


@example([["i‐", "\u200b"], ["a"]])
@example([["i‐"], ["\u00ad", "a"]])
@example([["i\u00ad\u200b"], ["a"]])
@example([["i‐\u200b"], ["a"]])
@example([["i-", "a-"], ["-", "\u00ad"], ["\u00ad"]])
@settings(max_examples=400)
@given(PRINTED)
def test_the_page_is_read_as_it_was_indexed(lines: list[list[str]]) -> None:
    words = [Word(text, Box(0, 0, 1, 1), 90.0, line, 0) for line, texts in enumerate(lines) for text in texts]
    printed = PageText(10, 10, tuple(words), READING)
    columns = columns_of(printed)
    assert PrintedRun(columns.texts, columns.line_ends).keys == text_keys(clean(printed.text))
    assert columns.page_text(READING) == printed


@given(PRINTED, st.sampled_from(["a", "việt", '"a a"', "a*", "a NEAR/2 việt", "a OR đ", "a -đ"]))
def test_snippet_marks_and_boxes_agree(lines: list[list[str]], query: str) -> None:
    words = [
        Word(text, Box(at, line, 1, 1), 90.0, line, 0)
        for line, texts in enumerate(lines)
        for at, text in enumerate(texts)
    ]
    printed = PageText(10, 10, tuple(words), READING)
    matches = match_page(parse(query), printed)
    cut = snippet(printed, matches, length=10_000)
    assert bool(boxes_of(printed, matches)) == bool(matches.words) == any(mark for _, mark in cut.parts)
    assert cut.words == tuple(range(len(words)))
