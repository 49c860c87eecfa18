"""Working processes in the ledger: who lives, where, and what each has in hand."""

from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import case, delete, func, select
from sqlalchemy.orm import Session

from repository.db.moments import database_in, database_now
from repository.db.service_tables import WorkerRow
from repository.db.upserts import insert_for
from repository.domain.jobs import WorkerSeen

_worker: Any = WorkerRow.__table__


class Workers:
    """Reads and writes heartbeats, by the database's clock."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def beat(self, name: str, kind: str, host: str, pid: int, doing: str | None) -> None:
        """Say that the process lives and what it has in hand; another process under the same name starts anew."""
        said = {"name": name, "kind": kind, "host": host, "pid": pid, "doing": doing}
        self._session.execute(_beat(self._session.get_bind().dialect.name), said)

    def all(self) -> list[WorkerSeen]:
        """Every process that was heard of and not forgotten, by name."""
        rows = self._session.execute(select(_worker, database_now().label("now")).order_by(_worker.c.name))
        return [
            WorkerSeen(
                row.name, row.kind, row.host, row.pid, row.doing, row.started_at,
                max((row.now - row.seen_at).total_seconds(), 0.0),
            )
            for row in rows
        ]  # fmt: skip

    def count(self, kind: str, seconds: float) -> int:
        """How many processes of that kind were heard of in the last `seconds`."""
        heard = _worker.c.seen_at >= database_in(timedelta(seconds=-seconds))
        found: int = self._session.scalar(select(func.count()).where(_worker.c.kind == kind, heard)) or 0
        return found

    def gone(self, name: str) -> None:
        """The process has ended and said so."""
        self._session.execute(delete(_worker).where(_worker.c.name == name))

    def forget(self, silent_for: timedelta) -> list[str]:
        """Strike off whoever was silent for that long; gives their names."""
        silent = _worker.c.seen_at < database_in(-silent_for)
        return sorted(self._session.scalars(delete(_worker).where(silent).returning(_worker.c.name)))


@cache
def _beat(dialect: str) -> Any:
    """Made once: every worker asks it for every page."""
    new = insert_for(dialect, _worker).values(started_at=database_now(), seen_at=database_now())
    said = new.excluded
    same = (_worker.c.pid == said.pid) & (_worker.c.host == said.host)
    return new.on_conflict_do_update(
        index_elements=[_worker.c.name],
        set_={
            "kind": said.kind, "host": said.host, "pid": said.pid, "doing": said.doing, "seen_at": said.seen_at,
            "started_at": case((same, _worker.c.started_at), else_=said.started_at),
        },
    )  # fmt: skip
