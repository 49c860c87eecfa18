"""A page's text with what a query finds in it marked, and where that stands on the image."""

from dataclasses import dataclass

from repository.domain.pages import Box, PageText
from repository.search.matching import boxes_of, match_page
from repository.search.query import parse

BY_HAND = "person"  # the engine that a correction names


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a line; `box` is where it stands on the page when it is marked, else None."""

    text: str
    box: Box | None


@dataclass(frozen=True, slots=True)
class MarkedText:
    """Blocks of lines of pieces, the boxes of all hits, best first, and whether a person corrected the text."""

    blocks: tuple[tuple[tuple[Piece, ...], ...], ...]
    boxes: tuple[Box, ...]
    by_hand: bool


def marked_text(text: PageText, query: str) -> MarkedText:
    """The page's text with the query's words marked; raises QueryRejected. An empty query marks nothing."""
    marked: frozenset[int] = frozenset()
    boxes: tuple[Box, ...] = ()
    if query:
        matches = match_page(parse(query), text)
        marked = frozenset(index for occurrence in matches.words for index in occurrence)
        boxes = boxes_of(text, matches)
    blocks: list[list[tuple[Piece, ...]]] = []
    block, at = None, 0
    for line in text.lines():
        if block != line[0].block:
            block = line[0].block
            blocks.append([])
        flags = [at + offset in marked for offset in range(len(line))]
        blocks[-1].append(_pieces([word.text for word in line], [word.box for word in line], flags))
        at += len(line)
    return MarkedText(tuple(tuple(lines) for lines in blocks), boxes, text.reading.engine == BY_HAND)


def _pieces(words: list[str], boxes: list[Box], flags: list[bool]) -> tuple[Piece, ...]:
    """Words side by side that are alike in being marked, joined by blanks; a blank between unlike ones is unmarked."""
    pieces: list[Piece] = []
    for at, word in enumerate(words):
        if at and flags[at] == flags[at - 1]:
            last = pieces.pop()
            box = _around(last.box, boxes[at]) if last.box else None
            pieces.append(Piece(f"{last.text} {word}", box))
        else:
            if at:
                pieces.append(Piece(" ", None))
            pieces.append(Piece(word, boxes[at] if flags[at] else None))
    return tuple(pieces)


def _around(one: Box, other: Box) -> Box:
    x, y = min(one.x, other.x), min(one.y, other.y)
    right, bottom = max(one.x + one.w, other.x + other.w), max(one.y + one.h, other.y + other.h)
    return Box(x, y, right - x, bottom - y)
