"""Bringing the full-text index up to what the ledger says. The index is a copy; the ledger knows what it still owes."""

import time

from repository.catalog.finding import record_text
from repository.db.ledger import Ledger, Work
from repository.domain.batches import StepName
from repository.domain.pages import PageText
from repository.domain.records import Item, Page
from repository.domain.search import IndexDocument
from repository.search.port import SearchIndex

PAGES_A_ROUND, ITEMS_A_ROUND = 200, 20


class Indexing:
    """Use cases of whoever holds the index's only writer."""

    def __init__(self, ledger: Ledger, index: SearchIndex) -> None:
        self._ledger = ledger
        self._index = index

    def catch_up(self) -> int:
        """Put into the index some of what it owes, commit it, and only then say so in the ledger; gives how many
        documents. Killed anywhere, the next call does the same again, which changes nothing."""
        return self._items() + self._pages()

    def owe_everything(self) -> None:
        """Owe the index every item again; `catch_up` replaces them one by one, and nothing is missing meanwhile."""
        with self._ledger.write() as work:
            work.items.owe_everything()

    def notice_loss(self) -> None:
        """Owe an empty index everything that the ledger believes it holds."""
        if self._index.count() == 0:
            with self._ledger.read() as work:
                believed = work.items.any_indexed()
            if believed:
                self.owe_everything()

    def owing(self) -> bool:
        """Whether the index is behind with any item."""
        with self._ledger.read() as work:
            return bool(work.items.owing_index(1))

    def _items(self) -> int:
        with self._ledger.read() as work:
            owing = work.items.owing_index(ITEMS_A_ROUND)
            documents = {item.id: self._documents(work, item) for item, _ in owing}
        if not owing:
            return 0
        for item, _ in owing:
            self._index.remove_item(item.id)
            self._index.put(documents[item.id])
        self._index.commit()
        with self._ledger.write() as work:
            for item, version in owing:
                work.items.mark_indexed(item.id, version)
        return sum(map(len, documents.values()))

    def _pages(self) -> int:
        started = time.monotonic()
        with self._ledger.read() as work:
            page_ids = work.steps.ready_for_index(PAGES_A_ROUND)
            runs = {page_id: work.steps.of(page_id)[StepName.RECOGNISE].runs for page_id in page_ids}
            documents = _page_documents(work, page_ids)
        if not page_ids:
            return 0
        self._index.put(list(documents.values()))
        self._index.commit()
        seconds = (time.monotonic() - started) / len(page_ids)
        with self._ledger.write() as work:
            now = _page_documents(work, page_ids)
            for page_id in page_ids:
                if work.steps.of(page_id)[StepName.RECOGNISE].runs != runs[page_id]:
                    continue
                if now.get(page_id) != documents.get(page_id):
                    # corrected or closed while the index was being written, and maybe written by another since
                    work.steps.owe_index([page_id])
                    continue
                work.steps.done(page_id, StepName.INDEX, seconds)
                work.pages.set_state(page_id, "done")
        return len(page_ids)

    def _documents(self, work: Work, item: Item) -> list[IndexDocument]:
        pages = work.pages.of_item(item.id, approved_only=False)
        texts = work.texts.current([page.id for page in pages])
        return [
            record_document(item),
            *(page_document(item, page, texts[page.id]) for page in pages if page.id in texts),
        ]


def _page_documents(work: Work, page_ids: list[str]) -> dict[str, IndexDocument]:
    pages = work.pages.get_many(page_ids)
    texts = work.texts.current(page_ids)
    items = work.items.get_many(list({page.item for page in pages.values()}))
    return {page.id: page_document(items[page.item], page, texts.get(page.id)) for page in pages.values()}


def record_document(item: Item) -> IndexDocument:
    """The document by which an item's own record is found."""
    return _document(item, None, 0, record_text(item), item.published)


def page_document(item: Item, page: Page, text: PageText | None) -> IndexDocument:
    """The document by which a page is found."""
    return _document(item, page.id, page.number, text.text if text else "", item.published and page.approved)


def _document(item: Item, page_id: str | None, number: int, text: str, published: bool) -> IndexDocument:
    description = item.record.description
    return IndexDocument(
        item=item.id, page_id=page_id, number=number, text=text, title=description.title,
        library=item.rights.library, kind=description.kind.value, place=description.place, year=description.year,
        language=description.language, published=published, access=item.rights.level.value,
        embargo_until=item.rights.embargo_until,
    )  # fmt: skip
