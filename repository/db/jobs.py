"""Work to hand out, in the ledger: what is owed, who holds it, and a token that fences off whoever lost it."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from repository.db.tables import JobRow, now
from repository.domain.errors import N_, LeaseLost
from repository.domain.jobs import Job, JobKind

WAITING, LEASED = "waiting", "leased"


class Jobs:
    """Reads and writes jobs."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def enqueue(self, kind: JobKind, subject: str, batch: str, priority: int = 50) -> None:
        """Owe this work; what is owed already stays as it is, what somebody holds is taken from them."""
        row = self._session.scalar(select(JobRow).where(JobRow.kind == kind.value, JobRow.subject == subject))
        if row is None:
            self._session.add(JobRow(kind=kind.value, subject=subject, batch_id=batch, priority=priority))
        elif row.state == LEASED:
            row.state, row.owner, row.lease_until, row.attempts = WAITING, None, None, 0
            row.token += 1

    def claim(self, owner: str, kinds: Sequence[JobKind], lease: timedelta) -> Job | None:
        """Lease the next job: of the first kind that has one, by priority, then age. None when there is none."""
        for kind in kinds:
            row = self._session.scalar(
                select(JobRow)
                .where(JobRow.state == WAITING, JobRow.kind == kind.value, JobRow.not_before <= now())
                .order_by(JobRow.priority, JobRow.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            if row is not None:
                row.state, row.owner, row.lease_until = LEASED, owner, now() + lease
                row.token += 1
                row.attempts += 1
                return Job(row.id, JobKind(row.kind), row.subject, row.batch_id, row.token, row.attempts)
        return None

    def hold(self, job: Job, lease: timedelta | None = None) -> None:
        """Make sure that the job is still ours, and renew the lease; raises LeaseLost. Call it in the same unit of work
        as whatever the job writes."""
        row = self._session.scalar(
            select(JobRow).where(JobRow.id == job.id, JobRow.token == job.token, JobRow.state == LEASED)
        )
        if row is None:
            raise LeaseLost(N_("Công việc {job} đã được giao cho tiến trình khác."), job=job.id)
        if lease is not None:
            row.lease_until = now() + lease

    def finish(self, job: Job) -> None:
        """The job is done; raises LeaseLost when it is not ours any more."""
        self.hold(job)
        self._session.execute(delete(JobRow).where(JobRow.id == job.id))

    def put_back(self, job: Job, delay: timedelta) -> None:
        """Give the job back to be tried again after `delay`; raises LeaseLost when it is not ours any more."""
        self.hold(job)
        self._session.execute(
            update(JobRow)
            .where(JobRow.id == job.id)
            .values(state=WAITING, owner=None, lease_until=None, not_before=now() + delay)
        )

    def free(self, owner: str | None = None) -> int:
        """Free what `owner` held (None: what anybody holds past its time); gives how many."""
        lost = JobRow.owner == owner if owner is not None else JobRow.lease_until < now()
        freed = self._session.execute(
            update(JobRow)
            .where(JobRow.state == LEASED, lost)
            .values(state=WAITING, owner=None, lease_until=None, token=JobRow.token + 1)
        )
        return int(freed.rowcount)  # type: ignore[attr-defined]

    def free_all(self) -> None:
        """Free everything; for a start at which no worker can be alive. That the server was stopped is not the jobs'
        fault: the try does not count."""
        self._session.execute(
            update(JobRow)
            .where(JobRow.state == LEASED)
            .values(state=WAITING, owner=None, lease_until=None, token=JobRow.token + 1, attempts=JobRow.attempts - 1)
        )

    def drop(self, batch: str) -> None:
        """Owe nothing more for a batch; whoever holds a job of it loses it."""
        self._session.execute(delete(JobRow).where(JobRow.batch_id == batch))

    def count(self) -> int:
        """How many jobs are waiting or held."""
        return self._session.scalar(select(func.count()).select_from(JobRow)) or 0

    def owed(self, kind: JobKind, subject: str) -> bool:
        """Whether this work is waiting or held."""
        found = select(JobRow.id).where(JobRow.kind == kind.value, JobRow.subject == subject)
        return self._session.scalar(found) is not None

    def held_by(self, owner: str) -> Job | None:
        """The job that an owner holds."""
        row = self._session.scalar(select(JobRow).where(JobRow.owner == owner, JobRow.state == LEASED).limit(1))
        return Job(row.id, JobKind(row.kind), row.subject, row.batch_id, row.token, row.attempts) if row else None
