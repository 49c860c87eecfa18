"""Cleaning text at the door, and the keys by which two spellings of one word find each other.

`k1` keeps every mark but not case, tone-mark placement and i/y; `k2` drops tones; `k3` drops all marks and đ.
Words with equal k1 have equal k2, words with equal k2 have equal k3.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from repository.domain.syllables import TONES, split

_LOOK_ALIKES = {"Ð": "Đ", "ð": "đ", "ƣ": "ư", "Ƣ": "Ư"}
_SPACES = dict.fromkeys("\u00a0\u2007\u202f", " ")
_LINE_ENDS = dict.fromkeys("\r\v\x85", "\n")
_INVISIBLE = "\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
_CONTROL = "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff"
_TO_MEND = re.compile(f"[{_INVISIBLE}{_CONTROL}{''.join(_LOOK_ALIKES | _SPACES | _LINE_ENDS)}]")
_SUBSTITUTES = _LOOK_ALIKES | _SPACES | _LINE_ENDS
_BROKEN_BY_SOFT_HYPHEN = re.compile(r"\u00ad(?=[ \t]*(?:[\r\n]|\Z))")
_COMBINING = re.compile("[\u0300-\u036f]+")
_STROKES = str.maketrans({"đ": "d", "ƀ": "b"})


def clean(text: str) -> str:
    """`text` in NFC with look-alike letters mapped (Ð → Đ, ƣ → ư), odd blanks made spaces, line ends made \\n.

    Soft hyphens, zero-width and control characters and lone surrogates go, but \\n \\t \\f stay; a soft hyphen that
    breaks a word at a line's end becomes a plain one."""
    if _TO_MEND.search(text):
        text = _BROKEN_BY_SOFT_HYPHEN.sub("-", text.replace("\r\n", "\n"))
        text = _TO_MEND.sub(lambda found: _SUBSTITUTES.get(found[0], ""), text)
    return unicodedata.normalize("NFC", text)


@dataclass(frozen=True, slots=True)
class Keys:
    """A word's search keys, exact to coarse."""

    k1: str
    k2: str
    k3: str

    @property
    def marked(self) -> bool:
        """Whether the word was written with any Vietnamese mark."""
        return self.k1 != self.k3

    def at(self, tier: int) -> str:
        """The key compared at `tier` 1, 2 or 3."""
        return (self.k1, self.k2, self.k3)[tier - 1]


@lru_cache(maxsize=1 << 16)
def keys(word: str) -> Keys:
    """The keys of one word (a token: no blanks, no hyphens). A number loses its thousands marks: 70.000 → 70000."""
    lower = unicodedata.normalize("NFC", clean(word).lower())
    if lower[:1].isdigit():
        lower = lower.replace(".", "").replace(",", "")
    k1 = _respelled(lower)
    k2 = _respelled(without_tones(k1))
    k3 = _respelled(without_marks(k2))
    k2 = k1 if k2 == k1 else k2  # one object for equal keys: so many are kept that it counts
    return Keys(k1, k2, k2 if k3 == k2 else k3)


def without_tones(text: str) -> str:
    """`text` (lower case) without the five tone marks; ă â ê ô ơ ư đ stay."""
    kept = (letter for letter in unicodedata.normalize("NFD", text) if letter not in TONES)
    return unicodedata.normalize("NFC", "".join(kept))


def without_marks(text: str) -> str:
    """`text` (lower case) in bare letters: no combining marks, đ → d."""
    return unicodedata.normalize("NFC", _COMBINING.sub("", unicodedata.normalize("NFD", text))).translate(_STROKES)


def _respelled(lower: str) -> str:
    found = split(lower)
    if found is None:
        return lower
    if found.nucleus == "y" and found.onset and not found.coda:  # lý = lí, quý = quí; but ý, thuý
        return unicodedata.normalize("NFC", found.onset + "i" + found.tone)
    return found.spell() if found.tone else lower
