"""Rows that `dumping` gave, into another ledger, whichever database it lies on."""

import base64
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Connection,
    Date,
    Engine,
    Float,
    LargeBinary,
    TableClause,
    Text,
    cast,
    column,
    func,
    inspect,
    select,
    table,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import UserDefinedType

from repository.db.dumping import AT_ONCE, Shape, Snapshot, shapes
from repository.db.engine import is_postgresql
from repository.db.failures import failures_named
from repository.db.locks import wait_for_writers
from repository.db.migrate import alembic_config
from repository.db.moments import Moment
from repository.domain.errors import N_, WrongUse

MASTERS = "master"  # its versions are the store's names, and another store has others
OF_THE_MOMENT = ("worker", "duty")  # who works there says nothing about work here
UNTOLD = (*OF_THE_MOMENT, "setting")


class RawJson(UserDefinedType[str]):
    """JSON as the text that it is, so that not a letter of it changes."""

    cache_ok = True

    def get_col_spec(self, **_options: object) -> str:
        """Its name on PostgreSQL."""
        return "JSON"

    def bind_expression(self, bindvalue: Any) -> Any:
        """The text, told to be JSON."""
        return cast(cast(bindvalue, Text), JSON)


_TYPES: dict[str, Any] = {
    "moment": Moment(), "day": Date(), "bytes": LargeBinary(), "boolean": Boolean(), "integer": BigInteger(),
    "real": Float(), "text": Text(),
}  # fmt: skip


def prepare(engine: Engine, revision: str) -> None:
    """Give a database without tables those of `revision`; one that has tables is left as it is. Raises WrongUse for a
    revision that this program does not know."""
    from alembic import command  # only where it is needed: it takes half a second to load
    from alembic.script import ScriptDirectory

    config = alembic_config()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision not in known:
        raise WrongUse(
            N_("Bản sao lưu ở dạng {revision}, mới hơn chương trình này; hãy cập nhật chương trình rồi làm lại."),
            revision=revision,
        )
    with failures_named(), engine.execution_options(writing=True).begin() as connection:
        if is_postgresql(engine):
            wait_for_writers(connection)
        if not inspect(connection).has_table("alembic_version"):
            config.attributes["connection"] = connection
            command.upgrade(config, revision)


class Loading:
    """One transaction that fills a ledger."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._postgresql = is_postgresql(connection)

    @property
    def snapshot(self) -> Snapshot:
        """What was filled in until now, read back."""
        return Snapshot(self._connection)

    def in_use(self) -> bool:
        """Whether the ledger holds anything but settings."""
        there = set(inspect(self._connection).get_table_names())
        return any(
            self._connection.execute(select(text("1")).select_from(table(shape.table)).limit(1)).first()
            for shape in shapes()
            if shape.table in there and shape.table not in UNTOLD
        )

    def revision(self) -> str:
        """The form of the tables."""
        return str(self._connection.scalar(text("SELECT version_num FROM alembic_version")))

    def setting(self, key: str) -> str | None:
        """A setting's value."""
        found = self._connection.scalar(text("SELECT value FROM setting WHERE key = :key"), {"key": key})
        return None if found is None else str(found)

    def set(self, key: str, value: str) -> None:
        """Keep a setting."""
        self.unset(key)
        new = text("INSERT INTO setting (key, value) VALUES (:key, :value)")
        self._connection.execute(new, {"key": key, "value": value})

    def unset(self, key: str) -> None:
        """Drop a setting."""
        self._connection.execute(text("DELETE FROM setting WHERE key = :key"), {"key": key})

    def clear(self) -> None:
        """Take every row away, those of masters aside: they say what the store holds."""
        for shape in reversed(shapes()):
            if shape.table != MASTERS:
                self._connection.execute(table(shape.table).delete())

    def put(self, shape: Shape, lines: Iterable[str]) -> int:
        """Add rows of a table; gives how many. A master that is known here keeps its version, another has none yet."""
        statement = self._statement(shape)
        kinds = [kind for _, kind in shape.columns]
        names = [name for name, _ in shape.columns]
        count = 0
        each = iter(lines)
        while some := list(islice(each, AT_ONCE)):
            rows = [dict(zip(names, map(_value, kinds, json.loads(line)), strict=True)) for line in some]
            if shape.table == MASTERS:
                rows = [{**row, "version": None} if "version" in names else row for row in rows]
            self._connection.execute(statement, rows)
            count += len(rows)
        return count

    def settle(self) -> None:
        """Nobody works here yet: forget who worked where the rows come from and free what they held; owe the files of
        texts, which did not come along; let numbers go on after the highest."""
        for name in OF_THE_MOMENT:
            if inspect(self._connection).has_table(name):
                self._connection.execute(table(name).delete())
        self._connection.execute(
            text("UPDATE job SET state = 'waiting', owner = NULL, lease_until = NULL WHERE state = 'leased'")
        )
        if "copy" in {each["name"] for each in inspect(self._connection).get_columns("text_version")}:
            self._connection.execute(text("UPDATE text_version SET copy = NULL WHERE copy IS NOT NULL"))
        if self._postgresql:
            self._go_on_counting()

    def drop_uploads(self) -> None:
        """Forget uploads that are not whole: what came of them did not come along."""
        self._connection.execute(text("DELETE FROM upload WHERE file_id IS NULL"))

    def _go_on_counting(self) -> None:
        for shape in shapes():
            sequence = text(f"SELECT pg_get_serial_sequence('{shape.table}', 'id')")
            if ("id", "integer") in shape.columns and (name := self._connection.scalar(sequence)):
                number = column("id", BigInteger)
                highest = select(func.max(number)).select_from(table(shape.table, number))
                if (last := self._connection.scalar(highest)) is not None:
                    self._connection.execute(select(func.setval(name, last)))

    def _statement(self, shape: Shape) -> Any:
        target = self._target(shape)
        if shape.table != MASTERS:
            return target.insert()
        new = postgresql.insert(target) if self._postgresql else sqlite.insert(target)
        told = {name: new.excluded[name] for name, _ in shape.columns if name not in ("key", "version")}
        return new.on_conflict_do_update(index_elements=["key"], set_=told)

    def _target(self, shape: Shape) -> TableClause:
        json_type: Any = RawJson() if self._postgresql else Text()
        return table(shape.table, *(column(name, _TYPES.get(kind, json_type)) for name, kind in shape.columns))


@contextmanager
def loading(engine: Engine) -> Iterator[Loading]:
    """Fill a ledger: all of it is there when the block has ended, or nothing."""
    with failures_named(), engine.execution_options(writing=True).begin() as connection:
        if is_postgresql(engine):
            for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
                connection.execute(text(f"SET LOCAL {limit} = 0"))
            wait_for_writers(connection)
        yield Loading(connection)


def _value(kind: str, plain: Any) -> Any:
    if plain is None:
        return None
    match kind:
        case "bytes":
            return base64.b64decode(plain)
        case "moment":
            return datetime.fromisoformat(plain)
        case "day":
            return date.fromisoformat(plain)
    return plain
