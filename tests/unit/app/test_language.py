"""Vietnamese first, English for those who ask; every sentence has both."""

import string
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from app.language import translate
from repository.domain.batches import Reason
from repository.domain.errors import WrongUse

ROOT = Path(__file__).parents[3]
CATALOGUE = ROOT / "app" / "translations" / "en" / "LC_MESSAGES" / "messages.po"


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("", "vi"), ("vi", "vi"), ("en-GB,en;q=0.8,vi;q=0.5", "en"), ("vi,en;q=0.9", "vi"), ("fr,de", "vi")],
)
def test_a_browser_that_first_wants_english_gets_it(shelves, accepted, language):
    page = shelves.browser().get("/", headers={"Accept-Language": accepted}).get_data(as_text=True)
    assert f'<html lang="{language}">' in page


def test_a_choice_is_remembered_and_outweighs_the_browser(shelves):
    client = shelves.browser()
    assert '<html lang="en">' in client.get("/?lang=en").get_data(as_text=True)
    assert '<html lang="en">' in client.get("/items").get_data(as_text=True)
    assert '<html lang="vi">' in client.get("/items?lang=vi").get_data(as_text=True)
    assert '<html lang="vi">' in client.get("/", headers={"Accept-Language": "en"}).get_data(as_text=True)


def test_unknown_languages_are_left_alone(shelves):
    answer = shelves.browser().get("/?lang=../../etc")
    assert '<html lang="vi">' in answer.get_data(as_text=True)
    assert "Set-Cookie" not in answer.headers


def test_the_other_language_is_the_same_page(shelves):
    page = shelves.browser().get("/search?q=ch%C3%A8&kind=book&endpoint=x&_scheme=y").get_data(as_text=True)
    assert 'href="/search?q=ch%C3%A8&amp;kind=book&amp;endpoint=x&amp;_scheme=y&amp;lang=en"' in page


def test_errors_and_reasons_are_told_in_the_language_of_the_request(shelves):
    reason = Reason("Trùng ảnh với {other}.", {"other": "DC0001"})
    with shelves.app.test_request_context("/"):
        assert translate(reason) == "Trùng ảnh với DC0001."
    with shelves.app.test_request_context("/?lang=en"):
        assert translate(reason) == "Same picture as DC0001."
        assert translate(WrongUse("Câu không có trong danh mục {x}.", x=1)) == "Câu không có trong danh mục 1."


def messages() -> set[str]:
    keywords = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
    methods = [("**.html", "jinja2"), ("**.py", "python")]
    found = set()
    for room in ("app", "config", "iiif", "ingest", "ocr", "repository"):
        for _file, _line, message, _comments, _context in extract_from_dir(ROOT / room, methods, {}, keywords):
            found.add(message[0] if isinstance(message, tuple) else message)
    return found


def catalogue() -> dict[str, tuple[str, ...]]:
    with CATALOGUE.open("rb") as file:
        read = read_po(file, locale="en")
    return {
        message.id[0] if isinstance(message.id, tuple) else message.id: (
            message.string if isinstance(message.string, tuple) else (message.string,)
        )
        for message in read
        if message.id and not message.fuzzy
    }


def test_every_sentence_has_its_english():
    told = catalogue()
    missing = sorted(sentence for sentence in messages() if not all(told.get(sentence, ("",))))
    assert missing == [], "run `scripts/translations`, fill in what is empty, run it again"


def test_translations_have_the_same_gaps():
    def gaps(sentence: str) -> set[str]:
        named = {name for _, name, _, _ in string.Formatter().parse(sentence) if name} if "{" in sentence else set()
        return named | {part.partition(")")[0] for part in sentence.split("%(")[1:]}

    for sentence, told in catalogue().items():
        for one in told:
            assert gaps(one) == gaps(sentence), sentence
