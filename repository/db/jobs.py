"""Work to hand out, in the ledger: what is owed, who holds it, and a token that fences off whoever lost it.

Every time here is by the database's clock: a machine whose clock is wrong neither loses work nor does it twice."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from functools import cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import Integer, bindparam, case, delete, func, or_, select, update
from sqlalchemy.orm import Session

from repository.db.moments import database_after, database_in, database_now
from repository.db.tables import BatchRow
from repository.db.turns import LEASED, LONGEST_DELAY, WAITING, due, in_turn, job, turns, window
from repository.db.upserts import insert_for
from repository.domain.errors import N_, LeaseLost
from repository.domain.jobs import Depth, Job, JobKind, Priority, WindowJob
from repository.domain.tracing import trace

LONGEST_LEASE = timedelta(hours=2)
# A job begins with a token by lot: SQLite gives the id of one that is done to a new one, and whoever held the old one
# must not hold the new.
FIRST_TOKENS = 1 << 30

_batch: Any = BatchRow.__table__
_TOLD = (job.c.id, job.c.kind, job.c.subject, job.c.batch_id, job.c.token, job.c.attempts, job.c.trace)


class Jobs:
    """Reads and writes jobs. Each method is one statement, or works on a row that it locked: none needs to be alone."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def enqueue(self, kind: JobKind, subject: str, batch: str, priority: Priority = Priority.BATCH) -> None:
        """Owe this work. What waits already keeps its place, or moves up to a more urgent class; what somebody holds is
        taken from them and owed anew."""
        said = {
            "kind": kind.value, "subject": subject, "batch_id": batch, "priority": int(priority),
            "token": secrets.randbelow(FIRST_TOKENS), "trace": trace(),
        }  # fmt: skip
        self._session.execute(_enqueue(self._session.get_bind().dialect.name), said)

    def claim(self, owner: str, kinds: Sequence[JobKind], lease: timedelta) -> Job | None:
        """Lease the next job, None when there is none: of the batch whose turn it is, and there of the first kind that
        has one, the oldest."""
        for turn in in_turn(turns(self._session, kinds)):
            for kind in kinds:
                this = (
                    select(job.c.id)
                    .where(job.c.batch_id == turn.batch, due, job.c.priority == turn.priority, job.c.kind == kind.value)
                    .order_by(job.c.id)
                    .limit(1)
                    .with_for_update(skip_locked=True)
                )
                leased = _leased(job.c.id == this.scalar_subquery())
                row = self._session.execute(leased, {"by": owner, "lease": _seconds(lease)}).first()
                if row is not None:
                    return _job(row)
        return None

    def claim_this(self, job_id: int, owner: str, lease: timedelta) -> Job | None:
        """Lease that job; None when it is done, held, or not due yet."""
        row = self._session.execute(_LEASE_THIS, {"this": job_id, "by": owner, "lease": _seconds(lease)}).first()
        return _job(row) if row else None

    def window(self, limit: int) -> list[WindowJob]:
        """The next `limit` due jobs, in the order in which they should be done (see `turns`)."""
        return window(self._session, limit)

    def waiting(self, job_ids: Collection[int]) -> frozenset[int]:
        """Those of the jobs that wait, due or not."""
        wanted = select(job.c.id).where(job.c.id.in_(list(job_ids)), job.c.state == WAITING)
        return frozenset(self._session.scalars(wanted))

    def hold(self, held: Job, lease: timedelta | None = None) -> None:
        """Make sure that the job is still ours, and renew the lease; raises LeaseLost. Call it in the same unit of work
        as whatever the job writes: until that ends, nobody can take the job away."""
        self._change(_LOCK if lease is None else _RENEW, held, {} if lease is None else {"lease": _seconds(lease)})

    def finish(self, held: Job) -> None:
        """The job is done; raises LeaseLost when it is not ours any more."""
        self._change(_FINISH, held)

    def put_back(self, held: Job, delay: timedelta, counts: bool = True) -> None:
        """Give the job back to be tried again after `delay` (LONGEST_DELAY at most); raises LeaseLost when it is not
        ours any more. Without `counts` the try is as if it had not been: some server was down, not the job at fault."""
        said = {"delay": min(delay, LONGEST_DELAY).total_seconds(), "uncounted": 0 if counts else 1}
        self._change(_PUT_BACK, held, said)

    def free(self, owner: str | None = None) -> int:
        """Free what `owner` held (None: what anybody holds past its time); gives how many."""
        past = or_(job.c.lease_until < database_now(), job.c.lease_until > database_in(LONGEST_LEASE))
        return self._free(past if owner is None else job.c.owner == owner, job.c.attempts)

    def free_all(self) -> None:
        """Free everything; for a start at which no worker can be alive. That the server was stopped is not the jobs'
        fault: the try does not count."""
        self._free(job.c.state == LEASED, job.c.attempts - 1)

    def drop(self, batch: str) -> None:
        """Owe nothing more for a batch; whoever holds a job of it loses it."""
        self._session.execute(delete(job).where(job.c.batch_id == batch))

    def any(self) -> bool:
        """Whether anything is owed, done by somebody now or later."""
        return bool(self._session.scalar(select(select(job.c.id).exists())))

    def count(self) -> int:
        """How many jobs are waiting or held."""
        return self._session.scalar(select(func.count()).select_from(job)) or 0

    def depth(self) -> list[Depth]:
        """How many jobs there are by class, state and library."""
        by_batch = (
            select(job.c.batch_id, job.c.state, job.c.priority, func.count().label("n"))
            .group_by(job.c.batch_id, job.c.state, job.c.priority)
            .subquery()
        )
        counted: dict[tuple[Priority, bool, str], int] = {}
        for row in self._session.execute(
            select(by_batch, func.coalesce(_batch.c.library, "").label("library")).select_from(
                by_batch.outerjoin(_batch, _batch.c.id == by_batch.c.batch_id)
            )
        ):
            key = (Priority.of(row.priority), row.state == LEASED, row.library)
            counted[key] = counted.get(key, 0) + row.n
        return [Depth(*key, jobs) for key, jobs in sorted(counted.items())]

    def oldest_waiting(self) -> timedelta | None:
        """For how long the oldest due job of any class has been due; None when nothing is due."""
        waits = []
        for priority in Priority:
            first = select(job.c.not_before, database_now().label("now")).where(due, job.c.priority == int(priority))
            row = self._session.execute(first.order_by(job.c.id).limit(1)).first()
            if row is not None:
                waits.append(max(row.now - row.not_before, timedelta()))
        return max(waits, default=None)

    def owed(self, kind: JobKind, subject: str) -> bool:
        """Whether this work is waiting or held."""
        found = select(job.c.id).where(job.c.kind == kind.value, job.c.subject == subject)
        return self._session.scalar(found) is not None

    def of_batch(self, batch: str) -> list[Job]:
        """Every job of a batch, waiting or held, oldest first."""
        return [
            _job(row) for row in self._session.execute(select(*_TOLD).where(job.c.batch_id == batch).order_by(job.c.id))
        ]

    def held_by(self, owner: str) -> Job | None:
        """The job that an owner holds."""
        row = self._session.execute(select(*_TOLD).where(job.c.owner == owner, job.c.state == LEASED).limit(1)).first()
        return _job(row) if row else None

    def _change(self, statement: Any, held: Job, more: Mapping[str, object] = MappingProxyType({})) -> None:
        """Do something to the job's row, in one statement with making sure that it is ours."""
        if self._session.scalar(statement, {"held": held.id, "by": held.token, **more}) is None:
            raise LeaseLost(N_("Công việc {job} đã được giao cho tiến trình khác."), job=held.id)

    def _free(self, which: Any, attempts: Any) -> int:
        freed = self._session.execute(
            update(job)
            .where(job.c.state == LEASED, which)
            .values(state=WAITING, owner=None, lease_until=None, token=job.c.token + 1, attempts=attempts)
        )
        return int(freed.rowcount)  # type: ignore[attr-defined]


def _seconds(lease: timedelta) -> float:
    return min(lease, LONGEST_LEASE).total_seconds()


def _job(row: Any) -> Job:
    return Job(row.id, JobKind(row.kind), row.subject, row.batch_id, row.token, row.attempts, row.trace)


def _leased(which: Any) -> Any:
    values = {
        "state": LEASED, "owner": bindparam("by"), "lease_until": database_after("lease"), "token": job.c.token + 1,
        "attempts": job.c.attempts + 1,
    }  # fmt: skip
    return update(job).where(which).values(values).returning(*_TOLD)


@cache
def _enqueue(dialect: str) -> Any:
    new = insert_for(dialect, job).values(state=WAITING, attempts=0, not_before=database_now())
    asked = new.excluded
    taken = job.c.state == LEASED
    return new.on_conflict_do_update(
        index_elements=[job.c.kind, job.c.subject],
        set_={
            "priority": case((job.c.priority > asked.priority, asked.priority), else_=job.c.priority),
            "trace": func.coalesce(asked.trace, job.c.trace),
            "state": WAITING, "owner": None, "lease_until": None,
            "token": job.c.token + case((taken, 1), else_=0),
            "attempts": case((taken, 0), else_=job.c.attempts),
            "not_before": case((taken, asked.not_before), else_=job.c.not_before),
        },
    )  # fmt: skip


# What workers ask for every page, made once: making a statement costs more than sending it.
_OURS = (job.c.id == bindparam("held")) & (job.c.token == bindparam("by")) & (job.c.state == LEASED)
_LEASE_THIS = _leased((job.c.id == bindparam("this")) & due)
_LOCK = select(job.c.id).where(_OURS).with_for_update()
_RENEW = update(job).where(_OURS).values(lease_until=database_after("lease")).returning(job.c.id)
_FINISH = delete(job).where(_OURS).returning(job.c.id)
_PUT_BACK = (
    update(job)
    .where(_OURS)
    .values(
        state=WAITING, owner=None, lease_until=None, not_before=database_after("delay"),
        attempts=job.c.attempts - bindparam("uncounted", type_=Integer),
    )
    .returning(job.c.id)
)  # fmt: skip
