"""What an engine saw at one place of the page: more than the word it settled on."""

from dataclasses import dataclass

from repository.domain.pages import Box


@dataclass(frozen=True, slots=True)
class Choice:
    """A letter, or run of letters, that the engine found likely; `probability` is 0 to 1."""

    text: str
    probability: float


@dataclass(frozen=True, slots=True)
class ReadWord:
    """A word as read, NFC, before any correction.

    `letters` has the engine's choices for each printed sign in order, best first; the first choices joined give `text`.
    It is empty where the engine told none. `box` is in master pixels, `place` (left, top, width, height) on the cleaned
    image; `confidence` is the engine's own, 0 to 100; `line` and `block` count from 0 on the page."""

    text: str
    box: Box
    place: tuple[int, int, int, int]
    confidence: float
    line: int
    block: int
    letters: tuple[tuple[Choice, ...], ...] = ()
