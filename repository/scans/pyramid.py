"""The derivative readers see: one pyramidal, tiled JPEG TIFF a page, made with libvips.

The levels are TIFF pages 0, 1, 2 …, each half of the one before (rounded up), until one tile holds the whole page.
The same input and the same libvips give the same bytes, so that a derivative can be named by its content.
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pyvips

from repository.domain.errors import N_, InputRefused, ObjectMissing, StoreFailed

if TYPE_CHECKING:
    from repository.scans.image import PageImage

TILE = 256
QUALITY = 82
# Formats libvips opens here, by their first bytes; any other file reaches this room as PageImage.
_LOADERS = (
    (b"\xff\xd8\xff", "jpegload"),
    (b"\x89PNG\r\n\x1a\n", "pngload"),
    (b"II*\0", "tiffload"),
    (b"MM\0*", "tiffload"),
    (b"II+\0", "tiffload"),
    (b"MM\0+", "tiffload"),
    (b"RIFF", "webpload"),
)
_GREY = ("b-w", "grey16")
_MM_PER_INCH = 25.4
_IMAGE_WIDTH, _IMAGE_LENGTH, _SHORT = 256, 257, 3


@dataclass(frozen=True, slots=True)
class PyramidInfo:
    """Size in pixels of level 0, the side of a tile, and how many levels are stored."""

    width: int
    height: int
    tile: int
    levels: int


def level_count(width: int, height: int, tile: int = TILE) -> int:
    """How many levels the pyramid of a page of `width` x `height` pixels has."""
    levels = 1
    while width > tile or height > tile:
        width, height = -(-width // 2), -(-height // 2)
        levels += 1
    return levels


def write_pyramid(
    source: "Path | PageImage",
    target: Path,
    *,
    frame: int = 0,
    rotate: int = 0,
    tile: int = TILE,
    quality: int = QUALITY,
) -> PyramidInfo:
    """Write the pyramid of `source` to `target`, whole or not at all.

    A path is opened by libvips: `frame` counts from 0, the orientation tag is applied, then `rotate` (0, 90, 180, 270
    degrees clockwise). A PageImage is taken as it stands, upright. Colour becomes sRGB, everything else 8-bit grey.

    Raises InputRefused when the picture cannot be decoded, StoreFailed when `target` cannot be written.
    """
    try:
        image = _from_file(source, frame, rotate) if isinstance(source, Path) else _from_pixels(source)
        image = image.copy()
        # Workers run one page a core: more threads a page only wait for each other.
        image.set_type(pyvips.GValue.gint_type, "vips-concurrency", 1)
        data = _encode(image, tile, quality)
    except pyvips.Error as error:
        raise _undecodable(source) from error
    _keep(data, target)
    return PyramidInfo(image.width, image.height, tile, level_count(image.width, image.height, tile))


def read_pyramid(path: Path) -> PyramidInfo:
    """What is stored in the pyramid at `path`. Raises ObjectMissing when there is none that can be opened."""
    try:
        image = pyvips.Image.tiffload(str(path), revalidate=True)
    except pyvips.Error as error:
        raise ObjectMissing(N_("Không mở được ảnh dẫn xuất {name}; hãy tạo lại ảnh này."), name=path.name) from error
    levels = image.get("n-pages") if image.get_typeof("n-pages") else 1
    return PyramidInfo(image.width, image.height, TILE, levels)


def _from_pixels(page: "PageImage") -> pyvips.Image:
    image = pyvips.Image.new_from_array(page.pixels)
    scale = page.dpi / _MM_PER_INCH
    return image.copy(interpretation="b-w" if image.bands == 1 else "srgb", xres=scale, yres=scale)


def _from_file(path: Path, frame: int, rotate: int) -> pyvips.Image:
    """Open `path` as upright 8-bit grey or sRGB; streams when nothing has to be turned."""
    image = _open(path, frame, "sequential")
    orientation = image.get("orientation") if image.get_typeof("orientation") else 1
    if rotate or orientation > 1:
        image = _open(path, frame, "random").autorot()
        image = image.rot(f"d{rotate}") if rotate else image
    return _eight_bit(image)


def _open(path: Path, frame: int, access: str) -> pyvips.Image:
    with path.open("rb") as file:
        head = file.read(16)
    loader = next((name for magic, name in _LOADERS if head.startswith(magic)), None)
    if loader is None:
        raise _undecodable(path)
    paged = {"page": frame} if loader in ("tiffload", "webpload") else {}
    return getattr(pyvips.Image, loader)(str(path), revalidate=True, access=access, fail_on="truncated", **paged)


def _eight_bit(image: pyvips.Image) -> pyvips.Image:
    grey = image.interpretation in _GREY or (image.bands < 3 and image.interpretation != "srgb")
    if not grey and image.get_typeof("icc-profile-data"):
        image = _through_profile(image)
    image = image.colourspace("b-w" if grey else "srgb")
    if image.hasalpha():
        image = image.flatten(background=255)
    return image.cast("uchar")


def _through_profile(image: pyvips.Image) -> pyvips.Image:
    """Apply the embedded profile, unless it says sRGB anyway or cannot be used; then the numbers stand as they are."""
    profile = bytes(image.get("icc-profile-data"))
    if b"sRGB" in profile or "sRGB".encode("utf-16-be") in profile:
        return image
    try:
        return image.icc_transform("srgb", embedded=True, intent="relative", depth=8)
    except pyvips.Error:
        return image


def _encode(image: pyvips.Image, tile: int, quality: int) -> bytes:
    """The pyramid's bytes.

    libvips fills the last tiles up with black, which JPEG then smears over the page's edge; so they are filled with
    the page's own last pixels, and the true sizes of the levels are written into the finished file.
    """
    filled = image.embed(0, 0, -(-image.width // tile) * tile, -(-image.height // tile) * tile, extend="copy")
    data: bytes = filled.tiffsave_buffer(
        tile=True,
        tile_width=tile,
        tile_height=tile,
        pyramid=True,
        depth="onetile",
        region_shrink="mean",
        compression="jpeg",
        Q=quality,
        keep="none",
    )
    return _with_sizes(data, image.width, image.height)


def _with_sizes(data: bytes, width: int, height: int) -> bytes:
    """A classic TIFF of this machine's byte order with its levels' ImageWidth and ImageLength replaced (TIFF 6.0 §2).

    Rounding up to whole tiles never changes how many tiles a level has, so nothing else in the file depends on them."""
    patched = bytearray(data)
    order = "<" if data.startswith(b"II") else ">"
    (at,) = struct.unpack_from(f"{order}I", data, 4)
    while at:
        (entries,) = struct.unpack_from(f"{order}H", data, at)
        for entry in range(at + 2, at + 2 + 12 * entries, 12):
            tag, kind = struct.unpack_from(f"{order}HH", data, entry)
            if tag in (_IMAGE_WIDTH, _IMAGE_LENGTH):
                form = "H" if kind == _SHORT else "I"
                struct.pack_into(f"{order}{form}", patched, entry + 8, width if tag == _IMAGE_WIDTH else height)
        (at,) = struct.unpack_from(f"{order}I", data, at + 2 + 12 * entries)
        width, height = -(-width // 2), -(-height // 2)
    return bytes(patched)


def _keep(data: bytes, target: Path) -> None:
    unfinished = target.with_name(f".{target.name}.{uuid4().hex}")
    try:
        unfinished.write_bytes(data)
        unfinished.replace(target)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise StoreFailed(
            N_("Không ghi được ảnh dẫn xuất vào {folder}; hãy kiểm tra dung lượng đĩa và quyền ghi của thư mục."),
            folder=str(target.parent),
        ) from error


def _undecodable(source: "Path | PageImage") -> InputRefused:
    name = source.name if isinstance(source, Path) else "(điểm ảnh)"
    return InputRefused(
        N_("Không giải mã được ảnh {name}: tệp hỏng, bị cắt cụt hoặc không phải ảnh; hãy quét hay xuất lại tệp này."),
        name=name,
    )
