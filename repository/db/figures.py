"""Figures about the whole site, for whoever looks after it. Each is one statement; those that read whole tables say so,
and are not to be asked often."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from repository.db.moments import database_now
from repository.db.service_tables import JobRow
from repository.db.steps import READY
from repository.db.tables import BatchRow, FileRow, ItemRow, PageRow, StepRow
from repository.domain.batches import FileState, Reason, StepName, StepState

BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 180.0)
SHOWN = 100


@dataclass(frozen=True, slots=True)
class StepTimes:
    """How long a step took, of each page the last time it was done: the sum of seconds, how many pages, and how many
    took no longer than each of BOUNDS."""

    step: str
    seconds: float
    pages: int
    within: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Stuck:
    """Something that will not go on by itself: a page set aside, a file refused, or a job tried again and again.
    `subject` is the page's or file's id, `where` what people call it, `step` where the page stopped."""

    kind: str
    subject: str
    batch: str
    title: str
    library: str
    where: str
    step: StepName | None
    reason: Reason | None
    tries: int = 0


class Figures:
    """Counts and sums over the ledger."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def pages(self) -> dict[str, int]:
        """How many pages are in each state; reads an index of all pages."""
        rows = self._session.execute(select(PageRow.state, func.count()).group_by(PageRow.state))
        return {row[0]: row[1] for row in rows}

    def step_times(self) -> list[StepTimes]:
        """How long each step takes; reads every step of every page."""
        within = [func.sum(case((StepRow.seconds <= bound, 1), else_=0)) for bound in BOUNDS]
        rows = self._session.execute(
            select(StepRow.name, func.sum(StepRow.seconds), func.count(StepRow.seconds), *within)
            .where(StepRow.seconds.is_not(None))
            .group_by(StepRow.name)
            .order_by(StepRow.name)
        )
        return [StepTimes(row[0], float(row[1]), row[2], tuple(int(each) for each in row[3:])) for row in rows]

    def set_aside(self) -> dict[tuple[str, str], int]:
        """How many pages were set aside, by step and reason."""
        rows = self._session.execute(
            select(StepRow.name, func.coalesce(StepRow.reason, "?"), func.count())
            .where(StepRow.name.in_([each.value for each in StepName]), StepRow.state == StepState.SET_ASIDE.value)
            .group_by(StepRow.name, StepRow.reason)
        )
        return {(step, reason): count for step, reason, count in rows}

    def refused(self) -> dict[str, int]:
        """How many files were refused, by reason."""
        rows = self._session.execute(
            select(func.coalesce(FileRow.reason, "?"), func.count())
            .where(FileRow.state == FileState.REFUSED.value)
            .group_by(FileRow.reason)
        )
        return {row[0]: row[1] for row in rows}

    def index_owes(self) -> tuple[int, int]:
        """How many items, and how many pages, the index has yet to take up."""
        items = select(func.count()).select_from(ItemRow).where(ItemRow.indexed_version < ItemRow.version)
        pages = (
            select(func.count())
            .select_from(StepRow)
            .where(StepRow.name == StepName.INDEX.value, StepRow.state.in_([StepState.OWED.value, READY]))
        )
        return self._session.scalar(items) or 0, self._session.scalar(pages) or 0

    def published_for(self, span: timedelta) -> bool:
        """Whether something has been published for that long."""
        row = self._session.execute(select(func.min(ItemRow.published_at), database_now().label("now"))).one()
        return row[0] is not None and row.now - row[0] > span

    def stuck_pages(self, library: str | None, limit: int = SHOWN) -> list[Stuck]:
        """Pages set aside, of a library or of all (None), the latest batches first."""
        rows = self._session.execute(
            select(PageRow.id, PageRow.batch_id, BatchRow.title, BatchRow.library, FileRow.name, PageRow.number,
                   StepRow.name.label("step"), StepRow.reason, StepRow.reason_params, StepRow.attempts)
            .join(StepRow, StepRow.page_id == PageRow.id)
            .join(BatchRow, BatchRow.id == PageRow.batch_id)
            .join(FileRow, FileRow.id == PageRow.file_id)
            .where(PageRow.state == "set_aside", StepRow.state == StepState.SET_ASIDE.value, _of(library))
            .order_by(BatchRow.created_at.desc(), PageRow.number)
            .limit(limit)
        )  # fmt: skip
        return [
            Stuck("page", row.id, row.batch_id, row.title, row.library, f"{row.name}, {row.number}",
                  StepName(row.step), _reason(row), row.attempts)
            for row in rows
        ]  # fmt: skip

    def stuck_files(self, library: str | None, limit: int = SHOWN) -> list[Stuck]:
        """Files refused, of a library or of all (None), the latest batches first."""
        rows = self._session.execute(
            select(FileRow.id, FileRow.batch_id, BatchRow.title, BatchRow.library, FileRow.name, FileRow.reason,
                   FileRow.reason_params)
            .join(BatchRow, BatchRow.id == FileRow.batch_id)
            .where(FileRow.state == FileState.REFUSED.value, _of(library))
            .order_by(BatchRow.created_at.desc(), FileRow.name)
            .limit(limit)
        )  # fmt: skip
        return [
            Stuck("file", row.id, row.batch_id, row.title, row.library, row.name, None, _reason(row)) for row in rows
        ]

    def stuck_jobs(self, library: str | None, tries: int, limit: int = SHOWN) -> list[Stuck]:
        """Jobs still owed after at least `tries` tries, the most tried first."""
        rows = self._session.execute(
            select(JobRow.kind, JobRow.subject, JobRow.batch_id, BatchRow.title, BatchRow.library, JobRow.attempts)
            .join(BatchRow, BatchRow.id == JobRow.batch_id)
            .where(JobRow.attempts >= tries, _of(library))
            .order_by(JobRow.attempts.desc(), JobRow.id)
            .limit(limit)
        )
        return [
            Stuck(row.kind, row.subject, row.batch_id, row.title, row.library, row.subject, None, None, row.attempts)
            for row in rows
        ]


def _of(library: str | None) -> Any:
    return BatchRow.library == library if library is not None else BatchRow.id.is_not(None)


def _reason(row: Any) -> Reason | None:
    return Reason(row.reason, row.reason_params or {}) if row.reason else None
