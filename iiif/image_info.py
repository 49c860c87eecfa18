"""The description of an image that viewers ask for first: `info.json` of Image API 3.0 (§5) and 2.1 (§5)."""

from typing import Any

from iiif.image_request import QUALITIES, ImageSize, Version
from repository.scans.pyramid import TILE, level_count

CONTEXT = {2: "http://iiif.io/api/image/2/context.json", 3: "http://iiif.io/api/image/3/context.json"}
PROFILE_LINK = {2: "http://iiif.io/api/image/2/level2.json", 3: "http://iiif.io/api/image/3/level2.json"}
_EXTRA_FEATURES = ["canonicalLinkHeader", "mirroring", "profileLinkHeader"]


def info_json(version: Version, id_url: str, image: ImageSize) -> dict[str, Any]:
    """The `info.json` document of the image whose service is at `id_url` (no trailing slash).

    `tiles` are the stored tiles and `sizes` the stored levels, smallest first, so that asking for them costs least.
    """
    factors = [2**level for level in range(level_count(image.width, image.height))]
    sizes = [{"width": -(-image.width // factor), "height": -(-image.height // factor)} for factor in factors]
    if image.width * image.height > image.max_area:
        sizes = [size for size in sizes if size["width"] * size["height"] <= image.max_area]
    info: dict[str, Any] = {
        "@context": CONTEXT[version],
        ("id" if version == 3 else "@id"): id_url,
        "protocol": "http://iiif.io/api/image",
        "width": image.width,
        "height": image.height,
        "sizes": sizes[::-1],
        "tiles": [{"width": TILE, "height": TILE, "scaleFactors": factors}],
    }
    limit = {"maxArea": image.max_area} if image.width * image.height > image.max_area else {}
    if version == 3:
        info |= {"type": "ImageService3", "profile": "level2", **limit}
        info |= {"extraFormats": ["webp"], "extraQualities": list(QUALITIES[1:]), "extraFeatures": _EXTRA_FEATURES}
    else:
        offered = {"formats": ["jpg", "png", "webp"], "qualities": list(QUALITIES)}
        supports = [*_EXTRA_FEATURES, "regionSquare"]
        info["profile"] = [PROFILE_LINK[2], {**offered, "supports": supports, **limit}]
    return info
