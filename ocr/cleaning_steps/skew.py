"""How far the lines of print are from level."""

import cv2
import numpy as np
import numpy.typing as npt

from ocr.clean_page import Grey

WIDTH = 700
WIDEST = 6.0  # degrees looked at on either side
NEGLIGIBLE = 0.25
CLEAR = 1.08  # how much sharper the lines must become before the page is turned


def skew(grey: Grey) -> float:
    """Degrees to turn the page counter-clockwise so that its lines are level; 0.0 when level or nothing tells.

    Lines of print are level when the dark dots of the rows differ most from row to row."""
    dots = _dots(grey)
    if dots is None:
        return 0.0
    level = _sharpness(dots, 0.0)
    best = 0.0
    for step, reach in ((1.0, WIDEST), (0.25, 0.75), (0.05, 0.2)):
        angles = np.arange(best - reach, best + reach + step / 2, step)
        best = max((float(angle) for angle in angles), key=lambda angle: _sharpness(dots, angle))
    if abs(best) < NEGLIGIBLE or _sharpness(dots, best) < CLEAR * level:
        return 0.0
    return best


def _dots(grey: Grey) -> npt.NDArray[np.float32] | None:
    """Coordinates (2, N) of dark dots on a small copy, about its centre; None when there are too few."""
    factor = min(1.0, WIDTH / max(grey.shape[1], 1))
    small = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    if min(small.shape) < 32:
        return None
    local = cv2.blur(small, (31, 31))
    dark = small.astype(np.int16) < local.astype(np.int16) - 25
    # A scanner's black border or a photograph would outweigh the print.
    dark &= local > 60
    ys, xs = np.nonzero(dark)
    if len(xs) < 200:
        return None
    keep = slice(None, None, max(1, len(xs) // 40_000))
    return np.stack((xs[keep] - small.shape[1] / 2, ys[keep] - small.shape[0] / 2)).astype(np.float32)


def _sharpness(dots: npt.NDArray[np.float32], angle: float) -> float:
    """The sum of squared differences between neighbouring rows of dots once turned by `angle` degrees."""
    radians = np.deg2rad(angle)
    rows = dots[1] * np.float32(np.cos(radians)) - dots[0] * np.float32(np.sin(radians))
    rows -= rows.min()
    counts = np.bincount(rows.astype(np.int32))
    return float(np.square(np.diff(counts.astype(np.float64))).sum())
