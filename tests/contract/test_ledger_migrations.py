"""The migrations make the tables that the models say, on both databases, once, however many machines start."""

import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from ledgers_here import Home, administer, home_on
from servers import Postgres
from sqlalchemy import Engine, inspect, text

from repository.db import service_tables
from repository.db.engine import make_engine
from repository.db.ledger import Ledger
from repository.db.migrate import NEWEST, alembic_config, upgrade
from repository.db.tables import Table
from repository.domain.errors import WrongUse
from repository.domain.jobs import JobKind, Priority

MACHINES = 4
LONG = 120.0


@pytest.fixture
def empty_postgres(postgres: Postgres, own_name: str) -> Iterator[Home]:
    postgres.create_database(own_name)
    home = home_on(postgres, own_name)
    yield home
    home.close()
    administer(postgres, f"DROP DATABASE {own_name} WITH (FORCE)")


@pytest.fixture
def empty_sqlite(tmp_path: Path) -> Iterator[Home]:
    home = Home(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    yield home
    home.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.service)])
def empty(request: pytest.FixtureRequest) -> Home:
    """A database with nothing in it."""
    found = request.getfixturevalue(f"empty_{request.param}")
    assert isinstance(found, Home)
    return found


def test_models_and_migrations_say_the_same(home: Home) -> None:
    assert service_tables.JobRow.__tablename__ in Table.metadata.tables
    with home.engine().connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Table.metadata) == []


@pytest.mark.service
def test_every_text_that_the_models_order_by_code_point_is(postgres_home: Home) -> None:
    """Which Alembic does not compare."""
    wanted = {
        (table.name, column.name)
        for table in Table.metadata.tables.values()
        for column in table.columns
        if getattr(column.type.dialect_impl(postgres_home.engine().dialect), "collation", None) == "C"
    }
    with postgres_home.engine().connect() as connection:
        found = connection.execute(
            text("SELECT table_name, column_name FROM information_schema.columns WHERE collation_name = 'C'"
                 " AND table_schema = 'public'")
        )  # fmt: skip
        assert {tuple(row) for row in found} == wanted


@pytest.mark.service
@pytest.mark.slow
def test_many_machines_may_start_at_once(empty_postgres: Home) -> None:
    with multiprocessing.get_context("spawn").Pool(MACHINES) as pool:
        starts = [pool.apply_async(_start, (empty_postgres.url, empty_postgres.password)) for _ in range(MACHINES)]
        assert [start.get(LONG) for start in starts] == [0] * MACHINES


def _start(url: str, password: str) -> int:
    engine = make_engine(url, password)
    upgrade(engine)
    with Ledger(engine).read() as work:
        jobs = work.jobs.count()
    engine.dispose()
    return jobs


def test_a_ledger_of_the_first_release_is_brought_forward_with_what_it_holds(empty: Home) -> None:
    engine = empty.engine()
    _to(engine, "0001")
    with engine.execution_options(writing=True).begin() as connection:
        for statement in (
            "INSERT INTO library VALUES ('TV', 'Thư viện', 'public', '[]')",
            "INSERT INTO batch (id, library, title, state, created_by, created_at, publish)"
            " VALUES ('b', 'TV', 'Lô', 'working', 'x', '2026-01-01 00:00:00.000000', false)",
            "INSERT INTO batch_file (id, batch_id, name, size, sha256, state, pages, needs_password, container,"
            " received_at) VALUES ('f', 'b', '1.tif', 7, 'aa', 'received', 0, false, false,"
            " '2026-01-01 00:00:00.000000')",
            "INSERT INTO record (id, library, marc, title, kind, language, subjects, version, updated_at)"
            " VALUES ('r', 'TV', '', 'x', 'book', 'vie', '[]', 1, '2026-01-01 00:00:00.000000')",
            "INSERT INTO item (id, code, library, record_id, state, access, page_count, created_at, version,"
            " indexed_version, hidden) VALUES ('i', 'i', 'TV', 'r', 'draft', 'public', 2, '2026-01-01 00:00:00.000000',"
            " 1, 0, false)",
            "INSERT INTO job (kind, subject, batch_id, priority, state, attempts, not_before, token)"
            " VALUES ('file', 'f', 'b', 60, 'waiting', 0, '2026-01-01 00:00:00.000000', 0)",
        ):
            connection.execute(text(statement))
        for page, read in (("p1", "done"), ("p2", "owed")):
            connection.execute(text(_PAGE.format(page=page, frame=page[1])))
            for name, state in (("recognise", read), ("index", "owed")):
                connection.execute(text(f"INSERT INTO step (page_id, name, state, attempts, runs)"
                                        f" VALUES ('{page}', '{name}', '{state}', 0, 0)"))  # fmt: skip
    upgrade(engine)
    with Ledger(engine).write() as work:
        assert work.steps.ready_for_index(5) == ["p1"]
        assert [(master.key, master.size, master.version) for master in work.masters.all()] == [("aa", 7, None)]
        assert [job.priority for job in work.jobs.window(5)] == [Priority.BATCH]
        assert work.jobs.owed(JobKind.FILE, "f")


def test_the_way_back_exists(empty: Home) -> None:
    engine = empty.engine()
    upgrade(engine)
    with engine.execution_options(writing=True).begin() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert inspect(engine).get_table_names() == ["alembic_version"]
    upgrade(engine)
    assert "duty" in inspect(engine).get_table_names()


def test_a_ledger_of_a_newer_program_is_not_touched(home: Home) -> None:
    engine = home.engine()
    with engine.execution_options(writing=True).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(WrongUse, match=f"9999.*{NEWEST}"):
        upgrade(engine)


_PAGE = (
    "INSERT INTO page (id, item_id, batch_id, file_id, frame, number, sort_key, label, state, approved, image_frame,"
    " rotate, width, height, dpi, blank, few_pixels, created_at) VALUES ('{page}', 'i', 'b', 'f', {frame}, {frame},"
    " '{page}', 'x', 'working', false, 0, 0, 0, 0, 0, false, false, '2026-01-01 00:00:00.000000')"
)


def _to(engine: Engine, revision: str) -> None:
    with engine.execution_options(writing=True).begin() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
