"""Titles in the order of a Vietnamese list."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from repository.domain.collation import sort_key


def ordered(*titles: str) -> bool:
    return all(sort_key(one) < sort_key(other) for one, other in pairwise(titles))


def test_letters_with_marks_are_letters_of_their_own() -> None:
    assert ordered("an", "ăn", "ân", "ba", "da", "đa", "e", "ê", "o", "ô", "ơ", "u", "ư", "v")


def test_tones_decide_last() -> None:
    assert ordered("ma", "mà", "mả", "mã", "má", "mạ")
    assert ordered("ba ba", "bà ba", "bá chủ", "ba má")


def test_numbers_by_value() -> None:
    assert ordered("Tập 2", "Tập 10", "Tập 100")
    assert sort_key("Tập 02") == sort_key("tập 2")


def test_case_and_punctuation_do_not_count() -> None:
    assert sort_key("“Địa chí” Lạng Sơn") == sort_key("địa chí lạng sơn")


@given(st.text())
def test_any_title_has_a_place_whatever_its_case(title: str) -> None:
    assert sort_key(title.lower()) == sort_key(title.lower().strip())
