"""Looks at a page's pixels for two findings: nothing is printed on it; it has too few pixels to be read."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from repository.scans.image import PageImage

# the page is looked at with this many pixels on its long side: about 85 to the inch on A4, a letter is 6 to 12 high
LOOK_SIDE = 1_000
FEW_LONG_SIDE = 1_000
FEW_DPI = 150
# tags below this are a screen's, not a scanner's
_TRUSTED_DPI = 97
_WEAK, _STRONG = 0.16, 0.28  # how much darker than the paper around: to belong to a mark, to make one ink
_LEAST_AREA, _LEAST_HEIGHT = 7, 5
_EDGE = 0.02
_MUCH_INK = 0.004
_MUCH_PICTURE = 0.05


@dataclass(frozen=True, slots=True)
class PageQuality:
    """`blank`: nothing printed or written; `ink`: part of the page that marks cover, 0 to 1, noise left out;
    `few_pixels`: under about 150 dpi, or under 1,000 pixels on the long side."""

    blank: bool
    few_pixels: bool
    ink: float


def inspect(image: PageImage) -> PageQuality:
    """Judge one page. Paper tone, shadows, dark edges, specks and what shines through from the back are no ink."""
    height, width = image.pixels.shape[:2]
    long_side = max(height, width)
    few = long_side < FEW_LONG_SIDE or _TRUSTED_DPI <= image.dpi < FEW_DPI
    small = _small_grey(image.pixels)
    marks, area = _marks(small)
    ink = sum(mark.area for mark in marks) / area
    return PageQuality(not (_tells_something(marks, ink) or _pictures_something(small)), few, ink)


@dataclass(frozen=True, slots=True)
class _Mark:
    """A connected dark shape at look size, pixels."""

    x: int
    y: int
    w: int
    h: int
    area: int


def _small_grey(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    # the darkest channel: red seals and blue pencil are ink as well
    height, width = pixels.shape[:2]
    scale = min(1.0, LOOK_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA) if scale < 1 else pixels
    return np.asarray(small.min(axis=2) if small.ndim == 3 else small, np.uint8)


def _marks(grey: NDArray[np.uint8]) -> tuple[list[_Mark], int]:
    """Dark shapes that stand clear of the edges, and the area looked at."""
    paper = _paper(grey)
    darker = (paper - grey.astype(np.float32)) / np.maximum(paper, 40)
    count, labels, stats, _ = cv2.connectedComponentsWithStats((darker > _WEAK).astype(np.uint8), connectivity=8)
    strong = np.zeros(count, np.bool_)
    strong[labels[darker > _STRONG]] = True
    height, width = grey.shape
    edge = max(2, round(max(height, width) * _EDGE))
    found = []
    for number in range(1, count):
        x, y, w, h, area = (int(value) for value in stats[number])
        touches = x < edge or y < edge or x + w > width - edge or y + h > height - edge
        # a shadow along the edge is long or hugs it; print that runs to the edge is not thrown out with it
        if strong[number] and area >= _LEAST_AREA and not (touches and _like_an_edge(w, h, width, height, x, y, edge)):
            found.append(_Mark(x, y, w, h, area))
    return found, height * width


def _like_an_edge(w: int, h: int, width: int, height: int, x: int, y: int, edge: int) -> bool:
    beside = w <= 2 * edge and (x < edge or x + w > width - edge)
    above = h <= 2 * edge and (y < edge or y + h > height - edge)
    return beside or above or w > width // 4 or h > height // 4


def _paper(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The page's own brightness without its print: a coarse median, which follows shadows and stains."""
    coarse = cv2.resize(grey, (max(1, grey.shape[1] // 4), max(1, grey.shape[0] // 4)), interpolation=cv2.INTER_AREA)
    lifted = cv2.dilate(coarse, np.ones((5, 5), np.uint8))
    smooth = cv2.medianBlur(lifted, 21) if min(lifted.shape) > 21 else lifted
    return np.asarray(cv2.resize(smooth, (grey.shape[1], grey.shape[0]), interpolation=cv2.INTER_LINEAR), np.float32)


def _pictures_something(grey: NDArray[np.uint8]) -> bool:
    """Whether tones change over a good part of the page, as in a photograph: it has no paper to stand out from.

    Fine noise is smoothed away, and wide shadows are in the surroundings that each spot is compared with."""
    size = (max(1, grey.shape[1] // 4), max(1, grey.shape[0] // 4))
    coarse = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    edge = round(0.08 * max(size))
    inner = coarse[edge:-edge, edge:-edge] if min(size) > 3 * edge > 0 else coarse
    spot = cv2.GaussianBlur(inner, (0, 0), max(max(size) / 250, 0.5))
    around = cv2.GaussianBlur(inner, (0, 0), max(max(size) / 25, 0.5))
    return bool((np.abs(spot - around) > 0.10 * np.maximum(around, 40)).mean() > _MUCH_PICTURE)


def _tells_something(marks: list[_Mark], ink: float) -> bool:
    """Whether the marks are print: much ink, two letters side by side, or one that is no speck, hole or hair."""
    if ink > _MUCH_INK:
        return True
    letters = [mark for mark in marks if mark.h >= _LEAST_HEIGHT and mark.w >= 2]
    return any(_lone_letter(mark) for mark in letters) or any(
        _side_by_side(one, other) for at, one in enumerate(letters[:400]) for other in letters[at + 1 : 400]
    )


def _side_by_side(one: _Mark, other: _Mark) -> bool:
    together = abs((one.y + one.h / 2) - (other.y + other.h / 2)) < 0.6 * max(one.h, other.h)
    alike = max(one.h, other.h) <= 2.5 * min(one.h, other.h)
    gap = max(one.x, other.x) - min(one.x + one.w, other.x + other.w)
    return together and alike and gap < 1.5 * max(one.h, other.h)


def _lone_letter(mark: _Mark) -> bool:
    filled = mark.area / (mark.w * mark.h)
    slender = mark.h / mark.w
    return mark.h >= 7 and filled < 0.66 and 0.3 < slender < 4 and mark.area >= 14
