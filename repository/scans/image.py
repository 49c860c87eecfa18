"""Reads one image, or one frame of one, into pixels: upright, 8 bits, grey or RGB, on white.

libvips decodes what scanners write, in this process; what is odd by its header, or in a format whose decoder libvips
lacks, is decoded by Pillow or libvips in a limited process (`repository.scans.apart`), so that a worker never dies.
Half an image is never taken for a whole one: data cut short is refused.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repository.domain.errors import InputRefused
from repository.scans.apart import run_apart
from repository.scans.headers import DAMAGED, SAMPLES, TOO_HEAVY, Header, read_header
from repository.scans.limits import Limits
from repository.scans.sniff import MediaType
from repository.scans.tiff import PLAIN_COMPRESSIONS
from repository.scans.vips import VipsError, complaints, vips

Pixels = NDArray[np.uint8]
# a value range that so many bits hold is a scanner's own (10, 12 bits) in a container of 16: no paper is that dark
_LOW_RANGE_BITS = 12
_QUARTER_TURN = 90
_FAX_ENDS = re.compile(r"Premature EOF at line (\d+)")
# fax machines and some writers count a few rows more than they send
_ROWS_THAT_MAY_MISS = 0.02


@dataclass(frozen=True, slots=True)
class PageImage:
    """A page's pixels, upright: uint8, (height, width) grey or (height, width, 3) RGB. `dpi` 0 when nothing tells."""

    pixels: Pixels
    dpi: int


def read_image(path: Path, frame: int = 0, rotate: int = 0, limits: Limits = Limits()) -> PageImage:  # noqa: B008
    """Decode frame `frame` of the image file at `path`, its orientation tag applied, then turned by `rotate` degrees
    clockwise (a multiple of 90).

    Raises InputRefused (broken, cut short, over the limits, unsupported) and EngineFailed (out of time).
    """
    header = read_header(path, frame, limits)
    pixels, upright = _apart(path, header, limits) if header.apart else (_with_vips(path, header), False)
    if not upright:
        pixels = _upright(pixels, header.orientation)
    if pixels.shape[1::-1] != header.upright_size:
        raise InputRefused(DAMAGED)  # two readers of one header disagree
    turns = rotate // _QUARTER_TURN % 4
    if turns:
        pixels = np.ascontiguousarray(np.rot90(pixels, -turns))
    return PageImage(pixels, header.dpi)


def image_size(path: Path, frame: int = 0, rotate: int = 0, limits: Limits = Limits()) -> tuple[int, int, int]:  # noqa: B008
    """Width, height and dpi (0: unknown) of what `read_image` would give, from headers only. Raises InputRefused."""
    header = read_header(path, frame, limits)
    width, height = header.upright_size
    return (height, width, header.dpi) if rotate // _QUARTER_TURN % 2 else (width, height, header.dpi)


def decode_to_file(path: Path, frame: int, out: Path, limits: Limits) -> dict[str, object]:
    """The limited process's part: decode and leave the pixels in `out` (.npy); says whether they are upright."""
    header = read_header(path, frame, limits)
    upright = False
    plain_tiff = header.media_type is MediaType.TIFF and header.compression in PLAIN_COMPRESSIONS
    if plain_tiff or header.media_type in (MediaType.JPEG, MediaType.PNG):
        pixels = _with_vips(path, header)
    else:
        from repository.scans.pillow import decode

        pixels, upright = decode(path, frame), True
    np.save(out, pixels)
    return {"upright": upright}


def _apart(path: Path, header: Header, limits: Limits) -> tuple[Pixels, bool]:
    with TemporaryDirectory(prefix="diachi-") as folder:
        out = Path(folder, "pixels.npy")
        ask: dict[str, object] = {"path": str(path), "frame": header.frame, "out": str(out)}
        answer = run_apart("image", {**ask, "max_pixels": limits.max_pixels}, limits, InputRefused(TOO_HEAVY))
        return np.load(out), bool(answer["upright"])


def _with_vips(path: Path, header: Header) -> Pixels:
    try:
        with complaints() as heard:
            image = _grey_or_rgb(_eight_bits(_open(path, header), path, header))
            raw = image.write_to_memory()
    except VipsError as error:
        raise InputRefused(DAMAGED) from error
    _refuse_missing_rows(heard, header)
    pixels = np.frombuffer(raw, np.uint8)
    if image.bands == 1:
        return pixels.reshape(image.height, image.width)
    return pixels.reshape(image.height, image.width, 3)


def _refuse_missing_rows(heard: list[str], header: Header) -> None:
    """libtiff leaves the rest of a fax strip white when its data end early, and only warns."""
    strip = min(header.rows or header.height, header.height)
    for line in {int(found[1]) for found in map(_FAX_ENDS.search, heard) if found}:
        if strip - line > header.height * _ROWS_THAT_MAY_MISS + 1:
            raise InputRefused(DAMAGED)


def _open(path: Path, header: Header) -> Any:
    options: dict[str, Any] = {"access": "sequential", "fail_on": "error"}
    if header.media_type is MediaType.TIFF:
        options["page"] = header.frame
    image = getattr(vips.Image, header.loader)(str(path), **options)
    if (image.width, image.height) != (header.width, header.height):
        raise InputRefused(DAMAGED)  # what was held against the limits is not what would be decoded
    return image


def _eight_bits(image: Any, path: Path, header: Header) -> Any:
    if image.format == "uchar":
        return image
    if image.format != "ushort":
        raise InputRefused(SAMPLES)
    # a sequential image is read once: the range is measured on another
    top = int(_open(path, header).max())
    bits = max(8, top.bit_length()) if top.bit_length() <= _LOW_RANGE_BITS else 16
    eight = (image >> (bits - 8)).cast("uchar")
    narrower = {"grey16": "b-w", "rgb16": "srgb"}.get(image.interpretation, image.interpretation)
    return eight.copy(interpretation=narrower)


def _grey_or_rgb(image: Any) -> Any:
    if image.interpretation == "cmyk":
        image = image.icc_transform("srgb", embedded=True, input_profile="cmyk")
    elif image.interpretation not in ("b-w", "srgb", "rgb", "multiband"):
        image = image.colourspace("srgb")
    if image.bands in (2, 4):
        image = image.flatten(background=[255] * (image.bands - 1))
    if image.bands not in (1, 3):
        raise InputRefused(SAMPLES)
    return image


def _upright(pixels: Pixels, orientation: int) -> Pixels:
    """Undo an EXIF/TIFF orientation (1 to 8): flip first, then turn."""
    if orientation in (2, 4, 5, 7):
        pixels = np.fliplr(pixels)
    turns = {3: 2, 4: 2, 5: 1, 6: 3, 7: 3, 8: 1}.get(orientation, 0)
    return np.ascontiguousarray(np.rot90(pixels, turns))
