"""Paper made evenly white: shadow, yellowing, foxing, fading, print showing through."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from ocr.clean_page import Grey

SHRINK = 4
WHITE = 250
EVEN = 12  # grey levels between the darkest and the lightest paper that a reader does not mind
LIGHT = 225
BREADTH = 0.88  # of the paper's level: lighter than this is paper
GOOD_INK = 40.0
CONTRAST = 35.0  # grey levels between paper and ink, below which there is no print to deepen
DARKEST_PAPER = 48  # below this it is a black border, not paper


def paper_light(grey: Grey) -> Grey:
    """How light the paper is, quarter size: print and pen strokes are closed over, blots and shadows stay."""
    small = cv2.resize(grey, None, fx=1 / SHRINK, fy=1 / SHRINK, interpolation=cv2.INTER_AREA)
    small = cv2.medianBlur(small, 3)
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (11, 11)))
    return np.asarray(cv2.GaussianBlur(closed, (0, 0), 3), np.uint8)


def is_even(light: Grey) -> bool:
    """Whether the paper is light and alike everywhere, a hundredth of it apart."""
    low, high = np.percentile(light[::4, ::4], (1, 99))
    return bool(low >= LIGHT and high - low <= EVEN)


def even_light(grey: Grey, light: Grey) -> Grey:
    """The page divided by its paper's light."""
    paper = cv2.resize(np.maximum(light, DARKEST_PAPER), (grey.shape[1], grey.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.divide(grey, paper, scale=WHITE), np.uint8)


@dataclass(frozen=True, slots=True)
class Tone:
    """Grey levels: of the print and of the paper it stands on, and the share of the page that is pure white."""

    ink: float
    paper: float
    pure: float


def tone(grey: Grey) -> Tone:
    """The means of what Otsu's threshold calls print and paper; they are close together on a page without print."""
    sample = np.ascontiguousarray(grey[::2, ::2])
    counts = np.bincount(sample.ravel(), minlength=256).astype(float)
    threshold = int(cv2.threshold(sample, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[0])
    paper = _mean(counts, threshold + 1, 256, WHITE)
    return Tone(_mean(counts, 0, threshold + 1, paper), paper, float(counts[-4:].sum() / counts.sum()))


def _mean(counts: npt.NDArray[np.float64], start: int, stop: int, otherwise: float) -> float:
    total = counts[start:stop].sum()
    return float(np.arange(start, stop) @ counts[start:stop] / total) if total else otherwise


def whiten(grey: Grey, measured: Tone) -> Grey:
    """Stretch the greys: paper grain and what shines through become white, print becomes as dark as good print is.

    The engine compresses and unpacks every line it reads, so that flat paper also saves it a twentieth of its time."""
    white = BREADTH * measured.paper
    black = 0.0
    if measured.paper - measured.ink > CONTRAST:
        black = max(0.0, (measured.ink - GOOD_INK) * white / (white - GOOD_INK))
    table = (np.arange(256) - black) * (255 / max(white - black, 1.0))
    return np.asarray(cv2.LUT(grey, table.clip(0, 255).astype(np.uint8)), np.uint8)
