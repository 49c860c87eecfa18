"""The words of a print as a run of keys, and back from the run to the printed words."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, chain, groupby

from repository.domain.tokens import HYPHENS
from repository.domain.vietnamese import Keys, clean, keys, tokenize, word_keys

_MOST_KNOWN = 100_000
_known: dict[str, tuple[Keys, ...]] = {}  # a plain dict: a least-recently-used one takes three times as long to ask


class _Open(tuple[Keys, ...]):
    """Keys of a printed word that the next may belong to: it ends in a hyphen, or there is nothing to see of it."""


class PrintedRun:
    """The keys of printed words in order. One printed word may hold several ("Việt-Nam,"), or half of one.

    `texts` are the printed words; `line_ends(i)` tells whether word i + 1 begins another line."""

    def __init__(self, texts: Sequence[str], line_ends: Callable[[int], bool]) -> None:
        found = _printed_keys(texts)
        chains = []
        if _Open in map(type, found):
            chains = [(first, _read_on(texts, first, after, line_ends)) for first, after in _chains(found)]
            for first, words in chains:
                found[first] = tuple(word for word, _ in words)
        self.keys: list[Keys] = list(chain.from_iterable(found))
        self._ends = list(accumulate(map(len, found)))
        self._owners: dict[int, tuple[int, ...]] = {}
        for first, words in chains:
            start = self._ends[first - 1] if first else 0
            self._owners.update((start + at, owners) for at, (_, owners) in enumerate(words))

    def printed(self, token: int) -> tuple[int, ...]:
        """The printed words that a word of the run stands in: one, or the two halves of a broken one."""
        return self._owners.get(token) or (bisect_right(self._ends, token),)


def _printed_keys(texts: Sequence[str]) -> list[tuple[Keys, ...]]:
    found = list(map(_known.get, texts))
    if None in found:
        if len(_known) > _MOST_KNOWN:
            _known.clear()
        return [_learnt(text) if held is None else held for text, held in zip(texts, found, strict=True)]
    return [held for held in found if held is not None]


def _learnt(printed: str) -> tuple[Keys, ...]:
    shown = clean(printed + "\n").rstrip()
    words = word_keys(clean(printed))
    held = words if shown and shown[-1] not in HYPHENS else _Open(words)
    _known[printed] = held
    return held


def _chains(found: list[tuple[Keys, ...]]) -> Iterator[tuple[int, int]]:
    """First word and word after the last of each series of open words with the one that follows; empties the rest."""
    places = [at for at, held in enumerate(found) if type(held) is _Open]
    for _, group in groupby(enumerate(places), key=lambda pair: pair[1] - pair[0]):
        series = [at for _, at in group]
        first, after = series[0], min(series[-1] + 2, len(found))
        found[first:after] = [()] * (after - first)
        yield first, after


def _read_on(
    texts: Sequence[str], first: int, after: int, line_ends: Callable[[int], bool]
) -> list[tuple[Keys, tuple[int, ...]]]:
    """The words of a series read as running text, and which printed words each stands in."""
    starts, text = [], ""
    for at in range(first, after):
        starts.append(len(text))
        if at == after - 1:
            text += clean(texts[at])
        elif line_ends(at):
            text += clean(texts[at] + "\n")
        else:  # cleaned with something behind it, since a soft hyphen counts at a line's end only
            text += clean(texts[at] + " .")[:-1]
    found = []
    for token in tokenize(text):
        one, last = (first + bisect_right(starts, at) - 1 for at in (token.start, token.end - 1))
        found.append((keys(token.text), tuple(range(one, last + 1))))
    return found
