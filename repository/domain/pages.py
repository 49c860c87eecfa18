"""A page's words as read: where each stands on the master, how sure the engine was, in reading order."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in master pixels: left, top, width, height. Master pixels are those of the upright page."""

    x: int
    y: int
    w: int
    h: int


@dataclass(frozen=True, slots=True)
class Word:
    """One printed word (white space apart), NFC. `confidence` is 0 to 100; `line`, `block` count from 0 on the page."""

    text: str
    box: Box
    confidence: float
    line: int
    block: int


@dataclass(frozen=True, slots=True)
class Reading:
    """Who or what read the page: `engine` with version, `model`, and every setting that could change the outcome."""

    engine: str
    model: str
    settings: dict[str, str | int | float | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PageText:
    """The words of one page in reading order; `width` and `height` are the master's."""

    width: int
    height: int
    words: tuple[Word, ...]
    reading: Reading

    def lines(self) -> Iterator[tuple[Word, ...]]:
        """The words line by line, in reading order."""
        for _, words in groupby(self.words, key=lambda word: (word.block, word.line)):
            yield tuple(words)

    @property
    def text(self) -> str:
        """Plain text: one printed line a line, an empty line between blocks."""
        parts: list[str] = []
        block = None
        for line in self.lines():
            if block is not None and line[0].block != block:
                parts.append("")
            block = line[0].block
            parts.append(" ".join(word.text for word in line))
        return "\n".join(parts)

    @property
    def confidence(self) -> float:
        """Mean word confidence, weighted by length; 0.0 for a page without words."""
        letters = sum(len(word.text) for word in self.words)
        return sum(word.confidence * len(word.text) for word in self.words) / letters if letters else 0.0
