"""Fills a real site for the search benchmark: its ledger by the table, its index by what the product puts there."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Engine, insert

from bench.search_collection import CONFIDENCE, LIBRARIES, READING, MadeItem, MadeText
from repository.catalog.finding import Finding
from repository.catalog.indexing import page_document, record_document
from repository.db import tables
from repository.db.engine import is_postgresql, make_engine
from repository.db.ledger import Ledger
from repository.db.packing import pack
from repository.domain.records import Item, Page
from repository.domain.search import IndexDocument
from repository.search.port import SearchIndex

_MAKER = "bench"


class Site:
    """A site's ledger (`url` and `password` open a second way into it) and its index.

    `index_seconds` is the time that went into the index, `ledger_seconds` into the ledger."""

    def __init__(self, ledger: Ledger, url: str, password: str, index: SearchIndex) -> None:
        self.index = index
        self.finding = Finding(ledger, index)
        self.index_seconds = self.ledger_seconds = 0.0
        self._ledger = ledger
        self._engine = make_engine(url, password)

    def found(self) -> None:
        """Put in what items stand on: libraries, and a batch of each."""
        with self._ledger.write() as work:
            for library in LIBRARIES:
                work.libraries.put(library)
        _insert(self._engine, {tables.BatchRow: [_batch(library.code) for library in LIBRARIES]})

    def put(self, made: list[MadeItem]) -> list[IndexDocument]:
        """Add items to the ledger and the index, committed in both; gives the documents."""
        start = time.perf_counter()
        _insert(self._engine, _rows(made))
        self.ledger_seconds += time.perf_counter() - start
        documents = documents_of(made)
        start = time.perf_counter()
        self.index.put(documents)
        self.index.commit()
        self.index_seconds += time.perf_counter() - start
        return documents

    def settle(self) -> None:
        """Let the index finish its merges and give up writing; searching goes on."""
        start = time.perf_counter()
        self.index.close()
        self.index_seconds += time.perf_counter() - start
        self._engine.dispose()


def documents_of(made: list[MadeItem]) -> list[IndexDocument]:
    """What the product puts into the index for these items."""
    return [
        document
        for each in made
        for document in (
            record_document(each.item),
            *(
                replace(page_document(each.item, page, None), text=text.text)
                for page, text in zip(each.pages, each.texts, strict=True)
            ),
        )
    ]


def _insert(engine: Engine, rows: dict[type[tables.Table], list[dict[str, Any]]]) -> None:
    with engine.begin() as connection:
        for mapped, values in rows.items():
            if values and is_postgresql(engine):
                _copy(connection, mapped, values)
            else:
                connection.execute(insert(mapped), values)


def _copy(connection: Connection, mapped: type[tables.Table], rows: list[dict[str, Any]]) -> None:
    """The same as an insert, columns without a value having their defaults, in the server's own way for many rows."""
    dialect = connection.dialect
    given = [
        (column.name, column.type.dialect_impl(dialect).bind_processor(dialect), _default(column.default))
        for column in mapped.__table__.columns
    ]
    names = ", ".join([f'"{name}"' for name, _, _ in given])
    cursor = connection.connection.driver_connection.cursor()  # type: ignore[union-attr]  # it is open
    with cursor.copy(f"COPY {mapped.__tablename__} ({names}) FROM STDIN") as copy:
        for row in rows:
            values = [row.get(name, default) for name, _, default in given]
            copy.write_row(
                [
                    put(value) if put and value is not None else value
                    for value, (_, put, _) in zip(values, given, strict=True)
                ]
            )


def _default(default: Any) -> Any:
    """The value of a column's default, as of now."""
    if default is None or default.is_scalar:
        return default and default.arg
    return default.arg(None) if default.is_callable else datetime.now(UTC)  # the only clause that is a default


def _rows(made: list[MadeItem]) -> dict[type[tables.Table], list[dict[str, Any]]]:
    pages = [(each.item, page, text) for each in made for page, text in zip(each.pages, each.texts, strict=True)]
    return {
        tables.RecordRow: [_record(each.item) for each in made],
        tables.ItemRow: [_item(each.item) for each in made],
        tables.FileRow: [_file(each.item) for each in made],
        tables.PageRow: [_page(item, page) for item, page, _ in pages],
        tables.TextRow: list(chain.from_iterable(_texts(page, text) for _, page, text in pages)),
    }


def _batch(library: str) -> dict[str, Any]:
    return {"id": f"b{library}", "library": library, "title": "Số hóa", "state": "finished", "created_by": _MAKER}


def _record(item: Item) -> dict[str, Any]:
    record = item.record
    told = record.description
    return {
        "id": record.id, "library": record.library, "marc": record.marc, "title": told.title, "kind": told.kind.value,
        "author": told.author, "place": told.place, "year": told.year, "date_text": told.date_text,
        "publisher": told.publisher, "language": told.language, "summary": told.summary,
        "subjects": list(told.subjects), "rights": told.rights, "source": told.source,
    }  # fmt: skip


def _item(item: Item) -> dict[str, Any]:
    return {
        "id": item.id, "code": item.code, "library": item.rights.library, "record_id": item.record.id,
        "state": item.rights.state.value, "access": item.rights.level.value, "page_count": item.page_count,
        "created_at": item.created_at, "published_at": item.published_at, "indexed_version": 1,
    }  # fmt: skip


def _file(item: Item) -> dict[str, Any]:
    return {
        "id": f"f{item.id}", "batch_id": f"b{item.rights.library}", "name": f"{item.code}.pdf", "size": 1,
        "sha256": f"{hash(item.id) & 0xFFFFFFFF:064x}", "state": "unpacked", "pages": item.page_count,
    }  # fmt: skip


def _page(item: Item, page: Page) -> dict[str, Any]:
    return {
        "id": page.id, "item_id": item.id, "batch_id": f"b{item.rights.library}", "file_id": f"f{item.id}",
        "frame": page.number - 1, "number": page.number, "sort_key": f"{page.number:06}", "label": page.label,
        "state": "done", "approved": page.approved, "image": page.image, "width": page.width, "height": page.height,
        "dpi": page.dpi, "derivative": page.derivative, "confidence": page.confidence,
        "finished_at": item.created_at,
    }  # fmt: skip


def _texts(page: Page, text: MadeText) -> list[dict[str, Any]]:
    """What the engine read; each tenth page has been corrected since."""
    sources = ("ocr", "correction") if page.number % 10 == 0 else ("ocr",)
    words = pack(text.words)
    return [
        {
            "id": f"{source[0]}{page.id}", "page_id": page.id, "number": number, "source": source,
            "engine": READING.engine, "model": READING.model, "settings": READING.settings, "words": words,
            "confidence": CONFIDENCE, "fingerprint": f"{page.image}:vie:{source}", "made_by": _MAKER,
            "current": number == len(sources),
        }
        for number, source in enumerate(sources, 1)
    ]  # fmt: skip
