"""The reading order of rows of words: column by column where text runs in columns, else row by row.

Short blocks side by side (the head of an official letter, its signatures) and tables are read across.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median

from ocr.layer_words import LaidWord, Row

Span = tuple[float, float]

_FEWEST_ROWS = 6
_GUTTER = 0.9  # parts of a word's height
_FILLED = 0.55
_SLACK, _MOST = 0.03, 0.6
_BLANK = 0.2
_WORDS_A_ROW = 3
_FAR = 4.0
_NEW_BLOCK = 1.5
_DEEPEST = 5


def in_order(rows: Sequence[Row], depth: int = 0) -> list[list[Row]]:
    """Blocks of rows as they are read; `rows` from the top down."""
    blocks: list[list[Row]] = []
    plain: list[Row] = []
    at = 0
    while at < len(rows):
        found = _columns(rows, at) if depth < _DEEPEST else None
        if found is None:
            plain.append(rows[at])
            at += 1
            continue
        end, gutter = found
        blocks += _blocks(plain)
        plain = []
        for side in _sides(rows[at:end], gutter):
            blocks += in_order(side, depth + 1)
        at = end
    return blocks + _blocks(plain)


def _columns(rows: Sequence[Row], start: int) -> tuple[int, float] | None:
    """Where the columns that begin with row `start` end, and the middle of the gutter between the first two."""
    left = min(word.left for row in rows for word in row.words)
    right = max(word.right for row in rows for word in row.words)
    free: list[Span] = [(left, right)]
    best = None
    for end in range(start, len(rows)):
        if end > start and rows[end].baseline - rows[end - 1].baseline > _FAR * rows[end - 1].height:
            break
        wide = _GUTTER * rows[end].height
        free = [span for span in _meet(free, _free(rows[end], left, right)) if span[1] - span[0] >= wide]
        if not free:
            break
        if end - start + 1 >= _FEWEST_ROWS:
            gutter = _gutter(rows[start : end + 1], free)
            best = (end + 1, gutter) if gutter is not None else best
    return best


def _free(row: Row, left: float, right: float) -> list[Span]:
    edges = [left, *(edge for word in row.words for edge in (word.left, word.right)), right]
    return [(edges[at], edges[at + 1]) for at in range(0, len(edges), 2) if edges[at + 1] > edges[at]]


def _meet(some: Iterable[Span], others: list[Span]) -> list[Span]:
    met = [(max(a[0], b[0]), min(a[1], b[1])) for a in some for b in others]
    return [span for span in met if span[1] > span[0]]


def _gutter(rows: Sequence[Row], free: list[Span]) -> float | None:
    """The middle of the widest free span that has running text on both its sides."""
    for span in sorted(free, key=lambda each: each[0] - each[1]):
        middle = (span[0] + span[1]) / 2
        sides = _sides(rows, middle)
        if len(sides) == 2 and all(_is_running_text(side) for side in sides):
            return middle
    return None


def _sides(rows: Sequence[Row], gutter: float) -> list[list[Row]]:
    sides = []
    for is_left in (True, False):
        kept = [tuple(word for word in row.words if (word.left < gutter) is is_left) for row in rows]
        sides.append([Row(words) for words in kept if words])
    return [side for side in sides if side]


def _is_running_text(rows: list[Row]) -> bool:
    """Whether most rows are full, as lines of prose are and cells of a table are not: the word that begins the next one
    had no room left. Or the rows are such columns side by side."""
    if len(rows) < _FEWEST_ROWS or median(len(row.words) for row in rows) < _WORDS_A_ROW:
        return False
    left, right = min(row.words[0].left for row in rows), max(row.words[-1].right for row in rows)
    edge = right - _SLACK * (right - left)
    full = sum(before.words[-1].right + _room(after) >= edge for before, after in pairwise(rows))
    dense = median(sum(word.right - word.left for word in row.words) for row in rows) >= _FILLED * (right - left)
    if dense and full >= _MOST * (len(rows) - 1):
        return True
    free = [(left, right)]
    for row in rows:
        free = [span for span in _meet(free, _free(row, left, right)) if span[1] - span[0] >= _GUTTER * row.height]
    return bool(free) and _gutter(rows, free) is not None


def _room(row: Row) -> float:
    """What the first word of a row, and a blank before it, would have taken on the row before."""
    first = row.words[0]
    return first.right - first.left + _BLANK * first.height


def _blocks(rows: list[Row]) -> list[list[Row]]:
    """Rows parted where the distance to the next is clearly more than usual."""
    if not rows:
        return []
    steps = [after.baseline - before.baseline for before, after in pairwise(rows)]
    usual = median(steps) if steps else 0.0
    blocks = [[rows[0]]]
    for row, step in zip(rows[1:], steps, strict=True):
        if step > _NEW_BLOCK * max(usual, row.height):
            blocks.append([])
        blocks[-1].append(row)
    return blocks


def words_in_order(blocks: list[list[Row]]) -> list[tuple[LaidWord, int, int]]:
    """Every word with the number of its line and its block, counted from 0."""
    line = 0
    told = []
    for number, block in enumerate(blocks):
        for row in block:
            told += [(word, line, number) for word in row.words]
            line += 1
    return told
