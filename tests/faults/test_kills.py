"""kill -9 of anybody at any moment: nothing is lost, nothing is done twice, nothing hangs."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from live_site import DIACHI, LiveSite, alive, descendants, kill, strips, wait_until
from people import ADMIN
from whole_batch import STEPS, hand_in, is_done, kill_a_worker_at, must_be_whole, worker_at

from config.services import Services, build_services
from config.settings import Settings
from repository.domain.batches import BatchState, StepName

pytestmark = pytest.mark.fault
PAGES = 4


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    site = LiveSite(tmp_path_factory.mktemp("live") / "data")
    site.start()
    yield site
    site.stop()


@pytest.fixture(scope="module")
def services(live: LiveSite) -> Iterator[Services]:
    """The same site, opened from the test's own process, as any command would."""
    opened = build_services(Settings(data=live.data))
    yield opened
    opened.ledger.close()


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.value if step else "file")
def test_a_worker_killed_in_a_step(services: Services, live: LiveSite, tmp_path: Path, step: StepName | None) -> None:
    batch = hand_in(services, tmp_path / f"kill {step}", 4 * STEPS.index(step))
    killed = kill_a_worker_at(services, live, batch, step or "file")
    must_be_whole(services, batch)
    wait_until(lambda: killed not in live.workers().values() and len(live.workers()) >= 1, "another worker")


def test_the_supervisor_killed_while_pages_wait_for_the_index(
    services: Services, live: LiveSite, tmp_path: Path
) -> None:
    batch = hand_in(services, tmp_path / "index", 20)
    old, workers = live.supervisor(), live.workers().values()

    def waiting() -> bool:
        with services.ledger.read() as work:
            return bool(work.steps.ready_for_index(1))

    wait_until(waiting, "a page that was read and is not in the index")
    kill(old)
    wait_until(lambda: not any(map(alive, workers)), "the workers to go with their supervisor", 10)
    wait_until(lambda: live.supervisor() != old, "another supervisor", 30)
    wait_until(is_done(services, batch), "the batch to be done")
    must_be_whole(services, batch)


def test_the_server_killed_in_the_middle_takes_everybody_along_and_goes_on_when_started_again(
    services: Services, live: LiveSite, tmp_path: Path
) -> None:
    batch = hand_in(services, tmp_path / "server", 24)
    wait_until(lambda: worker_at(services, live, batch, StepName.RECOGNISE), "a page being read")
    assert live.process is not None
    family = descendants(live.process.pid)
    assert len(family) >= 3
    live.kill()
    wait_until(lambda: not any(map(alive, family)), "the whole family to end", 15)
    live.start()
    wait_until(is_done(services, batch), "the batch to be done")
    must_be_whole(services, batch)


def test_a_command_killed_in_the_middle_is_resumed_by_another(tmp_path: Path) -> None:
    data, scans = tmp_path / "data", tmp_path / "quét"
    strips(scans, PAGES, 28)
    command = subprocess.Popen([DIACHI, "--data", data, "ingest", scans], stderr=subprocess.PIPE, text=True)
    assert command.stderr is not None
    batch = command.stderr.readline().split()[1].rstrip(":")
    services = build_services(Settings(data=data))

    def half_way() -> bool:
        progress = services.progressing.progress(ADMIN, batch)
        with services.ledger.read() as work:
            owed = work.jobs.count()
        return progress.state is BatchState.WORKING and progress.pages_total > 0 and owed > 0

    wait_until(half_way, "pages on their way")
    family = descendants(command.pid)
    command.kill()
    command.communicate()
    wait_until(lambda: not any(map(alive, family)), "the command's workers to end", 10)
    done = subprocess.run([DIACHI, "--data", data, "batch", "resume", batch], timeout=150, check=False)
    assert done.returncode == 0
    must_be_whole(services, batch)
    services.ledger.close()
