"""Bibliographic records and items in the ledger."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, bindparam, func, select, update
from sqlalchemy.orm import Session

from repository.db.ids import new_id
from repository.db.in_hand import read_again
from repository.db.locks import one_after_another
from repository.db.moments import database_now
from repository.db.tables import ItemRow, PageRow, RecordRow
from repository.domain.access import AccessLevel, ItemState, Rights
from repository.domain.records import AccessSetting, Description, Item, Kind, Record

_item_table: Any = ItemRow.__table__
_item, _record = _item_table.c, RecordRow.__table__.c
# What every search asks: made once, and of bare columns, since mapped rows cost half as much again.
_THESE = (
    select(
        _item.id, _item.code, _item.library, _item.state, _item.access, _item.embargo_until, _item.page_count,
        _item.created_at, _item.published_at, _item.record_id, _record.library.label("record_library"),
        _record.version.label("record_version"), _record.marc, _record.title, _record.kind, _record.author,
        _record.place, _record.year, _record.date_text, _record.publisher, _record.language, _record.summary,
        _record.subjects, _record.rights, _record.source,
    )
    .join_from(ItemRow.__table__, RecordRow.__table__, _record.id == _item.record_id)
    .where(_item.id.in_(bindparam("ids", expanding=True)))
)  # fmt: skip
_HIDDEN = select(_item.id).where(_item.hidden.is_(True))

_RECOUNT = (
    update(_item_table)
    .where(_item.id == bindparam("item"))
    .values(page_count=select(func.count()).where(PageRow.item_id == bindparam("item")).scalar_subquery())
)


class Items:
    """Reads and writes records and items."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, item_id: str) -> Item | None:
        """The item of that id."""
        row = self._session.get(ItemRow, item_id)
        return item_of(row) if row else None

    def get_many(self, item_ids: Sequence[str]) -> dict[str, Item]:
        """Those of the items that exist, by id."""
        self._session.flush()  # which bare columns do not bring about by themselves
        return {row.id: _item_of_columns(row) for row in self._session.execute(_THESE, {"ids": item_ids})}

    def take_turn(self, library: str, code: str) -> None:
        """Wait until nobody else who says so is making the library's item of that code, or placing pages in it."""
        one_after_another(self._session, f"item {library} {code}")

    def by_code(self, library: str, code: str) -> Item | None:
        """The item that a library calls `code`."""
        row = self._session.scalar(select(ItemRow).where(ItemRow.library == library, ItemRow.code == code))
        return item_of(row) if row else None

    def add(self, library: str, code: str, marc: bytes, description: Description, access: AccessSetting) -> Item:
        """A new draft item with its record; the index will learn of it."""
        record = RecordRow(id=new_id(), library=library, marc=marc, **_columns(description))
        row = ItemRow(
            id=new_id(), code=code, library=library, record=record, access=access.level.value,
            embargo_until=access.embargo_until, state=ItemState.DRAFT.value,
        )  # fmt: skip
        self._session.add(row)
        self._session.flush()
        return item_of(row)

    def describe(self, item_id: str, marc: bytes, description: Description) -> None:
        """Replace the item's record by a new version."""
        row = self._session.get_one(ItemRow, item_id)
        row.record.marc = marc
        row.record.version += 1
        for name, value in _columns(description).items():
            setattr(row.record, name, value)
        self.touch(item_id)

    def set_access(self, item_id: str, access: AccessSetting) -> None:
        """Change who may see the item; searches leave it out until the index knows."""
        row = self._session.get_one(ItemRow, item_id)
        row.access, row.embargo_until = access.level.value, access.embargo_until
        self.touch(item_id, hide=True)

    def set_state(self, item_id: str, state: ItemState) -> None:
        """Publish (with every page it has now) or withdraw; searches leave it out until the index knows."""
        row = self._session.get_one(ItemRow, item_id)
        row.state = state.value
        row.published_at = database_now() if state is ItemState.PUBLISHED else None
        if state is ItemState.PUBLISHED:
            self._session.execute(update(PageRow).where(PageRow.item_id == item_id).values(approved=True))
        self.touch(item_id, hide=True)

    def touch(self, item_id: str, hide: bool = False) -> None:
        """Say that the index has to take up the item again; with `hide`, keep it out of searches until then."""
        row = self._session.get_one(ItemRow, item_id)
        row.version += 1
        row.hidden = row.hidden or hide
        self._session.flush()

    def owing_index(self, limit: int) -> list[tuple[Item, int]]:
        """Items that the index is behind with, and the version it has to reach."""
        rows = self._session.scalars(
            select(ItemRow).where(ItemRow.indexed_version < ItemRow.version).order_by(ItemRow.id).limit(limit)
        )
        return [(item_of(row), row.version) for row in rows]

    def mark_indexed(self, item_id: str, version: int) -> None:
        """Say that the index holds the item as of `version`; it may be shown again if that is the newest. An older one
        than was said before is owed anew: somebody who was held up has just written it over the newer."""
        row = self._session.get_one(ItemRow, item_id)
        row.indexed_version = version
        if row.indexed_version >= row.version:
            row.hidden = False

    def hidden(self) -> frozenset[str]:
        """Ids of items that no search may show now."""
        self._session.flush()  # see get_many
        return frozenset(self._session.scalars(_HIDDEN))

    def owe_everything(self) -> None:
        """Say that the index has to take up every item again."""
        self._session.execute(update(ItemRow).values(version=ItemRow.version + 1))

    def any_indexed(self) -> bool:
        """Whether the index is believed to hold any item."""
        return self._session.scalar(select(ItemRow.id).where(ItemRow.indexed_version > 0).limit(1)) is not None

    def count_indexed(self) -> int:
        """How many items' records the index is believed to hold."""
        return self._session.scalar(select(func.count()).where(ItemRow.indexed_version > 0)) or 0

    def remove_if_empty(self, item_id: str) -> None:
        """Take away a draft that has no pages, with its record; one that has pages or was published stays."""
        self.recount(item_id)
        row = self._session.get_one(ItemRow, item_id)
        self._session.refresh(row)
        if row.page_count == 0 and row.published_at is None:
            self._session.delete(row)
            self._session.flush()
            self._session.delete(row.record)

    def recount(self, item_id: str) -> None:
        """Bring the item's page count up to date."""
        self._session.flush()
        self._session.execute(_RECOUNT, {"item": item_id})
        read_again(self._session, ItemRow, [item_id], ["page_count"])


def item_of(row: ItemRow) -> Item:
    """A row as the value that crosses rooms."""
    record = row.record
    return _made(row, Record(record.id, record.library, record.marc, _description(record), record.version))


def _item_of_columns(row: Row[*tuple[Any, ...]]) -> Item:
    record = Record(row.record_id, row.record_library, row.marc, _description(row), row.record_version)
    return _made(row, record)


def _made(row: ItemRow | Row[*tuple[Any, ...]], record: Record) -> Item:
    rights = Rights(row.library, ItemState(row.state), AccessLevel(row.access), row.embargo_until)
    return Item(row.id, row.code, record, rights, row.page_count, row.created_at, row.published_at)


def _columns(description: Description) -> dict[str, object]:
    return {
        "title": description.title, "kind": description.kind.value, "author": description.author,
        "place": description.place, "year": description.year, "date_text": description.date_text,
        "publisher": description.publisher, "language": description.language, "summary": description.summary,
        "subjects": list(description.subjects), "rights": description.rights, "source": description.source,
    }  # fmt: skip


def _description(row: RecordRow | Row[*tuple[Any, ...]]) -> Description:
    return Description(
        title=row.title, kind=Kind(row.kind), author=row.author, place=row.place, year=row.year,
        date_text=row.date_text, publisher=row.publisher, language=row.language, summary=row.summary,
        subjects=tuple(row.subjects), rights=row.rights, source=row.source,
    )  # fmt: skip
