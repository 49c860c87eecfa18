"""Masters in the ledger: which bytes the object store keeps under each key, and when they were last found right."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.orm import Session

from repository.db.moments import database_now
from repository.db.service_tables import MasterRow
from repository.db.upserts import insert_into
from repository.domain.masters import Fixity, StoredMaster

AT_ONCE = 1000

_master: Any = MasterRow.__table__
_HERE = _master.c.withdrawn_at.is_(None)


class Masters:
    """Reads and writes what is known of masters."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, key: str, version: str | None, size: int) -> None:
        """Note a master that was stored. Stored again, the newest version stands, since its bytes were just seen; a
        store without versions leaves the one that is known. One that was withdrawn has come in again."""
        new = insert_into(self._session, _master).values(key=key, version=version, size=size, stored_at=database_now())
        said = new.excluded
        self._session.execute(
            new.on_conflict_do_update(
                index_elements=[_master.c.key],
                set_={
                    "version": func.coalesce(said.version, _master.c.version), "size": said.size,
                    "withdrawn_at": None, "withdrawn_reason": None,
                },
            )
        )  # fmt: skip

    def get(self, key: str) -> StoredMaster | None:
        """The master of that key, a withdrawn one too."""
        row = self._session.execute(select(_master).where(_master.c.key == key)).first()
        return _stored(row) if row else None

    def all(self) -> Iterator[StoredMaster]:
        """Every master, withdrawn ones too, by key; brought a thousand at a time."""
        after = ""
        while True:
            rows = self._session.execute(
                select(_master).where(_master.c.key > after).order_by(_master.c.key).limit(AT_ONCE)
            ).all()
            yield from map(_stored, rows)
            if len(rows) < AT_ONCE:
                return
            after = rows[-1].key

    def next_to_check(self, limit: int) -> list[StoredMaster]:
        """Masters to read again: first those never checked, then the longest unchecked."""
        found: list[Row[Any]] = []
        for which in (_master.c.checked_at.is_(None), _master.c.checked_at.is_not(None)):
            query = select(_master).where(_HERE, which).order_by(_master.c.checked_at, _master.c.key)
            found += self._session.execute(query.limit(limit - len(found))).all()
        return [_stored(row) for row in found]

    def checked(self, key: str, when: datetime | None = None) -> None:
        """Note that the master's bytes were read and right, at `when` or now."""
        self._session.execute(
            update(_master).where(_master.c.key == key).values(checked_at=database_now() if when is None else when)
        )

    def withdraw(self, key: str, reason: str) -> None:
        """Note that the master was lawfully taken away; what it was stays known."""
        self._session.execute(
            update(_master).where(_master.c.key == key).values(withdrawn_at=database_now(), withdrawn_reason=reason)
        )

    def fixity(self) -> Fixity:
        """How many masters there are and how long ago each was checked at the latest."""
        row = self._session.execute(
            select(
                func.count().label("masters"), func.count(_master.c.checked_at).label("checked"),
                func.sum(_master.c.size).label("size"), func.min(_master.c.checked_at).label("oldest"),
                database_now().label("now"),
            ).where(_HERE)
        ).one()  # fmt: skip
        age = (row.now - row.oldest).total_seconds() if row.oldest else None
        return Fixity(row.masters, int(row.size or 0), row.masters - row.checked, age)


def _stored(row: Row[Any]) -> StoredMaster:
    return StoredMaster(
        row.key, row.version, row.size, row.stored_at, row.checked_at, row.withdrawn_at, row.withdrawn_reason
    )
