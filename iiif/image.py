"""The picture a client asked for, cut out of a page's pyramid."""

import struct
from contextlib import nullcontext
from pathlib import Path
from threading import BoundedSemaphore

import pyvips

from iiif.image_request import ImageRequest
from iiif.stored_tile import stored_tile
from repository.domain.errors import N_, StoreFailed

MEDIA_TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
_SAVERS = {
    "jpg": (".jpg", {"Q": 85, "keep": "none"}),
    "png": (".png", {"compression": 4, "keep": "none"}),
    "webp": (".webp", {"Q": 80, "effort": 2, "keep": "none"}),
}
_BLACK_BELOW = 128
# Whole pages at full size take seconds and much memory: a robot that asks for many must not crowd out the tiles.
_LARGE = 8_000_000
_large_ones = BoundedSemaphore(2)


def render(pyramid: Path, request: ImageRequest) -> tuple[bytes, str]:
    """The encoded picture and its media type.

    A whole stored tile is sent as it is; otherwise only the tiles under the region are decoded, from the smallest
    level that is large enough.
    Raises StoreFailed when the pyramid is missing or broken.
    """
    try:
        tile = stored_tile(pyramid, request)
        if tile is not None:
            return tile, MEDIA_TYPES["jpg"]
        large = request.width * request.height > _LARGE
        with _large_ones if large else nullcontext():
            return _drawn(pyramid, request), MEDIA_TYPES[request.format]
    except (pyvips.Error, OSError, struct.error, KeyError) as error:
        raise StoreFailed(
            N_("Ảnh dẫn xuất {name} thiếu hoặc hỏng; hãy chạy kiểm tra kho để tạo lại."), name=pyramid.name
        ) from error


def _drawn(pyramid: Path, request: ImageRequest) -> bytes:
    image = _scaled(pyramid, request)
    if request.mirror:
        image = image.fliphor()
    if request.rotation:
        # Turned line by line, the tiles of a whole column would be decoded again for every strip.
        image = image.copy_memory().rot(f"d{request.rotation}")
    image = _in_quality(image, request.quality).copy()
    # The web server has threads of its own: one request must not take all cores.
    image.set_type(pyvips.GValue.gint_type, "vips-concurrency", 1)
    suffix, options = _SAVERS[request.format]
    if request.format == "png" and request.quality == "bitonal":
        options = {**options, "bitdepth": 1}
    data: bytes = image.write_to_buffer(suffix, **options)
    return data


def _scaled(pyramid: Path, request: ImageRequest) -> pyvips.Image:
    box = request.region
    whole = pyvips.Image.tiffload(str(pyramid), revalidate=True)
    levels = whole.get("n-pages") if whole.get_typeof("n-pages") else 1
    level = _level(request, levels)
    factor = 1 << level
    image = pyvips.Image.tiffload(str(pyramid), page=level) if level else whole
    left, top = box.x // factor, box.y // factor
    right, bottom = -(-(box.x + box.w) // factor), -(-(box.y + box.h) // factor)
    image = image.crop(left, top, right - left, bottom - top)
    if (image.width, image.height) == (request.width, request.height):
        return image
    return image.thumbnail_image(request.width, height=request.height, size="force", no_rotate=True)


def _level(request: ImageRequest, levels: int) -> int:
    """The smallest level on which the region still has all the pixels asked for, counted as clients do: rounded up."""
    level = 0
    while level + 1 < levels:
        factor = 2 << level
        if -(-request.region.w // factor) < request.width or -(-request.region.h // factor) < request.height:
            break
        level += 1
    return level


def _in_quality(image: pyvips.Image, quality: str) -> pyvips.Image:
    if quality in ("gray", "bitonal") and image.bands > 1:
        image = image.colourspace("b-w")
    if quality == "bitonal":
        image = image >= _BLACK_BELOW
    return image
