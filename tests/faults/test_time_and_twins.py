"""Clocks that go back, workers that freeze and wake, two workers with one job, a disk that is full."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from live_site import LiveSite, wait_until
from production_site import new_site, open_while, running
from servers_here import Servers
from whole_batch import hand_in, is_done, must_be_whole, step_in_hand

from config.services import Services
from repository.domain.batches import StepName

pytestmark = [pytest.mark.fault, pytest.mark.service]
LEASE = 4
SHIM = str(Path(__file__).parents[1] / "clock_shim")
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
FAKED = {"LD_PRELOAD": FAKETIME, "DONT_FAKE_MONOTONIC": "1", "PYTHONPATH": SHIM}


@pytest.fixture(scope="module")
def live(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    """Web and no workers: each test brings its own."""
    data = tmp_path_factory.mktemp("live") / "data"
    site = new_site(servers, "timing", data, DIACHI_WORKERS="0", DIACHI_LEASE_SECONDS=str(LEASE))
    with running(site) as live:
        yield live


@pytest.fixture(scope="module")
def services(live: LiveSite) -> Iterator[Services]:
    with open_while(live) as site:
        yield site


@pytest.fixture
def machine(live: LiveSite, tmp_path: Path) -> Iterator["Machines"]:
    """Starts worker machines, each with a data folder of its own."""
    machines = Machines(live, tmp_path)
    yield machines
    machines.stop()


class Machines:
    """Worker machines of a site: only `python -m ingest` runs there."""

    def __init__(self, live: LiveSite, folder: Path) -> None:
        self._live, self._folder = live, folder
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, workers: int, data: Path | None = None, **env: str) -> LiveSite:
        """One more machine; the answer knows its processes."""
        data = data or self._folder / f"machine {len(self.processes)}"
        data.mkdir(exist_ok=True)
        settings = {**self._live.env, "DIACHI_WORKERS": str(workers), **env}
        with (data / "log").open("ab") as log:
            command = [sys.executable, "-m", "ingest", "--data", data]
            self.processes.append(subprocess.Popen(command, env={**os.environ, **settings}, stderr=log))
        here = LiveSite(data, env=settings)
        wait_until(lambda: (data / "workers.json").exists() and len(here.workers()) == workers, "workers", 30)
        return here

    def stop(self) -> None:
        """SIGTERM to all."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(40)


def test_a_worker_frozen_past_its_lease_and_woken_writes_nothing(
    services: Services, machine: Machines, tmp_path: Path
) -> None:
    first = machine.start(1)
    batch = hand_in(services, tmp_path / "frozen", 0)
    (name, pid), *_ = first.workers().items()
    wait_until(lambda: step_in_hand(services, name, batch) == StepName.RECOGNISE, "a page being read")
    with services.ledger.read() as work:
        held = work.jobs.held_by(name)
    assert held is not None
    os.kill(pid, signal.SIGSTOP)
    machine.start(1)
    wait_until(is_done(services, batch), "another machine to do it all")
    os.kill(pid, signal.SIGCONT)
    wait_until(lambda: f"job {held.id}" in (first.data / "log").read_text(), "the woken worker to let go", 30)
    must_be_whole(services, batch)


def test_a_machine_whose_clock_is_an_hour_behind_holds_nobody_up(
    services: Services, machine: Machines, tmp_path: Path
) -> None:
    """MinIO refuses it, since its clock is over a quarter of an hour off: what it claims it gives back, uncounted."""
    machine.start(1, FAKETIME="-1h", **FAKED)
    machine.start(1)
    batch = hand_in(services, tmp_path / "clock", 4)
    wait_until(is_done(services, batch), "the batch to be done by both")
    must_be_whole(services, batch)


def test_a_clock_set_back_while_pages_are_read(services: Services, machine: Machines, tmp_path: Path) -> None:
    """libfaketime reads the offset again from a file: the only clock jumps back in mid-batch, by less than the
    quarter of an hour at which MinIO refuses whoever asks."""
    said = tmp_path / "faketime"
    said.write_text("+0")
    here = machine.start(1, FAKETIME_TIMESTAMP_FILE=str(said), FAKETIME_NO_CACHE="1", **FAKED)
    batch = hand_in(services, tmp_path / "back", 8)
    (name, _), *_ = here.workers().items()
    wait_until(lambda: step_in_hand(services, name, batch) == StepName.RECOGNISE, "a page being read")
    said.write_text("-10m")
    wait_until(is_done(services, batch), "the batch to be done after the clock jumped")
    must_be_whole(services, batch)


def test_two_workers_with_the_same_job(services: Services, machine: Machines, tmp_path: Path) -> None:
    """Every letter is delivered twice: to two machines, the second one time with a queue of its own making."""
    batch = hand_in(services, tmp_path / "twice", 12)
    assert services.queue is not None
    with services.ledger.read() as work:
        window = work.jobs.window(100)
    assert window
    machine.start(1)
    machine.start(1)
    for _ in range(3):
        services.queue.deliver(window)
    wait_until(is_done(services, batch), "the batch to be done")
    must_be_whole(services, batch)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few MB (tmpfs), which only root may mount."""
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "diachi-small", folder], check=True)
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_of_a_worker_machine(
    services: Services, machine: Machines, small_disk: Path, tmp_path: Path
) -> None:
    """Pages wait for room and are not given up: the page is not to blame."""
    filler = small_disk / "filler"
    machine.start(1, small_disk)
    _fill(filler)
    batch = hand_in(services, tmp_path / "full", 16)
    wait_until(lambda: _tried(services, batch), "pages to be tried on a disk that takes nothing")
    assert not is_done(services, batch)()
    filler.unlink()
    wait_until(is_done(services, batch), "the batch to be done when there is room again")
    must_be_whole(services, batch)


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as filler, suppress(OSError):
        while True:
            filler.write(bytes(4096))


def _tried(services: Services, batch: str) -> bool:
    with services.ledger.read() as work:
        return any(job.attempts or job.token for job in work.jobs.of_batch(batch))
