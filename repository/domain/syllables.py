"""Vietnamese syllables by rule: how one is spelled, where its tone mark stands, which forms are well formed.

The inventory and the placement rule are those of modern quốc ngữ orthography; foreign and minority names break it,
so nothing here may be used to reject input.
"""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")  # huyền, sắc, ngã, hỏi, nặng
ONSETS = tuple("ngh ng nh gh gi kh ph th tr ch qu b c d đ g h k l m n p r s t v x".split())
CODAS = tuple("ng nh ch c m n p t".split())
VOWELS = frozenset("aăâeêioôơuưy")
RHYMES = frozenset(
    """a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây
    e ec em en eng eo ep et ê êc êch êm ên êng ênh êp êt êu
    i ia ich im in ing inh ip it iu iêc iêm iên iêng iêp iêt iêu
    o oc oi om on ong ooc oong op ot oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăp oăt
    oe oen oeo oet ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt
    u ua uc ui um un ung up ut uân uâng uât uây uê uêch uênh uôc uôi uôm uôn uông uôt uơ
    uy uya uych uyn uynh uyp uyt uyu uyên uyêt ư ưa ưc ưi ưm ưn ưng ưt ưu ươc ươi ươm ươn ương ươp ươt ươu
    y yêm yên yêng yêt yêu""".split()
)
_AFTER_QU = frozenset(("ynh", "yt"))
_STOPPED = ("c", "ch", "p", "t")
_MARKED_VOWELS = frozenset("ăâêôơư")
_MOVING = frozenset(("oa", "oe", "uy"))  # the only nuclei on which old and new placement differ


@dataclass(frozen=True, slots=True)
class Syllable:
    """A spelled syllable, lower case: `onset` + `nucleus` + `coda`, with its combining `tone` mark or ""."""

    onset: str
    nucleus: str
    coda: str
    tone: str

    def spell(self, old_style: bool = False) -> str:
        """The written form, NFC; the tone mark placed as schoolbooks do (hoà), or as the press does (hòa)."""
        at = len(self.onset) + self._tone_seat(old_style) + 1
        letters = self.onset + self.nucleus + self.coda
        return unicodedata.normalize("NFC", letters[:at] + self.tone + letters[at:])

    def _tone_seat(self, old_style: bool) -> int:
        nucleus = self.nucleus
        marked = [at for at, letter in enumerate(nucleus) if letter in _MARKED_VOWELS]
        if marked:
            return marked[-1]
        if len(nucleus) == 1:
            return 0
        if len(nucleus) > 2 or self.coda:
            return 1
        return 1 if nucleus in _MOVING and not old_style else 0


@lru_cache(maxsize=1 << 13)
def split(text: str) -> Syllable | None:
    """The syllable that `text` (any case, NFC or NFD) spells, or None if it is not shaped like one.

    Shaped like one: known onset, vowel letters, known coda, at most one tone mark and that on a vowel."""
    letters, tone = [], ""
    for letter in unicodedata.normalize("NFD", text.lower()):
        if letter not in TONES:
            letters.append(letter)
        elif tone or not letters or not _on_vowel(letters):
            return None
        else:
            tone = letter
    bare = unicodedata.normalize("NFC", "".join(letters))
    onset = _onset(bare)
    nucleus = bare[len(onset) :]
    coda = ""
    while nucleus and nucleus[-1] not in VOWELS:
        coda = nucleus[-1] + coda
        nucleus = nucleus[:-1]
    if not nucleus or len(nucleus) > 3 or (coda and coda not in CODAS) or not VOWELS.issuperset(nucleus):
        return None
    return Syllable(onset, nucleus, coda, tone)


def _on_vowel(letters: list[str]) -> bool:
    base = next((letter for letter in reversed(letters) if not unicodedata.combining(letter)), "")
    return base in "aeiouy" and base != ""


def _onset(bare: str) -> str:
    for onset in ONSETS:
        if bare.startswith(onset) and not (
            onset in ("gi", "qu") and (len(bare) == len(onset) or bare[len(onset)] not in VOWELS)
        ):
            return onset
    return ""


def tone_style(syllable: str) -> str:
    """`syllable` with its tone mark where schoolbooks put it (hòa → hoà, thủy → thuỷ; quý, của stay).

    Case is kept. What is not shaped like a syllable comes back as it is, in NFC."""
    found = split(syllable)
    composed = unicodedata.normalize("NFC", syllable)
    if found is None or not found.tone:
        return composed
    respelled = found.spell()
    if len(respelled) != len(composed):
        return composed
    return "".join(new.upper() if old.isupper() else new for new, old in zip(respelled, composed, strict=True))


@lru_cache(maxsize=1 << 16)
def is_syllable(text: str) -> bool:
    """Whether `text` (any case) is a well-formed Vietnamese syllable with its tone mark in either customary place."""
    found = split(text)
    if found is None or not _rhyme_fits(found) or not _onset_fits(found):
        return False
    if found.coda in _STOPPED and found.tone not in ("\u0301", "\u0323"):
        return False
    spelled = unicodedata.normalize("NFC", text.lower())
    return spelled in (found.spell(), found.spell(old_style=True))


def _rhyme_fits(syllable: Syllable) -> bool:
    rhyme = syllable.nucleus + syllable.coda
    if syllable.onset == "qu":
        return (rhyme in RHYMES or rhyme in _AFTER_QU) and rhyme[0] != "u"
    if rhyme not in RHYMES:
        return False
    if rhyme.startswith("yê"):
        return not syllable.onset
    if rhyme.startswith("iê"):
        return bool(syllable.onset)
    return True


def _onset_fits(syllable: Syllable) -> bool:
    front = syllable.nucleus[0] in "ieêy"
    match syllable.onset:
        case "k" | "gh" | "ngh":
            return front
        case "c" | "ng":
            return not front
        case "g":
            return not front or syllable.nucleus[0] == "i"
        case "gi":
            return syllable.nucleus[0] not in "iy"
    return True
