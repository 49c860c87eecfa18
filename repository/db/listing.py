"""Lists of items as one visitor may see them: the SQL form of a Visibility."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, false, func, or_, select, true
from sqlalchemy.orm import Session

from repository.db.items import item_of
from repository.db.tables import MOST, ItemRow, RecordRow
from repository.domain.access import AccessLevel, ItemState, Visibility
from repository.domain.records import Item
from repository.domain.search import FacetCount, Filters, Sort


class Listing:
    """Counts and lists items."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def items(
        self, visibility: Visibility, filters: Filters, sort: Sort, offset: int, limit: int
    ) -> tuple[int, list[Item]]:
        """How many items the visitor may see under `filters`, and one stretch of them."""
        wanted = self._wanted(visibility, filters)
        total = self._session.scalar(select(func.count()).select_from(ItemRow).join(RecordRow).where(*wanted)) or 0
        rows = self._session.scalars(
            select(ItemRow)
            .join(RecordRow)
            .where(*wanted)
            .order_by(*_order(sort))
            .offset(min(offset, MOST))
            .limit(limit)
        )
        return total, [item_of(row) for row in rows.unique()]

    def facets(self, visibility: Visibility, filters: Filters) -> dict[str, tuple[FacetCount, ...]]:
        """Counts of visible items by library, kind, place and year."""
        columns = {"library": ItemRow.library, "kind": RecordRow.kind, "place": RecordRow.place, "year": RecordRow.year}
        wanted = self._wanted(visibility, filters)
        facets = {}
        for name, column in columns.items():
            counted = self._session.execute(
                select(column, func.count().label("n"))
                .select_from(ItemRow).join(RecordRow).where(*wanted, column.is_not(None))
                .group_by(column).order_by(func.count().desc(), column)
            )  # fmt: skip
            facets[name] = tuple(FacetCount(str(value), count) for value, count in counted)
        return facets

    def _wanted(self, visibility: Visibility, filters: Filters) -> Sequence[ColumnElement[bool]]:
        wanted = [visible(visibility)]
        if filters.library:
            wanted.append(ItemRow.library.in_(filters.library))
        if filters.kind:
            wanted.append(RecordRow.kind.in_(filters.kind))
        if filters.place:
            wanted.append(RecordRow.place.in_(filters.place))
        if filters.from_year is not None:
            wanted.append(RecordRow.year >= _year(filters.from_year))
        if filters.to_year is not None:
            wanted.append(RecordRow.year <= _year(filters.to_year))
        return wanted


def _year(asked: int) -> int:
    """The year asked for, or one as far off that a column holds."""
    return max(-MOST, min(asked, MOST))


def visible(visibility: Visibility) -> ColumnElement[bool]:
    """The rows of `item` that the visitor may see."""
    if visibility.everything:
        return true()
    open_levels = [AccessLevel.PUBLIC.value] + ([AccessLevel.NETWORK.value] if visibility.network else [])
    levels: list[ColumnElement[bool]] = [
        ItemRow.access.in_(open_levels),
        and_(ItemRow.access == AccessLevel.EMBARGO.value, ItemRow.embargo_until <= visibility.today),
    ]
    if visibility.onsite_of:
        levels.append(
            and_(ItemRow.access == AccessLevel.ONSITE.value, ItemRow.library.in_(sorted(visibility.onsite_of)))
        )
    own = ItemRow.library.in_(sorted(visibility.staff_of)) if visibility.staff_of else false()
    return or_(own, and_(ItemRow.state == ItemState.PUBLISHED.value, or_(*levels)))


def _order(sort: Sort) -> tuple[ColumnElement[object], ...]:
    orders: dict[Sort, tuple[ColumnElement[object], ...]] = {
        Sort.RELEVANCE: (ItemRow.created_at.desc(), ItemRow.id),  # type: ignore[dict-item]
        Sort.YEAR: (RecordRow.year.asc().nulls_last(), RecordRow.title, ItemRow.id),  # type: ignore[dict-item]
        Sort.YEAR_DESC: (RecordRow.year.desc().nulls_last(), RecordRow.title, ItemRow.id),  # type: ignore[dict-item]
        Sort.TITLE: (RecordRow.title, ItemRow.id),  # type: ignore[dict-item]
    }
    return orders[sort]
