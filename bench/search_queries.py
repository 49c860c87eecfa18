"""The queries of the search benchmark, drawn from the collection that is searched."""

import random
from collections import Counter
from dataclasses import dataclass

from repository.domain.vietnamese import clean, keys, tokenize

MOST_PASSAGES = 20_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A query with the kind it belongs to, and the same in the peer's language."""

    kind: str
    query: str
    peer: str


class Samples:
    """Counts words and remembers passages of the pages that go by, of one page in ten."""

    def __init__(self) -> None:
        self.words: Counter[str] = Counter()
        self.passages: list[list[str]] = []
        self._seen = 0
        self._dice = random.Random(3)

    def look_at(self, text: str) -> None:
        """Take in every tenth page."""
        self._seen += 1
        if self._seen % 10 == 1:
            self._take_in(text)

    def take_in(self, text: str) -> None:
        """Take in a page that was chosen as one in ten."""
        self._seen += 10
        self._take_in(text)

    def _take_in(self, text: str) -> None:
        words = [token.text.lower() for token in tokenize(clean(text)) if token.text.isalpha()]
        self.words.update(words)
        start = self._seen * 31 % max(len(words) - 8, 1)
        self._keep(words[start : start + 8])

    def _keep(self, passage: list[str]) -> None:
        """The first of them, then by chance in place of another, so that they stand for all pages in little memory."""
        if len(self.passages) < MOST_PASSAGES:
            self.passages.append(passage)
        elif (at := self._dice.randrange(self._seen // 10)) < MOST_PASSAGES:
            self.passages[at] = passage


def draw(samples: Samples, each: int, seed: int = 7) -> list[Asked]:
    """`each` queries of every kind (the commonest and `viet nam` as they are), in a random order."""
    dice = random.Random(seed)
    words, weights = zip(*samples.words.items(), strict=True)
    common = [word for word, _ in samples.words.most_common(20)]

    def drawn(count: int) -> list[str]:
        return dice.choices(words, weights, k=count)

    asked = [_all("commonest syllables", [word]) for word in common + [keys(word).k3 for word in common]]
    asked += [_all("viet nam", ["viet", "nam"]), _all("viet nam", ["việt", "nam"])]
    asked += [_phrase("viet nam", ["viet", "nam"]), _phrase("viet nam", ["việt", "nam"])]
    asked += [_all("one word", drawn(1)) for _ in range(each)]
    asked += [_all("two or three words", drawn(dice.choice((2, 3)))) for _ in range(each)]
    asked += [_all("the same, no marks", [keys(word).k3 for word in drawn(dice.choice((2, 3)))]) for _ in range(each)]
    for kind, change in (("phrases", str), ("phrases, no marks", lambda word: keys(word).k3)):
        for passage in dice.sample(samples.passages, min(each, len(samples.passages))):
            asked.append(_phrase(kind, [change(word) for word in passage[: dice.choice((2, 2, 3, 4))]]))
    starts = Counter(keys(word).k3[:2] for word in words if len(word) > 2)
    for start in dice.sample([start for start, _ in starts.most_common(60)], min(each, 40, len(starts))):
        asked.append(Asked("two-letter prefixes", f"{start}*", f"{start}*"))
    asked += [_all("misses", [f"{word}zq", *drawn(1)]) for word in drawn(each)]
    dice.shuffle(asked)
    return asked


def _all(kind: str, words: list[str]) -> Asked:
    return Asked(kind, " ".join(words), " ".join(f'"{word}"' for word in words))


def _phrase(kind: str, words: list[str]) -> Asked:
    text = " ".join(words)
    return Asked(kind, f'"{text}"', f'"{text}"')
