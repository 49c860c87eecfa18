"""Cuts a snippet out of a text around the matches that tell most."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby

from repository.domain.tokens import HYPHENS

SNIPPET_LENGTH = 200  # characters
_MOST_PLACES = 120  # places a snippet is chosen among; a two-letter prefix can stand at every word
_AHEAD = 40  # places looked at from each: more than fit into a snippet


@dataclass(frozen=True, slots=True)
class Snippet:
    """A cut of a text: `parts` are pieces of text, each with whether it is marked; joined, they read as the cut.

    `words` are the indices of the words shown."""

    parts: tuple[tuple[str, bool], ...]
    words: tuple[int, ...]


def cut(
    texts: Sequence[str],
    line_ends: Callable[[int], bool],
    places: Sequence[tuple[int, ...]],
    kinds: Sequence[int],
    length: int,
) -> Snippet:
    """About `length` characters of the words `texts` around the most telling of `places`.

    `places` are the matches, each the indices of its words; `kinds` says which part of the query each meets."""
    if not texts:
        return Snippet((), ())
    first, after = _window(texts, places, kinds, length)
    marked = {index for place in places for index in place}
    parts: list[tuple[str, bool]] = [("… ", False)] if first else []
    for at in range(first, after):
        parts.append((texts[at], at in marked))
        if at + 1 < after and not (texts[at][-1:] in HYPHENS and line_ends(at)):
            parts.append((" ", at in marked and at + 1 in marked))
    if after < len(texts):
        parts.append((" …", False))
    merged = ((mark, [text for text, _ in group]) for mark, group in groupby(parts, key=lambda part: part[1]))
    return Snippet(tuple(("".join(pieces), mark) for mark, pieces in merged), tuple(range(first, after)))


def _window(
    texts: Sequence[str], places: Sequence[tuple[int, ...]], kinds: Sequence[int], length: int
) -> tuple[int, int]:
    """First word and word after the last: where most parts of the query are met close together, and some around."""
    letters = list(accumulate(map(len, texts)))
    first, after, best = 0, 0, (0, 0)
    standing = sorted(zip(places, kinds, strict=True))[:_MOST_PLACES]
    parts = len(set(kinds))
    for at, (words, _) in enumerate(standing):
        limit = letters[words[0]] - len(texts[words[0]]) + words[0] + length
        met, last, count = set(), 0, 0
        for other, kind in standing[at : at + _AHEAD]:
            if letters[other[-1]] + other[-1] <= limit:
                met.add(kind)
                last, count = max(last, other[-1]), count + 1
        if (len(met), count) > best:
            best, first, after = (len(met), count), words[0], last + 1
            if parts == 1:  # one part: the first place is as good as any, and where a reader would look
                break
    shown = letters[after - 1] - letters[first] + len(texts[first]) + after - first if after else 0
    return _widened(texts, first, after, length - shown)


def _widened(texts: Sequence[str], first: int, after: int, room: int) -> tuple[int, int]:
    before = room // 3
    while first and len(texts[first - 1]) < before:
        first -= 1
        before -= len(texts[first]) + 1
        room -= len(texts[first]) + 1
    while after < len(texts) and (len(texts[after]) < room or after == first):
        room -= len(texts[after]) + 1
        after += 1
    while first and len(texts[first - 1]) < room:
        first -= 1
        room -= len(texts[first]) + 1
    return first, after
