"""Many at once, threads and processes: nothing is done twice, nothing is lost, no number is missing."""

import multiprocessing
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import timedelta

import pytest
from ledgers_here import Home
from sqlalchemy import text

from repository.db.engine import make_engine
from repository.db.ledger import Ledger
from repository.db.pages import NewPage, OpenedPage
from repository.domain.access import AccessLevel
from repository.domain.errors import LeaseLost
from repository.domain.jobs import Job, JobKind, Priority
from repository.domain.records import AccessSetting, Description

LEASE = timedelta(minutes=5)
AT_ONCE, EACH = 20, 3
PROCESSES, JOBS = 4, 60
LONG = 120.0


def all_at_once(what: Callable[[int], object], many: int = AT_ONCE) -> list[object]:
    """Run it in threads that start together."""
    together = threading.Barrier(many)

    def run(number: int) -> object:
        together.wait(LONG)
        return what(number)

    with ThreadPoolExecutor(many) as pool:
        return list(pool.map(run, range(many)))


def test_pages_placed_at_once_into_one_item_are_numbered_without_gaps(ledger: Ledger) -> None:
    with ledger.write() as work:
        batch = work.batches.add("TV", "Lô", "canbo").id
        item = work.items.add("TV", "DC", b"", Description("x"), AccessSetting(AccessLevel.PUBLIC)).id

    def place(number: int) -> None:
        for frame in range(EACH):
            with ledger.write() as work:
                file, _ = work.files.add(batch, f"{number}.tif", 1, f"{number:064x}")
                place = (number * 7 + frame * 11) % (AT_ONCE * EACH)
                page = work.pages.add(NewPage(item, batch, file.id, frame, f"{place:04}/{number:04}", str(place)))
                work.steps.owe_all(page.id)
                work.jobs.enqueue(JobKind.PAGE, page.id, batch)
                work.items.recount(item)
                work.items.touch(item)

    all_at_once(place)
    with ledger.read() as work:
        pages = work.pages.of_item(item, approved_only=False)
        found = work.items.get(item)
        assert work.jobs.count() == AT_ONCE * EACH
        assert work.items.owing_index(1)[0][1] == 1 + AT_ONCE * EACH
    assert [page.number for page in pages] == list(range(1, AT_ONCE * EACH + 1))
    assert [int(page.label) for page in pages] == sorted(int(page.label) for page in pages)
    assert found is not None
    assert found.page_count == AT_ONCE * EACH


def _claim_all(url: str, password: str, owner: str) -> list[int]:
    """Another process: claim and finish until nothing is left."""
    ledger = Ledger(make_engine(url, password))
    done = []
    while True:
        with ledger.write(alone=False) as work:
            job = work.jobs.claim(owner, tuple(JobKind), LEASE)
        if job is None:
            ledger.close()
            return done
        with ledger.write(alone=False) as work:
            work.jobs.hold(job, LEASE)
            work.jobs.finish(job)
        done.append(job.id)


@pytest.mark.slow
def test_of_pages_alike_that_are_opened_at_once_all_but_the_first_find_another(ledger: Ledger) -> None:
    with ledger.write() as work:
        batch = work.batches.add("TV", "Lô", "canbo").id
        item = work.items.add("TV", "DC", b"", Description("x"), AccessSetting(AccessLevel.PUBLIC)).id
        files = [work.files.add(batch, f"{number}.tif", 1, f"{number:064x}")[0].id for number in range(AT_ONCE)]
        pages = [work.pages.add(NewPage(item, batch, file, 0, f"{at:04}", str(at))).id for at, file in enumerate(files)]
    opened = OpenedPage("a" * 64, 0, 0, 100, 100, 300, blank=False, few_pixels=False)

    def open_page(number: int) -> str | None:
        with ledger.write(alone=False) as work:
            other = work.pages.by_image(opened.image, 0, pages[number])
            work.pages.set_opened(pages[number], opened, other.id if other else None)
        return other.id if other else None

    assert all_at_once(open_page).count(None) == 1


def test_no_two_processes_get_one_job(home: Home, ledger: Ledger) -> None:
    with ledger.write() as work:
        for number in range(JOBS):
            work.jobs.enqueue(JobKind.PAGE, f"p{number}", f"b{number % 3}")
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:
        told = [pool.submit(_claim_all, home.url, home.password, f"w{n}") for n in range(PROCESSES)]
        done = [job for each in told for job in each.result(LONG)]
    assert sorted(done) == list(range(1, JOBS + 1))
    with ledger.read() as work:
        assert work.jobs.count() == 0


def test_of_those_who_claim_one_job_at_once_one_gets_it(ledger: Ledger) -> None:
    with ledger.write() as work:
        work.jobs.enqueue(JobKind.PAGE, "page", "b")
        (job,) = work.jobs.of_batch("b")

    def claim(number: int) -> Job | None:
        with ledger.write(alone=False) as work:
            return work.jobs.claim_this(job.id, f"w{number}", LEASE)

    assert Counter(each is not None for each in all_at_once(claim)) == {True: 1, False: AT_ONCE - 1}


def test_the_same_work_owed_by_many_at_once_is_owed_once(ledger: Ledger) -> None:
    def owe(number: int) -> None:
        with ledger.write(alone=False) as work:
            work.jobs.enqueue(JobKind.PAGE, "page", "b", Priority.READER if number == 7 else Priority.BATCH)

    all_at_once(owe)
    with ledger.read() as work:
        assert work.jobs.count() == 1
        assert [job.priority for job in work.jobs.window(5)] == [Priority.READER]


def test_a_job_is_not_taken_from_whoever_is_committing_it(ledger: Ledger) -> None:
    """Either the step is in the ledger and the owing comes after it, or the step finds its lease gone."""
    for _ in range(5):
        with ledger.write() as work:
            work.jobs.enqueue(JobKind.PAGE, "page", "b")
            job = work.jobs.claim("w", (JobKind.PAGE,), timedelta(seconds=-1))
        assert job is not None

        def act(number: int, job: Job = job) -> str:
            if number:
                with ledger.write() as work:
                    return f"freed {work.jobs.free()}"
            try:
                with ledger.write(alone=False) as work:
                    work.jobs.finish(job)
                    work.journal.record("w", "step", "page")
            except LeaseLost:
                return "lost"
            return "done"

        assert sorted(map(str, all_at_once(act, 2))) in (["done", "freed 0"], ["freed 1", "lost"])
        with ledger.write() as work:
            work.jobs.drop("b")


def test_a_duty_is_one_processs(ledger: Ledger) -> None:
    def take(number: int) -> int | None:
        with ledger.write(alone=False) as work:
            return work.duties.take("clerk", f"m{number}", timedelta(minutes=1))

    assert Counter(token is not None for token in all_at_once(take)) == {True: 1, False: AT_ONCE - 1}


def test_heartbeats_and_masters_of_many_are_all_kept(ledger: Ledger) -> None:
    def say(number: int) -> None:
        with ledger.write(alone=False) as work:
            work.workers.beat(f"w{number % 5}", "worker", "host", number, None)
            work.masters.put(f"{number % 5:064x}", None, 1)

    all_at_once(say)
    with ledger.read() as work:
        assert len(work.workers.all()) == 5
        assert len(list(work.masters.all())) == 5


@pytest.mark.service
def test_a_small_pool_serves_many_threads(postgres_home: Home) -> None:
    ledger = postgres_home.ledger()

    def look(_number: int) -> int:
        with ledger.read() as work:
            return len(work.libraries.all())

    assert set(all_at_once(look, 60)) == {3}
    with postgres_home.engine().connect() as connection:
        opened = connection.scalar(text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"))
    assert opened <= 33
