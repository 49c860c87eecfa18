"""Addresses of pictures of pages: covers, thumbnails, and cuts around hits with the words boxed."""

from collections.abc import Sequence
from dataclasses import dataclass

from repository.domain.pages import Box
from repository.domain.records import Page
from repository.scans.pyramid import level_count

_CUT_LINES_WIDE = 30  # how wide a cut is, in heights of the first hit's box
_CUT_SHAPE = 5  # width to height
_CUT_NARROWEST = 480
_CUT_PIXELS = 1000
_BOXES_TRIED = 48
_READING_PIXELS = 1400


@dataclass(frozen=True, slots=True)
class Picture:
    """An image to show: its address on this site and its size in pixels."""

    src: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Cut:
    """A piece of a page around a hit. `region` and `boxes` are master pixels."""

    picture: Picture
    region: Box
    boxes: tuple[Box, ...]


def thumbnail(page: Page | None, side: int = 300) -> Picture | None:
    """The page's smallest stored level whose longer side has at least `side` pixels, which costs the least to send."""
    if page is None or page.derivative is None or not page.width:
        return None
    levels = range(level_count(page.width, page.height))
    fitting = [1 << level for level in levels if max(page.width, page.height) >> level >= side]
    factor = fitting[-1] if fitting else 1
    width, height = -(-page.width // factor), -(-page.height // factor)
    return Picture(_address(page, "full", f"{width},{height}"), width, height)


def reading_size(page: Page) -> Picture | None:
    """The whole page, as large as it takes to read it on a screen."""
    if page.derivative is None or not page.width:
        return None
    width = min(page.width, _READING_PIXELS)
    height = max(1, page.height * width // page.width)
    size = f"{width}," if width < page.width else "max"
    return Picture(_address(page, "full", size), width, height)


def full_size(page: Page) -> str:
    """The address of the largest picture of the page that the site sends."""
    return _address(page, "full", "max")


def cut(page: Page | None, boxes: Sequence[Box]) -> Cut | None:
    """The lines where most of `boxes` stand together, with those boxes."""
    if page is None or page.derivative is None or not boxes or not page.width:
        return None
    region = _around(page, boxes[densest(page, boxes)])
    inside = tuple(box for box in boxes if _overlap(region, box))
    width = min(region.w, _CUT_PIXELS)
    size = "max" if width == region.w else f"{width},"
    source = _address(page, f"{region.x},{region.y},{region.w},{region.h}", size)
    return Cut(Picture(source, width, max(1, region.h * width // region.w)), region, inside)


def densest(page: Page, boxes: Sequence[Box]) -> int:
    """Which of `boxes` (not empty) has most others in the lines around it: the first of such. Looks at the first few
    dozen, since they stand best first."""
    tried = boxes[:_BOXES_TRIED]
    regions = [_around(page, box) for box in tried]
    return max(range(len(tried)), key=lambda at: sum(_overlap(regions[at], box) for box in tried))


def _around(page: Page, box: Box) -> Box:
    width = min(page.width, max(box.h * _CUT_LINES_WIDE, box.w + box.h * 4, _CUT_NARROWEST))
    height = min(page.height, max(width // _CUT_SHAPE, box.h))
    x = min(max(box.x + box.w // 2 - width // 2, 0), page.width - width)
    y = min(max(box.y + box.h // 2 - height // 2, 0), page.height - height)
    return Box(x, y, max(width, 1), max(height, 1))


def _overlap(region: Box, box: Box) -> bool:
    return (
        box.x < region.x + region.w
        and region.x < box.x + box.w
        and box.y < region.y + region.h
        and region.y < box.y + box.h
    )


def _address(page: Page, region: str, size: str) -> str:
    return f"/iiif/image/3/{page.id}/{region}/{size}/0/default.jpg"
