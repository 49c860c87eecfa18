"""Pages in the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import starmap
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, select, update
from sqlalchemy.orm import Session

from repository.db.ids import new_id
from repository.db.in_hand import read_again
from repository.db.locks import one_after_another
from repository.db.moments import database_now
from repository.db.tables import MOST, BatchRow, ItemRow, PageRow, StepRow
from repository.domain.access import ItemState
from repository.domain.batches import StepName, StepState
from repository.domain.records import Leaf, Page

WORKING, DONE, SET_ASIDE = "working", "done", "set_aside"

_page: Any = PageRow.__table__
_columns = _page.c
# What every search asks: made once, and of bare columns, since mapped rows cost half as much again.
_WHOLE = (
    _columns.id, _columns.item_id, _columns.number, _columns.label, _columns.image, _columns.image_frame,
    _columns.width, _columns.height, _columns.dpi, _columns.derivative, _columns.confidence, _columns.blank,
    _columns.state, _columns.rotate, _columns.file_id, _columns.batch_id, _columns.approved, _columns.few_pixels,
    _columns.duplicate_of,
)  # fmt: skip
_THESE = select(*_WHOLE).where(_columns.id.in_(bindparam("ids", expanding=True)))
_BY_IMAGE = (
    select(*_WHOLE)
    .where(_columns.image == bindparam("image"), _columns.image_frame == bindparam("frame"))
    .where(_columns.id != bindparam("but"))
    .order_by(_columns.created_at, _columns.id)
    .limit(1)
)  # fmt: skip
_LEAVES = (
    select(
        _columns.id, _columns.number, _columns.label, _columns.width, _columns.height, _columns.derivative,
        _columns.blank,
    )
    .where(_columns.item_id == bindparam("item"))
    .order_by(_columns.number)
)  # fmt: skip
_APPROVED_LEAVES = _LEAVES.where(_columns.approved.is_(True))
_OPENED = (
    update(_page)
    .where(_columns.id == bindparam("this"))
    .values(duplicate_of=func.coalesce(bindparam("other", type_=_columns.duplicate_of.type), _columns.duplicate_of))
    .returning(*_WHOLE)
)
_CHANGED = update(_page).where(_columns.id.in_(bindparam("these", expanding=True)))
_WORKING, _FINISHED = _CHANGED.values(finished_at=None), _CHANGED.values(finished_at=database_now())


@dataclass(frozen=True, slots=True)
class NewPage:
    """A page as intake finds it: page `frame` of a file, at its place in the item's order."""

    item: str
    batch: str
    file: str
    frame: int
    sort_key: str
    label: str
    duplicate_of: str | None = None


@dataclass(frozen=True, slots=True)
class OpenedPage:
    """What opening a page found: the object that holds its image, and master pixels."""

    image: str
    frame: int
    rotate: int
    width: int
    height: int
    dpi: int
    blank: bool
    few_pixels: bool


class Pages:
    """Reads and writes pages."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, page: NewPage) -> Page:
        """A new page at its rank; later pages move up. The same page of the same file again gives the first one.

        The unit of work must be alone, or have its turn at the item (`items.take_turn`): ranks are counted."""
        again = self._session.scalar(select(PageRow).where(PageRow.file_id == page.file, PageRow.frame == page.frame))
        if again is not None:
            return page_of(again)
        row = PageRow(
            id=new_id(), item_id=page.item, batch_id=page.batch, file_id=page.file, frame=page.frame,
            number=self._make_room(page.item, page.sort_key), sort_key=page.sort_key, label=page.label,
            duplicate_of=page.duplicate_of, approved=self._approved(page.batch, page.item),
        )  # fmt: skip
        self._session.add(row)
        self._session.flush()
        return page_of(row)

    def move(self, page_id: str, item_id: str, sort_key: str) -> None:
        """Put a page into another item, or at another place of its own."""
        row = self._session.get_one(PageRow, page_id)
        self._session.execute(
            update(PageRow)
            .where(PageRow.item_id == row.item_id, PageRow.number > row.number)
            .values(number=PageRow.number - 1)
        )
        row.number = 0
        self._session.flush()
        row.number = self._make_room(item_id, sort_key, leaving_out=page_id)
        row.item_id, row.sort_key = item_id, sort_key
        self._session.flush()

    def get(self, page_id: str) -> Page | None:
        """The page of that id."""
        row = self._session.get(PageRow, page_id)
        return page_of(row) if row else None

    def get_many(self, page_ids: Sequence[str]) -> dict[str, Page]:
        """Those of the pages that exist, by id."""
        self._session.flush()  # which bare columns do not bring about by themselves
        rows = self._session.execute(_THESE, {"ids": page_ids})
        return {row.id: page_of(row) for row in rows}

    def of_item(self, item_id: str, approved_only: bool) -> list[Page]:
        """An item's pages in order."""
        return self._list(select(*_WHOLE).where(_columns.item_id == item_id), approved_only)

    def leaves(self, item_id: str, approved_only: bool) -> tuple[Leaf, ...]:
        """The same pages, as viewers are told of them: at a third of the cost."""
        self._session.flush()  # see get_many
        rows = self._session.execute(_APPROVED_LEAVES if approved_only else _LEAVES, {"item": item_id})
        return tuple(starmap(Leaf, rows.all()))

    def of_file(self, file_id: str) -> list[Page]:
        """The pages that one file gave, in the file's order."""
        rows = self._session.scalars(select(PageRow).where(PageRow.file_id == file_id).order_by(PageRow.frame))
        return [page_of(row) for row in rows]

    def frame_in_file(self, page_id: str) -> int:
        """Which page of its file the page is, from 0."""
        return self._session.get_one(PageRow, page_id).frame

    def of_batch(self, batch: str) -> list[Page]:
        """The pages of a batch, item by item in order."""
        rows = self._session.scalars(
            select(PageRow).where(PageRow.batch_id == batch).order_by(PageRow.item_id, PageRow.number)
        )
        return [page_of(row) for row in rows]

    def at(self, item_id: str, number: int) -> Page | None:
        """The page of that number in the item."""
        if not 0 < number <= MOST:
            return None
        row = self._session.scalar(select(PageRow).where(PageRow.item_id == item_id, PageRow.number == number))
        return page_of(row) if row else None

    def cover(self, item_id: str, approved_only: bool) -> Page | None:
        """The item's first page that has a picture."""
        query = select(*_WHOLE).where(_columns.item_id == item_id, _columns.derivative.is_not(None))
        pages = self._list(query.limit(1), approved_only)
        return pages[0] if pages else None

    def by_image(self, image: str, frame: int, not_page: str) -> Page | None:
        """The oldest other page with the same image, if any. Whoever asks for the same image waits until this unit of
        work ends, so that of two pages that are opened at once the second finds the first."""
        self._session.flush()  # see get_many
        one_after_another(self._session, f"image {image}")
        row = self._session.execute(_BY_IMAGE, {"image": image, "frame": frame, "but": not_page}).first()
        return page_of(row) if row else None

    def set_opened(self, page_id: str, opened: OpenedPage, duplicate_of: str | None) -> Page:
        """Note what opening the page found; gives the page as it is then."""
        self._session.flush()
        said = {
            "this": page_id, "image": opened.image, "image_frame": opened.frame, "rotate": opened.rotate,
            "width": opened.width, "height": opened.height, "dpi": opened.dpi, "blank": opened.blank,
            "few_pixels": opened.few_pixels, "other": duplicate_of,
        }  # fmt: skip
        row = self._session.execute(_OPENED, said).one()
        read_again(self._session, PageRow, [page_id])
        return page_of(row)

    def set_derivative(self, page_id: str, key: str) -> None:
        """Note the page's pyramid."""
        self._change(_CHANGED, [page_id], {"derivative": key})

    def set_confidence(self, page_id: str, confidence: float) -> None:
        """Note how sure the current text is."""
        self._change(_CHANGED, [page_id], {"confidence": confidence})

    def set_state(self, page_id: str, state: str) -> None:
        """`working`, `done` or `set_aside`."""
        self.set_states([page_id], state)

    def set_states(self, page_ids: Sequence[str], state: str) -> None:
        """The same for many pages."""
        self._change(_WORKING if state == WORKING else _FINISHED, page_ids, {"state": state})

    def items_of_batch(self, batch: str) -> list[str]:
        """The items that a batch's pages belong to, in the order they came."""
        rows = self._session.execute(
            select(PageRow.item_id)
            .where(PageRow.batch_id == batch)
            .group_by(PageRow.item_id)
            .order_by(func.min(PageRow.created_at), PageRow.item_id)
        )
        return [item for (item,) in rows]

    def image_keys(self) -> set[str]:
        """The keys of every page's image."""
        return set(self._session.scalars(select(PageRow.image).where(PageRow.image.is_not(None))))

    def count_indexed(self) -> int:
        """How many pages the index is believed to hold."""
        return (
            self._session.scalar(
                select(func.count())
                .select_from(StepRow)
                .where(StepRow.name == StepName.INDEX.value, StepRow.state == StepState.DONE.value)
            )
            or 0
        )

    def _change(self, statement: Any, page_ids: Sequence[str], said: dict[str, object]) -> None:
        self._session.flush()
        self._session.execute(statement, {"these": page_ids, **said})
        read_again(self._session, PageRow, page_ids)

    def _list(self, query: Select[*tuple[Any, ...]], approved_only: bool) -> list[Page]:
        self._session.flush()  # see get_many
        if approved_only:
            query = query.where(_columns.approved.is_(True))
        return [page_of(row) for row in self._session.execute(query.order_by(_columns.number)).all()]

    def _make_room(self, item_id: str, sort_key: str, leaving_out: str = "") -> int:
        others = (PageRow.item_id == item_id) & (PageRow.id != leaving_out)
        last = self._session.execute(
            select(_columns.number, _columns.sort_key).where(others).order_by(_columns.number.desc()).limit(1)
        ).first()
        if last is None or last.sort_key <= sort_key:  # as pages mostly come: nobody has to move
            return last.number + 1 if last else 1
        before = self._session.scalar(select(func.count()).where(others, PageRow.sort_key <= sort_key)) or 0
        self._session.execute(update(PageRow).where(others, PageRow.number > before).values(number=PageRow.number + 1))
        return before + 1

    def _approved(self, batch: str, item_id: str) -> bool:
        return self._session.get_one(BatchRow, batch).publish and (
            self._session.get_one(ItemRow, item_id).state == ItemState.PUBLISHED.value
        )


def page_of(row: PageRow | Row[*tuple[Any, ...]]) -> Page:
    """A row as the value that crosses rooms."""
    return Page(
        id=row.id, item=row.item_id, number=row.number, label=row.label, image=row.image, frame=row.image_frame,
        width=row.width, height=row.height, dpi=row.dpi, derivative=row.derivative, confidence=row.confidence,
        blank=row.blank, set_aside=row.state == SET_ASIDE, rotate=row.rotate, file=row.file_id, batch=row.batch_id,
        approved=row.approved, few_pixels=row.few_pixels, duplicate_of=row.duplicate_of,
    )  # fmt: skip
