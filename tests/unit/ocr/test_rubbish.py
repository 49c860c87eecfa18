"""Rubbish is left out; print never is."""

from ocr.rubbish import without_rubbish
from repository.domain.pages import Box, Word


def words(*read: tuple[str, float]) -> tuple[Word, ...]:
    return tuple(Word(text, Box(0, 0, 9, 9), confidence, 0, 0) for text, confidence in read)


def test_signs_nobody_printed_go_and_words_stay() -> None:
    kept = without_rubbish(words(("Cổ", 91), ("|", 4), ("Loa", 88), ("~—", 0)))
    assert [word.text for word in kept] == ["Cổ", "Loa"]


def test_punctuation_read_with_some_certainty_stays() -> None:
    assert len(without_rubbish(words(("Cổ", 91), ("–", 45), ("Loa", 88)))) == 3


def test_an_unsure_word_among_sure_ones_stays() -> None:
    assert len(without_rubbish(words(("Cổ", 91), ("Lqa", 3)))) == 2


def test_a_page_of_hardly_anything_like_words_is_empty() -> None:
    assert without_rubbish(words(*[("⁄Ô/J.1ÍHT", 70), ("Öđ", 12), ("a", 95), ("SuY", 80), ("vá", 25)] * 4)) == ()


def test_a_caption_among_the_grain_of_a_photograph_stays() -> None:
    caption = words(("Đình", 93), ("làng", 95), ("1936", 90), *[("§/", 20)] * 20)
    assert {word.text for word in without_rubbish(caption)} >= {"Đình", "làng", "1936"}


def test_a_table_of_numbers_stays() -> None:
    assert len(without_rubbish(words(("12", 95), ("3.540", 91), ("1936–1940", 80), ("%", 60)))) == 4


def test_old_hyphenated_words_are_words() -> None:
    assert len(without_rubbish(words(("Việt-Nam", 93), ("(Hà-nội),", 95)))) == 2


def test_no_words_give_no_words() -> None:
    assert without_rubbish(()) == ()
