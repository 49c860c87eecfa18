"""Which way up the page lies: lines of print tell whether on its side, the marks on letters whether on its head.

Vietnamese letters carry far more above them than below; in French and English the dots of i and j do."""

import cv2
import numpy as np

from ocr.clean_page import Grey
from ocr.cleaning_steps.dots import dots, profiles

STRIPS = 16
FEWEST_DOTS = 400
LYING = 0.4  # as much stronger must lines up and down the page be; measured: below 0.1 lying, above 1.5 standing
FOOTED = -0.15  # serifs make the lower edge of a line sharper than the upper; below this nothing more need be looked at
FINE_SIDE = 1754
CLEAR_VOTE = 0.3  # measured: 0.4 to 1 on upright pages, the same below zero on turned ones
FEWEST_VOTES = 30


def quarters(grey: Grey) -> int:
    """Quarter turns counter-clockwise, 0 to 3, that put the page upright; 0 when nothing tells clearly."""
    marked = dots(grey)
    if np.count_nonzero(marked) < FEWEST_DOTS or min(marked.shape) < 4 * STRIPS:
        return 0
    lying = _lines(marked) < LYING * _lines(np.ascontiguousarray(marked.T))
    if not lying and _footing(marked) < FOOTED:
        return 0
    vote = _vote(np.ascontiguousarray(np.rot90(grey)) if lying else grey)
    if abs(vote) < CLEAR_VOTE:
        return 0
    return (1 if lying else 0) + (0 if vote > 0 else 2)


def _lines(marked: Grey) -> float:
    """How strongly dots gather in rows as high as lines of print are."""
    rows = profiles(marked, STRIPS)
    waves = cv2.blur(rows, (1, 9)) - cv2.blur(rows, (1, 41))
    return float(np.square(waves).sum() / max(rows.sum(), 1.0) / (marked.shape[1] / STRIPS))


def _footing(marked: Grey) -> float:
    """Below zero when the rows of dots end more sharply than they begin, from -1 to 1."""
    steps = np.diff(profiles(marked, STRIPS).astype(np.float64), axis=0) ** 3
    return float(steps.sum() / max(np.abs(steps).sum(), 1.0))


def _vote(grey: Grey) -> float:
    """Of the small marks with a letter just on one side, those above it less those below it, from -1 to 1."""
    marked = dots(grey, FINE_SIDE)
    _, _, stats, middles = cv2.connectedComponentsWithStats(marked)
    widths, heights = stats[1:, 2], stats[1:, 3]
    like_letters = (heights >= 4) & (heights < 80) & (widths >= 3) & (widths < 4 * heights) & (heights < 4 * widths)
    letters = heights[like_letters]
    if len(letters) < FEWEST_VOTES:
        return 0.0
    letter = int(np.argmax(np.convolve(np.bincount(letters, weights=letters.astype(float)), np.ones(3), "same")))
    low, high = 0.12 * letter, 0.6 * letter
    small = (heights >= low) & (heights <= high) & (widths >= low) & (widths <= 1.3 * letter)
    side = max(3, letter) | 1
    ink = cv2.boxFilter(marked, cv2.CV_32F, (side, side), normalize=False, borderType=cv2.BORDER_CONSTANT)
    away = (heights[small] / 2 + side / 2 + 1).astype(int)
    xs, ys = np.round(middles[1:][small]).astype(int).T
    below, above = ink[np.minimum(ys + away, len(ink) - 1), xs], ink[np.maximum(ys - away, 0), xs]
    one_sided = (np.maximum(below, above) > 0.25 * side**2) & (np.minimum(below, above) < 0.1 * side**2)
    votes = np.sign(below - above)[one_sided]
    return float(votes.mean()) if len(votes) >= FEWEST_VOTES else 0.0
