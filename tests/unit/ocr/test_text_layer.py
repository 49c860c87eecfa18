"""The text that PDFs carry: decoded, in order, where the print is, and only when it is worth keeping."""

import unicodedata
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from legacy_pdfs import A4, Font, Maker, abc_runs, wrapped
from numpy.typing import NDArray
from ocr_pages import TEXT, draw_page
from PIL import Image
from rapidfuzz.distance import Levenshtein
from shared_data import SHARED

from ocr.clean_page import CleanPage
from ocr.page_reading import read_page
from ocr.text_layer import ENGINE, FoundLayer, layer_or_reading, text_layer
from repository.domain.legacy_tables import Encoding
from repository.domain.pages import Box, PageText, Reading, Word
from repository.scans import read_image, take_page

LEGACY = SHARED / "legacy-encodings"
ABC, ABC_H = Font("ABCDEF+.VnTime", Encoding.TCVN3), Font("ABCDEG+.VnTimeH", Encoding.TCVN3, capitals=True)
MODERN = Font("TimesNewRomanPSMT", Encoding.UNICODE, "unicode")
WORDS = TEXT.split()
MAPS = ("winansi", "tounicode", "bare", "differences", "renumbered", "identity")


class Unread:
    """An engine that must not be asked."""

    reading = Reading("none", "")

    def read(self, page: CleanPage) -> PageText:
        raise AssertionError("a page with good text of its own was read")


class Reader(Unread):
    """An engine that says one word."""

    def read(self, page: CleanPage) -> PageText:
        word = Word("đọc", Box(0, 0, 9, 9), 80, 0, 0)
        return PageText(page.to_master.width, page.to_master.height, (word,), Reading("reader", "", {"psm": 3}))


def found_in(path: Path, folder: Path, index: int = 0) -> tuple[FoundLayer | None, NDArray[np.uint8]]:
    taken = take_page(path, index, folder)
    pixels = read_image(taken.path, taken.frame, taken.rotate).pixels
    size = pixels.shape[1], pixels.shape[0]
    return text_layer(path, index, size, taken.how == "extracted", lambda: pixels), pixels


def kept_words(path: Path, folder: Path, index: int = 0) -> list[str]:
    found, _ = found_in(path, folder, index)
    assert found is not None
    assert found.refused == ""
    return [word.text for word in found.text.words]


def set_lines(maker: Maker, font: Font, words: list[str], capitals: Font | None = None, spaces: bool = True) -> None:
    for number, line in enumerate(wrapped(words, 420, 12)):
        runs = abc_runs(line, font, capitals) if capitals else [(line, font)]
        maker.line(60, 780 - 18 * number, runs, 12, spaces)


@pytest.mark.parametrize("maps", MAPS)
@pytest.mark.parametrize("named", [True, False])
def test_tcvn3_is_decoded_whatever_the_font_tells(maps: str, named: bool, tmp_path: Path) -> None:
    font = Font(ABC.name if named else "T1", Encoding.TCVN3, maps)
    words = WORDS if named else [word.lower() for word in WORDS]
    maker = Maker()
    set_lines(maker, font, words, Font(ABC_H.name, Encoding.TCVN3, maps, capitals=True) if named else None)

    assert kept_words(maker.save(tmp_path / "abc.pdf"), tmp_path) == words


@pytest.mark.parametrize("maps", MAPS)
@pytest.mark.parametrize("name", ["VNI-Times", "T1"])
def test_vni_is_decoded_whatever_the_font_tells(maps: str, name: str, tmp_path: Path) -> None:
    maker = Maker()
    set_lines(maker, Font(name, Encoding.VNI, maps), WORDS, spaces=maps != "bare")

    assert kept_words(maker.save(tmp_path / "vni.pdf"), tmp_path) == WORDS


@pytest.mark.parametrize("encoding", [Encoding.VISCII, Encoding.CP1258, Encoding.UNICODE], ids=str)
def test_other_encodings_are_told_by_what_they_say(encoding: Encoding, tmp_path: Path) -> None:
    maker = Maker()
    maps = "unicode" if encoding is Encoding.UNICODE else "winansi"
    words = [unicodedata.normalize("NFD", word) for word in WORDS] if maps == "unicode" else WORDS
    set_lines(maker, Font("T1", encoding, maps), words)

    found, _ = found_in(maker.save(tmp_path / "page.pdf"), tmp_path)

    assert found is not None
    assert [word.text for word in found.text.words] == WORDS
    assert found.text.reading.settings == {"encoding": encoding.value, "shown": "visible", "text layer": "kept"}
    assert found.text.reading.engine == ENGINE


def test_fonts_of_a_page_are_told_apart(tmp_path: Path) -> None:
    maker = Maker()
    maker.line(60, 800, [("HƯƠNG ƯỚC ", ABC_H), ("làng ", Font("VNI-Helve", Encoding.VNI)), ("Cổ Loa", MODERN)], 14)
    set_lines(maker, MODERN, WORDS)

    assert kept_words(maker.save(tmp_path / "mixed.pdf"), tmp_path) == "HƯƠNG ƯỚC làng Cổ Loa".split() + WORDS


@pytest.mark.parametrize("columns", [2, 3])
@pytest.mark.parametrize("shifted", [0, 6])
def test_columns_are_read_one_after_the_other(columns: int, shifted: int, tmp_path: Path) -> None:
    maker, width = Maker(), 490 // columns
    maker.line(60, 800, abc_runs("Hương ước làng Cổ Loa chép trên giấy dó, nay lưu tại thư viện tỉnh", ABC, ABC_H), 14)
    expected = "Hương ước làng Cổ Loa chép trên giấy dó, nay lưu tại thư viện tỉnh".split()
    for column in range(columns):
        words = WORDS[column * 7 :] + WORDS[: column * 7]
        for number, line in enumerate(wrapped(words, width - 16, 10)):
            maker.line(50 + column * width, 770 - column * shifted - 13 * number, abc_runs(line, ABC, ABC_H), 10)
        expected += words

    assert kept_words(maker.save(tmp_path / "columns.pdf"), tmp_path) == expected


def test_tables_and_the_head_of_a_letter_are_read_across(tmp_path: Path) -> None:
    rows = [
        ("ỦY BAN NHÂN DÂN", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"),
        ("TỈNH CAO BẰNG", "Độc lập - Tự do - Hạnh phúc"),
        ("1 Nguyễn Văn An", "xóm Đình, xã Cổ Loa"),
        ("2 Trần Thị Bưởi", "phố Huế"),
        ("3 Lê Đức", "thôn Mạch Tràng, huyện Đông Anh, phía bắc"),
        ("4 Hoàng Thị Thu Hương", "bản Lũng Cú, Đồng Văn"),
        ("5 Vũ Dũng", "Hà Nội, đường Láng"),
        ("6 Nông Quốc Chấn", "Bắc Kạn, nay thuộc tỉnh Thái Nguyên"),
        ("7 Đỗ Ngọc Quỳnh Như", "Hải Phòng"),
    ]
    maker = Maker()
    for number, (left, right) in enumerate(rows):
        maker.line(50, 780 - 20 * number, abc_runs(left, ABC, ABC_H), 12)
        maker.line(300, 780 - 20 * number, abc_runs(right, ABC, ABC_H), 12)

    assert kept_words(maker.save(tmp_path / "table.pdf"), tmp_path) == " ".join(f"{a} {b}" for a, b in rows).split()


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("crop", [None, (20, 30, 560, 800)])
def test_boxes_stand_on_the_print(rotate: int, crop: tuple[int, int, int, int] | None, tmp_path: Path) -> None:
    maker = Maker(A4, rotate, crop)
    set_lines(maker, ABC, WORDS, ABC_H)

    found, pixels = found_in(maker.save(tmp_path / "page.pdf"), tmp_path)

    assert found is not None
    assert (found.text.width, found.text.height) == pixels.shape[1::-1]
    ink = (pixels if pixels.ndim == 2 else pixels.min(axis=2)) < 128
    under = np.zeros_like(ink)
    for word in found.text.words:
        place = np.s_[word.box.y : word.box.y + word.box.h, word.box.x : word.box.x + word.box.w]
        assert ink[place].any()
        under[place] = True
    # poppler draws another font in place of one that is not there, with somewhat wider signs
    assert (ink & under).sum() > 0.96 * ink.sum()


def test_signs_printed_twice_count_once_and_spread_letters_make_words(tmp_path: Path) -> None:
    maker, x = Maker(), 60.0
    for letter in "HƯƠNG ƯỚC LÀNG":
        x = maker.line(x, 800, [(letter, MODERN)], 14) + 4
    for shift in (0, 0.3):
        for number, line in enumerate(wrapped(WORDS, 420, 12)):
            maker.line(60 + shift, 770 - 18 * number, [(line, MODERN)], 12)

    assert kept_words(maker.save(tmp_path / "bold.pdf"), tmp_path) == ["HƯƠNG", "ƯỚC", "LÀNG", *WORDS]


def scan_with_layer(path: Path, words: list[str], shift: int = 0) -> tuple[Path, Image.Image]:
    """A scanned page with `words` hidden at the places of its printed ones, `shift` pixels too low."""
    page, drawn = draw_page()
    width, height = page.size
    picture = path.with_suffix(".jpg")
    page.save(picture, quality=90)
    maker = Maker((width, height))
    for word, place in zip(words, drawn, strict=False):
        maker.line(place.box.x, height - place.box.y - place.box.h - shift, [(word, MODERN)], 42)
    maker.save(path, invisible=True)
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        image = pikepdf.Stream(
            pdf, picture.read_bytes(), Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image, Width=width,
            Height=height, ColorSpace=pikepdf.Name.DeviceGray, BitsPerComponent=8, Filter=pikepdf.Name.DCTDecode,
        )  # fmt: skip
        pdf.pages[0].Resources.XObject = pikepdf.Dictionary(Im0=image)
        pdf.pages[0].contents_add(f"q {width} 0 0 {height} 0 0 cm /Im0 Do Q".encode(), prepend=True)
        pdf.save(path)
    return path, page


def test_a_good_layer_over_a_scan_is_kept_at_its_place(tmp_path: Path) -> None:
    path, _ = scan_with_layer(tmp_path / "good.pdf", WORDS)

    text = read_page(path, 0, Unread())

    assert [word.text for word in text.words] == WORDS
    assert text.reading.settings["shown"] == "hidden"


@pytest.mark.parametrize(
    ("words", "shift", "why"),
    [
        (["17"], 0, "ink not covered"),
        (
            [word.replace("ố", "6").replace("ơ", "o'").replace("à", "ä") + "~" * (len(word) > 3) for word in WORDS],
            0,
            "",
        ),
        ([unicodedata.normalize("NFD", word).encode("ascii", "ignore").decode() for word in WORDS], 0, "marks missing"),
        ([word.replace("ộ", "ó").replace("ư", "ù").replace("â", "ã") for word in WORDS], 0, "impossible syllables"),
        (["\ue013\ue014\ue015"] * len(WORDS), 0, "unknown signs"),
        (WORDS, 60, "ink not covered"),
        (["…"], 0, "no letters"),
    ],
)
def test_a_bad_layer_is_refused_and_the_page_read(words: list[str], shift: int, why: str, tmp_path: Path) -> None:
    path, _ = scan_with_layer(tmp_path / "bad.pdf", words, shift)

    text = read_page(path, 0, Reader())

    assert text.text == "đọc"
    assert text.reading.settings["psm"] == 3
    assert str(text.reading.settings["text layer"]).startswith("refused: " + why)


def test_a_page_number_over_a_page_of_outlines_is_no_text_of_it(tmp_path: Path) -> None:
    maker = Maker()
    set_lines(maker, MODERN, WORDS)
    maker.line(300, 40, [("12", MODERN)], 10)
    path = maker.save(tmp_path / "outlines.pdf")
    found, pixels = found_in(path, tmp_path)
    assert found is not None
    number = next(word for word in found.text.words if word.text == "12")
    lone = Maker()
    lone.line(300, 40, [("12", MODERN)], 10)

    read = text_layer(lone.save(tmp_path / "n.pdf"), 0, (pixels.shape[1], pixels.shape[0]), False, lambda: pixels)

    assert read is not None
    assert [word.box for word in read.text.words] == [number.box]
    assert read.refused == "ink not covered"


def test_files_without_text_have_no_layer(tmp_path: Path) -> None:
    picture = tmp_path / "scan.png"
    draw_page()[0].save(picture)

    assert found_in(picture, tmp_path)[0] is None
    assert found_in(SHARED / "hard" / "ocrmypdf" / "ccitt.pdf", tmp_path)[0] is None
    assert read_page(picture, 0, Reader()).reading.settings == {"psm": 3}


def test_a_layer_that_cannot_be_followed_leaves_the_page_to_be_read() -> None:
    broken = FoundLayer(PageText(9, 9, (), Reading("", "")), "unreadable: InputRefused")
    read = PageText(9, 9, (), Reading("reader", "", {}))

    assert layer_or_reading(broken, lambda: read).reading.settings == {
        "text layer": "refused: unreadable: InputRefused"
    }


def letters_right(path: Path, pages: range, folder: Path) -> float:
    """Part of the marked letters of the transcript's words that were read right, in order.

    The transcripts part some words in two (`ch ỉ đạo`) that the print does not, so blanks are left out of account."""
    read = "".join(word for page in pages for word in kept_words(path, folder, page)).casefold()
    truth = "".join(unicodedata.normalize("NFC", path.with_suffix(".txt").read_text("utf-8")).casefold().split())
    right = marked = 0
    for step in Levenshtein.opcodes(truth, read):
        letters = sum(sign.isalpha() and not sign.isascii() for sign in truth[step.src_start : step.src_end])
        marked += letters
        right += letters if step.tag == "equal" else 0
    return right / marked


def test_a_circular_of_2006_is_read_as_printed(tmp_path: Path) -> None:
    (path,) = LEGACY.glob("2006-16EZE*.pdf")

    assert letters_right(path, range(3), tmp_path) >= 0.99
    assert kept_words(path, tmp_path)[:6] == ["NGÂN", "HÀNG", "NHÀ", "NƯỚC", "CỘNG", "HOÀ"]


@pytest.mark.slow
def test_a_decree_of_2004_is_read_as_printed(tmp_path: Path) -> None:
    (path,) = LEGACY.glob("2006-1E499*.pdf")

    assert letters_right(path, range(30), tmp_path) >= 0.998
