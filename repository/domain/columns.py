"""A page's words column by column: as they are stored, and far cheaper to bring back than one object a word."""

from collections.abc import Sequence
from dataclasses import dataclass

from repository.domain.pages import Box, PageText, Reading, Word


@dataclass(frozen=True, slots=True)
class PageColumns:
    """The same facts as a PageText, without who read it.

    `sides` holds left, top, width, height of word after word in master pixels; all others have one entry a word."""

    width: int
    height: int
    texts: Sequence[str]
    sides: Sequence[int]
    confidences: Sequence[float]
    lines: Sequence[int]
    blocks: Sequence[int]

    def box(self, index: int) -> Box:
        """Where a word stands."""
        start = index * 4
        return Box(*self.sides[start : start + 4])

    def line_ends(self, index: int) -> bool:
        """Whether the word after `index` stands in another line."""
        return self.lines[index] != self.lines[index + 1] or self.blocks[index] != self.blocks[index + 1]

    def page_text(self, reading: Reading) -> PageText:
        """One object a word."""
        sides = iter(self.sides)
        boxes = [Box(*box) for box in zip(sides, sides, sides, sides, strict=True)]
        words = tuple(map(Word, self.texts, boxes, self.confidences, self.lines, self.blocks))
        return PageText(self.width, self.height, words, reading)


def columns_of(page: PageText) -> PageColumns:
    """The page's words by column."""
    words = page.words
    return PageColumns(
        page.width,
        page.height,
        [word.text for word in words],
        [side for word in words for side in (word.box.x, word.box.y, word.box.w, word.box.h)],
        [word.confidence for word in words],
        [word.line for word in words],
        [word.block for word in words],
    )
