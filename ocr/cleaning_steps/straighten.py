"""The page turned, scaled and flattened in one go, so that it is interpolated once, and the way back."""

import cv2
import numpy as np
import numpy.typing as npt

from ocr.clean_page import Grey, Matrix

Floats = npt.NDArray[np.float64]
LEAST_OF_NEIGHBOURS = 0.7


def affine(there: Floats) -> Matrix:
    """As plain numbers."""
    (a, b, c), (d, e, f) = there.tolist()
    return (a, b, c), (d, e, f)


def after(outer: Matrix, inner: Matrix) -> Matrix:
    """The one affine that does first `inner`, then `outer`."""
    low = np.array([0.0, 0.0, 1.0])
    return affine(np.array(outer) @ np.vstack((np.array(inner), low)))


def upright(grey: Grey, quarters: int) -> tuple[Grey, Matrix]:
    """The page after so many quarter turns counter-clockwise, and the affine back."""
    height, width = grey.shape
    back: Matrix = (
        ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
        ((0.0, -1.0, float(width)), (1.0, 0.0, 0.0)),
        ((-1.0, 0.0, float(width)), (0.0, -1.0, float(height))),
        ((0.0, 1.0, 0.0), (-1.0, 0.0, float(height))),
    )[quarters]
    return (np.ascontiguousarray(np.rot90(grey, quarters)), back) if quarters else (grey, back)


def turned(grey: Grey, angle: float, scale: float) -> tuple[Grey, Matrix]:
    """The page turned by `angle` degrees counter-clockwise and scaled, on a canvas grown to hold it, and the affine
    back. Points are pixel corners."""
    height, width = grey.shape
    radians = np.deg2rad(angle)
    cos, sin = float(np.cos(radians)) * scale, float(np.sin(radians)) * scale
    out = (round(width * abs(cos) + height * abs(sin)), round(width * abs(sin) + height * abs(cos)))
    if not angle:
        # The canvas is whole pixels, and resizing fills it exactly.
        return _resized(grey, scale, out), ((width / out[0], 0.0, 0.0), (0.0, height / out[1], 0.0))
    there = np.array([[cos, sin, 0.0], [-sin, cos, 0.0]])
    there[:, 2] = np.array(out) / 2 - there[:, :2] @ (width / 2, height / 2)
    back = np.asarray(cv2.invertAffineTransform(there), np.float64)
    # OpenCV's points are pixel centres, ours corners: half a pixel before and after.
    centred = back.copy()
    centred[:, 2] += back[:, :2] @ (0.5, 0.5) - 0.5
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    soft, paper = _fit_to_shrink(grey, scale), paper_level(grey)
    pixels = cv2.warpAffine(soft, centred, out, flags=flags, borderMode=cv2.BORDER_CONSTANT, borderValue=paper)
    return np.asarray(pixels, np.uint8), affine(back)


def paper_level(grey: Grey) -> int:
    """The grey of the paper."""
    return int(np.percentile(grey[::8, ::8], 90))


def _resized(grey: Grey, scale: float, out: tuple[int, int]) -> Grey:
    if scale == 1:
        return grey
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(grey, out, interpolation=way), np.uint8)


def _fit_to_shrink(grey: Grey, scale: float) -> Grey:
    """Interpolation between neighbours alone would drop thin strokes when shrinking."""
    if scale >= LEAST_OF_NEIGHBOURS:
        return grey
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), 0.4 / scale), np.uint8)
