"""Batches in the ledger and how far they are."""

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from repository.db.files import Files
from repository.db.ids import new_id
from repository.db.moments import database_now
from repository.db.pages import DONE, SET_ASIDE, WORKING
from repository.db.service_tables import JobRow
from repository.db.tables import MOST, BatchRow, FileRow, PageRow
from repository.domain.batches import Batch, BatchState, FileState, Progress
from repository.domain.jobs import JobKind

SPEED_WINDOW = timedelta(seconds=60)


class Batches:
    """Reads and writes batches."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._kept: BatchRow | None = None  # or the session would let go of it, and ask again for what follows

    def add(
        self,
        library: str,
        title: str,
        created_by: str,
        *,
        expected_files: int | None = None,
        publish: bool = False,
        access: str | None = None,
        item_code: str | None = None,
    ) -> Batch:
        """A new batch that waits for files."""
        row = BatchRow(
            id=new_id(), library=library, title=title, state=BatchState.RECEIVING.value, created_by=created_by,
            expected_files=expected_files, publish=publish, access=access, item_code=item_code,
        )  # fmt: skip
        self._session.add(row)
        self._session.flush()
        return batch_of(row)

    def get(self, batch_id: str) -> Batch | None:
        """The batch of that id."""
        row = self._kept = self._session.get(BatchRow, batch_id)
        return batch_of(row) if row else None

    def all(self, libraries: frozenset[str] | None, offset: int, limit: int) -> tuple[int, list[Batch]]:
        """How many batches these libraries (None: all) have, and one stretch of them, newest first."""
        wanted = [] if libraries is None else [BatchRow.library.in_(sorted(libraries))]
        total = self._session.scalar(select(func.count()).select_from(BatchRow).where(*wanted)) or 0
        rows = self._session.scalars(
            select(BatchRow)
            .where(*wanted)
            .order_by(BatchRow.created_at.desc(), BatchRow.id)
            .offset(min(offset, MOST))
            .limit(limit)
        )
        return total, [batch_of(row) for row in rows]

    def unfinished(self) -> list[Batch]:
        """Batches whose files are all here and that are not done."""
        rows = self._session.scalars(select(BatchRow).where(BatchRow.state == BatchState.WORKING.value))
        return [batch_of(row) for row in rows]

    def set_state(self, batch_id: str, state: BatchState) -> None:
        """Change the state; done and cancelled batches get their end time."""
        row = self._session.get_one(BatchRow, batch_id)
        row.state = state.value
        row.finished_at = database_now() if state in (BatchState.DONE, BatchState.CANCELLED) else None

    def set_expected(self, batch_id: str, files: int) -> None:
        """Note how many files are to come."""
        self._session.get_one(BatchRow, batch_id).expected_files = files

    def owes(self, batch_id: str) -> bool:
        """Whether files wait to be looked into or pages are still on their way."""
        waiting = select(FileRow.id).where(FileRow.batch_id == batch_id, FileRow.state == FileState.RECEIVED.value)
        working = select(PageRow.id).where(PageRow.batch_id == batch_id, PageRow.state == WORKING)
        return any(self._session.scalar(query.limit(1)) is not None for query in (waiting, working))

    def progress(self, batch_id: str) -> Progress:
        """The batch's live figures."""
        row = self._session.get_one(BatchRow, batch_id)
        counted = self._session.execute(
            select(PageRow.state, func.count().label("n")).where(PageRow.batch_id == batch_id).group_by(PageRow.state)
        )
        pages: dict[str, int] = {row.state: row.n for row in counted}
        files = Files(self._session)
        waiting = files.count(batch_id, FileState.RECEIVED)
        taken = files.count(batch_id, FileState.TAKEN)
        total = sum(pages.values())
        speed = self._speed(row)
        unopened = waiting * (total / taken if taken else 1.0)
        working = pages.get(WORKING, 0)
        left = working + unopened
        owed = (
            select(func.count())
            .select_from(JobRow)
            .where(JobRow.batch_id == batch_id, JobRow.kind == JobKind.PAGE.value)
        )
        return Progress(
            batch_id, BatchState(row.state), files.count(batch_id, *FileState), waiting, total,
            pages.get(DONE, 0), pages.get(SET_ASIDE, 0), speed, round(left / speed) if speed else None,
            max(working - (self._session.scalar(owed) or 0), 0),
        )  # fmt: skip

    def _speed(self, row: BatchRow) -> float:
        until = row.finished_at or self._session.scalars(select(database_now())).one()
        since = max(row.created_at, until - SPEED_WINDOW) if row.finished_at is None else row.created_at
        count = self._session.scalar(
            select(func.count()).where(PageRow.batch_id == row.id, PageRow.finished_at > since)
        )
        return round((count or 0) / max((until - since).total_seconds(), 0.1), 3)


def batch_of(row: BatchRow) -> Batch:
    """A row as the value that crosses rooms."""
    return Batch(
        row.id, row.library, row.title, BatchState(row.state), row.created_by, row.created_at, row.finished_at,
        row.expected_files, row.publish, row.access, row.item_code,
    )  # fmt: skip
