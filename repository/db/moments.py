"""Points in time: how they are kept, and what the database's own clock says, which alone decides leases and order.

Machines' clocks disagree and are set back; whatever two machines compare is stamped by the one clock they share."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import DateTime, Dialect, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Float, Integer, TypeDecorator

SQLITE_CLOCK = "moment_in"  # the function that `engine` adds to SQLite: its own clock stops at milliseconds


class Moment(TypeDecorator[datetime]):
    """A point in time: UTC on disk, aware in Python, on every database."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To naive UTC."""
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From naive UTC."""
        return value.replace(tzinfo=UTC) if value else None


class _DatabaseClock(FunctionElement[datetime]):
    type = Moment()
    inherit_cache = True


def database_now() -> _DatabaseClock:
    """The moment at which the database received the statement that this stands in."""
    return database_in(timedelta())


def database_in(span: timedelta) -> _DatabaseClock:
    """The moment `span` after `database_now` (before it, when negative)."""
    return _DatabaseClock(bindparam(None, span.total_seconds(), Float))


def database_after(seconds: str) -> _DatabaseClock:
    """`database_in` for a statement that is made once: `seconds` is the name of the parameter that says how many."""
    return _DatabaseClock(bindparam(seconds, type_=Float))


class _Count(FunctionElement[int]):
    type = Integer()
    inherit_cache = True


def database_count() -> _Count:
    """Tens of seconds since 1970 by the database's clock: a number that also a ledger that was lost, and brought back
    as it had been, does not give a second time."""
    return _Count()


@compiles(_Count, "sqlite")
def _count_on_sqlite(_element: _Count, _compiler: SQLCompiler, **_options: Any) -> str:
    return "(CAST(strftime('%s', 'now') AS INTEGER) / 10)"


@compiles(_Count, "postgresql")
def _count_on_postgresql(_element: _Count, _compiler: SQLCompiler, **_options: Any) -> str:
    return "CAST(floor(extract(epoch FROM statement_timestamp()) / 10) AS integer)"


@compiles(_DatabaseClock, "sqlite")
def _on_sqlite(element: _DatabaseClock, compiler: SQLCompiler, **options: Any) -> str:
    return f"{SQLITE_CLOCK}({compiler.process(element.clauses, **options)})"


@compiles(_DatabaseClock, "postgresql")
def _on_postgresql(element: _DatabaseClock, compiler: SQLCompiler, **options: Any) -> str:
    seconds = compiler.process(element.clauses, **options)
    return f"(timezone('utc', statement_timestamp()) + make_interval(secs => {seconds}))"


def sqlite_moment_in(seconds: float) -> str:
    """The moment in `seconds` by this machine's clock, in the form in which SQLite keeps moments."""
    moment = datetime.now(UTC).replace(tzinfo=None) + timedelta(seconds=seconds)
    return moment.isoformat(sep=" ", timespec="microseconds")
