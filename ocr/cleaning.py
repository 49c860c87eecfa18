"""A page image made ready for reading: every step looks first, and a page that needs nothing goes through untouched."""

import cv2
import numpy as np

from ocr.clean_page import CleanPage, Grey, Matrix, ToMaster
from ocr.cleaning_steps import colour, light, noise, orientation, size, skew, straighten
from ocr.cleaning_steps.straighten import after
from repository.scans.image import PageImage

# One process a core: OpenCV's own threads would fight with the other workers for the same cores.
cv2.setNumThreads(1)

MOST_PIXELS = 40_000_000  # A4 at 600 dpi is 35 million
LONGEST_SIDE = 30_000  # OpenCV turns, and Tesseract reads, up to 32,767
SLIVER = 32  # pixels; less high or wide holds no line of print
BITONAL = 0.995
GRAINY = 9.0
FADED = 100
PURE = 0.85


def clean(image: PageImage) -> CleanPage:
    """Clean one page for reading: at most 0.3 s for A4 at 300 dpi, memory about four times the image's.

    `applied` names the steps that were needed, in order: `stamp`, `noise`, `light`, `whiten`, `upright`, `turn`,
    `enlarge`, `reduce`. The master's pixels are not written to."""
    applied: list[str] = []
    grey = _grey(_bounded(image.pixels), applied)
    reduced = max(grey.shape) / max(image.pixels.shape[:2])
    quarters, height, angle, scale = 0, 0.0, 0.0, 1.0
    if min(grey.shape) >= SLIVER:
        quarters = orientation.quarters(grey)
        grey = grey if _bitonal(grey) else _even(grey, applied)
    grey, laid = straighten.upright(grey, quarters)
    if min(grey.shape) >= SLIVER:
        height, angle = size.x_height(grey), skew.skew(grey)
        scale = size.scale(height, (grey.shape[0], grey.shape[1]), MOST_PIXELS, untouched=not applied)
    cleaned, back = straighten.turned(grey, angle, scale)
    whole = _to_whole(grey, image, quarters)
    to_master = ToMaster(image.pixels.shape[1], image.pixels.shape[0], after(whole, after(laid, back)))
    steps = {
        "upright": quarters != 0,
        "turn": angle != 0,
        "enlarge": scale * reduced > 1,
        "reduce": scale * reduced < 1,
    }
    applied += [step for step, needed in steps.items() if needed]
    return CleanPage(cleaned, round(size.resolution(image.dpi, height) * scale * reduced), to_master, tuple(applied))


def _to_whole(grey: Grey, image: PageImage, quarters: int) -> Matrix:
    """From a page that was perhaps reduced before it was put upright to the master's pixels."""
    height, width = grey.shape[::-1] if quarters % 2 else grey.shape
    return (image.pixels.shape[1] / width, 0.0, 0.0), (0.0, image.pixels.shape[0] / height, 0.0)


def _bounded(pixels: Grey) -> Grey:
    """No more pixels, and no longer a side, than cleaning and reading can take in bounded memory."""
    height, width = pixels.shape[:2]
    factor = min((MOST_PIXELS / (height * width)) ** 0.5, LONGEST_SIDE / max(height, width))
    if factor >= 1:
        return np.asarray(pixels, np.uint8)
    shape = (max(1, round(width * factor)), max(1, round(height * factor)))
    return np.asarray(cv2.resize(pixels, shape, interpolation=cv2.INTER_AREA), np.uint8)


def _grey(pixels: Grey, applied: list[str]) -> Grey:
    if pixels.ndim == 2:
        return pixels
    stamps = colour.find_stamps(pixels) if min(pixels.shape[:2]) >= SLIVER else ()
    if stamps:
        applied.append("stamp")
    return colour.to_grey(pixels, stamps)


def _bitonal(grey: Grey) -> bool:
    counts = np.bincount(grey[::3, ::3].ravel(), minlength=256)
    return bool(counts[:8].sum() + counts[-8:].sum() >= BITONAL * counts.sum())


def _even(grey: Grey, applied: list[str]) -> Grey:
    if noise.grain(grey) > GRAINY:
        grey = noise.smooth(grey)
        applied.append("noise")
    paper = light.paper_light(grey)
    if not light.is_even(paper):
        grey = light.even_light(grey, paper)
        applied.append("light")
    tone = light.tone(grey)
    if tone.pure < PURE or tone.ink > FADED:
        grey = light.whiten(grey, tone)
        applied.append("whiten")
    return grey
