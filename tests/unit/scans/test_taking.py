"""Pages out of PDFs: byte for byte when a page is one image, rendered when it is not."""

import io
from hashlib import sha256
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from PIL import Image
from shared_data import SHARED

from repository.domain.errors import EngineFailed, InputRefused
from repository.scans import Limits, MediaType, image_size, open_scan, read_image, take_page

SCAN = SHARED / "ocr-dev/001.jpg"  # grey, 1748 × 2480 at 300 dpi: A5
FULL = b"q 419.5 0 0 595.2 0 0 cm /Im0 Do Q"


def pdf_of(path: Path, content: bytes, image: dict[str, object] | None = None, **page: object) -> Path:
    """A one-page A5 PDF that paints `content` with the scan as /Im0."""
    pdf = pikepdf.new()
    facts = {
        "/Type": pikepdf.Name.XObject,
        "/Subtype": pikepdf.Name.Image,
        "/Width": 1748,
        "/Height": 2480,
        "/BitsPerComponent": 8,
        "/ColorSpace": pikepdf.Name.DeviceGray,
        "/Filter": pikepdf.Name.DCTDecode,
    }
    data = SCAN.read_bytes()
    if image:
        data = bytes(image.pop("data", data))  # type: ignore[call-overload]
        facts |= image
    drawn = pikepdf.Stream(pdf, data)
    for key, value in facts.items():
        drawn[key] = value
    font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
    resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=drawn), Font=pikepdf.Dictionary(F1=font))
    made = pdf.add_blank_page(page_size=(419.5, 595.2))
    made.Contents = pikepdf.Stream(pdf, content)
    made.Resources = resources
    for key, value in page.items():
        made.obj["/" + key] = value
    pdf.save(path)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trang.pdf"


@pytest.mark.parametrize(
    "content",
    [
        FULL,
        b"q 1 0 0 1 0 0 cm " + FULL + b" Q BT 3 Tr /F1 12 Tf 50 500 Td (an chu) Tj ET",
        b"BT /F1 12 Tf 50 500 Td (duoi anh) Tj ET 1 1 1 rg 0 0 419.5 595.2 re f " + FULL,
        b"q 0 0 419.5 595.2 re W n " + FULL + b" Q",
        b"q 400 0 0 570 10 12 cm /Im0 Do Q",
    ],
    ids=["alone", "invisible text over it", "text under it", "clipped to the page", "with a margin"],
)
def test_a_page_that_is_one_jpeg_gives_its_very_bytes(path: Path, content: bytes) -> None:
    taken = take_page(pdf_of(path, content), 0, path.parent)
    assert (taken.how, taken.media_type, taken.rotate) == ("extracted", MediaType.JPEG, 0)
    assert sha256(taken.path.read_bytes()).digest() == sha256(SCAN.read_bytes()).digest()
    assert 295 <= taken.dpi <= 320


@pytest.mark.parametrize(
    "content",
    [
        FULL + b" BT /F1 12 Tf 50 500 Td (dong dau) Tj ET",
        FULL + b" 10 10 100 100 re f",
        b"q 200 0 0 300 0 0 cm /Im0 Do Q",
        b"q 419.5 0 0 595.2 0 0 cm /Im0 Do Q q 50 0 0 50 9 9 cm /Im0 Do Q",
        b"q 50 50 200 200 re W n " + FULL + b" Q",
        b"q 800 0 0 1200 -200 -300 cm /Im0 Do Q",
        b"q 419.5 30 -30 595.2 0 0 cm /Im0 Do Q",
        b"q -419.5 0 0 595.2 419.5 0 cm /Im0 Do Q",
        b"BT /F1 12 Tf 50 500 Td (chi co chu) Tj ET",
        b"q " * 3,
    ],
    ids="text-over fill-over small two clipped cropped skewed mirrored born-digital broken".split(),
)
def test_a_page_that_shows_anything_else_is_rendered(path: Path, content: bytes) -> None:
    taken = take_page(pdf_of(path, content), 0, path.parent)
    assert (taken.how, taken.media_type, taken.dpi) == ("rendered", MediaType.PNG, 300)
    assert image_size(taken.path)[:2] == (1748, 2480)


def test_a_stamp_laid_over_the_scan_is_not_lost(path: Path) -> None:
    pdf_of(path, FULL)
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        look = pikepdf.Stream(pdf, b"1 0 0 rg 0 0 100 50 re f")
        look["/Type"], look["/Subtype"] = pikepdf.Name.XObject, pikepdf.Name.Form
        look["/BBox"] = [0, 0, 100, 50]
        stamp = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot,
            Subtype=pikepdf.Name.Stamp,
            Rect=[100, 100, 200, 150],
            F=4,
            AP=pikepdf.Dictionary(N=pdf.make_indirect(look)),
        )
        pdf.pages[0].obj["/Annots"] = pikepdf.Array([pdf.make_indirect(stamp)])
        pdf.save()
    taken = take_page(path, 0, path.parent)
    assert taken.how == "rendered"
    assert read_image(taken.path).pixels.ndim == 3


@pytest.mark.parametrize("turn", [90, 180, 270])
@pytest.mark.parametrize("by", ["/Rotate", "matrix"])
def test_a_turned_page_comes_upright_as_poppler_shows_it(path: Path, turn: int, by: str) -> None:
    matrices = {
        90: b"q 0 -595.2 419.5 0 0 595.2 cm /Im0 Do Q",
        180: b"q -419.5 0 0 -595.2 419.5 595.2 cm /Im0 Do Q",
        270: b"q 0 595.2 -419.5 0 419.5 0 cm /Im0 Do Q",
    }
    content = FULL if by == "/Rotate" else matrices[turn]
    pdf_of(path, content, **({"Rotate": turn} if by == "/Rotate" else {}))
    taken = take_page(path, 0, path.parent)
    assert (taken.how, taken.rotate) == ("extracted", turn)
    ours = read_image(taken.path, rotate=turn)
    # the same page with a hair of text on it is rendered
    pdf_of(path, content + b" BT /F1 1 Tf 1 1 Td (.) Tj ET", **({"Rotate": turn} if by == "/Rotate" else {}))
    shown = read_image(take_page(path, 0, path.parent).path).pixels
    small = (60, 84)
    one, other = (np.asarray(Image.fromarray(p).convert("L").resize(small), float) for p in (ours.pixels, shown))
    assert np.abs(one - other).mean() < 4


def near(one: np.ndarray, other: np.ndarray) -> bool:
    """Equal but for a row or column that poppler doubles where an image fills a page exactly."""
    assert one.shape == other.shape
    size = (one.shape[1] // 8, one.shape[0] // 8)
    small = [np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX), float) for pixels in (one, other)]
    return bool(np.abs(small[0] - small[1]).mean() < 4)


def test_a_flate_image_is_rendered_at_its_own_size(path: Path) -> None:
    pixels = read_image(SCAN).pixels
    facts: dict[str, object] = {"data": pixels.tobytes(), "/Filter": pikepdf.Array([])}
    taken = take_page(pdf_of(path, FULL, facts), 0, path.parent)
    assert taken.how == "rendered"
    assert near(read_image(taken.path).pixels, pixels)


def test_a_jbig2_page_is_rendered_at_its_own_size(tmp_path: Path) -> None:
    taken = take_page(SHARED / "hard/ocrmypdf/jbig2.pdf", 0, tmp_path)
    scan = read_image(SHARED / "hard/ocrmypdf/linn.png").pixels[:, :, 0]
    assert near(read_image(taken.path).pixels, scan)


def test_fax_data_cut_short_is_never_half_a_page(tmp_path: Path) -> None:
    source = tmp_path / "cut.pdf"
    with pikepdf.open(SHARED / "hard/ocrmypdf/ccitt.pdf") as pdf:
        image = next(iter(pdf.pages[0].get_images().values()))
        kept = image.read_raw_bytes()[:40_000]
        image.write(kept, filter=image.Filter, decode_parms=image.DecodeParms)
        pdf.save(source)
    taken = take_page(source, 0, tmp_path)
    assert taken.how == "extracted"
    with pytest.raises(InputRefused, match="cắt cụt"):
        read_image(taken.path)


def test_fax_data_is_wrapped_untouched_and_reads_as_the_scan(tmp_path: Path) -> None:
    source = SHARED / "hard/ocrmypdf/ccitt.pdf"
    taken = take_page(source, 0, tmp_path)
    with pikepdf.open(source) as pdf:
        raw = next(iter(pdf.pages[0].get_images().values())).read_raw_bytes()
    assert taken.path.read_bytes().endswith(raw)
    scan = read_image(SHARED / "hard/ocrmypdf/linn.png").pixels[:, :, 0]
    image = read_image(taken.path)
    assert image.dpi == taken.dpi == 300
    assert (image.pixels != scan).mean() < 0.001


@pytest.mark.parametrize(("black_is_1", "decode"), [(False, None), (True, None), (True, [1, 0]), (False, [1, 0])])
def test_fax_polarity_is_the_one_the_pdf_shows(path: Path, black_is_1: bool, decode: list[int] | None) -> None:
    picture = Image.new("1", (1748, 2480), 1)
    picture.paste(0, (0, 0, 1748, 400))
    buffer = io.BytesIO()
    picture.save(buffer, "TIFF", compression="group4", strip_size=1 << 20)
    with Image.open(buffer) as tiff:
        tags = tiff.tag_v2  # type: ignore[attr-defined]
        data = buffer.getvalue()[tags[273][0] :][: tags[279][0]]
    parameters = pikepdf.Dictionary(K=-1, Columns=1748, Rows=2480, BlackIs1=black_is_1)
    facts: dict[str, object] = {"data": data, "/Filter": pikepdf.Name.CCITTFaxDecode, "/BitsPerComponent": 1}
    facts["/DecodeParms"] = parameters
    if decode:
        facts["/Decode"] = pikepdf.Array(decode)
    taken = take_page(pdf_of(path, FULL, dict(facts)), 0, path.parent)
    assert taken.how == "extracted"
    ours = read_image(taken.path).pixels
    pdf_of(path, FULL + b" BT /F1 1 Tf 1 1 Td (.) Tj ET", dict(facts))
    shown = read_image(take_page(path, 0, path.parent).path).pixels
    assert (ours[100, 800], ours[2000, 800]) == (shown[100, 800], shown[2000, 800])


def test_jpeg2000_comes_out_as_it_is(path: Path) -> None:
    data = (SHARED / "hard/pillow/test-card-lossy-tiled.jp2").read_bytes()
    facts = {"data": data, "/Width": 640, "/Height": 480, "/ColorSpace": pikepdf.Name.DeviceRGB}
    facts["/Filter"] = pikepdf.Name.JPXDecode
    taken = take_page(pdf_of(path, FULL, dict(facts)), 0, path.parent)
    assert (taken.how, taken.media_type) == ("extracted", MediaType.JP2)
    assert taken.path.read_bytes() == data


@pytest.mark.parametrize("decode", [None, [1, 0] * 4])
def test_a_cmyk_jpeg_looks_as_in_the_pdf(path: Path, decode: list[int] | None) -> None:
    data = (SHARED / "hard/ocrmypdf/baiona_cmyk.jpg").read_bytes()
    facts: dict[str, object] = {"data": data, "/Width": 640, "/Height": 682, "/ColorSpace": pikepdf.Name.DeviceCMYK}
    if decode:
        facts["/Decode"] = pikepdf.Array(decode)
    taken = take_page(pdf_of(path, FULL, facts), 0, path.parent)
    assert taken.how == ("extracted" if decode else "rendered")
    assert (read_image(taken.path).pixels.mean() > 128) == bool(decode)


def test_an_encrypted_scan_is_taken_out_decrypted_and_its_text_page_rendered(path: Path) -> None:
    for content, how in ((FULL, "extracted"), (FULL + b" 9 9 99 99 re f", "rendered")):
        pdf_of(path, content)
        with pikepdf.open(path, allow_overwriting_input=True) as pdf:
            pdf.save(encryption=pikepdf.Encryption(user="bí mật", owner="chủ", R=6))
        taken = take_page(path, 0, path.parent, passwords=("bí mật",))
        assert taken.how == how
        if how == "extracted":
            assert taken.path.read_bytes() == SCAN.read_bytes()
        assert read_image(taken.path).pixels.shape == (2480, 1748)


def test_a_jpeg_cut_short_inside_a_pdf_is_never_half_a_page(path: Path) -> None:
    pdf_of(path, FULL, {"data": SCAN.read_bytes()[:100_000]})
    taken = take_page(path, 0, path.parent)
    with pytest.raises(InputRefused, match="cắt cụt"):
        read_image(taken.path)


def test_pages_have_the_labels_of_the_pdf(path: Path) -> None:
    pdf = pikepdf.new()
    for _ in range(4):
        pdf.add_blank_page()
    roman = pikepdf.Dictionary(S=pikepdf.Name.r)
    numbers = pikepdf.Dictionary(S=pikepdf.Name.D, St=1)
    pdf.Root.PageLabels = pikepdf.Dictionary(Nums=pikepdf.Array([0, roman, 2, numbers]))
    pdf.save(path)
    assert [page.label for page in open_scan(path, "a.pdf").pages] == ["i", "ii", "1", "2"]


def test_one_bad_page_leaves_the_others(path: Path) -> None:
    pdf = pikepdf.new()
    pdf.add_blank_page().mediabox = pikepdf.Array([0, 0, 1, 1])
    pdf.add_blank_page(page_size=(300, 400))
    pdf.save(path)
    bad, good = open_scan(path, "a.pdf").pages
    assert bad.problem is not None
    assert good.problem is None
    assert take_page(path, 1, path.parent).how == "rendered"


def test_a_big_born_digital_page_gets_a_lower_resolution(path: Path) -> None:
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(7200, 3600))
    pdf.save(path)
    taken = take_page(path, 0, path.parent, Limits(max_render_pixels=2_000_000))
    width, height, _ = image_size(taken.path)
    assert width * height <= 2_020_000
    assert taken.dpi == round(width / 100)


def test_the_crop_box_is_the_page(path: Path) -> None:
    pdf_of(path, FULL + b" 9 9 9 9 re f", CropBox=pikepdf.Array([0, 0, 144, 72]))
    taken = take_page(path, 0, path.parent)
    assert image_size(taken.path)[:2] == (600, 300)


def test_no_such_page() -> None:
    for name in ("ocrmypdf/ccitt.pdf", "pillow/g4-multi.tiff", "pillow/hopper_orientation_6.jpg"):
        with pytest.raises(InputRefused, match="không có trang"):
            take_page(SHARED / "hard" / name, 7, Path("/nowhere"))


def test_a_page_that_takes_too_long_is_given_up_for_now(tmp_path: Path) -> None:
    with pytest.raises(EngineFailed, match="giây"):
        take_page(SHARED / "hard/ocrmypdf/hugemono.pdf", 0, tmp_path, Limits(tool_seconds=0))
