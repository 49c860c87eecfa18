"""Renders a PDF page with poppler through pdf2image, under limits of time, memory and pixels."""

import math
import re
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pdf2image import convert_from_path
from pdf2image.exceptions import (
    PDFInfoNotInstalledError,
    PDFPageCountError,
    PDFPopplerTimeoutError,
    PDFSyntaxError,
)

from repository.domain.errors import N_, EngineFailed, InputRefused
from repository.scans.limits import Limits
from repository.scans.vips import vips

POPPLER = Path(__file__).parent / "poppler"
_LEAST_DPI = 1
_COMPRESSION = 3  # of zlib: much smaller than none, much faster than the usual 6
_ROWS = 256
_PNM = re.compile(rb"(P[56])\s+(\d+)\s+(\d+)\s+255\s")
# a grey picture kept as RGB or JPEG may be off by this much; the palest seal is redder
_CHROMA = 10


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to render: page `number` (from 1) of `path`; `width` and `height` are the page's, upright, in inches.

    `pixels` asks for an exact size (the page is one image of that size), otherwise `dpi` for a resolution.
    `grey`: the page is known to have no colour; otherwise its pixels are looked at."""

    path: Path
    number: int
    width: float
    height: float
    dpi: int
    pixels: tuple[int, int] | None = None
    grey: bool = False


def render(wanted: Wanted, folder: Path, limits: Limits) -> tuple[Path, int]:
    """A PNG of the page in `folder`, and its dpi: lower than asked when the page would pass `max_render_pixels`.

    Raises InputRefused when poppler cannot draw the page within its memory, EngineFailed when it takes too long or is
    not installed.
    """
    dpi = _bounded_dpi(wanted, min(limits.max_render_pixels, limits.max_pixels))
    pixels = wanted.pixels
    if dpi < wanted.dpi or (pixels and math.prod(pixels) > limits.max_render_pixels):
        pixels = None
    drawn = _poppler(wanted, folder, limits, dpi, pixels)
    path = folder / f"page{wanted.number}.png"
    try:
        width = _png(drawn, path, wanted.number)
    finally:
        drawn.unlink()
    return path, max(1, round(width / wanted.width))


def _bounded_dpi(wanted: Wanted, most: int) -> int:
    inches = wanted.width * wanted.height
    return max(_LEAST_DPI, min(wanted.dpi, math.floor(math.sqrt(most / inches))))


def _poppler(wanted: Wanted, folder: Path, limits: Limits, dpi: int, size: tuple[int, int] | None) -> Path:
    """The page as a bare PPM or PGM: poppler's own PNGs are slow to make and never grey."""
    try:
        made = convert_from_path(
            wanted.path,
            dpi=dpi,
            size=size or (None, None),
            grayscale=wanted.grey,
            output_folder=folder,
            output_file="drawn",
            first_page=wanted.number,
            last_page=wanted.number,
            use_cropbox=True,
            paths_only=True,
            poppler_path=POPPLER,
            timeout=limits.tool_seconds,
            strict=True,  # the launchers leave only "out of memory" a syntax error
        )
    except PDFPopplerTimeoutError as error:
        raise EngineFailed(_TOO_SLOW, number=wanted.number, seconds=limits.tool_seconds) from error
    except (PDFInfoNotInstalledError, FileNotFoundError) as error:
        raise EngineFailed(_NOT_INSTALLED) from error
    except (PDFPageCountError, PDFSyntaxError, ValueError, KeyError) as error:
        raise InputRefused(_CANNOT_RENDER, number=wanted.number) from error
    if not made:
        raise InputRefused(_CANNOT_RENDER, number=wanted.number)
    return Path(str(made[0]))


def _png(drawn: Path, path: Path, number: int) -> int:
    """Turn poppler's PPM or PGM into a PNG, grey when no pixel has a colour; the width. Raises InputRefused when the
    picture is not whole: poppler was stopped while writing."""
    with drawn.open("rb") as file:
        found = _PNM.match(file.read(64))
    if found is None:
        raise InputRefused(_CANNOT_RENDER, number=number)
    bands, width, height = (3 if found[1] == b"P6" else 1), int(found[2]), int(found[3])
    short_of_memory = width == height == 1  # what poppler writes when the page's bitmap cannot be had
    if short_of_memory or drawn.stat().st_size < found.end() + width * height * bands:
        raise InputRefused(_CANNOT_RENDER, number=number)
    pixels: NDArray[np.uint8] = np.memmap(drawn, np.uint8, "r", offset=found.end(), shape=(height, width, bands))
    if bands == 3 and _has_no_colour(pixels):
        pixels, bands = pixels[:, :, 1:2], 1
    flat = np.ascontiguousarray(pixels).reshape(-1)
    image = vips.Image.new_from_memory(flat.data, width, height, bands, "uchar")
    image = image.copy(interpretation="srgb" if bands == 3 else "b-w")
    image.pngsave(str(path), compression=_COMPRESSION)
    return width


def _has_no_colour(pixels: NDArray[np.uint8]) -> bool:
    for at in range(0, len(pixels), _ROWS):
        rows = pixels[at : at + _ROWS]
        green = rows[:, :, 1]
        if any(
            cv2.norm(np.ascontiguousarray(rows[:, :, band]), green.copy(), cv2.NORM_INF) > _CHROMA for band in (0, 2)
        ):
            return False
    return True


_CANNOT_RENDER = N_(
    "Trang PDF thứ {number} bị hỏng hoặc quá nặng nên không vẽ được; hãy xuất lại trang này thành ảnh TIFF rồi gửi lại."
)
_TOO_SLOW = N_(
    "Trang PDF thứ {number} vẽ quá {seconds} giây chưa xong; hệ thống sẽ thử lại, "
    "nếu vẫn vậy hãy xuất trang này thành ảnh TIFF."
)
_NOT_INSTALLED = N_("Máy chủ thiếu chương trình poppler để đọc PDF; hãy báo người quản trị cài gói poppler-utils.")
