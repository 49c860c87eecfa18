"""Every table's rows out of one database and into another: nothing is changed on the way, whatever is in them."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledgers_here import Home
from sqlalchemy import BigInteger, Engine, String, Table, select, text

from repository.db.dumping import SiteInUse, shapes, snapshot, snapshot_alone
from repository.db.loading import loading, prepare
from repository.db.migrate import NEWEST, upgrade
from repository.db.service_tables import JobRow
from repository.domain.errors import WrongUse
from repository.domain.records import Library

METADATA = JobRow.metadata
LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(LETTERS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(LETTERS), inner, max_size=3),
    max_leaves=6,
)
BY_KIND: dict[str, st.SearchStrategy[Any]] = {
    "boolean": st.booleans(),
    "bytes": st.binary(max_size=60),
    "day": st.dates(date(1, 1, 1), date(9999, 12, 31)),
    "json": JSONS,
    "moment": st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=st.just(UTC)),
    "real": st.floats(allow_nan=False, allow_infinity=False),
}


def values(table: Table, name: str, kind: str) -> st.SearchStrategy[Any]:
    column = table.c[name]
    if kind == "integer":
        bits = 63 if isinstance(column.type, BigInteger) else 31
        found: st.SearchStrategy[Any] = st.integers(-(1 << bits), (1 << bits) - 1)
    elif kind == "text":
        length = column.type.length if isinstance(column.type, String) else None
        found = st.text(LETTERS, max_size=min(length or 50, 50))
    else:
        found = BY_KIND[kind]
    return st.none() | found if column.nullable else found


@st.composite
def ledgers(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    """One row of each table, each of any value that its columns allow; what it refers to is there."""
    rows: dict[str, dict[str, Any]] = {}
    for shape in shapes():
        table = METADATA.tables[shape.table]
        row = {name: draw(values(table, name, kind)) for name, kind in shape.columns}
        for foreign in table.foreign_keys:
            row[foreign.parent.name] = rows[foreign.column.table.name][foreign.column.name]
        rows[shape.table] = row
    return rows


def fill(engine: Engine, rows: dict[str, dict[str, Any]]) -> None:
    with engine.execution_options(writing=True).begin() as connection:
        for table in reversed(METADATA.sorted_tables):
            connection.execute(table.delete())
        for name, row in rows.items():
            connection.execute(METADATA.tables[name].insert(), row)


def dumped(engine: Engine) -> dict[str, list[str]]:
    with snapshot(engine) as moment:
        return {shape.table: sorted(moment.lines(shape)) for shape in shapes()}


def load(engine: Engine, lines: dict[str, list[str]]) -> None:
    with engine.execution_options(writing=True).begin() as connection:
        connection.execute(METADATA.tables["master"].delete())  # what a store holds is not cleared with the rest
    with loading(engine) as filling:
        filling.clear()
        for shape in shapes():
            filling.put(shape, lines[shape.table])


@pytest.mark.service
@given(rows=ledgers())
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_every_value_of_every_table_arrives_as_it_was(
    sqlite_home: Home, postgres_home: Home, rows: dict[str, dict[str, Any]]
) -> None:
    sqlite, postgres = (home.engine(idle_seconds=0) for home in (sqlite_home, postgres_home))
    rows["master"]["version"] = None  # the store's own name for it stays behind
    fill(sqlite, rows)
    there = dumped(sqlite)
    load(postgres, there)
    assert dumped(postgres) == there
    load(sqlite, dumped(postgres))
    assert dumped(sqlite) == there
    with sqlite.connect() as one, postgres.connect() as other:
        for table in METADATA.sorted_tables:
            assert one.execute(select(table)).all() == other.execute(select(table)).all()
    sqlite.dispose()
    postgres.dispose()


def test_numbers_go_on_after_the_highest_that_came_in(home: Home) -> None:
    engine, ledger = home.engine(), home.ledger()
    with ledger.write() as work:
        work.journal.record("ai", "gì", "đâu")
    lines = dumped(engine)
    lines["event"] = [line.replace("[1,", "[4711,", 1) for line in lines["event"]]
    load(engine, lines)
    with loading(engine) as filling:
        filling.settle()
    with ledger.write() as work:
        work.journal.record("ai", "gì", "đâu")
    with engine.connect() as connection:
        assert list(connection.scalars(text("SELECT id FROM event ORDER BY id"))) == [4711, 4712]


def test_a_snapshot_sees_one_moment_while_others_write(home: Home) -> None:
    ledger = home.ledger()
    with snapshot(home.engine()) as moment:
        libraries = next(shape for shape in shapes() if shape.table == "library")
        before = list(moment.lines(libraries))
        with ledger.write() as work:
            work.libraries.put(Library("MOI", "Thư viện mới"))
        assert list(moment.lines(libraries)) == before
    assert len(dumped(home.engine())["library"]) == len(before) + 1


def test_nobody_is_let_in_while_the_ledger_is_taken_alone(home: Home) -> None:
    other = home.ledger()
    with other.read() as work:
        work.libraries.all()
    with pytest.raises(SiteInUse), snapshot_alone(home.engine()):
        raise AssertionError("somebody else has it open")
    other.close()
    for engine in home.opened:
        engine.dispose()
    with snapshot_alone(home.engine()) as moment:
        assert moment.revision == NEWEST


def test_a_load_that_fails_leaves_nothing(home: Home) -> None:
    engine = home.engine()
    before = dumped(engine)
    with pytest.raises(ZeroDivisionError), loading(engine) as filling:  # noqa: PT012 - what went before must go too
        filling.clear()
        raise ZeroDivisionError
    assert dumped(engine) == before


def test_an_older_ledger_comes_in_as_it_was_and_is_then_brought_forward(tmp_path: Path) -> None:
    engine = Home(f"sqlite:///{tmp_path / 'ledger.sqlite'}").engine()
    prepare(engine, "0001")
    with loading(engine) as filling:
        assert filling.revision() == "0001"
        assert not filling.in_use()
    upgrade(engine)
    assert dumped(engine)["master"] == []
    engine.dispose()


def test_a_newer_ledger_is_refused(sqlite_home: Home) -> None:
    with pytest.raises(WrongUse, match="mới hơn"):
        prepare(sqlite_home.engine(), "9999")


def test_a_ledger_with_a_batch_is_in_use_and_one_with_settings_is_not(home: Home) -> None:
    ledger, engine = home.ledger(), home.engine()
    with loading(engine) as filling:
        filling.clear()
        filling.set("x", "y")
        assert not filling.in_use()
    with ledger.write() as work:
        work.libraries.put(Library("TV", "Thư viện"))
    with loading(engine) as filling:
        assert filling.in_use()
