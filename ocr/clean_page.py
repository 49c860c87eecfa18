"""A page image made ready for reading, and the way back from it to the master."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from repository.domain.pages import Box

Grey = npt.NDArray[np.uint8]
Matrix = tuple[tuple[float, float, float], tuple[float, float, float]]
IDENTITY: Matrix = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))


@dataclass(frozen=True, slots=True)
class ToMaster:
    """The affine that takes a point of the cleaned image to the master of `width` x `height` pixels.

    `matrix` has two rows of three: `x' = a*x + b*y + c`, `y' = d*x + e*y + f`. Points are pixel corners, so that an
    image scaled by two maps its right edge `2*w` to `w`.
    """

    width: int
    height: int
    matrix: Matrix = IDENTITY

    def box(self, left: float, top: float, width: float, height: float) -> Box:
        """The smallest upright box in master pixels around a box on the cleaned image, cut at the page's edges."""
        (a, b, c), (d, e, f) = self.matrix
        corners = [(x, y) for x in (left, left + width) for y in (top, top + height)]
        xs, ys = [a * x + b * y + c for x, y in corners], [d * x + e * y + f for x, y in corners]
        x0, x1 = _inside(min(xs), max(xs), self.width)
        y0, y1 = _inside(min(ys), max(ys), self.height)
        return Box(x0, y0, x1 - x0, y1 - y0)


def _inside(low: float, high: float, size: int) -> tuple[int, int]:
    """Whole pixels from `low` to `high`, at least one, within 0 and `size`."""
    start = min(max(round(low), 0), max(size - 1, 0))
    return start, max(min(round(high), size), start + 1)


@dataclass(frozen=True, slots=True)
class CleanPage:
    """What an engine reads: grey `pixels` (H, W), their `dpi`, the way back, and the names of the steps applied."""

    pixels: Grey
    dpi: int
    to_master: ToMaster
    applied: tuple[str, ...] = ()
