"""Pages, items and a library for tests of what IIIF viewers are told."""

from dataclasses import replace
from datetime import UTC, datetime

from repository.domain.access import AccessLevel, ItemState, Rights
from repository.domain.records import Description, Item, Library, Page, Record

PAGE = "67352ccc-d1b0-11e1-89ae-279075081939"
ITEM = "item-open"
LIBRARY = Library("TN", "Thư viện tỉnh Thái Nguyên")


def an_item(item_id: str = ITEM, level: AccessLevel = AccessLevel.PUBLIC, **about: object) -> Item:
    """A published item of LIBRARY."""
    description = replace(Description(title="Đại Nam nhất thống chí"), **about)  # type: ignore[arg-type]
    record = Record(f"record-{item_id}", LIBRARY.code, b"", description)
    rights = Rights(LIBRARY.code, ItemState.PUBLISHED, level)
    return Item(item_id, "DC0012", record, rights, 1, datetime(2026, 1, 2, tzinfo=UTC))


def a_page(page_id: str = PAGE, item_id: str = ITEM, number: int = 1, width: int = 1000, height: int = 1000) -> Page:
    """A page with a derivative, 300 dpi."""
    return Page(page_id, item_id, number, str(number), "masters/x", 0, width, height, 300, f"{page_id}.tif")
