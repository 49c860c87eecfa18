"""What an engine makes of grain, stains and pictures, told from words by how unsure it was of them."""

from repository.domain.pages import Word

HOPELESS = 10.0
UNSURE = 40.0
MOSTLY = 0.9


def without_rubbish(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """The words without signs nobody printed; none when hardly anything on the page looks like a word.

    A word with two letters or more in a row of some certainty keeps the whole page: better rubbish kept than a
    caption lost."""
    kept = tuple(word for word in words if word.confidence >= HOPELESS or _letters(word.text))
    doubtful = sum(_doubtful(word) for word in kept)
    return () if doubtful >= MOSTLY * len(kept) else kept


def _letters(text: str) -> int:
    return sum(character.isalnum() for character in text)


def _doubtful(word: Word) -> bool:
    return word.confidence < UNSURE or _letters(word.text) < 2
