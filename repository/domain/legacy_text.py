"""Vietnamese text of before Unicode made readable: decoding, and telling from its words which encoding it is in."""

import re
import unicodedata
from collections.abc import Sequence

from repository.domain.folding import clean
from repository.domain.legacy_tables import ONE_TO_ONE, VNI_LETTERS, VNI_PAIRS, Encoding, code
from repository.domain.syllables import is_syllable

_VIQR = re.compile(r"[dD][dD]|([AEIOUYaeiouy])(\\?)([(^+*]?)(['`?~.]?)")
_VIQR_SHAPES = {"(": "\u0306", "^": "\u0302", "+": "\u031b", "*": "\u031b", "": ""}
_VIQR_TONES = {"'": "\u0301", "`": "\u0300", "?": "\u0309", "~": "\u0303", ".": "\u0323", "": ""}
# what stands for ư (0xAD, Unicode's soft hyphen) where a writer thought it was some hyphen or lost it to a dot
_LOST_HORN = re.compile("[-\u2010\u2011\u2013\u2022]")
# signs and capitals where no language has them
_STRANGE = re.compile(r"[a-z][À-ÖØ-Þ]|\w[^\w\s'’.,:;/()-]\w|\w[¸©®µ¶·¹¬¨]|[©®¸µ¶·][a-z]")
PUNCTUATION = ".,;:!?()[]{}<>\"'“”‘’«»…-–—*/_=+|%"
_TIMES_WRITTEN = 3
_LEAST_SHARE = 0.6
_LEAST_GAIN = 0.25


def decode(word: str, encoding: Encoding) -> str:
    """`word`, whose characters stand for bytes in `encoding`, in NFC. Characters that the encoding does not use stay
    as they are. A word is a blank-free run; running text may be given too, except in VIQR."""
    if encoding in ONE_TO_ONE:
        decoded = _one_to_one(word, encoding)
    elif encoding is Encoding.VNI:
        decoded = _vni(word)
    elif encoding is Encoding.CP1258:
        decoded = "".join(_cp1258(char) for char in word)
    elif encoding is Encoding.VIQR:
        decoded = _viqr(word)
    else:
        decoded = word
    return clean(decoded)


def _one_to_one(word: str, encoding: Encoding) -> str:
    table = ONE_TO_ONE[encoding]
    decoded = "".join(table.get(-1 if (byte := code(char)) is None else byte, char) for char in word)
    if encoding is Encoding.TCVN3 and _LOST_HORN.search(decoded):
        return _with_horns(decoded)
    return decoded


def _with_horns(word: str) -> str:
    """`ph-ơng` is phương: a hyphen is taken for ư where that makes one syllable of what are not syllables."""
    for found in _LOST_HORN.finditer(word):
        mended = word[: found.start()] + "ư" + word[found.end() :]
        whole, parts = core(mended), [part for part in core(word).split(found[0]) if part]
        if len(whole) > 1 and is_syllable(whole) and not all(map(is_syllable, parts)):
            return mended
    return word


def _vni(word: str) -> str:
    letters, at = [], 0
    plain = [char if ord(char) < 0x100 else chr(code(char) or ord(char)) for char in word]
    while at < len(plain):
        pair = VNI_PAIRS.get("".join(plain[at : at + 2]))
        letters.append(pair or (VNI_LETTERS.get(plain[at], word[at])))
        at += 2 if pair else 1
    return "".join(letters)


def _cp1258(char: str) -> str:
    byte = code(char)
    if byte is None or byte < 0x80:
        return char
    return bytes([byte]).decode("cp1258", "replace").replace("\ufffd", char)


def _viqr(word: str) -> str:
    def letter(found: re.Match[str]) -> str:
        if found[1] is None:
            return "đ" if found[0][0] == "d" else "Đ"
        if found[2]:
            return found[0].replace("\\", "", 1)
        if (
            not found[3]
            and found[4]
            and found[4] in ".?"
            and found.end() == len(word.rstrip(PUNCTUATION.replace(found[4], "")))
        ):
            return found[0]  # a full stop or a question mark at the word's end
        return unicodedata.normalize("NFC", found[1] + _VIQR_SHAPES[found[3]] + _VIQR_TONES[found[4]])

    return _VIQR.sub(letter, word)


def core(word: str) -> str:
    """The word without punctuation around it."""
    return word.strip(PUNCTUATION)


def is_telling(word: str) -> bool:
    """Whether the word could read otherwise in another encoding: it has something besides ASCII letters."""
    return not core(word).isascii()


def share(words: Sequence[str], encoding: Encoding) -> float:
    """The part of `words` (0 to 1; 0 for none) that are Vietnamese syllables when taken as `encoding`."""
    return sum(_reads(word, encoding) for word in words) / len(words) if words else 0.0


def _reads(word: str, encoding: Encoding) -> bool:
    parts = [part for part in re.split("[-/.,()\u2013]", core(decode(word, encoding))) if part]
    return bool(parts) and all(is_syllable(part) for part in parts)


def likely_encoding(words: Sequence[str], hint: Encoding | None = None) -> Encoding:
    """The encoding that blank-free `words` are in. What they say decides: another one than Unicode needs most telling
    words to become syllables, and clearly more than without it. With a `hint` (a font's name) it needs only not to be
    worse; with no telling words the hint is believed."""
    telling = [word for word in words if is_telling(word)]
    if not telling:
        return hint or (_viqr_or_unicode(words) if words else Encoding.UNICODE)
    as_is = share(telling, Encoding.UNICODE)
    shares = {each: share(telling, each) for each in (*ONE_TO_ONE, Encoding.VNI, Encoding.CP1258)}
    best = max(shares, key=lambda each: shares[each])
    if hint in shares and shares[hint] >= max(as_is, shares[best] - _LEAST_GAIN):
        return hint
    enough = len(telling) >= _TIMES_WRITTEN or all(_STRANGE.search(core(word)) for word in telling)
    if enough and shares[best] >= _LEAST_SHARE and shares[best] >= as_is + _LEAST_GAIN:
        return best
    return Encoding.UNICODE


def _viqr_or_unicode(words: Sequence[str]) -> Encoding:
    written = [word for word in words if decode(word, Encoding.VIQR) != word]
    enough = len(written) >= max(_TIMES_WRITTEN, len(words) // 4)
    return Encoding.VIQR if enough and share(written, Encoding.VIQR) >= _LEAST_SHARE else Encoding.UNICODE
