"""A page image made ready for reading: every step looks first, and a page that needs nothing goes through untouched."""

import cv2
import numpy as np
import numpy.typing as npt

from ocr.clean_page import CleanPage, Grey, ToMaster
from ocr.cleaning_steps import colour, light, noise, size, skew
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

    `applied` names the steps that were needed, in order: `stamp`, `noise`, `light`, `whiten`, `turn`, `enlarge`,
    `reduce`. The master's pixels are not written to."""
    applied: list[str] = []
    grey = _grey(_bounded(image.pixels), applied)
    height, angle, scale = 0.0, 0.0, 1.0
    if min(grey.shape) >= SLIVER:
        grey = grey if _bitonal(grey) else _even(grey, applied)
        height, angle = size.x_height(grey), skew.skew(grey)
        scale = size.scale(height, (grey.shape[0], grey.shape[1]), MOST_PIXELS, untouched=not applied)
    cleaned, to_master = _straight(grey, angle, scale, image.pixels.shape)
    overall = scale * max(grey.shape) / max(image.pixels.shape[:2])
    steps = {"turn": angle != 0, "enlarge": overall > 1, "reduce": overall < 1}
    applied += [step for step, needed in steps.items() if needed]
    return CleanPage(cleaned, round(size.resolution(image.dpi, height) * overall), to_master, tuple(applied))


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


def _straight(grey: Grey, angle: float, scale: float, master: tuple[int, ...]) -> tuple[Grey, ToMaster]:
    """The page turned and scaled, and the way back to a master of shape `master`, which `grey` may be a reduction of.

    Turned and scaled in one go, so that the page is interpolated once; the canvas grows to hold the turned page."""
    height, width = grey.shape
    radians = np.deg2rad(angle)
    cos, sin = float(np.cos(radians)) * scale, float(np.sin(radians)) * scale
    out = (round(width * abs(cos) + height * abs(sin)), round(width * abs(sin) + height * abs(cos)))
    there = np.array([[cos, sin, 0.0], [-sin, cos, 0.0]])
    there[:, 2] = np.array(out) / 2 - there[:, :2] @ (width / 2, height / 2)
    back = np.asarray(cv2.invertAffineTransform(there), np.float64)
    if not angle:
        # The canvas is whole pixels, and resizing fills it exactly.
        back = np.array([[width / out[0], 0.0, 0.0], [0.0, height / out[1], 0.0]])
    (a, b, c), (d, e, f) = (back * [[master[1] / width], [master[0] / height]]).tolist()
    to_master = ToMaster(master[1], master[0], ((a, b, c), (d, e, f)))
    if angle:
        return _turned(grey, back, scale, out), to_master
    if scale == 1:
        return grey, to_master
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(grey, out, interpolation=way), np.uint8), to_master


def _turned(grey: Grey, back: npt.NDArray[np.float64], scale: float, out: tuple[int, int]) -> Grey:
    if scale < 0.7:
        # Interpolation between neighbours alone would drop thin strokes when shrinking.
        grey = np.asarray(cv2.GaussianBlur(grey, (0, 0), 0.4 / scale), np.uint8)
    # OpenCV's points are pixel centres, ours corners: half a pixel before and after.
    centred = back.copy()
    centred[:, 2] += back[:, :2] @ (0.5, 0.5) - 0.5
    paper = int(np.percentile(grey[::8, ::8], 90))
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    turned = cv2.warpAffine(grey, centred, out, flags=flags, borderMode=cv2.BORDER_CONSTANT, borderValue=paper)
    return np.asarray(turned, np.uint8)
