"""Units of work: readers see one moment, writers are alone or say that they need not be, and a database that fails is
named."""

import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from ledgers_here import Home, administer, home_on
from servers import Postgres, free_port
from sqlalchemy import event, text

from repository.db.engine import make_engine
from repository.db.ledger import Ledger, Work
from repository.db.migrate import upgrade
from repository.domain.errors import ServerUnreachable, StoreFailed, WrongUse
from repository.domain.records import Library

LONG, MINUTE = 30.0, timedelta(minutes=1)
IDLE = 1.0


def put(ledger: Ledger, code: str, alone: bool = True, name: str = "Thư viện") -> None:
    with ledger.write(alone) as work:
        work.libraries.put(Library(code, name))


def test_a_reader_sees_one_moment(ledger: Ledger) -> None:
    with ledger.read() as work:
        before = len(work.libraries.all())
        put(ledger, "NEW")
        assert len(work.libraries.all()) == before
    with ledger.read() as work:
        assert len(work.libraries.all()) == before + 1


def test_what_raises_leaves_nothing(ledger: Ledger) -> None:
    def broken_off() -> None:
        with ledger.write() as work:
            work.libraries.put(Library("NEW", "x"))
            work.duties.leave("x", "y")  # a statement, so that the row was sent
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken_off()
    with ledger.read() as work:
        assert work.libraries.get("NEW") is None


@pytest.mark.service
def test_a_reader_cannot_write(postgres_home: Home) -> None:
    def write(work: Work) -> None:
        work.duties.take("clerk", "me", MINUTE)

    with pytest.raises(Exception, match="read-only"), postgres_home.ledger().read() as work:
        write(work)


def test_what_postgresql_cannot_keep_is_simply_not_there(ledger: Ledger) -> None:
    with ledger.read() as work:
        assert work.pages.get("\0") is None
        assert work.libraries.get("TV\0") is None
        assert work.pages.at("item", 1 << 40) is None
    with ledger.write() as work:
        work.libraries.put(Library("L", "a\0b"))
    with ledger.read() as work:
        found = work.libraries.get("L")
        assert found is not None
        assert found.name.startswith("a")


@pytest.mark.parametrize(("first", "second"), [(True, True), (True, False), (False, True)])
def test_who_is_alone_is_alone(ledger: Ledger, first: bool, second: bool) -> None:
    entered = threading.Event()

    def another() -> None:
        with ledger.write(second):
            entered.set()

    with ThreadPoolExecutor(1) as pool:
        with ledger.write(first):
            other = pool.submit(another)
            assert not entered.wait(0.3)
        other.result(LONG)
    assert entered.is_set()


@pytest.mark.service
def test_writers_who_need_not_be_alone_write_together(postgres_home: Home) -> None:
    ledger = postgres_home.ledger()
    with ledger.write(alone=False) as work, ThreadPoolExecutor(1) as pool:
        work.libraries.put(Library("ONE", "x"))
        pool.submit(put, ledger, "TWO", False).result(LONG)
    with ledger.read() as work:
        assert {"ONE", "TWO"} <= {library.code for library in work.libraries.all()}


@pytest.mark.service
def test_whoever_waits_too_long_is_told(postgres_home: Home) -> None:
    hasty = postgres_home.ledger(lock_seconds=0.2)
    with postgres_home.ledger().write(), pytest.raises(StoreFailed, match="bận quá lâu"):
        put(hasty, "NEW")
    put(hasty, "NEW")


@pytest.mark.service
def test_two_that_wait_for_each_other_are_parted_and_one_is_told(postgres_home: Home) -> None:
    ledger = postgres_home.ledger()
    meet = threading.Barrier(2)

    def both(first: str, second: str) -> str:
        try:
            with ledger.write(alone=False) as work:
                work.duties.take(first, "me", MINUTE)
                meet.wait(LONG)
                work.duties.take(second, "me", MINUTE)
        except StoreFailed:
            return "told"
        return "done"

    with ThreadPoolExecutor(2) as pool:
        ended = pool.map(both, ("a", "b"), ("b", "a"))
        assert sorted(ended) == ["done", "told"]


FROZEN = """
import sys
from repository.db.engine import make_engine
from repository.db.ledger import Ledger
from repository.domain.errors import ServerUnreachable
from repository.domain.records import Library

url, password, idle = sys.argv[1:]
ledger = Ledger(make_engine(url, password, idle_seconds=float(idle)))
try:
    with ledger.write() as work:
        work.libraries.put(Library("FROZEN", "x"))
        work.duties.leave("x", "y")
        print("in", flush=True)
        sys.stdin.readline()
        work.duties.leave("x", "y")
except ServerUnreachable:
    print("thrown out", flush=True)
with ledger.write() as work:
    work.libraries.put(Library("AGAIN", "x"))
print("again", flush=True)
"""


@pytest.mark.service
@pytest.mark.fault
@pytest.mark.slow
def test_a_process_frozen_in_mid_transaction_holds_nobody_up_for_long(postgres_home: Home) -> None:
    command = [sys.executable, "-c", FROZEN, postgres_home.url, postgres_home.password, str(IDLE)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "in\n"
        process.send_signal(19)  # SIGSTOP
        put(postgres_home.ledger(lock_seconds=10 * IDLE), "OTHER")
        process.send_signal(18)  # SIGCONT
        process.stdin.write("\n")
        process.stdin.flush()
        assert [process.stdout.readline(), process.stdout.readline()] == ["thrown out\n", "again\n"]
    with postgres_home.ledger().read() as work:
        assert work.libraries.get("FROZEN") is None
        assert work.libraries.get("AGAIN") is not None


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that the user whom the server runs as may enter."""
    with tempfile.TemporaryDirectory(prefix="diachi-postgres-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def mortal(open_folder: Path) -> Iterator[Postgres]:
    """A PostgreSQL of the test's own, to be killed, with a new ledger in its database diachi."""
    server = Postgres(open_folder / "postgres")
    server.start()
    home = home_on(server, "diachi")
    upgrade(home.engine())
    home.close()
    yield server
    server.stop()


def names_postgresql(call: Callable[[], object]) -> None:
    with pytest.raises(ServerUnreachable) as told:
        call()
    assert told.value.params["server"] == "PostgreSQL"
    assert "PostgreSQL" in str(told.value)


@pytest.mark.service
@pytest.mark.fault
@pytest.mark.slow
def test_a_killed_server_is_named_and_the_same_ledger_works_once_it_is_back(mortal: Postgres) -> None:
    home = home_on(mortal, "diachi")
    ledger = home.ledger()
    put(ledger, "KEPT")

    def in_mid_work() -> None:
        with ledger.write() as work:
            work.libraries.put(Library("LOST", "x"))
            work.duties.leave("x", "y")
            mortal.kill()
            work.duties.leave("x", "y")

    names_postgresql(in_mid_work)
    names_postgresql(lambda: put(ledger, "NEVER"))
    names_postgresql(ledger.ping)
    names_postgresql(lambda: upgrade(home.engine()))
    mortal.start()
    ledger.ping()
    put(ledger, "AFTER")
    with ledger.read() as work:
        assert [library.code for library in work.libraries.all()] == ["AFTER", "KEPT"]
    home.close()


@pytest.mark.service
@pytest.mark.fault
@pytest.mark.slow
def test_a_server_that_hangs_does_not_answer_a_ping(mortal: Postgres) -> None:
    home = home_on(mortal, "diachi")
    ledger = home.ledger()
    ledger.ping()
    mortal.freeze()
    try:
        names_postgresql(ledger.ping)
    finally:
        mortal.thaw()
    ledger.ping()
    home.close()


@pytest.mark.service
def test_connections_that_the_server_closed_are_replaced_before_anybody_meets_them(postgres_home: Home) -> None:
    """As after a restart so quick that none of them was asked for meanwhile."""
    ledger = postgres_home.ledger()
    with ledger.read() as one, ledger.read() as another:
        assert one.libraries.all() == another.libraries.all()
    closed = "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    with postgres_home.engine().connect() as connection:
        assert connection.scalar(text(f"{closed} AND datname = current_database()")) == 2
    with ledger.read() as one, ledger.read() as another:
        assert one.libraries.all() == another.libraries.all()


def test_nobody_listening_is_named() -> None:
    engine = make_engine(f"postgresql+psycopg://diachi@127.0.0.1:{free_port()}/diachi")
    names_postgresql(lambda: put(Ledger(engine), "NEVER"))
    names_postgresql(Ledger(engine).ping)
    engine.dispose()


@pytest.mark.service
def test_a_wrong_password_is_named_and_the_right_one_is_shown_nowhere(
    postgres_home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = Ledger(make_engine(postgres_home.url, "not-the-password"))
    with pytest.raises(ServerUnreachable, match="password authentication failed") as told:
        wrong.ping()
    assert "not-the-password" not in repr(told.value.__cause__) + str(told.value)
    engine = postgres_home.engine()
    with caplog.at_level("DEBUG"):
        put(Ledger(engine), "NEW")
    shown = f"{engine!r} {engine.url} {engine.url.render_as_string(hide_password=False)} {vars(engine.dialect)}"
    assert postgres_home.password not in shown + caplog.text


@pytest.mark.parametrize(
    "url",
    ["postgresql+psycopg://u:secret@h/d", "postgresql+psycopg://u@h/d?password=secret", "mysql://h/d", "nonsense"],
)
def test_an_address_that_cannot_be_used_is_refused_in_words(url: str) -> None:
    with pytest.raises(WrongUse) as told:
        make_engine(url)
    assert "DIACHI_DATABASE" in str(told.value)
    assert "secret" not in str(told.value)


def test_a_full_disk_is_told_and_what_was_there_stays(sqlite_home: Home) -> None:
    engine = sqlite_home.engine()
    ledger = Ledger(engine)

    def fill(connection: Any, _record: Any) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count={pages + 2}")

    event.listen(engine, "connect", fill)
    with pytest.raises(StoreFailed, match="đầy"):
        put(ledger, "NEW", name="x" * 100_000)
    with ledger.read() as work:
        assert len(work.libraries.all()) == 3


def test_a_file_that_is_no_ledger_is_told(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreFailed, match="tệp sổ cái"):
        upgrade(make_engine(f"sqlite:///{tmp_path / 'ledger.sqlite'}"))


class PostgresWithTls(Postgres):
    """It shows a certificate for 127.0.0.1 that `ca` stands for."""

    @property
    def ca(self) -> Path:
        return self.folder / "server.crt"

    def prepare(self) -> None:
        super().prepare()
        key = self.folder / "server.key"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
             "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", self.ca],
            check=True, capture_output=True,
        )  # fmt: skip
        self.own(key)
        key.chmod(0o600)

    def command(self) -> list[str]:
        at = str(self.folder / "server")
        return [*super().command(), "-c", "ssl=on", "-c", f"ssl_cert_file={at}.crt", "-c", f"ssl_key_file={at}.key"]


@pytest.mark.service
@pytest.mark.slow
def test_tls_is_chosen_in_the_address(open_folder: Path, postgres: Postgres) -> None:
    server = PostgresWithTls(open_folder / "postgres")
    server.start()
    url = home_on(server, "diachi").url + "?sslmode=verify-full"
    strict = make_engine(f"{url}&sslrootcert={server.ca}", server.password)
    with strict.connect() as connection:
        assert connection.scalar(text("SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()")) == "TLSv1.3"
    strict.dispose()
    with pytest.raises(ServerUnreachable, match="certificate"):
        Ledger(make_engine(f"{url}&sslrootcert=/etc/ssl/certs/ca-certificates.crt", server.password)).ping()
    server.stop()
    plain = home_on(postgres, "diachi")
    with pytest.raises(ServerUnreachable, match="SSL"):
        Ledger(make_engine(plain.url + "?sslmode=require", plain.password)).ping()


@pytest.mark.service
def test_a_transaction_does_not_outlive_its_limits(postgres_home: Home) -> None:
    with postgres_home.engine().connect() as connection:
        limits = {
            name: connection.scalar(text(f"SHOW {name}"))
            for name in ("idle_in_transaction_session_timeout", "lock_timeout", "statement_timeout", "timezone")
        }
    assert limits == {
        "idle_in_transaction_session_timeout": "30s",
        "lock_timeout": "1min",
        "statement_timeout": "10min",
        "timezone": "UTC",
    }


@pytest.mark.service
def test_no_database_of_that_name_is_told(postgres: Postgres) -> None:
    with pytest.raises(ServerUnreachable, match="does not exist"):
        Ledger(home_on(postgres, "nowhere").engine()).ping()


@pytest.mark.service
def test_a_database_that_cannot_keep_vietnamese_is_refused(postgres: Postgres, own_name: str) -> None:
    administer(postgres, f"CREATE DATABASE {own_name} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    home = home_on(postgres, own_name)
    with pytest.raises(WrongUse, match="LATIN1"):
        upgrade(home.engine())
    home.close()
    administer(postgres, f"DROP DATABASE {own_name}")
