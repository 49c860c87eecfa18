"""New ledgers for tests, on SQLite and on a real PostgreSQL whose own order of text is another than Python's."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from servers import Postgres
from sqlalchemy import Engine, text

from repository.db.engine import make_engine
from repository.db.ledger import Ledger
from repository.db.migrate import upgrade
from repository.domain.records import Library

LIBRARIES = ("TV", "BT", "HN")


@dataclass
class Home:
    """Where one ledger lies. What is opened here is closed when the test ends."""

    url: str
    password: str = ""
    opened: list[Engine] = field(default_factory=list)

    @property
    def on_postgresql(self) -> bool:
        return self.url.startswith("postgresql")

    def engine(self, **options: float) -> Engine:
        """A new engine: as another process has it."""
        self.opened.append(make_engine(self.url, self.password, **options))
        return self.opened[-1]

    def ledger(self, **options: float) -> Ledger:
        """A ledger over an engine of its own."""
        return Ledger(self.engine(**options))

    def close(self) -> None:
        for engine in self.opened:
            engine.dispose()


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> Iterator[Postgres]:
    """A running PostgreSQL that no test stops."""
    if os.environ.get("DIACHI_TEST_SERVICES"):
        yield request.getfixturevalue("servers").postgres
        return
    with tempfile.TemporaryDirectory(prefix="diachi-postgres-") as name:
        Path(name).chmod(0o755)  # it runs as another user
        server = Postgres(Path(name) / "postgres")
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres) -> Iterator[str]:
    """The name of a database with a new ledger, to copy."""
    name = f"template_{os.getpid()}"
    administer(postgres, f"CREATE DATABASE {name} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'vi'")
    home = home_on(postgres, name)
    _furnish(home)
    yield name
    administer(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a new ledger, to copy."""
    path = tmp_path_factory.mktemp("template") / "ledger.sqlite"
    _furnish(Home(f"sqlite:///{path}"))
    return path


@pytest.fixture
def sqlite_home(sqlite_template: Path, tmp_path: Path) -> Iterator[Home]:
    """A new ledger on SQLite: three libraries, nothing else."""
    home = Home(f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'ledger.sqlite')}")
    yield home
    home.close()


@pytest.fixture
def postgres_home(postgres: Postgres, postgres_template: str, own_name: str) -> Iterator[Home]:
    """A new ledger on PostgreSQL: three libraries, nothing else."""
    administer(postgres, f"CREATE DATABASE {own_name} TEMPLATE {postgres_template}")
    home = home_on(postgres, own_name)
    yield home
    home.close()
    administer(postgres, f"DROP DATABASE {own_name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.service)])
def home(request: pytest.FixtureRequest) -> Home:
    """A new ledger on each database in turn."""
    found = request.getfixturevalue(f"{request.param}_home")
    assert isinstance(found, Home)
    return found


@pytest.fixture
def ledger(home: Home) -> Ledger:
    """The ledger of `home`."""
    return home.ledger()


def home_on(server: Postgres, database: str) -> Home:
    """A database of the server."""
    url = server.settings()["DIACHI_DATABASE_URL"].rpartition("/")[0]
    return Home(f"{url}/{database}", server.password)


def administer(server: Postgres, statement: str) -> None:
    """Do what no transaction may hold."""
    home = home_on(server, "postgres")
    try:
        with home.engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(statement))
    finally:
        home.close()


def _furnish(home: Home) -> None:
    upgrade(home.engine())
    with home.ledger().write() as work:
        for code in LIBRARIES:
            work.libraries.put(Library(code, f"Thư viện {code}"))
    home.close()
