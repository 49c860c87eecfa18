"""Whether a page's text layer is worth keeping: it says words, and it says them where the page has ink."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from repository.domain.legacy_text import core
from repository.domain.pages import Box
from repository.domain.syllables import is_syllable

_WORD = re.compile(r"[^\W\d_]{2,}")
_FOREIGN = re.compile(r"[^\W\d_](?:[^\W\d_]|['’])*")
_VOWEL = re.compile(r"[aeiouyàâäæéèêëîïôöœùûü]", re.IGNORECASE)
_HARSH = re.compile(r"[bcdfghjklmnpqrstvwxz]{5}", re.IGNORECASE)
_UNKNOWN = re.compile("[\ufffd\ue000-\uf8ff\x00-\x1f]")
_LEAST_UNKNOWN = 0.05
_ENOUGH_WORDS = 30
_SIDE = 3_500
_NEIGHBOURHOOD, _DARKER = 41, 18


@dataclass(frozen=True, slots=True)
class Demands:
    """What a layer must reach: `sound` words, `marked` words that are syllables, `covered` marks of ink."""

    sound: float
    marked: float
    covered: float


# A visible text is the page's own; a hidden one is what some other engine made of the picture.
VISIBLE = Demands(sound=0.5, marked=0.6, covered=0.2)
HIDDEN = Demands(sound=0.85, marked=0.92, covered=0.6)


def why_refused(
    words: Sequence[str], boxes: Sequence[Box], pixels: Callable[[], NDArray[np.uint8]], hidden: bool
) -> str:
    """A short English reason not to keep the layer of `words` at `boxes` over the page that `pixels` gives, or ""."""
    demands = HIDDEN if hidden else VISIBLE
    signs = "".join(words)
    if len(_UNKNOWN.findall(signs)) > _LEAST_UNKNOWN * len(signs):
        return "unknown signs"
    if not any(map(str.isalnum, signs)):
        return "no letters"
    return _about_words(words, demands, hidden) or _about_ink(boxes, pixels(), demands)


def _about_words(words: Sequence[str], demands: Demands, hidden: bool) -> str:
    spoken = [text for word in words if _WORD.search(text := core(word)) and not text.isupper()]
    if not spoken:
        return ""
    syllables = sum(map(_is_vietnamese, spoken))
    marked = [word for word in spoken if not word.isascii()]
    if sum(map(is_sound, spoken)) < demands.sound * len(spoken):
        return "few words"
    vietnamese = syllables >= len(spoken) / 2
    if vietnamese and sum(map(_is_vietnamese, marked)) < demands.marked * len(marked):
        return "impossible syllables"
    if hidden and vietnamese and len(spoken) >= _ENOUGH_WORDS and len(marked) < len(spoken) / 8:
        return "marks missing"
    return ""


def _is_vietnamese(word: str) -> bool:
    return all(map(is_syllable, _parts(word)))


def is_sound(word: str) -> bool:
    """Whether `word` could be one of Vietnamese or of another language in Latin letters."""
    return all(is_syllable(part) or _is_foreign(part) for part in _parts(core(word)))


def _parts(word: str) -> list[str]:
    """What stands between hyphens and the like, numbers left out."""
    return [part for part in re.split("[-/.,–]", word) if part and not part.isdigit()]


def _is_foreign(part: str) -> bool:
    regular = part.islower() or part.isupper() or part[1:].islower()
    return bool(regular and _FOREIGN.fullmatch(part) and _VOWEL.search(part) and not _HARSH.search(part))


def _about_ink(boxes: Sequence[Box], pixels: NDArray[np.uint8], demands: Demands) -> str:
    """Letters are sought as marks of about the words' height; those under no word were left out of the layer."""
    scale = min(1.0, _SIDE / max(pixels.shape[:2]))
    grey = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    if scale < 1.0:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    ink = cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, _NEIGHBOURHOOD, _DARKER)
    _, _, marks, middles = cv2.connectedComponentsWithStats(ink, connectivity=8)
    usual = float(np.median([min(box.w, box.h) for box in boxes])) * scale
    width, height = marks[1:, cv2.CC_STAT_WIDTH], marks[1:, cv2.CC_STAT_HEIGHT]
    letters = (height >= 0.2 * usual) & (height <= 1.3 * usual) & (width <= 4 * height) & (width >= 0.08 * usual)
    if not letters.any():
        return "" if demands is VISIBLE else "no ink"
    covered = np.zeros(grey.shape, np.uint8)
    for box in boxes:
        left, top, right, bottom = (round(edge * scale) for edge in (box.x, box.y, box.x + box.w, box.y + box.h))
        covered[top : bottom + 1, left : right + 1] = 1
    at = np.rint(middles[1:][letters]).astype(int)
    share = float(covered[at[:, 1].clip(0, grey.shape[0] - 1), at[:, 0].clip(0, grey.shape[1] - 1)].mean())
    return "" if share >= demands.covered else "ink not covered"
