"""Follows what a PDF page paints (ISO 32000-1, clause 8), far enough to tell whether it is exactly one image."""

import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pikepdf

from repository.scans.geometry import IDENTITY, Box, Matrix, at, coverage, inside, matrix_of, meet, times, unit_square
from repository.scans.pdf import rotation, user_unit, visible_box

MAX_RAW_CONTENT = 1 << 19
# of one page, forms included: as instructions it takes about a hundred times as much memory
MAX_CONTENT = 4 << 20
MAX_OPERATORS = 400_000
MAX_DEPTH = 4
_PAINTS = frozenset(["f", "F", "f*", "B", "B*", "b", "b*", "S", "s", "sh", "INLINE IMAGE", "d1"])
_SHOWS_TEXT = frozenset(["Tj", "TJ", "'", '"'])
_INVISIBLE = (3, 7)
_FULL, _MOST = 0.98, 0.80
# how far, as a part of the page, an image may hang over its edge and still count as the page itself
_OVERHANG = 0.02

MALFORMED = (pikepdf.PdfError, RuntimeError, ValueError, TypeError, KeyError, IndexError, AttributeError)


class NotOneImage(Exception):
    """The page shows something besides one image, or in a way that only a renderer can tell."""


@dataclass(frozen=True, slots=True)
class SoleImage:
    """The one image a page shows. `rotate`: degrees clockwise that bring its rows upright; `dpi` as placed.

    `fills`: it reaches all four edges. `matrix` takes the unit square to where it stands on the page."""

    image: pikepdf.Stream
    rotate: int
    dpi: int
    fills: bool
    matrix: Matrix = IDENTITY


@dataclass(frozen=True, slots=True)
class _State:
    matrix: Matrix = IDENTITY
    text_mode: int = 0
    clip: Box | None = None


@dataclass(slots=True)
class _Painting:
    """What has been painted so far; anything under an opaque image that covers the page does not count."""

    page: Box
    found: tuple[pikepdf.Stream, Matrix, Box | None] | None = None
    other: bool = False
    operators: int = 0
    content: int = 0
    points: list[tuple[float, float]] = field(default_factory=list)
    curved: bool = False
    clips: bool = False


def sole_image(pdf: pikepdf.Pdf, page: pikepdf.Page) -> SoleImage | None:
    """The page's only visible content, if that is one opaque image over (nearly) the whole page; invisible text over
    it, as OCR leaves it, does not count. None when anything else is shown, or when only a renderer could tell."""
    painting = _Painting(visible_box(page))
    try:
        if _has_visible_annotation(page.obj):
            return None
        data = _page_content(page.obj.get("/Contents"))
        resources = page.obj.get("/Resources", None)
        if resources is None:
            resources = page.resources
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # pikepdf warns of content that breaks off
            _run(pdf, data, resources, _State(), painting, 0)
        if painting.found is None or painting.other:
            return None
        return _placed(page, painting)
    except (NotOneImage, UserWarning, *MALFORMED):
        # a page that cannot be followed is rendered: the renderer is the judge of what it shows
        return None


def _placed(page: pikepdf.Page, painting: _Painting) -> SoleImage:
    assert painting.found is not None  # noqa: S101 - the caller looked
    image, matrix, clip = painting.found
    box = unit_square(matrix)
    page_box = painting.page
    width, height = page_box[2] - page_box[0], page_box[3] - page_box[1]
    covered = coverage(box, page_box)
    slack = max(width, height) * _OVERHANG
    if covered < _MOST or not inside(box, page_box, slack) or (clip and not inside(meet(box, page_box), clip, slack)):
        raise NotOneImage
    turn = _turn(matrix)
    across = (box[2] - box[0]) if turn % 180 == 0 else (box[3] - box[1])
    dpi = round(int(image.Width) * 72 / (across * user_unit(page)))
    return SoleImage(image, (turn + rotation(page)) % 360, dpi, covered >= _FULL, matrix)


def _turn(matrix: Matrix) -> int:
    """Degrees clockwise by which the matrix turns an image; raises when it skews or mirrors it."""
    a, b, c, d = matrix[:4]
    size = max(abs(a), abs(b), abs(c), abs(d))
    straight = max(abs(b), abs(c)) < size * 1e-3
    sideways = max(abs(a), abs(d)) < size * 1e-3
    if straight and a > 0 and d > 0:
        return 0
    if straight and a < 0 and d < 0:
        return 180
    if sideways and b < 0 < c:
        return 90
    if sideways and c < 0 < b:
        return 270
    raise NotOneImage


def _page_content(contents: object) -> bytes:
    parts = list(contents) if isinstance(contents, pikepdf.Array) else [contents]
    streams = [part for part in parts if isinstance(part, pikepdf.Stream)]
    if len(parts) > 64 or not streams or len(streams) != len(parts):
        raise NotOneImage
    return b"\n".join(bounded_bytes(stream, MAX_RAW_CONTENT, MAX_CONTENT // len(streams)) for stream in streams)


def filters(stream: pikepdf.Object) -> list[str]:
    """Names of the stream's filters, outermost first."""
    found = stream.get("/Filter", None)
    if found is None:
        return []
    return [str(name) for name in found] if isinstance(found, pikepdf.Array) else [str(found)]


def bounded_bytes(stream: pikepdf.Stream, max_raw: int, max_out: int) -> bytes:
    """The stream decoded, if it has no filter or only Flate; raises NotOneImage past the bounds: a page's bytes must
    not be able to fill the memory of this process."""
    names = filters(stream)
    if int(stream.get("/Length", 0)) > max_raw:
        raise NotOneImage
    raw = stream.read_raw_bytes()
    if len(raw) > max_raw or len(names) > 1 or "/DecodeParms" in stream:
        raise NotOneImage
    if not names:
        return raw
    if names != ["/FlateDecode"]:
        raise NotOneImage
    return inflate(raw, max_out)


def inflate(raw: bytes, max_out: int) -> bytes:
    """zlib data, at most `max_out` bytes; raises NotOneImage when there is more or it is damaged."""
    try:
        decoder = zlib.decompressobj()
        data = decoder.decompress(raw, max_out)
    except zlib.error as error:
        raise NotOneImage from error
    if decoder.unconsumed_tail or not decoder.eof:
        raise NotOneImage
    return data


def _run(
    pdf: pikepdf.Pdf, data: bytes, resources: pikepdf.Object, state: _State, painting: _Painting, depth: int
) -> None:
    stack: list[_State] = []
    for instruction in _instructions(pdf, data, painting):
        operator, operands = str(instruction.operator), instruction.operands
        if operator == "q":
            stack.append(state)
        elif operator == "Q":
            state = stack.pop() if stack else state
        elif operator == "cm":
            state = replace(state, matrix=times(matrix_of(operands), state.matrix))
        elif operator == "Tr":
            state = replace(state, text_mode=int(operands[0]))
        elif operator == "gs":
            _refuse_blending(resources["/ExtGState"][str(operands[0])])
        elif operator == "Do":
            _draw(pdf, resources["/XObject"][str(operands[0])], resources, state, painting, depth)
        elif operator == "BDC" and str(operands[0]) == "/OC":
            raise NotOneImage  # a layer that may be off
        elif operator in _SHOWS_TEXT:
            painting.other |= state.text_mode not in _INVISIBLE
        elif operator in _PAINTS or operator in _PATH:
            state = _path(operator, operands, state, painting)


def _instructions(pdf: pikepdf.Pdf, data: bytes, painting: _Painting) -> Iterator[pikepdf.ContentStreamInstruction]:
    painting.content += len(data) + 1_000
    if painting.content > MAX_CONTENT:
        raise NotOneImage
    # pikepdf answers with ContentStreamInlineImage for inline images: its operator is INLINE IMAGE
    for instruction in pikepdf.parse_content_stream(pikepdf.Stream(pdf, data)):
        painting.operators += 1
        if painting.operators > MAX_OPERATORS:
            raise NotOneImage
        yield instruction  # type: ignore[misc]


_PATH = frozenset(["re", "m", "l", "c", "v", "y", "W", "W*", "n"])


def _path(operator: str, operands: object, state: _State, painting: _Painting) -> _State:
    """Gather a path; at its end paint it or clip with it."""
    if operator in ("c", "v", "y"):
        painting.curved = True
    elif operator in ("re", "m", "l"):
        values = [float(value) for value in operands]  # type: ignore[attr-defined]
        x, y = values[:2]
        corners = [(x, y)]
        if operator == "re":
            corners = [(x, y), (x + values[2], y), (x, y + values[3]), (x + values[2], y + values[3])]
        painting.points += [at(corner, state.matrix) for corner in corners]
    elif operator in ("W", "W*"):
        painting.clips = True
    else:
        painting.other |= operator != "n"
        if painting.clips:
            state = replace(state, clip=_clipped(state.clip, painting))
        painting.points, painting.curved, painting.clips = [], False, False
    return state


def _clipped(clip: Box | None, painting: _Painting) -> Box:
    if painting.curved or not 2 <= len(painting.points) <= 5:
        raise NotOneImage
    xs, ys = zip(*painting.points, strict=True)
    box = (min(xs), min(ys), max(xs), max(ys))
    return box if clip is None else meet(box, clip)


def _draw(
    pdf: pikepdf.Pdf,
    drawn: pikepdf.Object,
    resources: pikepdf.Object,
    state: _State,
    painting: _Painting,
    depth: int,
) -> None:
    if not isinstance(drawn, pikepdf.Stream) or "/OC" in drawn:
        raise NotOneImage
    if str(drawn.get("/Subtype")) == "/Form":
        _draw_form(pdf, drawn, resources, state, painting, depth)
        return
    covers = coverage(unit_square(state.matrix), painting.page) >= _FULL
    opaque = not any(key in drawn for key in ("/SMask", "/Mask", "/ImageMask", "/SMaskInData"))
    if not opaque:
        painting.other = True
    elif covers and (state.clip is None or coverage(state.clip, painting.page) >= _FULL):
        painting.found, painting.other = (drawn, state.matrix, state.clip), False
    elif painting.found is None:
        painting.found = (drawn, state.matrix, state.clip)
    else:
        painting.other = True


def _draw_form(
    pdf: pikepdf.Pdf,
    form: pikepdf.Stream,
    resources: pikepdf.Object,
    state: _State,
    painting: _Painting,
    depth: int,
) -> None:
    if depth >= MAX_DEPTH or "/OC" in form:
        raise NotOneImage
    matrix = times(matrix_of(form.get("/Matrix", list(IDENTITY))), state.matrix)
    left, bottom, right, top = (float(value) for value in form.BBox)
    corners = [at(corner, matrix) for corner in ((left, bottom), (right, bottom), (left, top), (right, top))]
    xs, ys = zip(*corners, strict=True)
    box = (min(xs), min(ys), max(xs), max(ys))
    inner = replace(state, matrix=matrix, clip=box if state.clip is None else meet(box, state.clip))
    data = bounded_bytes(form, MAX_RAW_CONTENT, MAX_CONTENT)
    _run(pdf, data, form.get("/Resources", resources), inner, painting, depth + 1)


def _refuse_blending(settings: pikepdf.Object) -> None:
    opaque = all(float(settings.get(key, 1)) == 1 for key in ("/CA", "/ca"))
    mask = settings.get("/SMask", None)
    mode = str(settings.get("/BM", "/Normal"))
    if not opaque or (mask is not None and str(mask) != "/None") or mode not in ("/Normal", "/Compatible"):
        raise NotOneImage


def _has_visible_annotation(page: pikepdf.Object) -> bool:
    hidden_flags = 2 | 32  # Hidden, NoView
    for note in page.get("/Annots", None) or ():
        if str(note.get("/Subtype")) in ("/Link", "/Popup"):
            continue
        if not int(note.get("/F", 0)) & hidden_flags:
            return True
    return False
