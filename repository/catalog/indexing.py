"""Bringing the full-text index up to what the ledger says. The index is a copy; the ledger knows what it still owes."""

import time
from dataclasses import dataclass

from repository.catalog.finding import record_text
from repository.db.journal import SITE
from repository.db.ledger import Ledger, Work
from repository.domain.batches import StepName
from repository.domain.pages import PageText
from repository.domain.records import Item, Page
from repository.domain.search import IndexDocument
from repository.search.port import SearchIndex

PAGES_A_ROUND, ITEMS_A_ROUND = 200, 20
DUTY = "clerk"  # whose holder alone writes the index
BETWEEN_LOOKS, BETWEEN_TIDYINGS = 2.0, 60.0  # seconds


class Indexing:
    """Use cases of whoever holds the index's only writer.

    Every document carries the token of the duty as the ledger had it when the document was read there, so that a
    clerk who was taken for dead and wakes later cannot replace what the next one has written."""

    def __init__(self, ledger: Ledger, index: SearchIndex) -> None:
        self._ledger = ledger
        self._index = index
        self._looked = self._tidied = -BETWEEN_TIDYINGS
        self._claimed = False

    def catch_up(self) -> int:
        """Put into the index some of what it owes, commit it, and only then say so in the ledger; gives how many
        documents. Killed anywhere, the next call does the same again, which changes nothing. Now and then it also
        looks after the index as a whole: notices its loss, ends a rebuild, removes what the ledger no longer knows."""
        if time.monotonic() - self._looked > BETWEEN_LOOKS:
            self._look_after()
        return self._items() + self._pages()

    def owe_everything(self) -> None:
        """Owe the index every item again; `catch_up` replaces them one by one, and nothing is missing meanwhile."""
        with self._ledger.write() as work:
            work.items.owe_everything()

    def rebuild(self) -> None:
        """Make the index anew from stored text while the present one goes on serving: owes everything, and `catch_up`
        does the rest. Begun again, it begins from the start."""
        self._claim()
        self._index.begin_rebuild(self.owe_everything)

    def notice_loss(self) -> None:
        """Rebuild an index that is empty, new or of an older form, if the ledger believes that it holds anything."""
        self._claim()
        if self._index.wanting():
            with self._ledger.read() as work:
                believed = work.items.any_indexed()
            self._index.begin_rebuild(self.owe_everything if believed else _nothing)

    def owing(self) -> bool:
        """Whether the index is behind with any item, or a rebuild has not ended."""
        return self._behind() or self._index.rebuilding()

    def ping(self) -> None:
        """Whether the index answers, and is this site's. Raises ServerUnreachable, StoreFailed, WrongUse."""
        self._index.ping()
        self._claim()

    def _claim(self) -> None:
        if self._claimed:
            return
        with self._ledger.read() as work:
            site = work.journal.setting(SITE)
        if site is None:
            with self._ledger.write() as work:
                site = work.journal.site_id()
        self._index.claim(site)
        self._claimed = True

    def _behind(self) -> bool:
        with self._ledger.read() as work:
            return bool(work.items.owing_index(1))

    def _look_after(self) -> None:
        self.notice_loss()
        if not self._behind():
            if self._index.rebuilding():
                self._index.finish_rebuild()
            elif time.monotonic() - self._tidied > BETWEEN_TIDYINGS:
                self._tidy()
                self._tidied = time.monotonic()
        self._looked = time.monotonic()

    def _tidy(self) -> None:
        with self._ledger.read() as work:
            documents = work.pages.count_indexed() + work.items.count_indexed()
        if self._index.count() <= documents:
            return
        held = sorted(self._index.items())
        for start in range(0, len(held), PAGES_A_ROUND):
            some = held[start : start + PAGES_A_ROUND]
            with self._ledger.read() as work:
                known, token = work.items.get_many(some), work.duties.token(DUTY)
            for item in some:
                if item not in known:
                    self._index.remove_item(item, token)
        self._index.commit()

    def _items(self) -> int:
        with self._ledger.read() as work:
            token = work.duties.token(DUTY)
            owing = work.items.owing_index(ITEMS_A_ROUND)
            documents = {item.id: self._documents(work, item, token) for item, _ in owing}
        if not owing:
            return 0
        for item, _ in owing:
            self._index.remove_item(item.id, token)
            self._index.put(documents[item.id])
        self._index.commit()
        with self._ledger.write() as work:
            for item, version in owing:
                work.items.mark_indexed(item.id, version)
        return sum(map(len, documents.values()))

    def _pages(self) -> int:
        started = time.monotonic()
        with self._ledger.read() as work:
            token = work.duties.token(DUTY)
            page_ids = work.steps.ready_for_index(PAGES_A_ROUND)
            read = _as_it_stands(work, page_ids)
            documents = _page_documents(work, page_ids, token)
        if not page_ids:
            return 0
        self._index.put(list(documents.values()))
        self._index.commit()
        seconds = (time.monotonic() - started) / len(page_ids)
        with self._ledger.write() as work:
            now = _as_it_stands(work, page_ids)
            same = [page_id for page_id in page_ids if now.get(page_id) == read.get(page_id)]
            # corrected or closed while the index was being written, and maybe written by another since; what is being
            # read anew owes the index by itself
            changed = [each for each in page_ids if each in now and each in read and _changed(now[each], read[each])]
            if changed:
                work.steps.owe_index(changed)
            work.steps.all_done(same, StepName.INDEX, seconds)
            work.pages.set_states(same, "done")
        return len(page_ids)

    def _documents(self, work: Work, item: Item, version: int) -> list[IndexDocument]:
        pages = work.pages.of_item(item.id, approved_only=False)
        texts = work.texts.current([page.id for page in pages])
        return [
            record_document(item, version),
            *(page_document(item, page, texts[page.id], version) for page in pages if page.id in texts),
        ]


@dataclass(frozen=True, slots=True)
class _Standing:
    """What a page's document is made of, without the words: how often it was read, which version of its text is
    current, and all else that the document says."""

    runs: int
    text: str | None
    rest: IndexDocument


def _as_it_stands(work: Work, page_ids: list[str]) -> dict[str, _Standing]:
    """Cheap, for it is asked while nobody else may write."""
    pages, texts = work.pages.get_many(page_ids), work.texts.current_ids(page_ids)
    items = work.items.get_many(list({page.item for page in pages.values()}))
    runs = work.steps.runs(page_ids, StepName.RECOGNISE)
    return {
        page.id: _Standing(runs[page.id], texts.get(page.id), page_document(items[page.item], page, None))
        for page in pages.values()
    }


def _changed(now: _Standing, read: _Standing) -> bool:
    return now.runs == read.runs and now != read


def _page_documents(work: Work, page_ids: list[str], version: int) -> dict[str, IndexDocument]:
    pages = work.pages.get_many(page_ids)
    texts = work.texts.current(page_ids)
    items = work.items.get_many(list({page.item for page in pages.values()}))
    return {page.id: page_document(items[page.item], page, texts.get(page.id), version) for page in pages.values()}


def record_document(item: Item, version: int = 0) -> IndexDocument:
    """The document by which an item's own record is found."""
    return _document(item, None, 0, record_text(item), item.published, version)


def page_document(item: Item, page: Page, text: PageText | None, version: int = 0) -> IndexDocument:
    """The document by which a page is found."""
    published = item.published and page.approved
    return _document(item, page.id, page.number, text.text if text else "", published, version)


def _document(item: Item, page_id: str | None, number: int, text: str, published: bool, version: int) -> IndexDocument:
    description = item.record.description
    return IndexDocument(
        item=item.id, page_id=page_id, number=number, text=text, title=description.title,
        library=item.rights.library, kind=description.kind.value, place=description.place, year=description.year,
        language=description.language, published=published, access=item.rights.level.value,
        embargo_until=item.rights.embargo_until, version=version,
    )  # fmt: skip


def _nothing() -> None:
    """What to owe an index when the ledger holds nothing for it."""
