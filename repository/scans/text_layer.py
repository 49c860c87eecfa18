"""The text that a PDF page carries besides its picture: each sign with its font, its code and its place."""

from dataclasses import dataclass
from pathlib import Path

import pikepdf

from repository.domain.errors import InputRefused
from repository.scans.apart import run_apart
from repository.scans.limits import Limits
from repository.scans.pdf import BROKEN_PDF, opened
from repository.scans.sniff import MediaType, sniff

_DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Glyph:
    """A sign as set: `text` by the font's Unicode map or encoding ("" when neither tells), `code` its byte in a font
    of single bytes (else -1), `font` the place of its name in the layer's `fonts`.

    The box is in master pixels of the page turned anticlockwise by `quarter` quarters, so that the line it stands in
    runs to the right; `baseline` is the height on which it stands there."""

    text: str
    code: int
    font: int
    quarter: int
    left: float
    top: float
    right: float
    bottom: float
    baseline: float
    visible: bool


@dataclass(frozen=True, slots=True)
class TextLayer:
    """A page's signs in the order of its content; `width` and `height` are the master's."""

    width: int
    height: int
    fonts: tuple[str, ...]
    glyphs: tuple[Glyph, ...]


def read_text_layer(
    path: Path,
    index: int,
    size: tuple[int, int],
    extracted: bool,
    limits: Limits = Limits(),  # noqa: B008
) -> TextLayer | None:
    """The text of page `index` (from 0) of the PDF at `path`, or None when it is no PDF or the page has no fonts.

    `size` is the width and height of the page's image as `take_page` gives it, upright; `extracted` whether that is the
    image taken out of the PDF and not a rendering. Raises InputRefused (the page's structure cannot be followed),
    PasswordNeeded, EngineFailed (out of time)."""
    if sniff(path) is not MediaType.PDF or not _has_fonts(path, index):
        return None
    ask: dict[str, object] = {"path": str(path), "index": index, "width": size[0], "height": size[1]}
    answer = run_apart("text", {**ask, "extracted": extracted}, limits, InputRefused(BROKEN_PDF))
    glyphs = tuple(Glyph(*values) for values in answer["glyphs"])  # type: ignore[attr-defined]
    return TextLayer(*size, tuple(answer["fonts"]), glyphs) if glyphs else None  # type: ignore[arg-type]


def _has_fonts(path: Path, index: int) -> bool:
    with opened(path) as pdf:
        if index >= len(pdf.pages):
            return False
        page = pdf.pages[index]
        resources = page.obj.get("/Resources", None) or page.resources
        return _names_fonts(resources, _DEEPEST)


def _names_fonts(resources: object, depth: int) -> bool:
    """Whether the resources, or those of a form among them, name a font."""
    if not isinstance(resources, pikepdf.Dictionary):
        return False
    fonts = resources.get("/Font", None)
    if isinstance(fonts, pikepdf.Dictionary) and len(fonts):
        return True
    forms = resources.get("/XObject", None)
    if depth == 0 or not isinstance(forms, pikepdf.Dictionary):
        return False
    return any(
        _names_fonts(form.get("/Resources"), depth - 1)
        for form in forms.values()
        if isinstance(form, pikepdf.Stream) and str(form.get("/Subtype")) == "/Form"
    )
