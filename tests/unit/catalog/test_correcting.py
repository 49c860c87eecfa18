"""Hand corrections keep the words' places and outlive later readings."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from people import OTHER_STAFF, PASSER_BY, STAFF

from config.services import Services
from repository.catalog.correcting import corrected
from repository.db.pages import NewPage
from repository.db.texts import OCR
from repository.domain.access import AccessLevel
from repository.domain.errors import AccessRefused, WrongUse
from repository.domain.pages import Box, PageText, Reading, Word
from repository.domain.records import AccessSetting, Description

ENGINE = Reading("tesseract 5.3.0", "vie", {"psm": 3})


def read(*lines: str, reading: Reading = ENGINE) -> PageText:
    """A page with a word every 100 pixels and a line every 50."""
    words = tuple(
        Word(text, Box(100 * at, 50 * line, 90, 40), 80.0, line, 0)
        for line, words in enumerate(lines)
        for at, text in enumerate(words.split())
    )
    return PageText(1000, 1000, words, reading)


def test_a_changed_word_takes_the_place_of_the_one_it_corrects() -> None:
    page = corrected(read("Trãm về kinh", "năm 1802"), ["Trẫm về kinh", "năm 1802"])
    assert [word.text for word in page.words] == ["Trẫm", "về", "kinh", "năm", "1802"]
    assert page.words[0].box == Box(0, 0, 90, 40)
    assert page.reading.engine == "person"


def test_words_that_were_glued_share_the_room() -> None:
    page = corrected(read("vàbiểu dương"), ["và biểu dương"])
    first, second, third = page.words
    assert first.box.x == 0
    assert first.box.x + first.box.w <= second.box.x
    assert second.box.x + second.box.w <= 90
    assert third.box.x == 100


def test_the_number_of_lines_must_stay() -> None:
    with pytest.raises(WrongUse):
        corrected(read("một", "hai"), ["một hai"])


@given(st.lists(st.text(max_size=30), min_size=1, max_size=4))
def test_whatever_is_typed_stands_inside_its_line(lines: list[str]) -> None:
    before = read(*["một hai ba"] * len(lines))
    page = corrected(before, lines)
    for word in page.words:
        assert word.text
        assert not word.text.isspace()
        assert word.box.w >= 1
        assert word.box.h == 40
        assert word.box.y == 50 * word.line


@pytest.fixture
def page_id(site: Services) -> str:
    batch = site.intake.open_batch(STAFF, "Lô")
    file = site.intake.receive(STAFF, batch.id, "DC1_1.tif", io.BytesIO(b"II*\0"))
    with site.ledger.write() as work:
        item = work.items.add("TV", "DC1", b"", Description("Địa chí"), AccessSetting(AccessLevel.PUBLIC))
        page = work.pages.add(NewPage(item.id, batch.id, file.id, 0, "1", "1"))
        work.steps.owe_all(page.id)
        work.texts.add(page.id, OCR, read("Trãm về kinh"), "one", "tesseract")
    return page.id


def test_a_correction_survives_reading_again(site: Services, page_id: str) -> None:
    site.correcting.correct(STAFF, page_id, ["Trẫm về kinh"])
    with site.ledger.write() as work:
        work.texts.add(page_id, OCR, read("Trắm về kinh"), "two", "tesseract")
    text = site.reading.text(STAFF, page_id)
    assert text is not None
    assert text.text == "Trẫm về kinh"
    assert [version.source for version in site.correcting.versions(page_id)] == ["ocr", "correction", "ocr"]


def test_reading_the_same_again_makes_no_new_version(site: Services, page_id: str) -> None:
    with site.ledger.write() as work:
        work.texts.add(page_id, OCR, read("Trãm về kinh"), "one", "tesseract")
    assert len(site.correcting.versions(page_id)) == 1


@pytest.mark.parametrize("visitor", [PASSER_BY, OTHER_STAFF])
def test_others_may_not_correct(site: Services, page_id: str, visitor: object) -> None:
    with pytest.raises(AccessRefused):
        site.correcting.correct(visitor, page_id, ["x"])  # type: ignore[arg-type]
