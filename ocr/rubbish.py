"""What an engine makes of grain, stains, pictures and print seen through the paper, told from words."""

import re

from repository.domain.pages import Word

HOPELESS = 10.0
SURE = 60.0
# Measured: print shining through from the other side gives up to 0.12, the worst page that people still read 0.22.
FEWEST_SOUND = 0.12

EDGES = ".,;:!?()[]{}\"'“”‘’«»…-–—*"
NUMBER = re.compile(r"\d[\d.,/:%–-]*")


def without_rubbish(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """The words without signs nobody printed; none at all when hardly any looks like a word or number read with some
    certainty. One sound word in eight keeps the page: better rubbish kept than a caption lost."""
    kept = tuple(word for word in words if word.confidence >= HOPELESS or any(map(str.isalnum, word.text)))
    sound = sum(_is_sound(word) for word in kept)
    return kept if sound >= FEWEST_SOUND * len(kept) else ()


def _is_sound(word: Word) -> bool:
    if word.confidence < SURE:
        return False
    core = word.text.strip(EDGES)
    if NUMBER.fullmatch(core):
        return True
    parts = core.split("-")
    like_print = core.islower() or core.isupper() or all(part.istitle() or part.islower() for part in parts)
    return len(core) > 1 and like_print and all(part.isalpha() for part in parts)
