"""A small site around the IIIF blueprint, with pyramids in a folder, for validators that want a live server."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

from flask import Flask
from flask_login import LoginManager
from iiif_samples import ITEM, LIBRARY, PAGE, a_page, an_item

from app import errors, language
from app.iiif_views import blueprint
from repository.catalog.finding import Found, Hit
from repository.catalog.reading import Shelf, Volume
from repository.domain.access import AccessLevel, Visitor
from repository.domain.errors import AccessRefused, NotFound
from repository.domain.pages import Box
from repository.domain.records import Item, Leaf, Library, Page
from repository.domain.search import FacetCount, Filters, Sort
from repository.scans.pyramid import write_pyramid
from repository.search.query import parse

VALIDATION_IMAGE = Path(__file__).parent / "data" / "iiif_validation_image.png"
CLOSED_PAGE, CLOSED_ITEM = "page-onsite", "item-onsite"


class FolderReading:
    """The readers' use cases over two items of one page: one open, one that only its library's rooms may see."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._items = {ITEM: an_item(), CLOSED_ITEM: an_item(CLOSED_ITEM, AccessLevel.ONSITE)}
        self._pages = {PAGE: a_page(), CLOSED_PAGE: a_page(CLOSED_PAGE, CLOSED_ITEM)}
        for page in self._pages.values():
            write_pyramid(VALIDATION_IMAGE, folder / str(page.derivative))

    def item(self, visitor: Visitor, item_id: str) -> Item:
        if item_id not in self._items:
            raise NotFound("Không tìm thấy tài liệu này.")
        item = self._items[item_id]
        if item.rights.level is not AccessLevel.PUBLIC and visitor.user is None:
            raise AccessRefused("Tài liệu này chỉ đọc được tại thư viện.")
        return item

    def volume(self, visitor: Visitor, item_id: str) -> Volume:
        item = self.item(visitor, item_id)
        pages = [page for page in self._pages.values() if page.item == item.id]
        leaves = [Leaf(it.id, it.number, it.label, it.width, it.height, it.derivative, it.blank) for it in pages]
        return Volume(item, LIBRARY, tuple(leaves), item.rights.level is AccessLevel.PUBLIC)

    def page(self, visitor: Visitor, page_id: str) -> Page:
        if page_id not in self._pages:
            raise NotFound("Không tìm thấy trang này.")
        self.item(visitor, self._pages[page_id].item)
        return self._pages[page_id]

    @contextmanager
    def derivative(self, visitor: Visitor, page_id: str) -> Iterator[tuple[Path, Page]]:
        page = self.page(visitor, page_id)
        yield self._folder / str(page.derivative), page

    def shelf(
        self,
        visitor: Visitor,
        filters: Filters | None = None,
        sort: Sort = Sort.RELEVANCE,
        offset: int = 0,
        limit: int = 50,
    ) -> Shelf:
        open_items = [item for item in self._items.values() if item.rights.level is AccessLevel.PUBLIC]
        return Shelf(len(open_items), tuple(open_items[offset:][:limit]), {"kind": (FacetCount("book", 1),)})

    def library(self, code: str) -> Library:
        if code != LIBRARY.code:
            raise NotFound("Không có thư viện nào mang mã này.")
        return LIBRARY

    def libraries(self) -> list[Library]:
        return [LIBRARY]


class OneWordFinding:
    """The researchers' use case where every query finds one word on the open item's page, in two places."""

    def search(
        self,
        visitor: Visitor,
        query: str,
        filters: Filters | None = None,
        sort: Sort = Sort.RELEVANCE,
        page: int = 1,
        size: int = 20,
        group: bool = False,
    ) -> Found:
        parse(query)
        boxes = (Box(100, 200, 300, 40), Box(10, 20, 30, 40))
        snippet = (("tỉnh ", False), ("Thái Nguyên", True), (" xưa", False))
        of_page = Hit(an_item(), a_page(), 1.0, 1, snippet, boxes, 1)
        of_record = Hit(an_item(), None, 1.0, 1, snippet, (), 1)
        return Found(2, (of_record, of_page), {})


def build(folder: Path) -> Flask:
    """The site, with its pyramids written to `folder`."""
    app = Flask("iiif_site")
    app.secret_key = "for tests"
    LoginManager(app).user_loader(lambda name: None)
    errors.init(app)
    language.init(app)
    app.extensions["services"] = SimpleNamespace(
        reading=FolderReading(folder), finding=OneWordFinding(), settings=SimpleNamespace(public_url="")
    )
    app.register_blueprint(blueprint)
    return app


def from_environment() -> Flask:
    """The site for a server that is another process; IIIF_SITE_FOLDER names its folder."""
    return build(Path(os.environ["IIIF_SITE_FOLDER"]))
