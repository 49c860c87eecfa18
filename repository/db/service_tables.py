"""The tables of the service itself: work to hand out, who works, what is kept where. The rest of the ledger is in
`tables`."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from repository.db.moments import database_now
from repository.db.tables import Table, short_text


class JobRow(Table):
    """Work to hand out: a file to look into or a page to bring forward. `token` fences: it grows with every lease."""

    __tablename__ = "job"
    __table_args__ = (
        UniqueConstraint("kind", "subject"),
        Index("job_next", "state", "priority", "id"),
        Index("job_of_batch", "batch_id", "state", "priority", "kind", "id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(10))
    subject: Mapped[str] = mapped_column(String(20))
    batch_id: Mapped[str] = mapped_column(String(20))
    priority: Mapped[int] = mapped_column(default=50)
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime] = mapped_column(default=database_now())
    owner: Mapped[str | None] = mapped_column(short_text(100))
    lease_until: Mapped[datetime | None]
    token: Mapped[int] = mapped_column(default=0)
    trace: Mapped[str | None] = mapped_column(short_text(64))


class MasterRow(Table):
    """A stored master. `version` is the object store's name for the very bytes that came in; `checked_at` when they
    were last read again and found right. A withdrawn master leaves its row."""

    __tablename__ = "master"
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[str | None] = mapped_column(short_text(100))
    size: Mapped[int] = mapped_column(BigInteger)
    stored_at: Mapped[datetime] = mapped_column(default=database_now())
    checked_at: Mapped[datetime | None] = mapped_column(index=True)
    withdrawn_at: Mapped[datetime | None]
    withdrawn_reason: Mapped[str | None] = mapped_column(Text)


class WorkerRow(Table):
    """A working process on some machine; `seen_at` is its last heartbeat, `doing` the job it has in hand."""

    __tablename__ = "worker"
    name: Mapped[str] = mapped_column(short_text(100), primary_key=True)
    kind: Mapped[str] = mapped_column(short_text(20))
    host: Mapped[str] = mapped_column(short_text(200))
    pid: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(default=database_now())
    seen_at: Mapped[datetime] = mapped_column(default=database_now())
    doing: Mapped[str | None] = mapped_column(short_text(60))


class DutyRow(Table):
    """What only one process of a site may do at a time: write the index, feed the queue, back up at night."""

    __tablename__ = "duty"
    name: Mapped[str] = mapped_column(short_text(30), primary_key=True)
    owner: Mapped[str | None] = mapped_column(short_text(100))
    until: Mapped[datetime | None]
    token: Mapped[int] = mapped_column(default=0)
