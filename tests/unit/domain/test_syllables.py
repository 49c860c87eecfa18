"""Tone placement and well-formedness, by the vectors of the orthography."""

import lzma
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shared_data import SHARED

from repository.domain.syllables import split
from repository.domain.vietnamese import clean, is_syllable, tokenize, tone_style

MOVING = [("hòa", "hoà"), ("thủy", "thuỷ"), ("khỏe", "khoẻ"), ("lóe", "loé"), ("Hòa", "Hoà"), ("HÒA", "HOÀ")]
STAYING = (
    "quý quả của giữa già gì hoàn toán ngoài xoáy khuỷu xoóng huế thuở tuần nghĩa quốc quyển "
    "biển thuyền nhuộm được bìa lụa lửa"
).split()


@pytest.mark.parametrize(("old", "new"), MOVING)
def test_the_mark_moves_where_the_two_styles_differ(old: str, new: str) -> None:
    assert tone_style(old) == tone_style(new) == new


@pytest.mark.parametrize("word", STAYING)
def test_the_mark_stays_where_they_agree(word: str) -> None:
    assert tone_style(word) == word
    assert is_syllable(word)


@pytest.mark.parametrize("word", ["Kinshasa", "Đắk", "Pleiku", "", "漢", "à1", "ḳy", "áà", "X"])
def test_what_is_no_syllable_comes_back_as_it_is(word: str) -> None:
    assert tone_style(word) == word


@pytest.mark.parametrize(
    "word",
    "nghiêng ghế kẻ cá gì giếng giặt quýt quỳnh yêu yến ý uống ương khuya khuỷu hoẵng oan ngoằn "
    "hoà hòa thuý thúy Trường ĐƯỜNG học hộp".split(),
)
def test_well_formed(word: str) -> None:
    assert is_syllable(word)


@pytest.mark.parametrize(
    "word",
    "ngiêng gế ke1 cê kà qu quu học̀ hoc hot hóat vàbiểu thr sinh1 iêu hiyên thnư đuờng wa zip f".split(),
)
def test_malformed(word: str) -> None:
    assert not is_syllable(word)


def test_most_words_of_running_text_are_syllables() -> None:
    with lzma.open(SHARED / "text_vi" / "older" / "truyen_kieu.txt.xz", "rt", encoding="utf-8") as file:
        words = Counter(token.text.lower() for token in tokenize(clean(file.read())))
    odd = {word: count for word, count in words.items() if not is_syllable(word)}
    assert sum(odd.values()) / words.total() < 0.002, odd


@given(st.sampled_from(STAYING + [new for _, new in MOVING[:4]]), st.booleans())
def test_splitting_and_spelling_are_inverse(word: str, old_style: bool) -> None:
    syllable = split(word)
    assert syllable is not None
    assert split(syllable.spell(old_style)) == syllable
    assert syllable.spell() == word


@given(st.text())
def test_no_text_is_too_odd(text: str) -> None:
    is_syllable(text)
    assert tone_style(tone_style(text)) == tone_style(text)
