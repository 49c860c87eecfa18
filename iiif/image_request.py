"""What a client asks of an image: the words of an Image API URL, understood against the image's size.

Image API 3.0 §4 and 2.1 §4. Level 2 and mirroring are offered; upscaling and rotation by other than 90s are not.
"""

import re
from dataclasses import dataclass
from typing import Literal

from repository.domain.errors import N_, WrongUse
from repository.domain.pages import Box

Version = Literal[2, 3]

QUALITIES = ("default", "color", "gray", "bitonal")
# The longest side that the format itself can hold, in pixels.
FORMATS = {"jpg": 65_500, "png": 1_000_000, "webp": 16_383}
MAX_AREA = 64_000_000

_PIXELS = re.compile(r"([0-9]{1,9}),([0-9]{1,9}),([0-9]{1,9}),([0-9]{1,9})")
_NUMBER = r"[0-9]{1,9}(?:\.[0-9]{1,9})?|\.[0-9]{1,9}"
_PERCENT = re.compile(rf"pct:({_NUMBER}),({_NUMBER}),({_NUMBER}),({_NUMBER})")
_SIZE_PERCENT = re.compile(rf"pct:({_NUMBER})")
_SIZE = re.compile(r"(!?)([0-9]{0,9}),([0-9]{0,9})")
_ROTATION = re.compile(rf"(!?)({_NUMBER})")

_BAD_PART = N_("Phần {part} của địa chỉ ảnh không hợp lệ: «{value}»; hãy xem IIIF Image API, mục 4.")


class NotOffered(WrongUse):
    """A request that the Image API knows and this server does not serve (HTTP 501)."""


@dataclass(frozen=True, slots=True)
class ImageSize:
    """The whole image in pixels, and the largest area in pixels that is ever sent."""

    width: int
    height: int
    max_area: int = MAX_AREA


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """A picture asked for: `region` of the whole image in pixels, scaled to `width` x `height`, then mirrored left to
    right, then turned `rotation` (0, 90, 180, 270) degrees clockwise."""

    region: Box
    width: int
    height: int
    mirror: bool
    rotation: int
    quality: str
    format: str


def parse(version: Version, region: str, size: str, rotation: str, last: str, image: ImageSize) -> ImageRequest:
    """Understand the four decoded path segments; `last` is `{quality}.{format}`.

    Raises WrongUse for what the specification answers with 400, NotOffered for 501.
    """
    box = _region(region, image)
    width, height = _size(version, size, box, image)
    mirror, degrees = _rotation(rotation)
    quality, format = _quality_and_format(last)
    if max(width, height) > FORMATS[format]:
        raise WrongUse(
            N_("Ảnh {width}x{height} lớn hơn mức định dạng {format} chứa được ({side} điểm ảnh mỗi cạnh)."),
            width=width,
            height=height,
            format=format,
            side=FORMATS[format],
        )
    return ImageRequest(box, width, height, mirror, degrees, quality, format)


def canonical(version: Version, request: ImageRequest, image: ImageSize) -> str:
    """The canonical `region/size/rotation/quality.format` of a request (3.0 §4.7, 2.1 §4.7)."""
    box = request.region
    whole = (box.w, box.h) == (image.width, image.height)
    region = "full" if whole else f"{box.x},{box.y},{box.w},{box.h}"
    asked = (request.width, request.height)
    if asked == (_largest(box, image) if version == 3 else (box.w, box.h)):
        size = "max" if version == 3 else "full"
    elif version == 2 and request.height == _proportional(request.width, box.w, box.h):
        size = f"{request.width},"
    else:
        size = f"{request.width},{request.height}"
    mirror = "!" if request.mirror else ""
    return f"{region}/{size}/{mirror}{request.rotation}/{request.quality}.{request.format}"


def _bad(part: str, value: str) -> WrongUse:
    return WrongUse(_BAD_PART, part=part, value=value[:40])


def _region(text: str, image: ImageSize) -> Box:
    if text == "full":
        return Box(0, 0, image.width, image.height)
    if text == "square":
        side = min(image.width, image.height)
        return Box((image.width - side) // 2, (image.height - side) // 2, side, side)
    if match := _PIXELS.fullmatch(text):
        x, y, w, h = map(int, match.groups())
    elif match := _PERCENT.fullmatch(text):
        x, w = (round(float(part) * image.width / 100) for part in match.group(1, 3))
        y, h = (round(float(part) * image.height / 100) for part in match.group(2, 4))
    else:
        raise _bad("region", text)
    w, h = min(w, image.width - x), min(h, image.height - y)
    if w < 1 or h < 1:
        raise WrongUse(
            N_("Vùng «{value}» rỗng hoặc nằm ngoài ảnh {width}x{height} điểm ảnh."),
            value=text[:40],
            width=image.width,
            height=image.height,
        )
    return Box(x, y, w, h)


def _size(version: Version, text: str, box: Box, image: ImageSize) -> tuple[int, int]:
    if text.startswith("^") and version == 3:
        raise NotOffered(N_("Máy chủ này không phóng to ảnh quá kích thước gốc (cỡ «{value}»)."), value=text[:40])
    if text == "max":
        return _largest(box, image)
    width, height = _asked_size(version, text, box, image)
    if width > box.w or height > box.h:
        raise WrongUse(
            N_("Cỡ «{value}» lớn hơn vùng ảnh {width}x{height}; máy chủ này không phóng to ảnh."),
            value=text[:40],
            width=box.w,
            height=box.h,
        )
    if width < 1 or height < 1:
        raise WrongUse(N_("Cỡ «{value}» cho ra ảnh không có điểm ảnh nào."), value=text[:40])
    if width * height > image.max_area:
        raise WrongUse(
            N_("Cỡ «{value}» vượt quá {area} điểm ảnh mỗi lần gửi; hãy xin cỡ nhỏ hơn hoặc từng vùng."),
            value=text[:40],
            area=image.max_area,
        )
    return width, height


def _asked_size(version: Version, text: str, box: Box, image: ImageSize) -> tuple[int, int]:
    if text == "full" and version == 2:
        return box.w, box.h
    if match := _SIZE_PERCENT.fullmatch(text):
        factor = float(match[1]) / 100
        return round(box.w * factor), round(box.h * factor)
    match = _SIZE.fullmatch(text)
    if match is None or not (match[2] or match[3]) or (match[1] and not (match[2] and match[3])):
        raise _bad("size", text)
    if match[1]:
        return _within(int(match[2]), int(match[3]), box, image)
    if not match[3]:
        return int(match[2]), _proportional(int(match[2]), box.w, box.h)
    if not match[2]:
        return _proportional(int(match[3]), box.h, box.w), int(match[3])
    return int(match[2]), int(match[3])


def _proportional(side: int, whole: int, other: int) -> int:
    """The other side's length when `whole` becomes `side`, rounded half up."""
    return (2 * side * other + whole) // (2 * whole)


def _within(width: int, height: int, box: Box, image: ImageSize) -> tuple[int, int]:
    """The largest size inside `width` x `height` that is not larger than the region or the server's limit."""
    most_w, most_h = _largest(box, image)
    width, height = min(width, most_w), min(height, most_h)
    if width * box.h <= height * box.w:
        return width, min(height, _proportional(width, box.w, box.h))
    return min(width, _proportional(height, box.h, box.w)), height


def _largest(box: Box, image: ImageSize) -> tuple[int, int]:
    if box.w * box.h <= image.max_area:
        return box.w, box.h
    factor = (image.max_area / (box.w * box.h)) ** 0.5
    return max(1, int(box.w * factor)), max(1, int(box.h * factor))


def _rotation(text: str) -> tuple[bool, int]:
    match = _ROTATION.fullmatch(text)
    if match is None or float(match[2]) > 360:
        raise _bad("rotation", text)
    degrees = float(match[2])
    if degrees % 90:
        raise NotOffered(N_("Máy chủ này chỉ xoay ảnh theo bội của 90 độ, không xoay «{value}»."), value=text[:40])
    return bool(match[1]), int(degrees) % 360


def _quality_and_format(text: str) -> tuple[str, str]:
    quality, dot, format = text.rpartition(".")
    if not dot or quality not in QUALITIES:
        raise _bad("quality", quality if dot else text)
    if format not in FORMATS:
        raise _bad("format", format)
    return quality, format
