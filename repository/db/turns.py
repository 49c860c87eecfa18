"""Whose turn it is: the more urgent class first; in a class one library after another, in a library one batch after
another, in a batch the oldest work. Whoever hands in ten pages does not wait for another's seventy thousand.

Nothing here reads a whole queue: the index (batch, state, priority, kind, id) leads from batch to batch and within."""

import math
import random
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import String, bindparam, cast, func, literal, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from repository.db.moments import database_in, database_now
from repository.db.service_tables import JobRow
from repository.db.tables import BatchRow
from repository.domain.jobs import JobKind, Priority, WindowJob

WAITING, LEASED = "waiting", "leased"
# No job is put off for longer: one that seems to be was stamped before the clock was set back.
LONGEST_DELAY = timedelta(minutes=10)

job: Any = JobRow.__table__
_batch: Any = BatchRow.__table__

due = (job.c.state == WAITING) & or_(job.c.not_before <= database_now(), job.c.not_before > database_in(LONGEST_DELAY))


@dataclass(frozen=True, slots=True)
class Turn:
    """A batch with due work: the class of its most urgent job, and how many jobs are held now, of it and of its
    library."""

    batch: str
    library: str
    priority: int
    held: int
    library_held: int


def turns(session: Session, kinds: Sequence[JobKind]) -> list[Turn]:
    """Every batch that has due work of those kinds."""
    if set(kinds) == set(JobKind):
        rows = session.execute(_TURNS).all()
    else:
        rows = session.execute(_TURNS_OF_KINDS, {"kinds": [kind.value for kind in kinds]}).all()
    held: dict[str, int] = {}
    for row in rows:
        held[row.library] = held.get(row.library, 0) + row.held
    return [
        Turn(row.batch, row.library, row.priority, row.held, held[row.library])
        for row in rows
        if row.priority is not None
    ]


def in_turn(found: Iterable[Turn]) -> list[Turn]:
    """The batches in the order in which one who wants a single job asks them: the most urgent class, then whose library
    and who has the least in work, by lot where that is the same."""
    return sorted(found, key=lambda turn: (turn.priority, turn.library_held, turn.held, random.random()))  # noqa: S311


def window(session: Session, limit: int) -> list[WindowJob]:
    """The next `limit` due jobs: class by class, and in each the libraries and their batches in rotation."""
    chosen: list[WindowJob] = []
    found = turns(session, tuple(JobKind))
    for priority in Priority:
        asked = [turn for turn in found if turn.priority <= priority]
        left = limit - len(chosen)
        if asked and left > 0:
            chosen += _of_class(session, asked, priority, left)
    return chosen


def _of_class(session: Session, asked: list[Turn], priority: Priority, limit: int) -> list[WindowJob]:
    """The next jobs of one class. Where every library has its share waiting no more than that is read."""
    asked.sort(key=lambda turn: (turn.library_held, turn.held))
    share = math.ceil(limit / len({turn.library for turn in asked}))
    jobs = _first_of_each(session, asked, priority, share)
    if sum(map(len, jobs)) < limit and any(len(each) >= share for each in jobs):
        jobs = _first_of_each(session, asked, priority, limit)
    return list(_rotated(jobs))[:limit]


def _first_of_each(session: Session, asked: Sequence[Turn], priority: Priority, each: int) -> list[list[WindowJob]]:
    """The first jobs of each batch in one class: a file to look into, a page to read, a file, a page…"""
    batches = [turn.batch for turn in asked]
    found: dict[tuple[str, str], list[WindowJob]] = {}
    library = {turn.batch: turn.library for turn in asked}
    for row in _first_rows(session, batches, priority, each):
        waiting = WindowJob(row.id, priority, row.batch_id, library[row.batch_id], row.token)
        found.setdefault((row.batch_id, row.kind), []).append(waiting)
    return [list(_alternately([found.get((batch, kind.value), []) for kind in JobKind])) for batch in batches]


def _first_rows(session: Session, batches: list[str], priority: int, each: int) -> Iterable[Any]:
    if session.get_bind().dialect.name == "postgresql":
        return session.execute(_FIRST_OF_MANY, {"batches": batches, "priority": int(priority), "each": each})
    return [
        row
        for batch in batches
        for kind in JobKind
        for row in session.execute(
            _FIRST_OF_ONE, {"batch": batch, "kind": kind.value, "priority": int(priority), "each": each}
        )
    ]


def _rotated(batches: Iterable[list[WindowJob]]) -> Iterator[WindowJob]:
    """One job of each library in turn, and of each of its batches in turn; libraries in the order they are given."""
    libraries: dict[str, deque[deque[WindowJob]]] = {}
    for jobs in batches:
        if jobs:
            libraries.setdefault(jobs[0].library, deque()).append(deque(jobs))
    while libraries:
        for name in list(libraries):
            jobs_of_batch = libraries[name].popleft()
            yield jobs_of_batch.popleft()
            if jobs_of_batch:
                libraries[name].append(jobs_of_batch)
            elif not libraries[name]:
                del libraries[name]


def _alternately(lists: Sequence[list[WindowJob]]) -> Iterator[WindowJob]:
    for place in range(max(map(len, lists))):
        yield from (each[place] for each in lists if place < len(each))


def _every_turn(of_kinds: Any) -> Any:
    first = select(func.min(job.c.batch_id).label("batch")).cte("batches", recursive=True)
    following = select(func.min(job.c.batch_id)).where(job.c.batch_id > first.c.batch).scalar_subquery()
    batches = first.union_all(select(following).where(first.c.batch.is_not(None)))
    of_batch = job.c.batch_id == batches.c.batch
    most_urgent = (
        select(job.c.priority)
        .where(of_batch, due, of_kinds)  # said of every kind, that would cost the index its order
        .order_by(job.c.priority, job.c.kind, job.c.id)
        .limit(1)
    )
    held = select(func.count()).where(of_batch, job.c.state == LEASED)
    return (
        select(
            batches.c.batch,
            func.coalesce(_batch.c.library, "").label("library"),
            most_urgent.scalar_subquery().label("priority"),
            held.scalar_subquery().label("held"),
        )
        .select_from(batches.outerjoin(_batch, _batch.c.id == batches.c.batch))
        .where(batches.c.batch.is_not(None))
    )


def _first_of(batch: Any, kind: Any) -> Any:
    return (
        select(job.c.id, job.c.batch_id, job.c.kind, job.c.token)
        .where(job.c.batch_id == batch, due, job.c.priority == bindparam("priority"), job.c.kind == kind)
        .order_by(job.c.id)
        .limit(bindparam("each"))
    )


def _first_of_many() -> Any:
    asked = func.unnest(cast(bindparam("batches"), ARRAY(String))).table_valued("batch").render_derived("asked")
    kinds = select(literal(JobKind.FILE.value).label("kind")).union_all(select(literal(JobKind.PAGE.value))).subquery()
    first = _first_of(asked.c.batch, kinds.c.kind).lateral("first")
    return select(first).select_from(asked.join(kinds, true()).join(first, true())).order_by(first.c.id)


_TURNS, _TURNS_OF_KINDS = _every_turn(true()), _every_turn(job.c.kind.in_(bindparam("kinds", expanding=True)))
_FIRST_OF_ONE, _FIRST_OF_MANY = _first_of(bindparam("batch"), bindparam("kind")), _first_of_many()
