"""Hand correction of a page's text: people type lines, the words keep their boxes."""

from dataclasses import replace
from difflib import SequenceMatcher

from repository.db.ledger import Ledger
from repository.db.texts import CORRECTION
from repository.domain.access import Role, Visitor
from repository.domain.errors import N_, AccessRefused, NotFound, WrongUse
from repository.domain.pages import Box, PageText, Reading, Word
from repository.domain.records import TextVersion
from repository.domain.vietnamese import clean

SURE = 100.0


class Correcting:
    """Use cases of those who correct pages."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def correct(self, visitor: Visitor, page_id: str, lines: list[str]) -> TextVersion:
        """Save a person's text of the page as its new current version: one string a printed line, as many lines as the
        page has now. Later readings by an engine never replace it."""
        with self._ledger.write() as work:
            page = work.pages.get(page_id)
            item = work.items.get(page.item) if page else None
            if page is None or item is None:
                raise NotFound(N_("Không tìm thấy trang này."))
            if not (visitor.may(Role.STAFF) and (visitor.library == item.rights.library or visitor.may(Role.ADMIN))):
                raise AccessRefused(N_("Chỉ cán bộ của thư viện sở hữu được sửa văn bản."))
            now = work.texts.current([page_id]).get(page_id)
            if now is None:
                raise WrongUse(N_("Trang này chưa được nhận dạng nên chưa sửa được."))
            text = corrected(now, lines)
            version = work.texts.add(page_id, CORRECTION, text, "", visitor.user or "?")
            work.pages.set_confidence(page_id, text.confidence)
            work.steps.owe_index([page_id])
            work.journal.record(visitor.user or "?", "correct", page_id, version=version.number)
        return version

    def versions(self, page_id: str) -> list[TextVersion]:
        """The page's text versions, oldest first; for staff pages."""
        with self._ledger.read() as work:
            return work.texts.versions(page_id)


def corrected(page: PageText, lines: list[str]) -> PageText:
    """The page with its lines' words replaced by those typed. A word that did not change keeps its box, changed ones
    share the room between their neighbours. Raises WrongUse when the number of lines is another."""
    printed = list(page.lines())
    if len(lines) != len(printed):
        raise WrongUse(
            N_("Số dòng phải giữ nguyên: trang có {printed} dòng, nhận được {typed} dòng."),
            printed=len(printed), typed=len(lines),
        )  # fmt: skip
    words = [word for old, line in zip(printed, lines, strict=True) for word in _line(old, clean(line).split())]
    return replace(page, words=tuple(words), reading=Reading("person", "hand", {}))


def _line(old: tuple[Word, ...], typed: list[str]) -> list[Word]:
    words: list[Word] = []
    matcher = SequenceMatcher(None, [word.text for word in old], typed, autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            words.extend(replace(word, confidence=SURE) for word in old[a:b])
        elif tag in ("replace", "insert"):
            words.extend(_share(old, a, b, typed[c:d]))
    return words


def _share(old: tuple[Word, ...], a: int, b: int, typed: list[str]) -> list[Word]:
    """New words in place of `old[a:b]`: word for word where the numbers agree, else by length over the room."""
    if b - a == len(typed):
        return [replace(word, text=text, confidence=SURE) for word, text in zip(old[a:b], typed, strict=True)]
    room = _room(old, a, b)
    letters = sum(len(text) + 1 for text in typed)
    words, x = [], float(room.x)
    for text in typed:
        width = room.w * (len(text) + 1) / letters
        box = Box(round(x), room.y, max(round(width * len(text) / (len(text) + 1)), 1), room.h)
        words.append(Word(text, box, SURE, old[0].line, old[0].block))
        x += width
    return words


def _room(old: tuple[Word, ...], a: int, b: int) -> Box:
    if a < b:
        first, last = old[a].box, old[b - 1].box
        top = min(word.box.y for word in old[a:b])
        bottom = max(word.box.y + word.box.h for word in old[a:b])
        return Box(first.x, top, max(last.x + last.w - first.x, 1), bottom - top)
    left = old[a - 1].box if a else None
    right = old[a].box if a < len(old) else None
    x = left.x + left.w if left else (right.x if right else 0)
    end = right.x if right and left else x + (left or right or old[0].box).h
    beside = left or right or old[0].box
    return Box(x, beside.y, max(end - x, 1), beside.h)
