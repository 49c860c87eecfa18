"""The signs of a PDF page's text, as its content stream sets them, by pdfminer: only run in a limited process.

pdfminer is given the page alone, without its images, in a file made anew by qpdf: damage and passwords are qpdf's.
"""

import io
import logging
import math
from pathlib import Path
from typing import Any

import pikepdf
from pdfminer.pdfdevice import PDFTextDevice, PDFTextSeq
from pdfminer.pdfdocument import PDFDocument
from pdfminer.pdfexceptions import PDFException
from pdfminer.pdffont import PDFFont, PDFUnicodeNotDefined
from pdfminer.pdfinterp import PDFPageInterpreter, PDFResourceManager, PDFTextState
from pdfminer.pdfpage import PDFPage
from pdfminer.pdfparser import PDFParser
from pdfminer.psexceptions import PSException

from repository.domain.errors import InputRefused
from repository.scans.geometry import IDENTITY, Matrix, at, times
from repository.scans.pdf import BROKEN_PDF, opened, rotation, visible_box
from repository.scans.pdf_content import sole_image

logging.getLogger("pdfminer").setLevel(logging.CRITICAL)

MOST_GLYPHS = 60_000
_INVISIBLE = 3
_SPACE, _SOFT_HYPHEN = 0x20, 0xAD
_ASCENT, _DESCENT = 0.75, -0.22
_STEEPEST = math.radians(20)
# what pdfminer lets through of structures that are not what the standard says
_MALFORMED = (PDFException, PSException, ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError,
              AssertionError, RecursionError, NotImplementedError)  # fmt: skip


def page_glyphs(path: Path, index: int, size: tuple[int, int], extracted: bool) -> dict[str, object]:
    """`{"fonts": [name, …], "glyphs": [[text, code, font, quarter, left, top, right, bottom, baseline, visible], …]}`
    of page `index` in the order of its content.

    Boxes are in pixels of the page's image of `size`: the image that the page consists of if `extracted`, else a
    rendering of its visible box. They are as the reader sees them when the page is turned by `quarter` quarters
    anticlockwise, so that every line runs from left to right. `text` is "" where the font does not tell; `code` is the
    byte of a font of single bytes, else -1. Raises InputRefused."""
    with opened(path) as pdf:
        page = pdf.pages[index]
        placed = _placement(pdf, page, size, extracted)
        alone = _alone(pdf, page)
    return _read(alone, placed, size)


def _placement(pdf: pikepdf.Pdf, page: pikepdf.Page, size: tuple[int, int], extracted: bool) -> Matrix:
    """What takes a point of the page's space to pixels of its image, y downwards."""
    sole = sole_image(pdf, page) if extracted else None
    if sole is not None:
        to_unit, turn = _inverse(sole.matrix), sole.rotate
    else:
        left, bottom, right, top = visible_box(page)
        to_unit, turn = _inverse((right - left, 0, 0, top - bottom, left, bottom)), rotation(page)
    quarter: dict[int, Matrix] = {
        0: (1, 0, 0, -1, 0, 1),
        90: (0, 1, 1, 0, 0, 0),
        180: (-1, 0, 0, 1, 1, 0),
        270: (0, -1, -1, 0, 1, 1),
    }
    return times(times(to_unit, quarter[turn]), (size[0], 0, 0, size[1], 0, 0))


def _inverse(matrix: Matrix) -> Matrix:
    a, b, c, d, e, f = matrix
    whole = a * d - b * c
    return d / whole, -b / whole, -c / whole, a / whole, (c * f - d * e) / whole, (b * e - a * f) / whole


def _alone(pdf: pikepdf.Pdf, page: pikepdf.Page) -> bytes:
    """A PDF of the page's text: its content and resources without the data of images."""
    resources = page.obj.get("/Resources", None) or page.resources
    for name, drawn in dict(resources.get("/XObject", {})).items():
        if isinstance(drawn, pikepdf.Stream) and str(drawn.get("/Subtype")) == "/Image":
            del resources["/XObject"][name]
    made = pikepdf.new()
    bare = pikepdf.Dictionary(Type=pikepdf.Name.Page, MediaBox=list(visible_box(page)), Resources=resources)
    if "/Contents" in page.obj:
        bare["/Contents"] = page.obj["/Contents"]
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(bare)))
    made.pages.append(pdf.pages[-1])
    into = io.BytesIO()
    made.save(into)
    return into.getvalue()


def _read(alone: bytes, placed: Matrix, size: tuple[int, int]) -> dict[str, object]:
    device = _Collector(placed, size)
    try:
        page = next(PDFPage.create_pages(PDFDocument(PDFParser(io.BytesIO(alone)))))
        interpreter = PDFPageInterpreter(device.rsrcmgr, device)
        interpreter.render_contents(page.resources, page.contents, ctm=IDENTITY)
    except _TooMany:
        return {"fonts": [], "glyphs": []}
    except _MALFORMED as error:
        raise InputRefused(BROKEN_PDF) from error
    return {"fonts": list(device.fonts), "glyphs": device.glyphs}


class _TooMany(Exception):
    """More signs than a page can have."""


class _Collector(PDFTextDevice):
    """Notes every sign that is set on the page."""

    def __init__(self, placed: Matrix, size: tuple[int, int]) -> None:
        super().__init__(PDFResourceManager())
        self.fonts: dict[str, int] = {}
        self.glyphs: list[list[Any]] = []
        self._placed, self._size = placed, size
        self._visible = True

    def render_string(self, textstate: PDFTextState, seq: PDFTextSeq, ncs: Any, graphicstate: Any) -> None:
        self._visible = textstate.render != _INVISIBLE
        super().render_string(textstate, seq, ncs, graphicstate)

    def render_string_horizontal(
        self,
        seq: PDFTextSeq,
        matrix: Matrix,
        pos: tuple[float, float],
        font: PDFFont,
        fontsize: float,
        scaling: float,
        charspace: float,
        wordspace: float,
        rise: float,
        dxscale: float,
        ncs: Any,
        graphicstate: Any,
    ) -> tuple[float, float]:
        """As ISO 32000-1, 9.4.4 has it: character spacing comes after every sign, the last of a string too, which
        pdfminer leaves out, so that its words drift apart."""
        x, y = pos
        for part in seq:
            if isinstance(part, int | float):
                x -= part * dxscale
            elif isinstance(part, bytes):
                for cid in font.decode(part):
                    moved = (*matrix[:4], *at((x, y), matrix))
                    x += self.render_char(moved, font, fontsize, scaling, rise, cid, ncs, graphicstate)
                    x += charspace + (wordspace if cid == _SPACE else 0)
        return x, y

    def render_char(
        self,
        matrix: Matrix,
        font: PDFFont,
        fontsize: float,
        scaling: float,
        rise: float,
        cid: int,
        ncs: Any,
        graphicstate: Any,
    ) -> float:
        advance = float(font.char_width(cid) * fontsize * scaling)
        if len(self.glyphs) >= MOST_GLYPHS:
            raise _TooMany
        try:
            text = font.to_unichr(cid)
        except PDFUnicodeNotDefined:
            text = ""
        if cid == _SOFT_HYPHEN and text == " " and not font.is_multibyte():
            text = chr(_SOFT_HYPHEN)  # to pdfminer a blank; printed as a hyphen, and TCVN3 has its ư there
        place = self._place(times(matrix, self._placed), font, fontsize, advance, rise)
        if place is not None:
            number = self.fonts.setdefault(_name(font), len(self.fonts))
            self.glyphs.append([text, -1 if font.is_multibyte() else cid, number, *place, self._visible])
        return advance

    def _place(
        self, matrix: Matrix, font: PDFFont, fontsize: float, advance: float, rise: float
    ) -> tuple[int | float, ...] | None:
        """Quarter and box with baseline as the line runs; None for what lies off the page or aslant."""
        ascent = min(max(font.get_ascent(), 0.6), 1.1) if font.get_ascent() else _ASCENT
        descent = max(min(font.get_descent(), -0.1), -0.35) if font.get_descent() else _DESCENT
        if font.is_vertical():
            corners = ((-fontsize / 2, 0.0), (fontsize / 2, advance))
        else:
            corners = ((0.0, rise + descent * fontsize), (advance, rise + ascent * fontsize))
        points = [at((x, y), matrix) for x in (corners[0][0], corners[1][0]) for y in (corners[0][1], corners[1][1])]
        base = at((0.0, rise), matrix)
        if not all(map(math.isfinite, (*base, *points[0], *points[3]))):
            return None
        middle = sum(x for x, _ in points) / 4, sum(y for _, y in points) / 4
        if not (0 <= middle[0] <= self._size[0] and 0 <= middle[1] <= self._size[1]):
            return None
        angle = math.atan2(matrix[1], matrix[0])
        quarter = round(angle / (math.pi / 2))
        if abs(angle - quarter * math.pi / 2) > _STEEPEST:
            return None
        turned = [_turned(point, quarter % 4, self._size) for point in (*points, base)]
        xs, ys = [x for x, _ in turned[:4]], [y for _, y in turned[:4]]
        box = (min(xs), min(ys), max(xs), max(ys), turned[4][1])
        return quarter % 4, *(round(value, 2) for value in box)


def _turned(point: tuple[float, float], quarter: int, size: tuple[int, int]) -> tuple[float, float]:
    """The point on the page turned anticlockwise by quarters: lines that ran down (1) now run to the right."""
    x, y = point
    width, height = size
    return [(x, y), (y, width - x), (width - x, height - y), (height - y, x)][quarter]


def _name(font: PDFFont) -> str:
    names = [getattr(font, "basefont", None), font.fontname]
    told = [name if isinstance(name, str) else str(name) for name in names if name and name != "unknown"]
    return told[0] if told else ""
