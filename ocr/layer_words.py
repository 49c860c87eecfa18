"""The signs of a text layer gathered into words and rows, by where they stand."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from repository.scans.text_layer import Glyph

_BLANKS = " \t\n\r\f\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u202f\u3000"
# all in parts of a sign's height
_SAME_ROW = 0.35
_WORD_GAP = 0.16
_BACKWARD = 0.6
_TWICE = 0.1
_RAISED = 0.85


@dataclass(frozen=True, slots=True)
class LaidWord:
    """A printed word's signs in order; its box on the page turned so that its line runs to the right."""

    glyphs: tuple[Glyph, ...]
    left: float
    top: float
    right: float
    bottom: float
    baseline: float

    @property
    def height(self) -> float:
        """From the foot of the signs to their head, in pixels."""
        return self.bottom - self.top


@dataclass(frozen=True, slots=True)
class Row:
    """Words that stand side by side, from left to right."""

    words: tuple[LaidWord, ...]

    @property
    def baseline(self) -> float:
        """The height most of them stand on."""
        return median(word.baseline for word in self.words)

    @property
    def height(self) -> float:
        """The usual height of its words."""
        return median(word.height for word in self.words)


def rows(glyphs: Sequence[Glyph]) -> list[Row]:
    """The rows of words that `glyphs`, all of one quarter, make; from the top down."""
    printed, blanks = _parted(glyphs)
    gathered = _gathered([_word(run) for run in _runs(printed, _WORD_GAP)])
    made = []
    for pieces in gathered:
        middle = median(piece.baseline for piece in pieces)
        reach = median(piece.height for piece in pieces)
        between = [blank for blank in blanks if abs(blank.baseline - middle) < reach / 2]
        made.append(Row(tuple(_joined(sorted(pieces, key=lambda piece: piece.left), between))))
    return sorted(made, key=lambda row: row.baseline)


def is_blank(glyph: Glyph) -> bool:
    """Whether the sign prints nothing: a space of any kind."""
    return not glyph.text.strip(_BLANKS) if glyph.text else glyph.code in (0x20, 0xA0)


def _parted(glyphs: Iterable[Glyph]) -> tuple[list[Glyph | None], list[Glyph]]:
    """The printed signs with None where a blank stood between them, and the blanks; a sign printed a second time in
    its own place, as some programs make bold, is left out."""
    printed: list[Glyph | None] = []
    blanks: list[Glyph] = []
    seen: set[tuple[str, int, int, int, int]] = set()
    for glyph in glyphs:
        if is_blank(glyph):
            blanks.append(glyph)
            printed.append(None)
            continue
        step = max((glyph.bottom - glyph.top) * _TWICE, 0.1)
        across, down = glyph.left / step, glyph.baseline / step
        places = [
            (glyph.text, glyph.code, glyph.font, int(across + dx), int(down + dy))
            for dx in (-0.5, 0.5)
            for dy in (-0.5, 0.5)
        ]
        if seen.isdisjoint(places):
            printed.append(glyph)
        seen.update(places)
    return printed, blanks


def _runs(printed: Iterable[Glyph | None], gap: float) -> Iterator[list[Glyph]]:
    """Signs that follow each other in the content and on the page."""
    run: list[Glyph] = []
    for glyph in printed:
        if run and (glyph is None or not _follows(run[-1], glyph, gap)):
            yield run
            run = []
        if glyph is not None:
            run.append(glyph)
    if run:
        yield run


def _follows(before: Glyph, after: Glyph, gap: float) -> bool:
    size = min(before.bottom - before.top, after.bottom - after.top)
    level = abs(before.baseline - after.baseline) <= size * _SAME_ROW
    return level and -size * _BACKWARD <= after.left - before.right <= size * gap


def _word(glyphs: Sequence[Glyph]) -> LaidWord:
    return LaidWord(
        tuple(glyphs),
        min(glyph.left for glyph in glyphs),
        min(glyph.top for glyph in glyphs),
        max(glyph.right for glyph in glyphs),
        max(glyph.bottom for glyph in glyphs),
        median(glyph.baseline for glyph in glyphs),
    )


def _gathered(pieces: list[LaidWord]) -> list[list[LaidWord]]:
    """Pieces by row: those of about one baseline; then raised and lowered small ones go to the row they touch."""
    found: list[list[LaidWord]] = []
    for piece in sorted(pieces, key=lambda each: each.baseline):
        if found and piece.baseline - found[-1][0].baseline <= _SAME_ROW * min(piece.height, found[-1][0].height):
            found[-1].append(piece)
        else:
            found.append([piece])
    return _with_raised(_nearest(found))


def _nearest(found: list[list[LaidWord]]) -> list[list[LaidWord]]:
    """Every piece in the row whose usual baseline is nearest to its own."""
    usual = [median(piece.baseline for piece in row) for row in found]
    kept: list[list[LaidWord]] = [[] for _ in found]
    for at, row in enumerate(found):
        near = range(max(at - 1, 0), min(at + 2, len(found)))
        for piece in row:
            _, nearest = min((abs(usual[other] - piece.baseline), other) for other in near)
            kept[nearest].append(piece)
    return [row for row in kept if row]


def _with_raised(found: list[list[LaidWord]]) -> list[list[LaidWord]]:
    for lone in [each for each in found if len(each) <= 3]:
        near = [other for other in found if other is not lone and all(_raised_on(piece, other) for piece in lone)]
        if near:
            near[0].extend(lone)
            found.remove(lone)
    return found


def _raised_on(piece: LaidWord, row: list[LaidWord]) -> bool:
    middle = (piece.top + piece.bottom) / 2
    return any(
        piece.height < _RAISED * other.height
        and other.top - piece.height / 2 <= middle <= other.bottom
        and abs(piece.left - other.right) < _WORD_GAP * 2 * other.height
        for other in row
    )


def _joined(pieces: list[LaidWord], blanks: list[Glyph]) -> Iterator[LaidWord]:
    """Pieces of one row, those that touch without a blank between made one word."""
    gap = _gap(pieces)
    gathered = list(pieces[:1])
    for piece in pieces[1:]:
        before = gathered[-1]
        size = min(before.height, piece.height)
        near = piece.left - before.right <= size * gap
        if near and not _blank_between(before, piece, blanks, size * gap):
            gathered[-1] = _word(before.glyphs + piece.glyphs)
        else:
            gathered.append(piece)
    yield from gathered


def _gap(pieces: list[LaidWord]) -> float:
    """How far apart signs of one word stand: more in a row whose single letters are spread."""
    single = [piece for piece in pieces if len(piece.glyphs) == 1]
    if len(pieces) < 6 or len(single) < 0.8 * len(pieces):
        return _WORD_GAP
    gaps = sorted((after.left - before.right) / after.height for before, after in pairwise(pieces))
    return max(_WORD_GAP, gaps[len(gaps) // 2] * 1.5)


def _blank_between(before: LaidWord, after: LaidWord, blanks: list[Glyph], slack: float) -> bool:
    return any(
        blank.left >= before.right - slack - (blank.right - blank.left) / 2
        and blank.right <= after.left + slack + (blank.right - blank.left) / 2
        for blank in blanks
    )
