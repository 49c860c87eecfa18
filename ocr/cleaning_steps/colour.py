"""From colour to grey, without the stamps that were pressed over the text."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from ocr.clean_page import Grey

Colour = npt.NDArray[np.uint8]

SHRINK = 4
COLOURED = 60  # spread between the channels, 0 to 255, once the paper is made neutral
DARK = 110
STAMP_SIDE = 0.05  # a seal of 2 cm on A4 is a tenth of the page's width; headings stay below this height


@dataclass(frozen=True, slots=True)
class Stamp:
    """A stamp's rectangle in pixels of the image."""

    left: int
    top: int
    right: int
    bottom: int


def find_stamps(pixels: Colour) -> tuple[Stamp, ...]:
    """Coloured marks in both directions larger than a line of print that lie over dark print.

    A red heading has no black print inside it and stays: only what hides text is a stamp."""
    small = np.asarray(cv2.resize(pixels, None, fx=1 / SHRINK, fy=1 / SHRINK, interpolation=cv2.INTER_AREA), np.uint8)
    neutral = _levelled(small, paper_colour(small), 255)
    lightest, darkest = neutral.max(axis=2), neutral.min(axis=2)
    coloured = (cv2.subtract(lightest, darkest) > COLOURED).astype(np.uint8)
    if not coloured.any():
        return ()
    joined = cv2.morphologyEx(coloured, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(joined)
    side = STAMP_SIDE * min(small.shape[:2])
    found = []
    for left, top, width, height, _ in stats[1:]:
        inside = lightest[top : top + height, left : left + width]
        if min(width, height) >= side and np.count_nonzero(inside < DARK) > 0.01 * inside.size:
            corners = (left - 2, top - 2, left + width + 2, top + height + 2)
            found.append(Stamp(*(max(int(corner), 0) * SHRINK for corner in corners)))
    return tuple(found)


def paper_colour(pixels: Colour) -> tuple[float, float, float]:
    """The commonest light colour: the upper quartile of each channel, at least 1."""
    sample = pixels.reshape(-1, 3)[:: max(1, pixels.shape[0] * pixels.shape[1] // 20_000)]
    red, green, blue = (max(float(level), 1.0) for level in np.percentile(sample, 75, axis=0))
    return red, green, blue


def to_grey(pixels: Colour, stamps: tuple[Stamp, ...]) -> Grey:
    """Grey (H, W) of an RGB image; inside the stamps each pixel is as light as its lightest channel."""
    grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    if not stamps:
        return grey
    paper = paper_colour(pixels)
    white = 0.299 * paper[0] + 0.587 * paper[1] + 0.114 * paper[2]
    for stamp in stamps:
        area = np.s_[stamp.top : stamp.bottom, stamp.left : stamp.right]
        # Yellow paper has a lighter red channel than its grey: level the channels first, or the patch shows.
        grey[area] = _levelled(pixels[area], paper, white).max(axis=2)
    return grey


def _levelled(pixels: Colour, paper: tuple[float, float, float], white: float) -> Colour:
    """The channels stretched so that the paper's colour becomes the neutral grey `white`."""
    table = np.arange(256)[None, :, None] * (white / np.array(paper))[None, None, :]
    return np.asarray(cv2.LUT(np.ascontiguousarray(pixels), table.clip(0, 255).astype(np.uint8)), np.uint8)
