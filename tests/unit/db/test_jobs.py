"""Work is handed out once, fenced by a token, and never lost."""

from datetime import timedelta

import pytest

from config.services import Services
from repository.domain.errors import LeaseLost
from repository.domain.jobs import Job, JobKind

LEASE = timedelta(minutes=5)


def claim(site: Services, owner: str, *kinds: JobKind) -> Job | None:
    with site.ledger.write() as work:
        return work.jobs.claim(owner, kinds or (JobKind.PAGE, JobKind.FILE), LEASE)


@pytest.fixture
def owed(site: Services) -> Services:
    with site.ledger.write() as work:
        for subject in ("p1", "p2"):
            work.jobs.enqueue(JobKind.PAGE, subject, "b")
        work.jobs.enqueue(JobKind.FILE, "f1", "b")
    return site


def test_each_job_goes_to_one_worker(owed: Services) -> None:
    jobs = [claim(owed, f"w{number}") for number in range(4)]
    assert [job.subject for job in jobs if job] == ["p1", "p2", "f1"]
    assert jobs[3] is None


def test_a_worker_may_ask_for_files_first(owed: Services) -> None:
    job = claim(owed, "w", JobKind.FILE, JobKind.PAGE)
    assert job is not None
    assert job.subject == "f1"


def test_what_a_dead_worker_held_goes_to_another_and_the_dead_one_is_fenced_off(owed: Services) -> None:
    first = claim(owed, "dead")
    assert first is not None
    with owed.ledger.write() as work:
        assert work.jobs.free("dead") == 1
    second = claim(owed, "alive")
    assert second is not None
    assert (second.subject, second.token > first.token) == (first.subject, True)
    with pytest.raises(LeaseLost), owed.ledger.write() as work:
        work.jobs.finish(first)
    with owed.ledger.write() as work:
        work.jobs.finish(second)


def test_a_lease_past_its_time_is_freed(owed: Services) -> None:
    with owed.ledger.write() as work:
        job = work.jobs.claim("slow", (JobKind.PAGE,), timedelta(seconds=-1))
    assert job is not None
    with owed.ledger.write() as work:
        assert work.jobs.free() == 1
    with pytest.raises(LeaseLost), owed.ledger.write() as work:
        work.jobs.hold(job)


def test_a_restart_of_the_server_is_not_counted_against_the_job(owed: Services) -> None:
    assert claim(owed, "w") is not None
    with owed.ledger.write() as work:
        work.jobs.free_all()
    job = claim(owed, "w")
    assert job is not None
    assert job.attempts == 1


def test_a_job_put_back_waits_its_time(owed: Services) -> None:
    job = claim(owed, "w")
    assert job is not None
    with owed.ledger.write() as work:
        work.jobs.put_back(job, timedelta(hours=1))
    later = [claim(owed, "w") for _ in range(3)]
    assert [each.subject for each in later if each] == ["p2", "f1"]


def test_owing_again_what_somebody_holds_takes_it_from_them(owed: Services) -> None:
    job = claim(owed, "w")
    assert job is not None
    with owed.ledger.write() as work:
        work.jobs.enqueue(JobKind.PAGE, job.subject, "b")
    with pytest.raises(LeaseLost), owed.ledger.write() as work:
        work.jobs.hold(job)


def test_a_unit_of_work_that_raises_leaves_nothing(site: Services) -> None:
    def cut_short() -> None:
        with site.ledger.write() as work:
            work.jobs.enqueue(JobKind.PAGE, "p", "b")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        cut_short()
    with site.ledger.read() as work:
        assert work.jobs.count() == 0
