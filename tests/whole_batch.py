"""A batch handed in, waited for, and looked at closely when it is done."""

from collections.abc import Callable
from pathlib import Path

from live_site import LiveSite, kill, strips, wait_until
from people import ADMIN

from config.services import Services
from repository.catalog.verifying import verify_site
from repository.domain.batches import BatchState, StepName, StepState
from repository.domain.jobs import JobKind
from repository.domain.search import Filters

STEPS = [None, StepName.OPEN, StepName.DERIVATIVE, StepName.CLEAN, StepName.RECOGNISE]
ONCE = dict.fromkeys(StepName, (StepState.DONE, 1))


def hand_in(services: Services, folder: Path, first: int, pages: int = 4) -> str:
    """A batch of `pages` different pages, all of them received; gives its id."""
    batch = services.intake.open_batch(ADMIN, folder.name, "TV")
    for path in strips(folder, pages, first):
        with path.open("rb") as stream:
            services.intake.receive(ADMIN, batch.id, path.name, stream)
    services.intake.close(ADMIN, batch.id)
    return batch.id


def is_done(services: Services, batch: str) -> Callable[[], bool]:
    """Whether the books on the batch are closed."""
    return lambda: services.progressing.progress(ADMIN, batch).state is BatchState.DONE


def must_be_whole(services: Services, batch: str, pages: int = 4) -> None:
    """Every page once: one text, each step once, found by the search, masters as they came, nothing owed."""
    with services.ledger.read() as work:
        found = work.pages.of_batch(batch)
        files = work.files.of_batch(batch)
        assert len(found) == len({(page.file, page.frame) for page in found}) == len(files) == pages
        for page in found:
            assert len(work.texts.versions(page.id)) == 1
            steps = work.steps.of(page.id)
            assert {name: (step.state, step.runs) for name, step in steps.items()} == ONCE
            word = max((word.text for word in work.texts.current([page.id])[page.id].words), key=len)
            hits = services.finding.search(ADMIN, f'"{word.strip(".,;:!?()")}"', Filters(item=page.item), size=100).hits
            assert [hit.page.id for hit in hits if hit.page].count(page.id) == 1
        assert work.jobs.count() == 0
    checked = verify_site(
        services.ledger,
        services.masters,
        services.derivatives,
        services.texts,
        services.index,
        repair=False,
        queue=services.queue,
    )
    assert checked.problems == []


def step_in_hand(services: Services, worker: str, batch: str) -> StepName | str | None:
    """Which step of a page of the batch a worker is at ("file": looking into a file); None when it has no such job."""
    with services.ledger.read() as work:
        job = work.jobs.held_by(worker)
        if job is None or job.batch != batch:
            return None
        if job.kind is JobKind.FILE:
            return "file"
        steps = work.steps.of(job.subject)
    return next((each for each in StepName if steps[each].state is not StepState.DONE), StepName.INDEX)


def worker_at(services: Services, live: LiveSite, batch: str, step: StepName | str) -> int | None:
    """The process that is at this step of a page of the batch now ("file": looking into a file)."""
    for name, pid in live.workers().items():
        if step_in_hand(services, name, batch) == step:
            return pid
    return None


def kill_a_worker_at(services: Services, live: LiveSite, batch: str, step: StepName | str) -> int:
    """SIGKILL to whoever comes to this step of the batch first, then wait for the batch; gives who it was."""
    killed: list[int] = []

    def caught() -> bool:
        pid = worker_at(services, live, batch, step)
        if pid is not None:
            kill(pid)
            killed.append(pid)
        return bool(killed) or is_done(services, batch)()

    wait_until(caught, f"a worker in {step}")
    assert killed, "the batch was done before a worker could be caught in the step"
    wait_until(is_done(services, batch), "the batch to be done")
    return killed[0]
