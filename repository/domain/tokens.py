"""Where words begin and end in running Vietnamese text, old prints included.

A word is a run of letters and digits with their combining marks. A hyphen parts words (Việt-Nam = Việt Nam). Digits
grouped by thousands stay one word (70.000); any other mark between digits parts them (8.10.2020 = 8 10 2020, 3,14 =
3 14). Each Han character is a word. A word broken by a hyphen at a line's end is joined when the halves together make
a syllable (nghi-⏎êm), or when they look like a broken foreign word (infor-⏎mation) rather than a hyphenated
compound (Việt-⏎Nam).
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from repository.domain.folding import Keys, keys
from repository.domain.syllables import is_syllable

LONGEST = 64  # letters; a longer run is parted there, since no word is that long and engines limit a term's bytes
_MARKS = (
    "\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c7\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f"
    "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd\u17b4-\u17d3\u1ab0-\u1aff\u1dc0-\u1dff"
    "\u20d0-\u20ff\uaa29-\uaa36\uaa43\uaa4c\uaa4d\uaab0\uaab2-\uaab4\uaab7\uaab8\uaabe\uaabf\uaac1"
)
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(
    rf"(?<![0-9][.,])[1-9][0-9]{{0,2}}(?:[.][0-9]{{3}})+(?![0-9])"
    rf"|(?<![0-9][.,])[1-9][0-9]{{0,2}}(?:,[0-9]{{3}})+(?![0-9])"
    rf"|[{_HAN}]"
    rf"|(?:(?![{_HAN}])[^\W_])(?:(?![{_HAN}])[^\W_{_MARKS}]|[{_MARKS}]){{0,{LONGEST - 1}}}"
)
HYPHENS = "-\u2010\u2011\u00ac"
_BREAK = re.compile(rf"[{HYPHENS}][ \t]*\n\s*")
_HAS_BREAK = re.compile(rf"[^\W_{_MARKS}][{_MARKS}]*[{HYPHENS}][ \t]*\n")


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a text: `text` as written (halves joined), and the characters it spans, `start` to before `end`."""

    text: str
    start: int
    end: int


def tokenize(text: str) -> list[Token]:
    """The words of `text` in order. Give it `clean` text; offsets are into what was given. Never fails."""
    tokens = [Token(found[0], found.start(), found.end()) for found in _WORD.finditer(text)]
    if _HAS_BREAK.search(text):
        return _joined(text, tokens)
    return tokens


def _joined(text: str, tokens: list[Token]) -> list[Token]:
    joined = tokens[:1]
    for token in tokens[1:]:
        before = joined[-1]
        if _BREAK.fullmatch(text, before.end, token.start) and _one_word(before.text, token.text):
            joined[-1] = Token(before.text + token.text, before.start, token.end)
        else:
            joined.append(token)
    return joined


def _one_word(first: str, second: str) -> bool:
    if not (first.isalpha() and second.isalpha()) or len(first) + len(second) > LONGEST:
        return False
    if second[0].isupper() and not first.isupper():  # Bắc-⏎Kỳ: a capital after the hyphen begins a name
        return False
    if is_syllable(first + second):
        return True
    syllables = [half for half in (first, second) if is_syllable(half)]
    return len(syllables) < 2 and not any(keys(half).marked for half in syllables)


@lru_cache(maxsize=1 << 16)
def word_keys(printed: str) -> tuple[Keys, ...]:
    """The keys of the words within one blank-free run of clean text: "Việt-Nam," has two."""
    return tuple(keys(token.text) for token in tokenize(printed))


def text_keys(text: str) -> list[Keys]:
    """The keys of all words of clean `text`, in order: those of `tokenize`, faster."""
    if _HAS_BREAK.search(text):
        return [keys(token.text) for token in tokenize(text)]
    found: list[Keys] = []
    for printed in text.split():
        found.extend(word_keys(printed))
    return found
