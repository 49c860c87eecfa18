"""Where words begin and end, in modern text and in old prints."""

import lzma

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shared_data import SHARED

from repository.domain.vietnamese import Token, clean, keys, text_keys, tokenize

ODD = st.text(st.sampled_from("aăđưviệtNamVN0123456789.,-‐¬\u00ad \n\t\f\r漢字😀\u0301\u0323\u200b'’"), max_size=60)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Thư viện tỉnh, năm 1945.", ["Thư", "viện", "tỉnh", "năm", "1945"]),
        ("Việt-Nam", ["Việt", "Nam"]),
        ("ngôn-ngữ-học", ["ngôn", "ngữ", "học"]),
        ("Việt-\nNam", ["Việt", "Nam"]),
        ("Việt-\nnam", ["Việt", "nam"]),
        ("Bắc-  \n  Kỳ", ["Bắc", "Kỳ"]),
        ("lục-\ntục", ["lục", "tục"]),
        ("nghi-\nêm trang", ["nghiêm", "trang"]),
        ("ngh-\niêm", ["nghiêm"]),
        ("infor-\nmation", ["information"]),
        ("INFOR-\nMATION", ["INFORMATION"]),
        ("infor\u00ad\nmation", ["information"]),
        ("in-ter-na-\ntional", ["in", "ter", "national"]),
        ("ho-\ntel", ["hotel"]),
        ("1945-\n1954", ["1945", "1954"]),
        ("70.000 trang", ["70.000", "trang"]),
        ("1.234.567,89", ["1.234.567", "89"]),
        ("8.10.2020", ["8", "10", "2020"]),
        ("20.10.202", ["20", "10", "202"]),
        ("3,14", ["3", "14"]),
        ("năm 1945.", ["năm", "1945"]),
        ("2.500m", ["2.500", "m"]),
        ("A.2929 VNb.58", ["A", "2929", "VNb", "58"]),
        ("大越史記 Đại Việt", ["大", "越", "史", "記", "Đại", "Việt"]),
        ("ភាសាខ្មែរ", ["ភាសាខ្មែរ"]),
        ("vui😀quá", ["vui", "quá"]),
        ("M’nông K'Ho", ["M", "nông", "K", "Ho"]),
        ("…—“”", []),
        ("", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert [token.text for token in tokenize(clean(text))] == words


def test_a_joined_word_spans_both_halves() -> None:
    assert tokenize("a infor-\nmation b")[1] == Token("information", 2, 15)


def test_a_run_too_long_for_a_word_is_parted() -> None:
    assert [len(token.text) for token in tokenize("a" * 150)] == [64, 64, 22]


@given(st.text() | ODD)
def test_offsets_point_at_the_words_and_never_go_back(text: str) -> None:
    end = 0
    for token in tokenize(text):
        assert end <= token.start < token.end <= len(text)
        end = token.end
        spanned = text[token.start : token.end]
        assert spanned == token.text or (
            "\n" in spanned and spanned.startswith(token.text[:1]) and spanned.endswith(token.text[-1:])
        )


@given(st.text() | ODD)
def test_the_fast_way_gives_the_same_keys(text: str) -> None:
    tidy = clean(text)
    assert text_keys(tidy) == [keys(token.text) for token in tokenize(tidy)]


@given(st.text() | ODD)
def test_every_word_has_every_key(text: str) -> None:
    for word in text_keys(clean(text)):
        assert word.k1
        assert word.k2
        assert word.k3
        assert not any(letter.isspace() for letter in word.k1 + word.k2 + word.k3)


def test_real_text_loses_no_letters() -> None:
    with lzma.open(SHARED / "text_vi" / "older" / "tat_den.txt.xz", "rt", encoding="utf-8") as file:
        text = clean(file.read())
    assert "".join(token.text for token in tokenize(text)) == "".join(letter for letter in text if letter.isalnum())
