"""The files of batches in the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, bindparam, func, not_, or_, select
from sqlalchemy.orm import Session

from repository.db.ids import new_id
from repository.db.tables import BatchRow, FileRow, PageRow
from repository.domain.batches import BatchFile, BatchState, FileState, Reason


@dataclass(frozen=True, slots=True)
class Secrets:
    """What looking into a file needs and nobody is shown: the password staff typed, the key of a decrypted copy."""

    password: str | None
    working: str | None


@dataclass(frozen=True, slots=True)
class PageSource:
    """The key of the bytes that a page is taken out of (the decrypted copy, where there is one), and which page of
    them it is, from 0."""

    key: str
    frame: int


_SOURCE = (
    select(FileRow.sha256, FileRow.working, PageRow.frame)
    .join(PageRow, PageRow.file_id == FileRow.id)
    .where(PageRow.id == bindparam("page"))
)


class Files:
    """Reads and writes batch files."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._kept: FileRow | None = None  # or the session would let go of it, and ask again for what follows

    def add(self, batch: str, name: str, size: int, sha256: str, password: str | None = None) -> tuple[BatchFile, bool]:
        """A file that was received, and whether it is new: the same name and content again in a batch is the same."""
        row = self.same(batch, name, sha256)
        if row is not None:
            return row, False
        new = FileRow(
            id=new_id(), batch_id=batch, name=name, size=size, sha256=sha256,
            state=FileState.RECEIVED.value, password=password,
        )  # fmt: skip
        self._session.add(new)
        self._session.flush()
        return file_of(new), True

    def same(self, batch: str, name: str, sha256: str) -> BatchFile | None:
        """The file of that name and content in the batch."""
        row = self._session.scalar(
            select(FileRow).where(FileRow.batch_id == batch, FileRow.name == name, FileRow.sha256 == sha256)
        )
        return file_of(row) if row else None

    def get(self, file_id: str) -> BatchFile | None:
        """The file of that id."""
        row = self._kept = self._session.get(FileRow, file_id)
        return file_of(row) if row else None

    def source_of(self, page_id: str) -> PageSource | None:
        """Which bytes a page is taken out of."""
        row = self._session.execute(_SOURCE, {"page": page_id}).first()
        return PageSource(row.working or row.sha256, row.frame) if row else None

    def of_batch(self, batch: str) -> list[BatchFile]:
        """A batch's files by name; a ZIP that was taken apart is not among them, its members are."""
        rows = self._session.scalars(
            select(FileRow).where(FileRow.batch_id == batch, FileRow.container.is_(False)).order_by(FileRow.name)
        )
        return [file_of(row) for row in rows]

    def sheets(self, batch: str) -> list[BatchFile]:
        """The batch's tables of metadata, newest last."""
        rows = self._session.scalars(
            select(FileRow)
            .where(FileRow.batch_id == batch, FileRow.state == FileState.SHEET.value)
            .order_by(FileRow.received_at, FileRow.id)
        )
        return [file_of(row) for row in rows]

    def secrets(self, file_id: str) -> Secrets:
        """What looking into the file needs."""
        row = self._session.get_one(FileRow, file_id)
        return Secrets(row.password, row.working)

    def set_password(self, file_id: str, password: str | None) -> None:
        """Keep a password until the next look into the file."""
        self._session.get_one(FileRow, file_id).password = password

    def set_working(self, file_id: str, key: str) -> None:
        """Note the decrypted copy and forget the password."""
        row = self._session.get_one(FileRow, file_id)
        row.working, row.password = key, None

    def set_taken(self, file_id: str, pages: int) -> None:
        """The file's pages are in the ledger."""
        self._settle(file_id, FileState.TAKEN).pages = pages

    def set_sheet(self, file_id: str, problems: Sequence[Reason]) -> None:
        """The file is the batch's table of metadata; cells that made no sense are kept for the report."""
        row = self._settle(file_id, FileState.SHEET)
        row.problems = [{"template": problem.template, "params": dict(problem.params)} for problem in problems]

    def problems(self, batch: str) -> list[tuple[str, Reason]]:
        """What made no sense in the batch's tables: the table's name and a sentence for each cell."""
        rows = self._session.scalars(
            select(FileRow).where(FileRow.batch_id == batch, FileRow.state == FileState.SHEET.value)
        )
        return [(row.name, Reason(each["template"], each["params"])) for row in rows for each in row.problems or []]

    def set_container(self, file_id: str) -> None:
        """The file was a ZIP; its members are files of their own."""
        self._settle(file_id, FileState.TAKEN).container = True

    def set_duplicate(self, file_id: str, first: str) -> None:
        """The same bytes came in before, as the file `first`."""
        self._settle(file_id, FileState.DUPLICATE).duplicate_of = first

    def earlier(self, file_id: str) -> BatchFile | None:
        """The file of the same library with the same bytes that stands for this one too: one whose pages are in the
        ledger, else the first that was received before this one and waits for its look."""
        this = self._session.get_one(FileRow, file_id)
        library = self._session.get_one(BatchRow, this.batch_id).library
        before = and_(
            FileRow.state == FileState.RECEIVED.value,
            or_(
                FileRow.received_at < this.received_at,
                and_(FileRow.received_at == this.received_at, FileRow.id < this.id),
            ),
        )
        dropped = and_(BatchRow.state == BatchState.CANCELLED.value, FileRow.state == FileState.RECEIVED.value)
        row = self._session.scalar(
            select(FileRow)
            .join(BatchRow, BatchRow.id == FileRow.batch_id)
            .where(
                FileRow.sha256 == this.sha256,
                BatchRow.library == library,
                FileRow.id != this.id,
                or_(FileRow.state == FileState.TAKEN.value, before),
                not_(dropped),
            )
            .order_by(FileRow.state.desc(), FileRow.received_at, FileRow.id)
            .limit(1)
        )
        return file_of(row) if row else None

    def set_refused(self, file_id: str, reason: Reason, needs_password: bool = False) -> None:
        """The file cannot be taken in."""
        row = self._settle(file_id, FileState.REFUSED)
        row.reason, row.reason_params, row.needs_password = reason.template, dict(reason.params), needs_password

    def set_received(self, file_id: str) -> None:
        """The file is to be looked into again."""
        row = self._session.get_one(FileRow, file_id)
        row.state, row.reason, row.reason_params, row.needs_password = FileState.RECEIVED.value, None, None, False

    def count(self, batch: str, *states: FileState) -> int:
        """How many of the batch's files are in one of those states."""
        return (
            self._session.scalar(
                select(func.count()).where(
                    FileRow.batch_id == batch,
                    FileRow.container.is_(False),
                    FileRow.state.in_([state.value for state in states]),
                )
            )
            or 0
        )

    def master_keys(self) -> set[str]:
        """The keys of every file's bytes."""
        return set(self._session.scalars(select(FileRow.sha256)))

    def _settle(self, file_id: str, state: FileState) -> FileRow:
        row = self._kept = self._session.get_one(FileRow, file_id)
        row.state, row.password, row.needs_password = state.value, None, False
        row.reason = row.reason_params = None
        return row


def file_of(row: FileRow) -> BatchFile:
    """A row as the value that crosses rooms."""
    reason = Reason(row.reason, row.reason_params or {}) if row.reason else None
    return BatchFile(
        row.id, row.batch_id, row.name, row.size, row.sha256, FileState(row.state), row.pages, reason,
        row.needs_password, row.duplicate_of,
    )  # fmt: skip
