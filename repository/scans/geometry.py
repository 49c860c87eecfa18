"""Matrices and boxes of PDF pages (ISO 32000-1, 8.3)."""

Matrix = tuple[float, float, float, float, float, float]
Box = tuple[float, float, float, float]
IDENTITY: Matrix = (1, 0, 0, 1, 0, 0)


def matrix_of(values: object) -> Matrix:
    """Six numbers of a PDF array as a matrix."""
    a, b, c, d, e, f = (float(value) for value in values)  # type: ignore[attr-defined]
    return a, b, c, d, e, f


def times(first: Matrix, then: Matrix) -> Matrix:
    """The matrix that does `first`, `then` the other."""
    a, b, c, d, e, f = first
    g, h, i, j, k, m = then
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m


def at(point: tuple[float, float], matrix: Matrix) -> tuple[float, float]:
    """Where the matrix takes the point."""
    (x, y), (a, b, c, d, e, f) = point, matrix
    return a * x + c * y + e, b * x + d * y + f


def unit_square(matrix: Matrix) -> Box:
    """Bounding box of the unit square, which images fill."""
    xs, ys = zip(*(at(corner, matrix) for corner in ((0, 0), (1, 0), (0, 1), (1, 1))), strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def meet(one: Box, other: Box) -> Box:
    """The overlap of two boxes; its corners are out of order when there is none."""
    return max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3])


def inside(inner: Box, outer: Box, slack: float) -> bool:
    """Whether `inner` lies in `outer`, give or take `slack`."""
    return (
        inner[0] >= outer[0] - slack
        and inner[1] >= outer[1] - slack
        and inner[2] <= outer[2] + slack
        and inner[3] <= outer[3] + slack
    )


def coverage(box: Box, page: Box) -> float:
    """The smaller of the parts of the page's width and height that `box` spans."""
    left, bottom, right, top = meet(box, page)
    return min((right - left) / (page[2] - page[0]), (top - bottom) / (page[3] - page[1]))
