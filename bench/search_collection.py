"""A collection of made-up items of real Vietnamese text for the search benchmark, and where its words stand."""

import lzma
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from repository.catalog.marc import marc_of
from repository.domain.access import AccessLevel, ItemState, Rights
from repository.domain.columns import PageColumns
from repository.domain.pages import Reading
from repository.domain.records import Description, Item, Kind, Library, Page, Record

WORDS_A_PAGE = 350
WORDS_A_LINE = 11
_LINES_A_BLOCK = 12
CONFIDENCE = 92.0
LIBRARIES = tuple(
    Library(f"TV{at:02}", f"Thư viện tỉnh số {at}", address_ranges=(f"10.{at}.0.0/16", f"192.168.{at}.0/24"))
    for at in range(1, 13)
)
READING = Reading("tesseract 5.5", "vie", {"psm": 3, "oem": 1})
_LETTER, _HEIGHT, _LEADING, _MARGIN = 18, 40, 60, 100  # pixels at 300 dpi, about
_PAGE = (2480, 3508)
_SIZES = (4, 40, 100, 120, 236)  # pages of an item, 100 on average
_KINDS = (
    Kind.BOOK, Kind.EXTRACT, Kind.SERIAL, Kind.GAZETTEER, Kind.LOCAL_HISTORY, Kind.MAP, Kind.VILLAGE_CONVENTION,
    Kind.PROCEEDINGS,
)  # fmt: skip
_PLACES = ("Lạng Sơn", "Thái Nguyên", "Bình Định", "Trà Vinh", "Bến Tre", "Vĩnh Long", "Hà Nội", "Huế", "Cao Bằng")
_LEVELS = (AccessLevel.PUBLIC,) * 17 + (AccessLevel.NETWORK, AccessLevel.ONSITE, AccessLevel.RESTRICTED)
_DRAFTS = 0.05
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
_WHEN = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class MadeText:
    """A page's words, and the same as plain text."""

    words: PageColumns
    text: str


@dataclass(frozen=True, slots=True)
class MadeItem:
    """An item with its pages and, beside them, their texts."""

    item: Item
    pages: tuple[Page, ...]
    texts: tuple[MadeText, ...]


def paragraphs(shared: Path) -> list[str]:
    """The paragraphs of the shared Vietnamese text, in file order."""
    with lzma.open(shared / "text_vi" / "wiki_vi.txt.xz", "rt", encoding="utf-8") as file:
        return file.read().splitlines()


def made_items(texts: list[str], count: int, serial: int = 0, seed: int = 20261124) -> Iterator[MadeItem]:
    """Items of `count` pages together, WORDS_A_PAGE words each: the paragraphs in a new order each time they run out.

    One item in twenty is a draft, three in twenty are not for a passer-by. Their codes count from `serial`, and those
    of another `serial` are others."""
    dice = random.Random(seed + serial)
    words = _endless_words(texts, dice)
    left = count
    while left:
        size = min(dice.choice(_SIZES), left)
        left -= size
        item = _item(dice, serial + left, size)
        pages = tuple(_page(dice, item, number) for number in range(1, size + 1))
        yield MadeItem(item, pages, tuple(_text(list(islice(words, WORDS_A_PAGE))) for _ in pages))


def batches(items: Iterator[MadeItem], pages: int) -> Iterator[list[MadeItem]]:
    """Whole items, `pages` at least together."""
    batch: list[MadeItem] = []
    for item in items:
        batch.append(item)
        if sum(len(each.pages) for each in batch) >= pages:
            yield batch
            batch = []
    if batch:
        yield batch


def made_id(dice: random.Random) -> str:
    """An identifier of the form that the ledger gives, the same in every run."""
    return "".join(dice.choices(_LETTERS, k=13))


def _item(dice: random.Random, serial: int, size: int) -> Item:
    place, library = dice.choice((*_PLACES, None)), dice.choice(LIBRARIES).code
    description = Description(
        title=f"Tư liệu {place or 'địa phương'} số {serial}", kind=dice.choice(_KINDS), author="Nguyễn Văn Khoan",
        place=place, year=dice.choice((None, dice.randint(1890, 2025))), publisher="Hội Văn nghệ",
        summary="Ghi chép về đất đai, phong tục và con người của địa phương.", subjects=("Địa chí", "Lịch sử"),
    )  # fmt: skip
    record = Record(made_id(dice), library, marc_of(description), description)
    state = ItemState.DRAFT if dice.random() < _DRAFTS else ItemState.PUBLISHED
    rights = Rights(library, state, dice.choice(_LEVELS))
    return Item(made_id(dice), f"DC{serial:06}", record, rights, size, _WHEN, _WHEN)


def _page(dice: random.Random, item: Item, number: int) -> Page:
    key = f"{dice.getrandbits(256):064x}"
    return Page(
        id=made_id(dice), item=item.id, number=number, label=str(number), image=key, frame=0, width=_PAGE[0],
        height=_PAGE[1], dpi=300, derivative=key, confidence=CONFIDENCE, approved=True,
    )  # fmt: skip


def _text(words: list[str]) -> MadeText:
    widths = [len(word) * _LETTER for word in words]
    sides: list[int] = []
    x = 0
    for width, (start, y) in zip(widths, _STARTS, strict=True):
        x = start or x
        sides += (x % _PAGE[0], y, width, _HEIGHT)
        x += width + _LETTER
    lines = [" ".join(words[at : at + WORDS_A_LINE]) for at in range(0, WORDS_A_PAGE, WORDS_A_LINE)]
    text = "\n\n".join(["\n".join(lines[at : at + _LINES_A_BLOCK]) for at in range(0, len(lines), _LINES_A_BLOCK)])
    return MadeText(PageColumns(*_PAGE, words, sides, _CONFIDENCES, _LINES, _BLOCKS), text)


_LINES = [at // WORDS_A_LINE for at in range(WORDS_A_PAGE)]
_BLOCKS = [line // _LINES_A_BLOCK for line in _LINES]
_STARTS = [(0 if at % WORDS_A_LINE else _MARGIN, _MARGIN + line * _LEADING) for at, line in enumerate(_LINES)]
_CONFIDENCES = [96.0 - at * 7 % 30 for at in range(WORDS_A_PAGE)]


def _endless_words(texts: list[str], dice: random.Random) -> Iterator[str]:
    order = list(texts)
    while True:
        dice.shuffle(order)
        for text in order:
            yield from map(sys.intern, text.split())
