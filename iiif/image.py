"""The picture a client asked for, cut out of a page's pyramid."""

from pathlib import Path

import pyvips

from iiif.image_request import ImageRequest
from repository.domain.errors import N_, StoreFailed

MEDIA_TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
_SAVERS = {
    "jpg": (".jpg", {"Q": 85, "keep": "none"}),
    "png": (".png", {"compression": 4, "keep": "none"}),
    "webp": (".webp", {"Q": 80, "effort": 2, "keep": "none"}),
}
_BLACK_BELOW = 128


def render(pyramid: Path, request: ImageRequest) -> tuple[bytes, str]:
    """The encoded picture and its media type.

    Only the tiles under the region are decoded, from the smallest stored level that is large enough.
    Raises StoreFailed when the pyramid is missing or broken.
    """
    try:
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
    except pyvips.Error as error:
        raise StoreFailed(
            N_("Ảnh dẫn xuất {name} thiếu hoặc hỏng; hãy chạy kiểm tra kho để tạo lại."), name=pyramid.name
        ) from error
    return data, MEDIA_TYPES[request.format]


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
