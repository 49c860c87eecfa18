"""Resumable uploads in the ledger; their bytes lie in a folder until they are whole."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from repository.db.tables import UploadRow


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload under way: `length` bytes are promised; `file` is the batch file it became, None until whole."""

    id: str
    batch: str
    name: str
    length: int
    user: str
    file: str | None


class Uploads:
    """Reads and writes uploads."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, upload: Upload) -> None:
        """Begin an upload."""
        self._session.add(
            UploadRow(id=upload.id, batch_id=upload.batch, name=upload.name, length=upload.length, user=upload.user)
        )

    def get(self, upload_id: str) -> Upload | None:
        """The upload of that id."""
        row = self._session.get(UploadRow, upload_id)
        return Upload(row.id, row.batch_id, row.name, row.length, row.user, row.file_id) if row else None

    def of_batch(self, batch: str) -> list[Upload]:
        """The uploads of a batch that are not whole yet."""
        rows = self._session.scalars(select(UploadRow).where(UploadRow.batch_id == batch, UploadRow.file_id.is_(None)))
        return [Upload(row.id, row.batch_id, row.name, row.length, row.user, row.file_id) for row in rows]

    def whole(self, batch: str) -> list[Upload]:
        """The uploads of a batch that became files."""
        rows = self._session.scalars(
            select(UploadRow).where(UploadRow.batch_id == batch, UploadRow.file_id.is_not(None))
        )
        return [Upload(row.id, row.batch_id, row.name, row.length, row.user, row.file_id) for row in rows]

    def finish(self, upload_id: str, file_id: str) -> None:
        """Note which batch file the upload became."""
        row = self._session.get_one(UploadRow, upload_id)
        row.file_id = file_id

    def remove(self, upload_id: str) -> None:
        """Forget an upload."""
        row = self._session.get(UploadRow, upload_id)
        if row is not None:
            self._session.delete(row)
