"""Who works for a command in the production profile: any machine's workers, else the command's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from live_site import wait_until
from servers_here import Servers

from app.cli.workers import Workers
from config.services import open_ledger
from config.settings import Settings, load_settings
from repository.db.ledger import Ledger

pytestmark = pytest.mark.service


@pytest.fixture
def settings(servers: Servers, own_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in servers.settings(own_name).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DIACHI_WORKERS", "1")
    return load_settings(tmp_path)


@pytest.fixture
def ledger(settings: Settings) -> Iterator[Ledger]:
    opened = open_ledger(settings)
    yield opened
    opened.close()


@pytest.fixture
def workers(settings: Settings) -> Iterator[Workers]:
    here = Workers(settings)
    yield here
    here.stop()


def working(ledger: Ledger) -> int:
    with ledger.read() as work:
        return work.workers.count("worker", 30)


def test_where_a_machine_works_the_command_starts_nobody(ledger: Ledger, workers: Workers, settings: Settings) -> None:
    with ledger.write() as work:
        work.workers.beat("worker-0-elsewhere", "worker", "elsewhere", 7, None)
    workers.ensure()
    assert not (settings.data / "workers.log").exists()
    assert working(ledger) == 1


def test_where_nobody_works_the_command_brings_its_own_and_takes_them_along(
    ledger: Ledger, workers: Workers, settings: Settings
) -> None:
    workers.ensure()
    wait_until(lambda: working(ledger) == 1, "a worker of the command's own", 40)
    workers.ensure()
    workers.stop()
    assert working(ledger) == 0
    with ledger.read() as work:
        assert work.workers.all() == []
        assert work.duties.holder("clerk") is None
        assert work.duties.holder("feeder") is None


def test_a_clerk_alone_is_nobody_who_reads_pages(ledger: Ledger, workers: Workers, settings: Settings) -> None:
    with ledger.write() as work:
        work.workers.beat("clerk-elsewhere", "clerk", "elsewhere", 7, None)
    workers.ensure()
    assert (settings.data / "workers.log").exists()
