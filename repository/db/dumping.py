"""Every row of the ledger out in one moment, as lines of JSON that name no database."""

import base64
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    Engine,
    Float,
    Integer,
    LargeBinary,
    String,
    cast,
    create_engine,
    select,
    text,
    union,
)
from sqlalchemy import Text as SqlText
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import StaticPool

from repository.db import service_tables, tables
from repository.db.engine import is_postgresql
from repository.db.failures import failures_named
from repository.db.locks import wait_for_writers
from repository.db.moments import Moment
from repository.domain.errors import N_, WrongUse

AT_ONCE = 200  # rows in memory

_KINDS: tuple[tuple[type[Any], str], ...] = (
    (Moment, "moment"), (Date, "day"), (JSON, "json"), (LargeBinary, "bytes"), (Boolean, "boolean"),
    (Float, "real"), (Integer, "integer"), (String, "text"),
)  # fmt: skip


class SiteInUse(WrongUse):
    """Somebody else has the ledger open."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A table as it is kept: its name and, for each column in order, name and kind (`text`, `integer`, `real`,
    `boolean`, `bytes` in base64, `moment` and `day` in ISO 8601, `json` as the text that the database holds)."""

    table: str
    columns: tuple[tuple[str, str], ...]


def shapes() -> list[Shape]:
    """Every table of the ledger, none before one that it refers to."""
    metadata = service_tables.JobRow.metadata  # by way of the module that must be loaded for its tables to be known
    return [
        Shape(table.name, tuple((column.name, _kind(column)) for column in table.columns))
        for table in metadata.sorted_tables
    ]


class Snapshot:
    """The ledger at one moment."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def revision(self) -> str:
        """The form of the tables."""
        return str(self._connection.scalar(text("SELECT version_num FROM alembic_version")))

    def lines(self, shape: Shape) -> Iterator[str]:
        """The table's rows, a JSON array each, in the order in which the database keeps them: that of their arrival,
        mostly. AT_ONCE rows are in memory."""
        table = tables.Table.metadata.tables[shape.table]
        columns = [
            cast(table.c[name], SqlText).label(name) if kind == "json" else table.c[name]
            for name, kind in shape.columns
        ]
        kinds = [kind for _, kind in shape.columns]
        for row in self._stream(select(*columns)):
            yield _line(kinds, row)

    def masters(self) -> Iterator[tuple[str, int | None]]:
        """Key and bytes of every master that was not withdrawn. What files and pages name and no row of masters knows
        comes last, its size unknown."""
        master: Any = service_tables.MasterRow.__table__
        file: Any = tables.FileRow.__table__
        page: Any = tables.PageRow.__table__
        for row in self._stream(select(master.c.key, master.c.size).where(master.c.withdrawn_at.is_(None))):
            yield row.key, row.size
        named = union(
            select(file.c.sha256.label("key")).where(file.c.size > 0),
            select(file.c.working).where(file.c.working.is_not(None)),
            select(page.c.image).where(page.c.image.is_not(None)),
        ).subquery()
        for row in self._stream(select(named.c.key).where(named.c.key.not_in(select(master.c.key)))):
            yield row.key, None

    def derivatives(self) -> Iterator[str]:
        """Key of every derivative that a page names, each once."""
        page: Any = tables.PageRow.__table__
        for row in self._stream(select(page.c.derivative).where(page.c.derivative.is_not(None)).distinct()):
            yield row.derivative

    def _stream(self, query: Any) -> Iterator[Any]:
        yield from self._connection.execute(query, execution_options={"stream_results": True, "yield_per": AT_ONCE})


@contextmanager
def snapshot(engine: Engine) -> Iterator[Snapshot]:
    """One moment of the ledger, for as long as the block lasts; nobody is kept waiting by it. Give it an engine whose
    transactions may stand still for long (`idle_seconds=0`). Raises as the ledger does."""
    moment = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True} if is_postgresql(engine) else {}
    with failures_named(), engine.execution_options(**moment).connect() as connection:
        if is_postgresql(engine):
            _take_the_time(connection)
        yield Snapshot(connection)


@contextmanager
def snapshot_alone(engine: Engine) -> Iterator[Snapshot]:
    """The ledger with nobody else in it: neither reader nor writer comes in while the block lasts. Raises SiteInUse
    when somebody is; dispose of other connections of this process first."""
    if not is_postgresql(engine):
        with failures_named(), _sqlite_alone(engine) as connection:
            yield Snapshot(connection)
        return
    with failures_named(), engine.execution_options(isolation_level="REPEATABLE READ").connect() as connection:
        _take_the_time(connection)
        wait_for_writers(connection)
        others = connection.scalar(
            text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
                "AND application_name = 'diachi'"
            )
        )
        if others:
            raise _in_use()
        yield Snapshot(connection)


@contextmanager
def _sqlite_alone(engine: Engine) -> Iterator[Connection]:
    path = Path(engine.url.database or "")
    alone = create_engine("sqlite://", creator=lambda: _exclusive(path), poolclass=StaticPool, hide_parameters=True)
    try:
        with alone.connect() as connection:
            try:
                connection.exec_driver_sql("BEGIN")
                connection.scalar(text("SELECT count(*) FROM alembic_version"))
            except OperationalError as error:
                if getattr(error.orig, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
                    raise _in_use() from error
                raise
            yield connection
    finally:
        alone.dispose()


def _exclusive(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=1, check_same_thread=False)
    connection.execute("PRAGMA locking_mode=EXCLUSIVE")  # before anything is read: others are then found, and kept out
    return connection


def _take_the_time(connection: Connection) -> None:
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text("SET LOCAL synchronize_seqscans = off"))  # the same order each time


def _in_use() -> SiteInUse:
    return SiteInUse(N_("Kho đang chạy; hãy dừng trang web và các tiến trình xử lý rồi làm lại."))


def _kind(column: Column[Any]) -> str:
    for sort, kind in _KINDS:
        if isinstance(column.type, sort):
            return kind
    raise TypeError(f"{column} has a type that nobody knows how to keep: {column.type!r}")


def _line(kinds: Sequence[str], row: Sequence[Any]) -> str:
    return json.dumps(list(map(_plain, kinds, row)), separators=(",", ":"))


def _plain(kind: str, value: Any) -> Any:
    if value is None:
        return None
    if kind == "bytes":
        return base64.b64encode(value).decode()
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value
