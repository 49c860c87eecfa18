"""Takes a page's one image out of its PDF, byte for byte."""

import struct
from pathlib import Path

import pikepdf

from repository.scans.jpeg import facts_of
from repository.scans.limits import Limits
from repository.scans.pdf_content import MALFORMED, NotOneImage, SoleImage, filters, inflate
from repository.scans.sniff import MediaType

_MOST_BYTES = 256 << 20
_GREY, _RGB, _CMYK = 1, 3, 4
_COMPONENTS = {
    "/DeviceGray": _GREY,
    "/CalGray": _GREY,
    "/G": _GREY,
    "/DeviceRGB": _RGB,
    "/CalRGB": _RGB,
    "/RGB": _RGB,
    "/DeviceCMYK": _CMYK,
    "/CMYK": _CMYK,
}
_SUFFIX = {MediaType.JPEG: ".jpg", MediaType.JP2: ".jp2", MediaType.TIFF: ".tif"}


def extract(sole: SoleImage, stem: Path, limits: Limits) -> tuple[Path, MediaType] | None:
    """Write the image's own bytes to `stem` with a suffix: JPEG and JPEG 2000 as they are, CCITT fax data between a
    TIFF header and nothing else. None when those bytes alone would not look as the page does."""
    image = sole.image
    if int(image.Width) * int(image.Height) > limits.max_pixels:
        return None
    try:
        data, kind = _lone_file(image, sole.dpi)
    except (NotOneImage, *MALFORMED):
        return None  # poppler may know better
    if data is None:
        return None
    path = stem.with_suffix(_SUFFIX[kind])
    path.write_bytes(data)
    return path, kind


def _lone_file(image: pikepdf.Stream, dpi: int) -> tuple[bytes | None, MediaType]:
    names = filters(image)
    coding = names[-1] if names else ""
    if coding == "/DCTDecode":
        return _jpeg(image, _inner_bytes(image, names)), MediaType.JPEG
    if coding == "/JPXDecode":
        return _jpeg2000(image, _inner_bytes(image, names)), MediaType.JP2
    if coding == "/CCITTFaxDecode":
        return _fax(image, _inner_bytes(image, names), dpi), MediaType.TIFF
    return None, MediaType.UNKNOWN


def is_grey(image: pikepdf.Stream) -> bool:
    """Whether the image's colour space has no colour; False when that cannot be told."""
    return components(image) == _GREY


def components(image: pikepdf.Stream) -> int:
    """Samples a pixel of a plain colour space; 0 for any other (indexed, spot colours, Lab)."""
    space = image.get("/ColorSpace", None)
    if isinstance(space, pikepdf.Array):
        if str(space[0]) == "/ICCBased":
            return int(space[1].get("/N", 0))
        space = space[0]
    return _COMPONENTS.get(str(space), 0)


def _inner_bytes(image: pikepdf.Stream, names: list[str]) -> bytes | None:
    if int(image.get("/Length", 0)) > _MOST_BYTES:
        return None
    raw = image.read_raw_bytes()
    if len(names) == 1:
        return raw
    return inflate(raw, _MOST_BYTES) if names[:-1] == ["/FlateDecode"] else None


def _decode(image: pikepdf.Stream, count: int) -> str:
    """`plain`, `inverted` or `other`: what /Decode does to samples of `count` components."""
    decode = image.get("/Decode", None)
    if decode is None:
        return "plain"
    values = [float(value) for value in decode]
    if values == [0, 1] * count:
        return "plain"
    return "inverted" if values == [1, 0] * count else "other"


def _jpeg(image: pikepdf.Stream, data: bytes | None) -> bytes | None:
    facts = facts_of(data) if data else None
    if facts is None or (facts.width, facts.height) != (int(image.Width), int(image.Height)):
        return None
    if facts.components != components(image) or "/ColorTransform" in _parameters(image):
        return None
    # readers of lone files take CMYK with an Adobe marker for inverted, a PDF says so by /Decode
    expected = "inverted" if facts.components == _CMYK and facts.adobe else "plain"
    return data if _decode(image, facts.components) == expected else None


def _jpeg2000(image: pikepdf.Stream, data: bytes | None) -> bytes | None:
    if "/ColorSpace" in image and components(image) not in (_GREY, _RGB):
        return None
    return data if _decode(image, components(image)) == "plain" else None


def _parameters(image: pikepdf.Stream) -> dict[str, object]:
    found = image.get("/DecodeParms", None)
    if isinstance(found, pikepdf.Array):
        found = found[-1] if len(found) else None
    return {str(key): value for key, value in found.items()} if isinstance(found, pikepdf.Dictionary) else {}


def _fax(image: pikepdf.Stream, data: bytes | None, dpi: int) -> bytes | None:
    found = _parameters(image)
    width, height = int(image.Width), int(image.Height)
    columns, k = int(found.get("/Columns", 1728)), int(found.get("/K", 0))  # type: ignore[call-overload]
    one_bit = components(image) == _GREY and int(image.get("/BitsPerComponent", 1)) == 1
    if data is None or columns != width or not one_bit or bool(found.get("/EncodedByteAlign", False)):
        return None
    decode = _decode(image, 1)
    if decode == "other":
        return None
    # fax data codes black runs; TIFF 0 paints them black, as PDF does unless /BlackIs1 or /Decode turn them over
    turned = bool(found.get("/BlackIs1", False)) != (decode == "inverted")
    return _fax_tiff(data, width, height, k, photometric=1 if turned else 0, dpi=dpi)


def _fax_tiff(data: bytes, width: int, height: int, k: int, photometric: int, dpi: int) -> bytes:
    """A TIFF 6.0 file of one strip: compression 4 (Group 4, K < 0) or 3 (Group 3, K >= 0)."""
    short, long, rational = 3, 4, 5
    entries = [
        (256, long, width),
        (257, long, height),
        (258, short, 1),
        (259, short, 4 if k < 0 else 3),
        (262, short, photometric),
        (273, long, 0),
        (277, short, 1),
        (278, long, height),
        (279, long, len(data)),
        (282, rational, 0),
        (283, rational, 0),
        *([] if k < 0 else [(292, long, 1 if k > 0 else 0)]),
        (296, short, 2),
    ]
    resolution_at = 8 + 2 + 12 * len(entries) + 4
    values = {273: resolution_at + 8, 282: resolution_at, 283: resolution_at}
    head = struct.pack("<2sHIH", b"II", 42, 8, len(entries))
    for tag, kind, value in entries:
        head += struct.pack("<HHII", tag, kind, 1, values.get(tag, value))
    return head + struct.pack("<III", 0, max(1, dpi), 1) + data
