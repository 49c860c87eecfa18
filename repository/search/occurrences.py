"""Where on a run of words a query tree is met: the same meaning as the engine's, word for word."""

from collections.abc import Sequence
from dataclasses import dataclass

from repository.domain.vietnamese import Keys
from repository.search.query import And, Near, Not, Operand, Or, Phrase, Prefix, Query, Word, words_of

TIERS = (1, 2, 3)
Span = tuple[int, int]  # first word, and the word after the last


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One place that meets one part of the query: `tokens` are positions in the run, `part` counts the query's parts.

    `tier` is how exactly. Of a part typed with marks, only places of the best tier found on the run are listed."""

    tier: int
    part: int
    tokens: tuple[int, ...]


def occurrences(query: Query, run: Sequence[Keys]) -> list[Occurrence]:
    """All places, best tier first, then in reading order; empty when the run as a whole does not match the query."""
    places = _Places(query, run)
    if not places.holds(query, 3):
        return []
    found = []
    for part, leaf in enumerate(places.met_leaves(query)):
        found.extend(places.best(leaf, part))
    found.sort(key=lambda place: (place.tier, place.tokens))
    return found


class _Places:
    """Looks up where the parts of one query stand on one run of words."""

    def __init__(self, query: Query, run: Sequence[Keys]) -> None:
        self.run = run
        wanted: dict[str, list[int]] = {word.k3: [] for word in words_of(query)}
        for at, word in enumerate(run):
            if word.k3 in wanted:
                wanted[word.k3].append(at)
        self._standing = wanted

    def holds(self, query: Query, tier: int) -> bool:
        """Whether the run matches `query` at `tier` or better."""
        match query:
            case And():
                return all(self.holds(part, tier) for part in query.parts)
            case Or():
                return any(self.holds(part, tier) for part in query.parts)
            case Not():
                return not self.holds(query.part, query.tier)
            case Near():
                return bool(self._pairs(query, tier))
        return bool(self._spans(query, tier))

    def met_leaves(self, query: Query) -> list[Operand | Near]:
        """The words, phrases and nears that make the run a match; nothing of what must not be there."""
        match query:
            case And():
                return [leaf for part in query.parts for leaf in self.met_leaves(part)]
            case Or():
                met = (part for part in query.parts if self.holds(part, 3))
                return [leaf for part in met for leaf in self.met_leaves(part)]
            case Not():
                return []
        return [query]

    def best(self, leaf: Operand | Near, part: int) -> list[Occurrence]:
        """The places of one leaf: those of the best tier that has any, or all when it was typed without marks."""
        found: dict[tuple[int, ...], int] = {}
        typed_with_marks = any(word.marked for word in words_of(leaf))
        for tier in TIERS:
            for tokens in self._tokens(leaf, tier):
                found.setdefault(tokens, tier)
            if found and typed_with_marks:
                break
        return [Occurrence(tier, part, tokens) for tokens, tier in found.items()]

    def _tokens(self, leaf: Operand | Near, tier: int) -> list[tuple[int, ...]]:
        if isinstance(leaf, Near):
            return [tuple(sorted((*range(*left), *range(*right)))) for left, right in self._pairs(leaf, tier)]
        return [tuple(range(*span)) for span in self._spans(leaf, tier)]

    def _spans(self, side: Operand, tier: int) -> list[Span]:
        match side:
            case Word():
                key = side.keys.at(tier)
                return [(at, at + 1) for at in self._standing[side.keys.k3] if self.run[at].at(tier) == key]
            case Prefix():
                standing = self._beginning(side)
                return [(at, at + 1) for at in standing if tier == 3 or _begins(self.run[at].at(tier), side, tier)]
            case Phrase():
                keys = [word.at(tier) for word in side.words]
                starts = self._standing[side.words[0].k3]
                return [(at, at + len(keys)) for at in starts if self._reads(at, keys, tier)]

    def _beginning(self, prefix: Prefix) -> list[int]:
        mark = "^" + prefix.stem.k3  # no word's key has one
        if mark not in self._standing:
            stem, whole = prefix.stem.k3, prefix.keys.k3
            found = [at for at, word in enumerate(self.run) if word.k3.startswith(stem) or word.k3 == whole]
            self._standing[mark] = found
        return self._standing[mark]

    def _reads(self, start: int, keys: list[str], tier: int) -> bool:
        if start + len(keys) > len(self.run):
            return False
        return all(self.run[at].at(tier) == key for at, key in enumerate(keys, start))

    def _pairs(self, near: Near, tier: int) -> list[tuple[Span, Span]]:
        lefts = self._spans(near.left, tier)
        rights = self._spans(near.right, tier) if lefts else []
        return [
            (left, right)
            for left in lefts
            for right in rights
            if 1 <= right[0] - left[1] + 1 <= near.distance or 1 <= left[0] - right[1] + 1 <= near.distance
        ]


def _begins(key: str, prefix: Prefix, tier: int) -> bool:
    return key.startswith(prefix.stem.at(tier)) or key == prefix.keys.at(tier)
