"""The words of a print as a run of keys, and back from the run to the printed words."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, chain, groupby
from typing import cast

from repository.domain.tokens import HYPHENS
from repository.domain.vietnamese import Keys, clean, keys, tokenize, word_keys

_HYPHENS = (*HYPHENS, "\u00ad")
_MOST_KNOWN = 100_000
_known: dict[str, tuple[Keys, ...]] = {}  # a plain dict: a least-recently-used one takes three times as long to ask
_known_open: set[str] = set()  # those that end in a hyphen


class PrintedRun:
    """The keys of printed words in order. One printed word may hold several ("Việt-Nam,"), or half of one.

    `texts` are the printed words; `line_ends(i)` tells whether word i + 1 begins another line. `broken` are the words
    that end a line with a hyphen."""

    def __init__(self, texts: Sequence[str], line_ends: Callable[[int], bool]) -> None:
        self.texts = texts
        found = _printed_keys(texts)
        self.broken = [at for at in _ending_in_hyphen(texts) if line_ends(at)]
        self._halves: dict[int, tuple[int, ...]] = {}
        chains = list(_chains(self.broken))
        for first, after in chains:
            held = _chain_words(texts, first, after)
            found[first:after] = [tuple(word for word, _ in held)] + [()] * (after - first - 1)
        self.keys: list[Keys] = list(chain.from_iterable(found))
        self._ends = list(accumulate(map(len, found)))
        for first, after in chains:
            start = self._ends[first - 1] if first else 0
            for at, (_, owners) in enumerate(_chain_words(texts, first, after), start):
                self._halves[at] = owners

    def printed(self, token: int) -> tuple[int, ...]:
        """The printed words that a word of the run stands in: one, or the two halves of a broken one."""
        return self._halves.get(token) or (bisect_right(self._ends, token),)


def _printed_keys(texts: Sequence[str]) -> list[tuple[Keys, ...]]:
    found = list(map(_known.get, texts))
    if None in found:
        if len(_known) > _MOST_KNOWN:
            _known.clear()
            _known_open.clear()
        for text in texts:
            if text not in _known:
                _known[text] = word_keys(clean(text))
                if text.endswith(_HYPHENS):
                    _known_open.add(text)
        found = list(map(_known.get, texts))
    return cast(list[tuple[Keys, ...]], found)


def _ending_in_hyphen(texts: Sequence[str]) -> list[int]:
    """Positions, but the last, of printed words that end so; their keys are known by now."""
    if _known_open.isdisjoint(texts):
        return []
    return [at for at, text in enumerate(texts[:-1]) if text in _known_open]


def _chains(broken: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First word and word after the last of each series that line-end hyphens tie together."""
    for _, group in groupby(enumerate(broken), key=lambda pair: pair[1] - pair[0]):
        ends = [at for _, at in group]
        yield ends[0], ends[-1] + 2


def _chain_words(texts: Sequence[str], first: int, after: int) -> list[tuple[Keys, tuple[int, ...]]]:
    starts, joined = [], ""
    for at in range(first, after):
        starts.append(len(joined))
        joined += clean(texts[at] + "\n" if at < after - 1 else texts[at])
    found = []
    for token in tokenize(joined):
        one = first + bisect_right(starts, token.start) - 1
        last = first + bisect_right(starts, token.end - 1) - 1
        found.append((keys(token.text), tuple(range(one, last + 1))))
    return found
