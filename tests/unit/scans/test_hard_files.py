"""What happens to every file of the hard collection: opened right, or refused with a sentence that says what to do."""

import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from shared_data import SHARED

from repository.domain.errors import InputRefused, PasswordNeeded
from repository.scans import Limits, MediaType, open_scan, read_image, take_page

HARD = SHARED / "hard"


@dataclass(frozen=True)
class Opened:
    """Pages as (width, height, how): upright pixels. A page may be refused by itself: the words its sentence has."""

    kind: MediaType
    pages: list[tuple[int, int, str] | str]
    colour: bool | None = None
    password: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refused:
    """Words of the sentence, and the kind of error."""

    words: str
    kind: type[InputRefused] = field(default=InputRefused)


JPEG, TIFF, PDF, PNG, JP2 = MediaType.JPEG, MediaType.TIFF, MediaType.PDF, MediaType.PNG, MediaType.JP2
LETTER = (2550, 3300)

OUTCOMES: dict[str, Opened | Refused] = {
    "ocrmypdf/acroform.pdf": Opened(PDF, [(1667, 300, "rendered")]),
    "ocrmypdf/baiona_cmyk.jpg": Opened(JPEG, [(640, 682, "original")], colour=True),
    "ocrmypdf/blank.pdf": Opened(PDF, [(*LETTER, "rendered")]),
    "ocrmypdf/cardinal.pdf": Opened(PDF, [(*side, "rendered") for side in (LETTER, LETTER[::-1]) * 2], colour=False),
    "ocrmypdf/ccitt.pdf": Opened(PDF, [(*LETTER, "extracted")], colour=False),
    "ocrmypdf/cmyk.pdf": Opened(PDF, [(900, 900, "rendered")], colour=True),
    "ocrmypdf/docinfo_latin1_key.pdf": Opened(PDF, [(*LETTER, "rendered")]),
    "ocrmypdf/enormous.pdf": Opened(PDF, [(9000, 9000, "rendered")]),
    "ocrmypdf/francais.pdf": Opened(PDF, [(900, 900, "rendered")]),
    "ocrmypdf/graph_ocred.pdf": Opened(PDF, [(958, 400, "extracted")], colour=True),
    "ocrmypdf/hugemono.pdf": Opened(PDF, [(9917, 9917, "rendered")], colour=False),
    "ocrmypdf/invalid.pdf": Refused("PDF bị hỏng"),
    "ocrmypdf/jbig2.pdf": Opened(PDF, [(*LETTER, "rendered")], colour=False),
    "ocrmypdf/lichtenstein.pdf": Opened(PDF, [(512, 512, "extracted")], colour=False),
    "ocrmypdf/linn.png": Opened(PNG, [(*LETTER, "original")]),
    "ocrmypdf/linn.txt": Refused("văn bản thuần"),
    "ocrmypdf/masks.pdf": Opened(PDF, [(2481, 3508, "rendered")], colour=True),
    "ocrmypdf/multipage.pdf": Opened(
        PDF,
        [
            (800, 981, "extracted"),
            (9000, 9000, "rendered"),
            (958, 400, "rendered"),
            (958, 400, "extracted"),
            (612, 792, "rendered"),
            (3300, 2550, "rendered"),
        ],
    ),
    "ocrmypdf/no_contents.pdf": Opened(PDF, [(3000, 3000, "rendered")]),
    "ocrmypdf/rotated_skew.pdf": Opened(PDF, [(*LETTER, "rendered")]),
    "ocrmypdf/tagged.pdf": Opened(PDF, [(2481, 3508, "rendered")] * 2),
    "ocrmypdf/truetype_font_nomapping.pdf": Opened(PDF, [(*LETTER, "rendered")]),
    "pikepdf/378014596.pdf": Refused("PDF bị hỏng"),
    "pikepdf/ccitt-endofline-true.pdf": Opened(PDF, [(2416, 3437, "extracted")], colour=False),
    "pikepdf/content-stream-errors.pdf": Opened(PDF, [(*LETTER, "rendered")] * 4),
    "pikepdf/cyclic-toc.pdf": Opened(PDF, ["không vẽ được"]),
    "pikepdf/graph-encrypted.pdf": Opened(PDF, [(2272, 1848, "rendered")], password=("sai", "user")),
    "pikepdf/jbig2global.pdf": Opened(PDF, [(4000, 2864, "rendered")], colour=False),
    "pikepdf/pike-jp2.pdf": Opened(PDF, [(120, 44, "extracted")], colour=True),
    "pikepdf/sandwich.pdf": Opened(PDF, [(*LETTER, "extracted")], colour=False),
    "pillow/16bit.cropped.tif": Opened(TIFF, [(64, 64, "original")], colour=False),
    "pillow/broken_exif_dpi.jpg": Opened(JPEG, [(100, 100, "original")]),
    "pillow/crash-0c7e0e8e11ce787078f00b5b0ca409a167f070e0.tif": Refused("cắt cụt"),
    "pillow/decompression_bomb.gif": Refused("bị hỏng"),
    "pillow/decompression_bomb.ico": Refused("biểu tượng"),
    "pillow/duplicate_xref_entry.pdf": Refused("quá nhỏ"),
    "pillow/g4-multi.tiff": Opened(TIFF, [(3307, 4677, "original")] * 3, colour=False),
    "pillow/g4_orientation_6.tif": Opened(TIFF, [(590, 88, "original")], colour=False),
    "pillow/hopper_bigtiff.tif": Opened(TIFF, [(128, 128, "original")], colour=True),
    "pillow/hopper_lzma.tif": Opened(TIFF, [(128, 128, "original")], colour=True),
    "pillow/hopper_orientation_6.jpg": Opened(JPEG, [(128, 128, "original")], colour=True),
    "pillow/junk_jpeg_header.jpg": Opened(JPEG, [(1024, 768, "original")], colour=True),
    "pillow/multipage.tiff": Opened(TIFF, [(10, 10, "original"), (10, 10, "original"), (20, 20, "original")]),
    "pillow/multipage_single_frame_loop.tiff": Opened(TIFF, [(10, 10, "original")]),
    "pillow/not_enough_data.jp2": Refused("bị hỏng"),
    "pillow/old-style-jpeg-compression.tif": Opened(TIFF, [(4160, 870, "original")], colour=True),
    "pillow/oom-225817ca0f8c663be7ab4b9e717b02c661e66834.tif": Refused("cắt cụt"),
    "pillow/pport_g4.tif": Opened(TIFF, [(2548, 3296, "original")], colour=False),
    "pillow/test-card-lossy-tiled.jp2": Opened(JP2, [(640, 480, "original")], colour=True),
    "pillow/tiff_16bit_RGB.tiff": Opened(TIFF, [(100, 40, "original")], colour=True),
    "pillow/tiff_strip_cmyk_jpeg.tif": Opened(TIFF, [(100, 100, "original")], colour=True),
    "pillow/total-pages-zero.tif": Opened(TIFF, [(1728, 2156, "original")] * 3, colour=False),
    "pillow/trailer_loop.pdf": Refused("quá nhỏ"),
    "pillow/truncated_image.png": Refused("cắt cụt"),
    "pillow/truncated_jpeg.jpg": Refused("cắt cụt"),
}


def test_the_table_has_every_file() -> None:
    files = {str(path.relative_to(HARD)) for path in HARD.glob("*/*") if path.parent.name != "LICENSES"}
    assert files == set(OUTCOMES)
    assert len(OUTCOMES) == 55


SLOW = ["ocrmypdf/enormous.pdf", "ocrmypdf/hugemono.pdf", "ocrmypdf/multipage.pdf"]


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in OUTCOMES]
)
def test_a_hard_file_is_opened_right_or_refused(name: str, tmp_path: Path) -> None:
    outcome = OUTCOMES[name]
    if isinstance(outcome, Refused):
        with pytest.raises(InputRefused) as refusal:
            open_scan(HARD / name, name)
        assert type(refusal.value) is outcome.kind
        assert outcome.words in str(refusal.value)
        assert "hãy" in str(refusal.value)
        return
    scan = open_scan(HARD / name, name, passwords=outcome.password)
    assert (scan.media_type, scan.page_count) == (outcome.kind, len(outcome.pages))
    for page, expected in zip(scan.pages, outcome.pages, strict=True):
        if isinstance(expected, str):
            with pytest.raises(InputRefused, match=expected):
                take_page(HARD / name, page.index, tmp_path)
            continue
        taken = take_page(HARD / name, page.index, tmp_path, passwords=outcome.password)
        image = read_image(taken.path, taken.frame, taken.rotate)
        height, width = image.pixels.shape[:2]
        assert (width, height, taken.how) == expected
        assert (page.width, page.height) in ((0, 0), (width, height))
        if outcome.colour is not None:
            assert (image.pixels.ndim == 3) == outcome.colour


def test_an_encrypted_pdf_asks_for_its_password() -> None:
    path = HARD / "pikepdf/graph-encrypted.pdf"
    with pytest.raises(PasswordNeeded, match="khóa bằng mật khẩu"):
        open_scan(path, "a.pdf")
    with pytest.raises(PasswordNeeded, match="Mật khẩu đã nhập không mở được"):
        open_scan(path, "a.pdf", passwords=("sai",))
    for password in ("user", "owner"):
        assert open_scan(path, "a.pdf", passwords=(password,)).page_count == 1


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("rỗng.pdf", b"", "rỗng"),
        ("văn bản.pdf", "Địa chí Hà Đông\n".encode(), "văn bản thuần"),
        ("bản ghi.jpg", b"ID3\x03\x00" + bytes(2000), "âm thanh"),
        ("bản ghi.mp3", b"\xff\xfb\x90\x64" + bytes(2000), "âm thanh"),
        ("bản ghi.wav", b"RIFF\x24\x08\x00\x00WAVEfmt " + bytes(2000), "âm thanh"),
        ("phim.mp4", b"\x00\x00\x00\x18ftypmp42" + bytes(2000), "phim"),
        ("phim.avi", b"RIFF\x24\x08\x00\x00AVI LIST" + bytes(2000), "phim"),
        ("phim.mkv", b"\x1a\x45\xdf\xa3" + bytes(2000), "phim"),
        ("ảnh.jpg", b"\x00\x00\x00\x18ftypheic" + bytes(2000), "HEIC"),
        ("tài liệu.pdf", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "Office"),
        ("lạ.tif", b"\x07\x00\x13" * 900, "Không nhận ra"),
        ("nửa.tif", b"II*\x00\x08\x00\x00\x00", "cắt cụt"),
        ("nửa.jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", "cắt cụt"),
        ("nửa.png", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "bị hỏng"),
    ],
)
def test_what_is_no_scan_is_refused_by_its_content(name: str, data: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(InputRefused) as refusal:
        open_scan(path, name)
    assert words in str(refusal.value)
    assert "hãy" in str(refusal.value)


@pytest.mark.parametrize(
    "name", ["trang.pdf", "không đuôi", unicodedata.normalize("NFD", "Đình 🏯 làng.tif"), "a[page=3].x"]
)
def test_an_image_is_an_image_whatever_its_name(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes((HARD / "pillow/hopper_orientation_6.jpg").read_bytes())
    assert open_scan(path, name).media_type is JPEG
    taken = take_page(path, 0, tmp_path)
    assert read_image(taken.path).pixels.shape == (128, 128, 3)


def test_limits_hold_for_pages_files_and_pixels() -> None:
    three = HARD / "pillow/g4-multi.tiff"
    with pytest.raises(InputRefused, match="trang"):
        open_scan(three, "a.tif", Limits(max_pages=2))
    with pytest.raises(InputRefused, match="trang"):
        open_scan(HARD / "ocrmypdf/multipage.pdf", "a.pdf", Limits(max_pages=5))
    with pytest.raises(InputRefused, match="điểm ảnh"):
        open_scan(three, "a.tif", Limits(max_pixels=1_000_000))
    with pytest.raises(InputRefused, match="MB"):
        open_scan(three, "a.tif", Limits(max_file_bytes=1_000))
