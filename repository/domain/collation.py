"""The order of titles and names in lists: ă â đ ê ô ơ ư are letters of their own, tones come last, numbers by value."""

import re
import unicodedata

from repository.domain.folding import clean

_LETTERS = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_PRIMARY = {letter: chr(0x100 + at) for at, letter in enumerate(_LETTERS)}
_TONES = {"\u0300": "1", "\u0309": "2", "\u0303": "3", "\u0301": "4", "\u0323": "5"}
_DIGITS = re.compile(r"[0-9]+")
_BLANKS = re.compile(r"[\W_]+")


def sort_key(text: str) -> str:
    """A string that sorts `text` as a Vietnamese list does: by letters first, then by tones (ngang, huyền, hỏi, ngã,
    sắc, nặng); case and punctuation do not count, Tập 2 stands before Tập 10."""
    letters, tones = [], []
    for letter in _BLANKS.sub(" ", clean(text).lower()).strip():
        tone = "0"
        kept = []
        for part in unicodedata.normalize("NFD", letter):
            if part in _TONES:
                tone = _TONES[part]
            else:
                kept.append(part)
        bare = unicodedata.normalize("NFC", "".join(kept))
        letters.append(_PRIMARY.get(bare, bare))
        tones.append(tone)
    primary = _DIGITS.sub(lambda run: f"{len(run[0].lstrip('0')):03}{run[0].lstrip('0')}", "".join(letters))
    return primary + "\x01" + "".join(tones).rstrip("0")
