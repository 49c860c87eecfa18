"""Member libraries in the ledger."""

from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from repository.db.tables import LibraryRow
from repository.domain.access import AccessLevel
from repository.domain.records import Library

_ALL = select(LibraryRow.__table__).order_by(LibraryRow.__table__.c.code)  # asked at every door: bare columns


class Libraries:
    """Reads and writes member libraries."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, code: str) -> Library | None:
        """The library of that code."""
        row = self._session.get(LibraryRow, code)
        return _library(row) if row else None

    def all(self) -> list[Library]:
        """Every library, by code."""
        self._session.flush()  # which bare columns do not bring about by themselves
        return [_library(row) for row in self._session.execute(_ALL)]

    def put(self, library: Library) -> None:
        """Add the library, or change the one of that code."""
        self._session.merge(
            LibraryRow(
                code=library.code,
                name=library.name,
                default_access=library.default_access.value,
                address_ranges=list(library.address_ranges),
            )
        )
        self._session.flush()  # what belongs to the library may follow in the same unit of work


def _library(row: LibraryRow | Row[*tuple[Any, ...]]) -> Library:
    return Library(row.code, row.name, AccessLevel(row.default_access), tuple(row.address_ranges))
