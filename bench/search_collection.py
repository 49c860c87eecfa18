"""A collection of made-up pages of real Vietnamese text for the search benchmark, and where its words stand."""

import lzma
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from repository.domain.search import IndexDocument

WORDS_A_PAGE = 350
WORDS_A_LINE = 11
_KINDS = ("book", "extract", "serial", "gazetteer", "local_history", "map", "village_convention", "proceedings")
_PLACES = ("Lạng Sơn", "Thái Nguyên", "Bình Định", "Trà Vinh", "Bến Tre", "Vĩnh Long", "Hà Nội", "Huế", "Cao Bằng")
_LEVELS = ("public",) * 17 + ("network", "onsite", "restricted")


@dataclass(frozen=True, slots=True)
class MadePage:
    """A page as the index takes it, and its printed lines."""

    document: IndexDocument
    lines: tuple[str, ...]


def paragraphs(shared: Path) -> list[str]:
    """The paragraphs of the shared Vietnamese text, in file order."""
    with lzma.open(shared / "text_vi" / "wiki_vi.txt.xz", "rt", encoding="utf-8") as file:
        return file.read().splitlines()


def made_pages(texts: list[str], count: int, seed: int = 20261124) -> Iterator[MadePage]:
    """`count` pages of WORDS_A_PAGE words: the paragraphs in a new order each time they run out."""
    dice = random.Random(seed)
    words = _endless_words(texts, dice)
    item, number, left, shape = "", 0, 0, dice.random
    for at in range(count):
        if left == 0:
            left = min(dice.choice((1, 2, 4, 40, 120, 250)), count - at)
            item, number = f"it{at:06x}", 0
            facets = _facets(dice)
        left, number = left - 1, number + 1
        page = [next(words) for _ in range(WORDS_A_PAGE)]
        lines = tuple(" ".join(page[start : start + WORDS_A_LINE]) for start in range(0, len(page), WORDS_A_LINE))
        library, kind, place, year, level = facets
        document = IndexDocument(
            item=item,
            page_id=f"pg{at:08x}",
            number=number,
            text="\n".join(lines),
            title=f"Tư liệu {place or 'địa phương'} số {at % 977}",
            library=library,
            kind=kind,
            place=place,
            year=year,
            language="vie",
            published=shape() > 0.05,
            access=level,
            embargo_until=date(2027, 1, 1) if level == "embargo" else None,
        )
        yield MadePage(document, lines)


def _facets(dice: random.Random) -> tuple[str, str, str | None, int | None, str]:
    place = dice.choice((*_PLACES, None))
    year = dice.choice((None, dice.randint(1890, 2025)))
    return f"TV{dice.randint(1, 12):02}", dice.choice(_KINDS), place, year, dice.choice(_LEVELS)


def _endless_words(texts: list[str], dice: random.Random) -> Iterator[str]:
    order = list(texts)
    while True:
        dice.shuffle(order)
        for text in order:
            yield from map(sys.intern, text.split())
