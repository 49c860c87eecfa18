"""Tesseract behind the port: words where they stand, and a named error for whatever goes wrong."""

import os
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from ocr_pages import Drawn, draw_page, overlap, scanned, turned_box
from PIL import Image
from rapidfuzz.distance import Levenshtein
from shared_data import SHARED

from ocr.cleaning import clean
from ocr.port import OcrEngine
from ocr.tesseract import Tesseract
from repository.domain.errors import EngineFailed
from repository.domain.pages import Box, PageText
from repository.scans import PageImage, read_image

PAGE, WORDS = draw_page()


def read(pixels: NDArray[np.uint8], dpi: int = 300) -> PageText:
    engine: OcrEngine = Tesseract()
    return engine.read(clean(PageImage(pixels, dpi)))


def boxes_by_word(text: PageText) -> dict[str, Box]:
    return {word.text: word.box for word in text.words}


def assert_in_place(text: PageText, drawn: list[Drawn]) -> None:
    """Nearly all words are found, each where it was drawn."""
    found = boxes_by_word(text)
    once = [word for word in drawn if sum(other.text == word.text for other in drawn) == 1]
    overlaps = [overlap(found[word.text], word.box) for word in once if word.text in found]
    assert len(overlaps) >= 0.95 * len(once)
    assert np.median(overlaps) > 0.75
    assert min(overlaps) > 0.4


def test_words_come_in_reading_order_with_boxes_lines_and_confidence() -> None:
    text = read(np.asarray(PAGE))
    assert [word.text for word in text.words] == [word.text for word in WORDS]
    assert_in_place(text, WORDS)
    assert (text.width, text.height) == PAGE.size
    assert [word.line for word in text.words] == sorted(word.line for word in text.words)
    assert {word.line for word in text.words} == set(range(5))
    assert [word.block for word in text.words] == sorted(word.block for word in text.words)
    assert text.words[0].block == 0
    assert all(0 <= word.confidence <= 100 for word in text.words)
    assert text.confidence > 85
    assert text.text.splitlines()[0] == "Xã Cổ Loa thuộc huyện Đông Anh, phía bắc sông Hồng, dân cư đông đúc."


def test_words_are_nfc() -> None:
    text = read(np.asarray(PAGE)).text
    assert "Thục" in text
    assert unicodedata.is_normalized("NFC", text)


@pytest.mark.parametrize("degrees", [-1.2, 2.0])
def test_boxes_of_a_skewed_page_are_in_master_pixels(degrees: float) -> None:
    turned = PAGE.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=255)
    text = read(scanned(turned))
    assert_in_place(text, [Drawn(word.text, turned_box(word.box, degrees, PAGE.size)) for word in WORDS])


def test_boxes_of_a_page_of_low_resolution_are_in_master_pixels() -> None:
    small = PAGE.resize((PAGE.width // 2, PAGE.height // 2), Image.Resampling.LANCZOS)
    text = read(np.asarray(small), 150)
    assert (text.width, text.height) == small.size
    halves = [Drawn(word.text, Box(*(side // 2 for side in _sides(word.box)))) for word in WORDS]
    assert_in_place(text, halves)


def _sides(box: Box) -> tuple[int, int, int, int]:
    return box.x, box.y, box.w, box.h


def test_the_reading_tells_what_made_the_text() -> None:
    small = scanned(PAGE.resize((PAGE.width // 2, PAGE.height // 2), Image.Resampling.LANCZOS))
    reading = read(small, 150).reading
    assert reading.engine.startswith("tesseract 5.")
    assert reading.model.startswith("vie sha256:")
    assert reading.settings["psm"] == 3
    assert reading.settings["oem"] == 1
    assert reading.settings["language"] == "vie"
    assert reading.settings["dpi"] in range(200, 300)
    assert "enlarge" in str(reading.settings["cleaning"])


def test_reading_twice_gives_the_same() -> None:
    assert read(np.asarray(PAGE)) == read(np.asarray(PAGE))


def blank() -> NDArray[np.uint8]:
    return scanned(Image.new("L", (1748, 2480), 245))


def specks() -> NDArray[np.uint8]:
    pixels = blank()
    pixels[np.random.default_rng(1).random(pixels.shape) < 0.003] = 20
    return pixels


def other_side() -> NDArray[np.uint8]:
    """An empty page through which the print of its other side shows."""
    front = Image.open(SHARED / "ocr-dev/002.jpg").convert("L").crop((0, 0, 2480, 1200))
    back = np.asarray(front.transpose(Image.Transpose.FLIP_LEFT_RIGHT).reduce(2).resize(front.size), np.float32)
    return scanned(Image.fromarray((255 - (255 - back) * 0.3 - 18).astype(np.uint8)))


@pytest.mark.parametrize("page", [blank, specks, other_side])
def test_a_page_without_print_has_no_words(page: object) -> None:
    assert callable(page)
    assert read(page()).words == ()


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (8, 8), (1, 2000), (9, 32_700)])
@pytest.mark.parametrize("level", [0, 255])
def test_a_sliver_has_no_words(shape: tuple[int, int], level: int) -> None:
    assert read(np.full(shape, level, np.uint8)).words == ()


def children() -> list[str]:
    """Names of this process's living children."""
    names = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = stat.read_text().partition("(")[2].rpartition(")")
        except (FileNotFoundError, ProcessLookupError):  # ended meanwhile
            continue
        if int(rest.split()[1]) == os.getpid():
            names.append(name)
    return names


def test_a_page_that_takes_too_long_is_stopped_and_its_process_gone() -> None:
    page = clean(read_image(SHARED / "ocr-dev/000.jpg"))
    with pytest.raises(EngineFailed, match=r"0\.3 giây"):
        Tesseract(timeout=0.3).read(page)
    assert "tesseract" not in children()


@pytest.mark.slow
@pytest.mark.parametrize("kilobytes", [60_000, 92_000, 116_000])
def test_running_out_of_memory_is_an_error_not_an_empty_page(monkeypatch: pytest.MonkeyPatch, kilobytes: int) -> None:
    """At some of these limits Tesseract itself ends well and says that the page is empty."""
    page = clean(read_image(SHARED / "ocr-dev/000.jpg"))
    Tesseract().reading  # noqa: B018 - asked before memory is short
    monkeypatch.setenv("DIACHI_TOOL_KB", str(kilobytes))
    with pytest.raises(EngineFailed):
        Tesseract().read(page)


def test_a_missing_model_is_named() -> None:
    with pytest.raises(EngineFailed, match="tesseract-ocr-xyz"):
        Tesseract("xyz").read(clean(PageImage(np.asarray(PAGE), 300)))


@pytest.mark.parametrize(
    "program", ["kill -SEGV $$", "exit 0", "exit 3", 'printf "\\377" > "$2.tsv"', None], ids=lambda p: str(p)[:8]
)
def test_an_engine_that_breaks_is_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, program: str | None
) -> None:
    """Crashes, answers nothing, fails, answers rubbish bytes, or is not there at all."""
    engine, page = Tesseract(), clean(PageImage(np.asarray(PAGE), 300))
    engine.reading  # noqa: B018 - asked while all was well
    if program is not None:
        (tmp_path / "tesseract").write_text(f"#!/bin/sh\n{program}\n")
        (tmp_path / "tesseract").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineFailed):
        engine.read(page)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "most"), [("007.jpg", 0.02), ("009.jpg", 0.02), ("018.jpg", 0.02)])
def test_degraded_pages_are_read_well(name: str, most: float) -> None:
    """A shadow, a red seal, low resolution: stock Tesseract errs in 57 % and 7 % of the words of the first two."""
    image = read_image(SHARED / "ocr-dev" / name)
    truth = (SHARED / "ocr-dev" / name).with_suffix(".txt").read_text("utf-8").split()
    words = read(image.pixels, image.dpi).text.split()
    assert Levenshtein.distance(truth, words) / len(truth) < most
