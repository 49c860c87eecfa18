"""What readers do: look at items and pages, as far as access allows."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from repository.catalog.access import allows, visibility
from repository.db.ledger import Ledger, Work
from repository.domain.access import Visibility, Visitor
from repository.domain.batches import StepName, StepState
from repository.domain.errors import N_, AccessRefused, NotFound, ObjectDamaged, ObjectMissing
from repository.domain.jobs import JobKind, Priority
from repository.domain.pages import PageText
from repository.domain.records import Item, Leaf, Library, Page
from repository.domain.search import FacetCount, Filters, Sort
from repository.storage.port import ObjectStore


@dataclass(frozen=True, slots=True)
class Shelf:
    """One stretch of a list of items, and counts by facet of the whole list."""

    total: int
    items: tuple[Item, ...]
    facets: dict[str, tuple[FacetCount, ...]]


@dataclass(frozen=True, slots=True)
class Volume:
    """An item with its library and the leaves that the visitor may see, in order. `public`: whether a passer-by from
    nowhere may see the item too."""

    item: Item
    library: Library
    leaves: tuple[Leaf, ...]
    public: bool


class Reading:
    """Use cases of readers. A draft is NotFound to whoever may not know of it; a published item that is closed to the
    visitor raises AccessRefused."""

    def __init__(self, ledger: Ledger, masters: ObjectStore, derivatives: ObjectStore) -> None:
        self._ledger = ledger
        self._masters = masters
        self._derivatives = derivatives

    def item(self, visitor: Visitor, item_id: str) -> Item:
        """The item, to somebody who may see it."""
        with self._ledger.read() as work:
            return self._item(work, self._visibility(work, visitor), item_id)

    def pages(self, visitor: Visitor, item_id: str) -> list[Page]:
        """The item's pages in order; readers see approved ones, staff of the library all."""
        with self._ledger.read() as work:
            seen = self._visibility(work, visitor)
            item = self._item(work, seen, item_id)
            return work.pages.of_item(item_id, approved_only=not _is_staff(seen, item))

    def volume(self, visitor: Visitor, item_id: str) -> Volume:
        """The item with the pages that `pages` gives, in one look at the ledger."""
        with self._ledger.read() as work:
            libraries = work.libraries.all()
            seen = visibility(visitor, libraries)
            item = self._item(work, seen, item_id)
            leaves = work.pages.leaves(item_id, approved_only=not _is_staff(seen, item))
        library = next(library for library in libraries if library.code == item.record.library)
        return Volume(item, library, leaves, allows(visibility(Visitor(), libraries), item.rights))

    def page(self, visitor: Visitor, page_id: str) -> Page:
        """The page of that id, to somebody who may see it."""
        with self._ledger.read() as work:
            return self._page(work, visitor, page_id)

    def page_at(self, visitor: Visitor, item_id: str, number: int) -> Page:
        """Page `number` of the item, counted from 1."""
        with self._ledger.read() as work:
            page = work.pages.at(item_id, number)
            if page is None:
                self._item(work, self._visibility(work, visitor), item_id)
                raise _no_page()
            return self._page(work, visitor, page.id)

    def text(self, visitor: Visitor, page_id: str) -> PageText | None:
        """The page's current text, None while it was not read."""
        with self._ledger.read() as work:
            return work.texts.current([self._page(work, visitor, page_id).id]).get(page_id)

    def item_texts(self, visitor: Visitor, item_id: str) -> list[tuple[Page, PageText | None]]:
        """Every page of the item with its current text."""
        pages = self.pages(visitor, item_id)
        with self._ledger.read() as work:
            texts = work.texts.current([page.id for page in pages])
        return [(page, texts.get(page.id)) for page in pages]

    @contextmanager
    def derivative(self, visitor: Visitor, page_id: str) -> Iterator[tuple[Path, Page]]:
        """The page's pyramid as a local file, while the block lasts. One that the store has lost is owed to the
        workers, before anything else they have to do; until then ObjectMissing is raised."""
        page = self.page(visitor, page_id)
        if page.derivative is None:
            raise NotFound(N_("Ảnh của trang này chưa sẵn sàng; hãy thử lại sau ít phút."))
        with ExitStack() as stack:
            try:
                path = stack.enter_context(self._derivatives.local(page.derivative))
            except (ObjectMissing, ObjectDamaged) as lost:
                self._owe_derivative(page)
                raise ObjectMissing(N_("Ảnh của trang này đang được tạo lại; hãy tải lại sau ít giây.")) from lost
            yield path, page

    def _owe_derivative(self, page: Page) -> None:
        with self._ledger.write() as work:
            done = work.steps.of(page.id)[StepName.DERIVATIVE].state is StepState.DONE
            if done:
                work.steps.owe(page.id, StepName.DERIVATIVE)
            if done or not work.jobs.owed(JobKind.PAGE, page.id):
                work.jobs.enqueue(JobKind.PAGE, page.id, page.batch, Priority.READER)

    @contextmanager
    def master(self, visitor: Visitor, page_id: str) -> Iterator[tuple[Path, Page]]:
        """The page's master image as a local file, while the block lasts."""
        page = self.page(visitor, page_id)
        if page.image is None:
            raise NotFound(N_("Ảnh của trang này chưa sẵn sàng; hãy thử lại sau ít phút."))
        with self._masters.local(page.image) as path:
            yield path, page

    def shelf(
        self,
        visitor: Visitor,
        filters: Filters | None = None,
        sort: Sort = Sort.RELEVANCE,
        offset: int = 0,
        limit: int = 50,
    ) -> Shelf:
        """Items that the visitor may see, narrowed by `filters` (its `item` aside); newest first by default."""
        with self._ledger.read() as work:
            seen = self._visibility(work, visitor)
            wanted = filters or Filters()
            total, items = work.listing.items(seen, wanted, sort, offset, min(limit, 500))
            return Shelf(total, tuple(items), work.listing.facets(seen, wanted))

    def first_pages(self, visitor: Visitor, items: list[Item]) -> dict[str, Page]:
        """The first page with a picture of each of the items (all of them visible to the visitor), for covers."""
        with self._ledger.read() as work:
            seen = self._visibility(work, visitor)
            return {
                item.id: page
                for item in items
                if allows(seen, item.rights)
                and (page := work.pages.cover(item.id, approved_only=not _is_staff(seen, item))) is not None
            }

    def library(self, code: str) -> Library:
        """The library of that code."""
        with self._ledger.read() as work:
            library = work.libraries.get(code)
        if library is None:
            raise NotFound(N_("Không có thư viện nào mang mã “{code}”."), code=code)
        return library

    def libraries(self) -> list[Library]:
        """Every library."""
        with self._ledger.read() as work:
            return work.libraries.all()

    def _visibility(self, work: Work, visitor: Visitor) -> Visibility:
        return visibility(visitor, work.libraries.all())

    def _item(self, work: Work, seen: Visibility, item_id: str) -> Item:
        item = work.items.get(item_id)
        if item is None or not (item.published or _is_staff(seen, item)):
            raise NotFound(N_("Không tìm thấy tài liệu này."))
        if not allows(seen, item.rights):
            raise AccessRefused(_closed(item))
        return item

    def _page(self, work: Work, visitor: Visitor, page_id: str) -> Page:
        page = work.pages.get(page_id)
        if page is None:
            raise _no_page()
        seen = self._visibility(work, visitor)
        item = self._item(work, seen, page.item)
        if not page.approved and not _is_staff(seen, item):
            raise _no_page()
        return page


def _is_staff(seen: Visibility, item: Item) -> bool:
    return seen.everything or item.rights.library in seen.staff_of


def _no_page() -> NotFound:
    return NotFound(N_("Không tìm thấy trang này."))


def _closed(item: Item) -> str:
    return {
        "network": N_(
            "Tài liệu này dành cho các thư viện thành viên; hãy đăng nhập hoặc đọc tại một thư viện thành viên."
        ),
        "onsite": N_("Tài liệu này chỉ đọc được tại thư viện."),
        "embargo": N_("Tài liệu này chưa đến ngày mở cho bạn đọc."),
    }.get(item.rights.level.value, N_("Tài liệu này hạn chế sử dụng; hãy liên hệ thư viện."))
