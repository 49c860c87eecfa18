"""How large the print is, whatever the file says about its resolution."""

import math

import cv2
import numpy as np

from ocr.clean_page import Grey

TYPICAL_DPI, TYPICAL = 300, 20.0  # an x of 11-point type is 20 pixels high at 300 dpi
READ_WELL = 16.0  # below this height of an x the engine errs more
TOO_SMALL = 13.0
LARGE = 22.0  # above it the engine takes longer and reads no better
TOO_LARGE = 48.0  # above it even a page that needs nothing else is worth reducing
MOST_ENLARGED = 4.0
LYING = 2.0  # times the resolution that the print suggests
ENOUGH_PIXELS = 2_500_000
ENOUGH_LETTERS = 40


def x_height(grey: Grey) -> float:
    """The height in pixels of the commonest letters; 0.0 when the page has too few to tell."""
    shrink = min(1.0, math.sqrt(ENOUGH_PIXELS / grey.size))
    if shrink < 1:
        grey = np.asarray(cv2.resize(grey, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8)
    _, dark = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    _, _, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    widths, heights, areas = stats[1:, 2], stats[1:, 3], stats[1:, 4]
    like_letters = (heights >= 5) & (heights <= 150) & (widths >= 3) & (widths < 4 * heights)
    like_letters &= (heights < 4 * widths) & (areas > 0.15 * widths * heights)
    letters = heights[like_letters]
    if len(letters) < ENOUGH_LETTERS:
        return 0.0
    # Marks above and below are many but small: each counts by its height.
    votes = np.convolve(np.bincount(letters, weights=letters.astype(float)), np.ones(3), "same")
    return float(np.argmax(votes)) / shrink


def scale(height: float, shape: tuple[int, int], most_pixels: int, untouched: bool) -> float:
    """By how much to scale a page with letters of `height` pixels (0.0: unknown); 1.0 when it is good as it is.

    Up for small print, as far as `most_pixels` allow; down for large print, an `untouched` page only for huge print."""
    if 0 < height < TOO_SMALL:
        room = math.sqrt(most_pixels / (shape[0] * shape[1]))
        return max(1.0, min(READ_WELL / height, MOST_ENLARGED, room))
    if height > (TOO_LARGE if untouched else LARGE):
        return TYPICAL / height
    return 1.0


def resolution(tagged: int, height: float) -> int:
    """The page's dpi: as the file says, unless letters of `height` make that unbelievable."""
    guess = TYPICAL_DPI * height / TYPICAL if height else float(TYPICAL_DPI)
    believable = guess / LYING <= tagged <= guess * LYING if height else 70 <= tagged <= 1200
    return tagged if believable else round(guess)
