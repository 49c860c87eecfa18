"""Cleaning and keys: what is the same word, and how nearly."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repository.domain.vietnamese import clean, keys

VIETNAMESE = st.text(
    "aăâeêioôơuưydđbcghklmnpqrstvxàáảãạằắẳẵặầấẩẫậèéẻẽẹềếểễệìíỉĩịòóỏõọồốổỗộờớởỡợùúủũụừứửữựỳýỷỹỵ", max_size=8
)


@pytest.mark.parametrize(
    ("dirty", "tidy"),
    [
        ("Ðà Nẵng", "Đà Nẵng"),
        ("thƣ viện", "thư viện"),
        ("TRƢỜNG", "TRƯỜNG"),
        ("thư\u00a0viện", "thư viện"),
        ("thư\u00adviện", "thưviện"),
        ("dòng\u00ad\ndưới", "dòng-\ndưới"),
        ("a\u200bb\ufeffc\u2060", "abc"),
        ("a\x00b\x1bc", "abc"),
        ("một\r\nhai\rba\x85bốn", "một\nhai\nba\nbốn"),
        ("giữ\tlại\nvà\fsang trang", "giữ\tlại\nvà\fsang trang"),
        ("vie\u0323\u0302t", "việt"),
        ("â\u0323", "ậ"),
        ("a\u200b\u0301", "á"),
        ("lẻ \ud800 loi", "lẻ  loi"),
    ],
)
def test_clean(dirty: str, tidy: str) -> None:
    assert clean(dirty) == tidy


@pytest.mark.parametrize(
    ("one", "other"),
    [("hoà", "hòa"), ("Thuỷ", "THỦY"), ("lí", "lý"), ("Mĩ", "Mỹ"), ("qui", "quy"), ("kĩ", "kỹ"), ("lựơng", "lượng"),
     ("70.000", "70000"), ("1,250", "1250"), ("thƣ", "thư")],
)  # fmt: skip
def test_spellings_of_one_word_share_the_exact_key(one: str, other: str) -> None:
    assert keys(one).k1 == keys(other).k1


@pytest.mark.parametrize(
    ("one", "other"),
    [("quý", "quỳ"), ("hòa", "hóa"), ("thúy", "thúi"), ("ý", "í"), ("máy", "mái"), ("yên", "iên"), ("đường", "đương")],
)
def test_other_words_do_not(one: str, other: str) -> None:
    assert keys(one).k1 != keys(other).k1


def test_keys_from_exact_to_coarse() -> None:
    word = keys("Đường")
    assert (word.k1, word.k2, word.k3) == ("đường", "đương", "duong")
    assert [word.at(tier) for tier in (1, 2, 3)] == ["đường", "đương", "duong"]
    assert word.marked
    assert not keys("NAM").marked


@given(st.text() | VIETNAMESE)
def test_clean_twice_is_clean_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    assert unicodedata.is_normalized("NFC", clean(text))


@given(st.text(st.characters(exclude_categories=["Cs"])) | VIETNAMESE)
def test_keys_do_not_depend_on_the_unicode_form(word: str) -> None:
    assert keys(unicodedata.normalize("NFD", word)) == keys(unicodedata.normalize("NFC", word))


@given(VIETNAMESE)
def test_keys_do_not_depend_on_case(word: str) -> None:
    assert keys(word.upper()) == keys(word)


@given(st.text() | VIETNAMESE)
def test_folding_twice_is_folding_once(word: str) -> None:
    once = keys(word)
    assert keys(once.k1) == once
    assert (keys(once.k2).k2, keys(once.k2).k3) == (once.k2, once.k3)
    assert keys(once.k3).k3 == once.k3


@given(VIETNAMESE, VIETNAMESE)
def test_each_key_is_coarser_than_the_one_before(one: str, other: str) -> None:
    first, second = keys(one), keys(other)
    assert first.k1 != second.k1 or first.k2 == second.k2
    assert first.k2 != second.k2 or first.k3 == second.k3
