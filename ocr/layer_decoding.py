"""The words of a text layer as Unicode text: what encoding each font's signs are in, and what they say."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from ocr.layer_words import LaidWord
from repository.domain.legacy_fonts import FontHint, font_hint
from repository.domain.legacy_tables import Encoding
from repository.domain.legacy_text import decode, is_telling, likely_encoding, share
from repository.scans.text_layer import Glyph

_UNKNOWN = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True, slots=True)
class Way:
    """How a font's signs are taken: by their `codes` or by the Unicode the PDF gives them, in which encoding."""

    encoding: Encoding
    codes: bool


def decoded(words: Sequence[LaidWord], fonts: Sequence[str]) -> tuple[list[str], str]:
    """The text of each word, NFC, and the name of the encodings found, the commonest first (`tcvn3`,
    `unicode+vni`)."""
    hints = [font_hint(name) for name in fonts]
    ways = _ways(words, hints)
    texts = [_text(word, hints, ways) for word in words]
    counts = Counter(ways[hints[glyph.font].family].encoding for word in words for glyph in word.glyphs)
    return texts, "+".join(encoding.value for encoding, _ in counts.most_common())


def _ways(words: Iterable[LaidWord], hints: Sequence[FontHint]) -> dict[str, Way]:
    """How each family of fonts is to be taken; a family without a name that tells and with too few words goes with
    the page's others of that kind, when that suits it."""
    of_family: dict[str, list[LaidWord]] = defaultdict(list)
    for word in words:
        for family in {hints[glyph.font].family for glyph in word.glyphs}:
            of_family[family].append(word)
    promised = {hint.family: hint.encoding for hint in hints}
    nameless = [word for family, found in of_family.items() if promised[family] is None for word in found]
    usual = _way(nameless, None)
    ways = {}
    for family, found in of_family.items():
        way = _way(found, promised[family])
        if promised[family] is None and way.encoding is Encoding.UNICODE and _suits(usual, found):
            way = usual
        ways[family] = way
    return ways


def _suits(way: Way, words: Sequence[LaidWord]) -> bool:
    telling = [text for word in words if is_telling(text := _raw(word.glyphs, way.codes))]
    return bool(telling) and share(telling, way.encoding) > share(telling, Encoding.UNICODE)


def _way(words: Sequence[LaidWord], hint: Encoding | None) -> Way:
    by_unicode = [_raw(word.glyphs, codes=False) for word in words]
    told = likely_encoding(by_unicode, hint)
    if not any(glyph.code >= 0 for word in words for glyph in word.glyphs):
        return Way(told, codes=False)
    by_code = [_raw(word.glyphs, codes=True) for word in words]
    else_told = likely_encoding(by_code, hint)
    better = share(by_code, else_told) > share(by_unicode, told) + 0.05
    return Way(else_told, codes=True) if better else Way(told, codes=False)


def _raw(glyphs: Iterable[Glyph], codes: bool) -> str:
    """The signs as characters; by their codes where asked and the font has single bytes."""
    return "".join(chr(glyph.code) if codes and glyph.code >= 0 else glyph.text or _UNKNOWN for glyph in glyphs)


def _text(word: LaidWord, hints: Sequence[FontHint], ways: Mapping[str, Way]) -> str:
    parts = []
    for way, glyphs in groupby(word.glyphs, key=lambda glyph: ways[hints[glyph.font].family]):
        run = list(glyphs)
        part = decode(_raw(run, way.codes), way.encoding)
        if any(hints[glyph.font].capitals for glyph in run) and way.encoding is Encoding.TCVN3:
            part = _capitals(run, part, hints)
        parts.append(part)
    return decode("".join(parts), Encoding.UNICODE).strip()


def _capitals(run: Sequence[Glyph], part: str, hints: Sequence[FontHint]) -> str:
    """Capitals where the font draws small letters so; letters and signs of TCVN3 go one by one."""
    if len(part) != len(run):
        return part.upper() if hints[run[0].font].capitals else part
    return "".join(
        letter.upper() if hints[glyph.font].capitals else letter for glyph, letter in zip(run, part, strict=True)
    )
