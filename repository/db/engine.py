"""Connections to the ledger: SQLite in WAL mode, or PostgreSQL."""

import math
import select
import time
from typing import Any

import sqlalchemy
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, InvalidatePoolError
from sqlalchemy.pool import NullPool

from repository.db.moments import SQLITE_CLOCK, sqlite_moment_in
from repository.domain.errors import N_, WrongUse

CONNECT_SECONDS, PING_SECONDS = 5, 2
UNUSED_SECONDS = 1.0
IDLE_SECONDS = 30.0  # a process that froze in mid-transaction loses it, and its locks, after that
LOCK_SECONDS = 60.0
STATEMENT_SECONDS = 600.0
MOST_CONNECTIONS = 32  # of one process; each is opened when it is first needed, so that a worker has one or two
PING = "ping"  # the execution option under which an engine keeps its `Engine` for pings

_LIVELINESS = {
    "keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}  # fmt: skip


def make_engine(
    url: str, password: str = "", *, idle_seconds: float = IDLE_SECONDS, lock_seconds: float = LOCK_SECONDS
) -> Engine:
    """An engine for the ledger at `url`; raises WrongUse for an address that makes no sense. Connects when first used.

    On SQLite every commit is on the disk before it returns, and a transaction opened for writing takes the write lock
    at once, so that two writers queue instead of failing half way. On PostgreSQL `password` is given to the server and
    stands nowhere else; TLS is chosen in the address, in libpq's words: `?sslmode=verify-full&sslrootcert=/path`.
    `idle_seconds`: how long a transaction may stand still; `lock_seconds`: how long one waits for another."""
    address = _parsed(url)
    if address.get_backend_name() == "sqlite":
        return _sqlite_engine(address)
    limits = {
        "idle_in_transaction_session_timeout": idle_seconds,
        "lock_timeout": lock_seconds,
        "statement_timeout": STATEMENT_SECONDS,
    }
    ping = create_engine(address, poolclass=NullPool, hide_parameters=True, connect_args=_arguments(address, {}))
    engine = create_engine(
        address,
        pool_use_lifo=True,
        pool_size=MOST_CONNECTIONS // 2,
        max_overflow=MOST_CONNECTIONS // 2,
        pool_timeout=30,
        pool_recycle=1800,
        hide_parameters=True,
        connect_args=_arguments(address, limits),
        execution_options={PING: ping},
    )
    unused = _Unused(engine)
    event.listen(engine, "checkin", unused.since)
    event.listen(engine, "checkout", unused.tried)
    for each, seconds in ((engine, CONNECT_SECONDS), (ping, PING_SECONDS)):
        event.listen(each, "do_connect", _Credentials(password, seconds))
        event.listen(each, "connect", _prepare_postgresql)
    return engine


class _Unused:
    """Tries a connection before it is given out, when nobody has used it for UNUSED_SECONDS or the server has said
    something on it meanwhile (its farewell, as a rule), and has it replaced, with all others of its age, when it is
    gone. A ping before every unit of work would cost a worker a tenth of its time."""

    def __init__(self, engine: Engine) -> None:
        self._dialect = engine.dialect

    def since(self, _connection: Any, record: Any) -> None:
        record.info["unused_since"] = time.monotonic()

    def tried(self, connection: Any, record: Any, _proxy: Any) -> None:
        try:
            if time.monotonic() - record.info.get("unused_since", math.inf) >= UNUSED_SECONDS or _spoken_to(connection):
                self._dialect.do_ping(connection)
        except self._dialect.loaded_dbapi.Error as gone:
            raise InvalidatePoolError from gone


def _spoken_to(connection: Any) -> bool:
    """Whether something has come on a connection that awaits nothing."""
    come = select.poll()
    come.register(connection.fileno(), select.POLLIN)
    return bool(come.poll(0))


class _Credentials:
    """Adds the password while a connection is made; a class of its own, so that no repr shows it."""

    def __init__(self, password: str, seconds: int) -> None:
        self.__password = password
        self._seconds = seconds

    def __call__(self, _dialect: Any, _record: Any, _arguments: Any, parameters: dict[str, Any]) -> None:
        parameters["connect_timeout"] = self._seconds
        if self.__password:
            parameters["password"] = self.__password


def _parsed(url: str) -> URL:
    try:
        address = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise WrongUse(N_("Địa chỉ cơ sở dữ liệu không hợp lệ; hãy sửa DIACHI_DATABASE_URL.")) from error
    if address.password is not None or "password" in address.query:
        raise WrongUse(
            N_("Đừng viết mật khẩu trong DIACHI_DATABASE_URL; hãy đặt nó vào DIACHI_DATABASE_PASSWORD_FILE.")
        )
    if address.drivername not in ("sqlite", "postgresql+psycopg"):
        raise WrongUse(
            N_("Không dùng được cơ sở dữ liệu “{kind}”; DIACHI_DATABASE_URL phải bắt đầu bằng postgresql+psycopg://."),
            kind=address.drivername,
        )
    return address


def _arguments(address: URL, limits: dict[str, float]) -> dict[str, Any]:
    """What psycopg is told besides the address; options that the address has of its own come last, and win."""
    chosen = [f"-c {name}={round(seconds * 1000)}" for name, seconds in limits.items()]
    own = address.query.get("options", "")
    return {
        **{name: value for name, value in _LIVELINESS.items() if name not in address.query},
        "options": " ".join(["-c timezone=UTC", *chosen, own if isinstance(own, str) else " ".join(own)]).strip(),
        "client_encoding": "utf8",
        "fallback_application_name": "diachi",
    }


def _sqlite_engine(address: URL) -> Engine:
    arguments = {"timeout": LOCK_SECONDS, "check_same_thread": False}
    engine = create_engine(address, connect_args=arguments, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not open transactions of its own
    connection.create_function(SQLITE_CLOCK, 1, sqlite_moment_in)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-32000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    from psycopg.types.string import StrDumper  # only where it is used: it takes a while to load

    class WithoutNul(StrDumper):
        """PostgreSQL keeps no NUL; SQLite does. In a question it stands for something that is not there."""

        def dump(self, obj: str) -> Any:
            return super().dump(obj.replace("\0", "\ufffd"))

    connection.adapters.register_dumper(str, WithoutNul)


def is_postgresql(engine: sqlalchemy.Engine | sqlalchemy.Connection) -> bool:
    """Whether this ledger lies on PostgreSQL."""
    return engine.dialect.name == "postgresql"
