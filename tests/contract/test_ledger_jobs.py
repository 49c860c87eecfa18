"""Work is handed out in fair turns, to one at a time, by the database's clock, and fenced by a token."""

import os
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from ledgers_here import Home
from sqlalchemy import text

from repository.db.jobs import LONGEST_LEASE
from repository.db.ledger import Ledger
from repository.db.turns import LONGEST_DELAY
from repository.domain.errors import LeaseLost
from repository.domain.jobs import Depth, Job, JobKind, Priority, WindowJob

LEASE = timedelta(minutes=5)
BOTH = (JobKind.PAGE, JobKind.FILE)
LONG_AGO = "2020-01-01 00:00:00.000000"
FAR_AHEAD = "2099-01-01 00:00:00.000000"
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"


def batch_of(ledger: Ledger, library: str, pages: int = 0, files: int = 0, priority: Priority = Priority.BATCH) -> str:
    """A batch that owes so many pages and files."""
    with ledger.write() as work:
        batch = work.batches.add(library, "Lô", "canbo").id
        for number in range(files):
            work.jobs.enqueue(JobKind.FILE, f"{batch}f{number}"[-20:], batch, priority)
        for number in range(pages):
            work.jobs.enqueue(JobKind.PAGE, f"{batch}p{number}"[-20:], batch, priority)
    return batch


def claim(ledger: Ledger, owner: str = "w", kinds: tuple[JobKind, ...] = BOTH, lease: timedelta = LEASE) -> Job | None:
    with ledger.write(alone=False) as work:
        return work.jobs.claim(owner, kinds, lease)


def claimed(ledger: Ledger, owner: str = "w") -> Job:
    job = claim(ledger, owner)
    assert job is not None
    return job


def window(ledger: Ledger, limit: int) -> list[WindowJob]:
    with ledger.read() as work:
        return work.jobs.window(limit)


def owe(ledger: Ledger, subject: str, priority: Priority = Priority.BATCH, batch: str = "b") -> int:
    with ledger.write() as work:
        work.jobs.enqueue(JobKind.PAGE, subject, batch, priority)
        (job,) = [job for job in work.jobs.of_batch(batch) if job.subject == subject]
    return job.id


def set_time(home: Home, column: str, moment: str) -> None:
    with home.engine().execution_options(writing=True).begin() as connection:
        connection.execute(text(f"UPDATE job SET {column} = '{moment}'"))


def test_the_more_urgent_class_goes_first(ledger: Ledger) -> None:
    batch_of(ledger, "TV", pages=2)
    urgent = owe(ledger, "corrected", Priority.CORRECTION)
    reader = owe(ledger, "read", Priority.READER)
    assert [job.id for job in window(ledger, 3)][:2] == [reader, urgent]
    assert [claimed(ledger).id for _ in range(2)] == [reader, urgent]


def test_what_is_asked_for_more_urgently_moves_up_and_never_down(ledger: Ledger) -> None:
    batch_of(ledger, "TV", pages=3)
    job = owe(ledger, "page")
    owe(ledger, "page", Priority.READER)
    owe(ledger, "page", Priority.BATCH)
    (first,) = window(ledger, 1)
    assert first == WindowJob(job, Priority.READER, "b", "", first.token)


def test_a_small_batch_does_not_wait_for_another_librarys_large_one(ledger: Ledger) -> None:
    large = batch_of(ledger, "TV", pages=200)
    small = batch_of(ledger, "BT", pages=5)
    assert Counter(job.batch for job in window(ledger, 10)) == {large: 5, small: 5}
    for number in range(20):
        claimed(ledger, f"w{number}")
    assert {job.batch for job in window(ledger, 300)} == {large}


def test_libraries_take_turns_and_then_their_batches(ledger: Ledger) -> None:
    of_tv = [batch_of(ledger, "TV", pages=20) for _ in range(3)]
    batch_of(ledger, "BT", pages=20)
    found = window(ledger, 12)
    assert Counter(job.library for job in found) == {"TV": 6, "BT": 6}
    assert all(first.library != second.library for first, second in pairwise(found))
    assert Counter(job.batch for job in found if job.library == "TV") == dict.fromkeys(of_tv, 2)


def test_in_a_batch_the_oldest_goes_first_and_files_share_with_pages(ledger: Ledger) -> None:
    batch_of(ledger, "TV", pages=3, files=3)
    with ledger.read() as work:
        order = [work.jobs.window(limit)[-1].id for limit in range(1, 7)]
    assert order == [1, 4, 2, 5, 3, 6]


def test_the_window_is_filled_when_some_have_little(ledger: Ledger) -> None:
    batch_of(ledger, "TV", pages=2)
    batch_of(ledger, "BT", pages=50)
    assert len(window(ledger, 20)) == 20
    assert len(window(ledger, 500)) == 52
    assert window(ledger, 0) == []


def test_a_worker_asks_for_the_kind_it_likes_best(ledger: Ledger) -> None:
    batch_of(ledger, "TV", pages=2, files=2)
    job = claim(ledger, kinds=(JobKind.FILE, JobKind.PAGE))
    assert job is not None
    assert job.kind is JobKind.FILE
    assert [claim(ledger, kinds=(JobKind.FILE,)) is None for _ in range(2)] == [False, True]


def test_a_job_is_claimed_by_its_id_once(ledger: Ledger) -> None:
    number = owe(ledger, "page")
    with ledger.write(alone=False) as work:
        first = work.jobs.claim_this(number, "one", LEASE)
        second = work.jobs.claim_this(number, "two", LEASE)
        assert work.jobs.claim_this(number + 1, "one", LEASE) is None
    assert first is not None
    assert (first.id, first.kind, first.subject, first.batch, first.attempts) == (number, JobKind.PAGE, "page", "b", 1)
    assert second is None
    with ledger.write(alone=False) as work:
        work.jobs.put_back(first, timedelta(minutes=1))
        assert work.jobs.claim_this(number, "two", LEASE) is None
        assert work.jobs.waiting([number, number + 1]) == {number}


def test_a_try_that_was_no_fault_of_the_job_does_not_count(ledger: Ledger) -> None:
    owe(ledger, "page")
    for counts, attempts in ((False, 1), (True, 1), (False, 2), (True, 2), (True, 3)):
        job = claimed(ledger)
        assert job.attempts == attempts
        with ledger.write(alone=False) as work:
            work.jobs.put_back(job, timedelta(), counts=counts)


def test_what_was_put_back_is_no_longer_ours(ledger: Ledger) -> None:
    owe(ledger, "page")
    job = claimed(ledger)
    with ledger.write(alone=False) as work:
        work.jobs.put_back(job, timedelta())
    claimed(ledger, "other")
    for act in ("hold", "finish"):
        with pytest.raises(LeaseLost), ledger.write(alone=False) as work:
            getattr(work.jobs, act)(job)
    with pytest.raises(LeaseLost), ledger.write(alone=False) as work:
        work.jobs.put_back(job, timedelta())


def test_a_lease_that_is_renewed_is_not_freed(ledger: Ledger) -> None:
    owe(ledger, "page")
    job = claim(ledger, lease=timedelta(seconds=-1))
    assert job is not None
    with ledger.write(alone=False) as work:
        work.jobs.hold(job, LEASE)
    with ledger.write() as work:
        assert work.jobs.free() == 0
    with ledger.write(alone=False) as work:
        work.jobs.hold(job, timedelta(seconds=-1))
    with ledger.write() as work:
        assert work.jobs.free() == 1


def test_no_job_is_put_off_for_long_by_a_clock_that_was_set_back(home: Home, ledger: Ledger) -> None:
    number = owe(ledger, "page")
    set_time(home, "not_before", FAR_AHEAD)
    assert [job.id for job in window(ledger, 5)] == [number]
    job = claimed(ledger)
    with ledger.write(alone=False) as work:
        work.jobs.put_back(job, LONGEST_DELAY * 100)
    assert claim(ledger) is None


def test_no_lease_lasts_for_long_by_a_clock_that_was_set_back(home: Home, ledger: Ledger) -> None:
    owe(ledger, "page")
    assert claim(ledger, lease=LONGEST_LEASE * 100) is not None
    with ledger.write() as work:
        assert work.jobs.free() == 0
    set_time(home, "lease_until", FAR_AHEAD)
    with ledger.write() as work:
        assert work.jobs.free() == 1


ASTRAY = """
import sys
from datetime import UTC, datetime, timedelta
from repository.db.engine import make_engine
from repository.db.ledger import Ledger
from repository.domain.jobs import JobKind

assert datetime.now(UTC).year < 2025
ledger = Ledger(make_engine(sys.argv[1], sys.argv[2]))
with ledger.write(alone=False) as work:
    work.jobs.enqueue(JobKind.PAGE, "owed-there", "b")
    work.jobs.claim("astray", (JobKind.PAGE,), timedelta(minutes=5))
    second = work.jobs.claim("astray", (JobKind.PAGE,), timedelta(minutes=5))
    work.jobs.put_back(second, timedelta(minutes=5))
    work.workers.beat("astray", "worker", "host", 1, None)
    print(work.jobs.free())
"""


@pytest.mark.service
def test_a_machine_whose_clock_is_years_behind_neither_loses_work_nor_does_it_twice(postgres_home: Home) -> None:
    ledger = postgres_home.ledger()
    owe(ledger, "owed-here")
    said = subprocess.run(
        [sys.executable, "-c", ASTRAY, postgres_home.url, postgres_home.password],
        cwd=Path(__file__).parents[2], check=True, capture_output=True, text=True,
        env={**os.environ, "LD_PRELOAD": FAKETIME, "FAKETIME": "-3y"},
    )  # fmt: skip
    assert said.stdout == "0\n"
    with ledger.write() as work:
        assert work.jobs.free() == 0
        held = work.jobs.held_by("astray")
        assert held is not None
        assert held.subject == "owed-here"
        assert work.workers.count("worker", 60) == 1
    assert claim(ledger) is None


def test_a_new_job_is_not_fooled_by_whoever_held_one_of_the_same_id(ledger: Ledger) -> None:
    """SQLite gives the id of a job that is gone to the next."""
    owe(ledger, "page")
    old = claimed(ledger)
    with ledger.write() as work:
        work.jobs.drop("b")
    owe(ledger, "another")
    claimed(ledger)
    with pytest.raises(LeaseLost), ledger.write(alone=False) as work:
        work.jobs.finish(old)


def test_owing_again_what_is_held_takes_it_away_and_starts_anew(ledger: Ledger) -> None:
    owe(ledger, "page")
    job = claimed(ledger)
    owe(ledger, "page", Priority.CORRECTION)
    again = claimed(ledger)
    assert (again.id, again.attempts, again.token > job.token) == (job.id, 1, True)
    with pytest.raises(LeaseLost), ledger.write(alone=False) as work:
        work.jobs.finish(job)


def test_owing_again_what_waits_out_a_pause_does_not_shorten_it(ledger: Ledger) -> None:
    owe(ledger, "page")
    job = claimed(ledger)
    with ledger.write() as work:
        work.jobs.put_back(job, timedelta(minutes=1))
    owe(ledger, "page")
    assert claim(ledger) is None


def test_depth_and_age_are_told_by_class_and_library(home: Home, ledger: Ledger) -> None:
    with ledger.read() as work:
        assert work.jobs.depth() == []
        assert work.jobs.oldest_waiting() is None
    batch_of(ledger, "TV", pages=3)
    batch_of(ledger, "BT", pages=2)
    batch_of(ledger, "BT", pages=1, priority=Priority.READER)
    claimed(ledger)
    with ledger.read() as work:
        assert work.jobs.depth() == [
            Depth(Priority.READER, True, "BT", 1),
            Depth(Priority.BATCH, False, "BT", 2),
            Depth(Priority.BATCH, False, "TV", 3),
        ]
    set_time(home, "not_before", LONG_AGO)
    with ledger.read() as work:
        age = work.jobs.oldest_waiting()
    assert age is not None
    assert age > timedelta(days=1000)


def test_what_waits_and_what_is_held_is_owed_until_it_is_done(ledger: Ledger) -> None:
    def owed() -> bool:
        with ledger.read() as work:
            return work.jobs.any()

    before = owed()
    batch_of(ledger, "TV", pages=1)
    waiting = owed()
    job = claimed(ledger)
    held = owed()
    with ledger.write() as work:
        work.jobs.finish(job)
    assert (before, waiting, held, owed()) == (False, True, True, False)


def test_a_batch_without_work_owes_none(ledger: Ledger) -> None:
    batch = batch_of(ledger, "TV", pages=2)
    claimed(ledger)
    with ledger.write() as work:
        assert len(work.jobs.of_batch(batch)) == 2
        work.jobs.drop(batch)
        assert work.jobs.of_batch(batch) == []
        assert work.jobs.count() == 0


@pytest.mark.slow
def test_turns_are_found_quickly_among_half_a_million_jobs(home: Home, ledger: Ledger) -> None:
    """That is, without going through all of them."""
    batches = [batch_of(ledger, library) for library in ("TV", "BT", "HN") * 4]
    with home.engine().execution_options(writing=True).begin() as connection:
        for batch in batches:
            connection.execute(text(_MANY[home.on_postgresql]), {"batch": batch, "n": 500_000 // len(batches)})
    assert len(window(ledger, 128)) == 128
    took = []
    for _ in range(10):
        start = time.perf_counter()
        window(ledger, 128)
        took.append(time.perf_counter() - start)
    start = time.perf_counter()
    with home.engine().connect() as connection:
        assert connection.execute(text("SELECT count(DISTINCT subject) FROM job")).scalar_one() > 499_000
    assert min(took) < (time.perf_counter() - start) / 4


_MANY = {
    True: "INSERT INTO job (kind, subject, batch_id, priority, state, attempts, not_before, token)"
    " SELECT 'page', right(:batch || n, 20), :batch, 50, 'waiting', 0, '2026-01-01', 0 FROM generate_series(1, :n) n",
    False: "WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < :n)"
    " INSERT INTO job (kind, subject, batch_id, priority, state, attempts, not_before, token)"
    " SELECT 'page', substr(:batch || n, -20), :batch, 50, 'waiting', 0, '2026-01-01 00:00:00.000000', 0 FROM g",
}
