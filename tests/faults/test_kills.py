"""kill -9 of anybody at any moment: nothing is lost, nothing is done twice, nothing hangs."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from live_site import DIACHI, LiveSite, alive, descendants, kill, strips, wait_until
from people import ADMIN

from config.services import Services, build_services
from config.settings import Settings
from repository.catalog.verifying import verify_site
from repository.domain.batches import BatchState, StepName, StepState
from repository.domain.jobs import JobKind
from repository.domain.search import Filters

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


def hand_in(services: Services, folder: Path, first: int) -> str:
    batch = services.intake.open_batch(ADMIN, folder.name, "TV")
    for path in strips(folder, PAGES, first):
        with path.open("rb") as stream:
            services.intake.receive(ADMIN, batch.id, path.name, stream)
    services.intake.close(ADMIN, batch.id)
    return batch.id


def is_done(services: Services, batch: str) -> Callable[[], bool]:
    return lambda: services.progressing.progress(ADMIN, batch).state is BatchState.DONE


def must_be_whole(services: Services, batch: str) -> None:
    """Every page once: one text, each step once, found by the search, masters as they came, nothing owed."""
    with services.ledger.read() as work:
        pages = work.pages.of_batch(batch)
        files = work.files.of_batch(batch)
        assert len(pages) == len({(page.file, page.frame) for page in pages}) == len(files) == PAGES
        for page in pages:
            assert len(work.texts.versions(page.id)) == 1
            steps = work.steps.of(page.id)
            assert {name: (step.state, step.runs) for name, step in steps.items()} == dict.fromkeys(
                StepName, (StepState.DONE, 1)
            )
            word = max((word.text for word in work.texts.current([page.id])[page.id].words), key=len)
            found = services.finding.search(ADMIN, f'"{word.strip(".,;:!?()")}"', Filters(item=page.item), size=100)
            assert [hit.page.id for hit in found.hits if hit.page].count(page.id) == 1
        assert work.jobs.count() == 0
    checked = verify_site(services.ledger, services.masters, services.derivatives, services.index, repair=False)
    assert checked.problems == []


def worker_in(services: Services, live: LiveSite, batch: str, step: StepName | None) -> int | None:
    """The process that is at `step` of a page of the batch now, or looking into a file (None)."""
    for name, pid in live.workers().items():
        with services.ledger.read() as work:
            job = work.jobs.held_by(name)
            if job is None or job.batch != batch:
                continue
            if job.kind is JobKind.FILE:
                at: StepName | None = None
            else:
                steps = work.steps.of(job.subject)
                at = next((each for each in StepName if steps[each].state is not StepState.DONE), StepName.INDEX)
        if at is step:
            return pid
    return None


STEPS = [None, StepName.OPEN, StepName.DERIVATIVE, StepName.CLEAN, StepName.RECOGNISE]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.value if step else "file")
def test_a_worker_killed_in_a_step(services: Services, live: LiveSite, tmp_path: Path, step: StepName | None) -> None:
    batch = hand_in(services, tmp_path / f"kill {step}", 4 * STEPS.index(step))
    killed: list[int] = []

    def caught() -> bool:
        pid = worker_in(services, live, batch, step)
        if pid is not None:
            kill(pid)
            killed.append(pid)
        return bool(killed) or is_done(services, batch)()

    wait_until(caught, f"a worker in {step}")
    assert killed, "the batch was done before a worker could be caught in the step"
    wait_until(is_done(services, batch), "the batch to be done")
    must_be_whole(services, batch)
    wait_until(lambda: killed[0] not in live.workers().values() and len(live.workers()) >= 1, "another worker")


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
    wait_until(lambda: worker_in(services, live, batch, StepName.RECOGNISE), "a page being read")
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
