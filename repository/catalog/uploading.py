"""Resumable uploads: bytes gather in a folder, chunk by chunk, until the file is whole and the batch takes it.

The ledger knows what is on its way; how far it got is the size of the file on disk, so that a kill at any moment loses
at most the bytes that were never on disk.
"""

import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import BinaryIO

from repository.catalog.intake import Intake, tidy_name
from repository.db.ledger import Ledger
from repository.db.uploads import Upload
from repository.domain.access import Role, Visitor
from repository.domain.batches import BatchState
from repository.domain.errors import N_, InputRefused, LeaseLost, NotFound, StoreFailed, WrongUse

PIECE = 128 << 10
KEPT_SECONDS = 7 * 24 * 3600
LEFT_FREE = 256 << 20  # bytes: the ledger must never find the disk full


class UploadBusy(LeaseLost):
    """Somebody else is writing to this upload at this moment."""


class WrongOffset(WrongUse):
    """The sender is at another byte than the file on disk."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """How far an upload is; `file` is the batch file it became, None until whole."""

    upload: Upload
    offset: int


class Uploading:
    """Use cases of the upload door. Each is refused to whoever may not see the batch."""

    def __init__(self, ledger: Ledger, intake: Intake, folder: Path, max_file_bytes: int) -> None:
        self._ledger = ledger
        self._intake = intake
        self._folder = folder
        self._max_file_bytes = max_file_bytes

    def begin(self, visitor: Visitor, batch_id: str, name: str, length: int) -> Arrived:
        """Promise `length` bytes of the file `name` to the batch. An empty file is whole at once.

        Raises InputRefused for one that is too large, StoreFailed when the disk has no room for it."""
        batch = self._intake.batch(visitor, batch_id)
        if batch.state is not BatchState.RECEIVING:
            raise WrongUse(N_("Lô “{title}” đã đóng, không nhận thêm tệp; hãy mở lô mới."), title=batch.title)
        name = tidy_name(name)
        if length > self._max_file_bytes:
            raise InputRefused(
                N_("Tệp {name} lớn hơn mức {most} GB mà kho nhận; hãy chia nhỏ tệp."),
                name=name, most=round(self._max_file_bytes / (1 << 30), 1),
            )  # fmt: skip
        if shutil.disk_usage(self._folder).free < length + LEFT_FREE:
            raise StoreFailed(N_("Đĩa máy chủ không đủ chỗ cho tệp {name}; hãy báo người quản trị."), name=name)
        upload = Upload(secrets.token_hex(16), batch_id, name, length, visitor.user or "?", None)
        self._path(upload.id).touch(exist_ok=False)
        with self._ledger.write() as work:
            work.uploads.add(upload)
        return self.look(visitor, upload.id)

    def look(self, visitor: Visitor, upload_id: str) -> Arrived:
        """How far the upload is. One that is whole but was not handed to its batch yet, is handed over now."""
        upload = self._find(visitor, upload_id)
        if upload.file is not None:
            return Arrived(upload, upload.length)
        size = self._size(upload)
        if size < upload.length:
            return Arrived(upload, size)
        with self._held(upload) as file:
            return self._hand_over(visitor, upload.id, file)

    def append(self, visitor: Visitor, upload_id: str, offset: int, stream: BinaryIO) -> Arrived:
        """Add bytes at `offset`, which must be where the file ends. Whatever arrives is kept, also when `stream` breaks
        off. Raises WrongOffset, UploadBusy, or InputRefused for more bytes than were promised."""
        upload = self._find(visitor, upload_id)
        if upload.file is not None:
            _must_be_at(offset, upload.length)
            return Arrived(upload, upload.length)
        with self._held(upload) as file:
            if self._find(visitor, upload_id).file is not None:  # somebody finished it while we came
                _must_be_at(offset, upload.length)
                return Arrived(upload, upload.length)
            size = file.seek(0, os.SEEK_END)
            _must_be_at(offset, size)
            try:
                size += _copy(stream, file, upload.length - size)
            except InputRefused:
                file.truncate(size)
                raise
            finally:
                file.flush()
                os.fsync(file.fileno())
            if size < upload.length:
                return Arrived(upload, size)
            return self._hand_over(visitor, upload.id, file)

    def abandon(self, visitor: Visitor, upload_id: str) -> None:
        """Forget the upload and its bytes; a file that the batch already has stays there."""
        upload = self._find(visitor, upload_id)
        with self._ledger.write() as work:
            work.uploads.remove(upload.id)
        self._path(upload.id).unlink(missing_ok=True)

    def waiting(self, visitor: Visitor, batch_id: str) -> list[Arrived]:
        """The batch's uploads that are not whole; whole ones that a crash left behind are handed over first."""
        if self._intake.batch(visitor, batch_id).state is not BatchState.RECEIVING:
            return []
        with self._ledger.read() as work:
            uploads = work.uploads.of_batch(batch_id)
        return [arrived for upload in uploads if (arrived := self._still_waiting(visitor, upload)) is not None]

    def whole(self, visitor: Visitor, batch_id: str) -> set[tuple[str, int]]:
        """Name and size of every upload that the batch has taken, ZIP files that were taken apart included."""
        self._intake.batch(visitor, batch_id)
        with self._ledger.read() as work:
            return {(upload.name, upload.length) for upload in work.uploads.whole(batch_id)}

    def clear(self, visitor: Visitor, batch_id: str) -> None:
        """Forget what did not become whole, once the batch takes no more files."""
        self._intake.batch(visitor, batch_id)
        with self._ledger.read() as work:
            uploads = work.uploads.of_batch(batch_id)
        for upload in uploads:
            self.abandon(visitor, upload.id)

    def sweep(self) -> None:
        """Forget what nobody has added to for a week; hand over what is whole, on behalf of whoever sent it."""
        for path in self._folder.iterdir():
            with self._ledger.read() as work:
                upload = work.uploads.get(path.name)
                batch = work.batches.get(upload.batch) if upload else None
            stale = path.stat().st_mtime < time.time() - KEPT_SECONDS
            if stale or (upload is not None and upload.file is not None):
                path.unlink()
                if upload is not None and upload.file is None:
                    with self._ledger.write() as work:
                        work.uploads.remove(upload.id)
            elif upload is not None and batch is not None and batch.state is BatchState.RECEIVING:
                self._still_waiting(Visitor(user=upload.user, role=Role.STAFF, library=batch.library), upload)

    def _still_waiting(self, visitor: Visitor, upload: Upload) -> Arrived | None:
        """How far it is; None when it is whole by now, or gone."""
        try:
            arrived = self.look(visitor, upload.id)
        except UploadBusy:
            return Arrived(upload, upload.length)
        except NotFound:
            return None
        return arrived if arrived.upload.file is None else None

    def _find(self, visitor: Visitor, upload_id: str) -> Upload:
        with self._ledger.read() as work:
            upload = work.uploads.get(upload_id)
        if upload is None:
            raise NotFound(N_("Lượt gửi này không còn; hãy gửi lại tệp."))
        self._intake.batch(visitor, upload.batch)
        return upload

    def _hand_over(self, visitor: Visitor, upload_id: str, file: BinaryIO) -> Arrived:
        """Give the whole file to its batch. The order makes every step repeatable: the batch takes the same file once,
        the ledger is told, and only then do the bytes here go."""
        upload = self._find(visitor, upload_id)
        if upload.file is None:
            file.seek(0)
            taken = self._intake.receive(visitor, upload.batch, upload.name, file)
            with self._ledger.write() as work:
                work.uploads.finish(upload.id, taken.id)
        self._path(upload.id).unlink(missing_ok=True)
        return Arrived(self._find(visitor, upload_id), upload.length)

    @contextmanager
    def _held(self, upload: Upload) -> Iterator[BinaryIO]:
        """The upload's file, held by us alone while the block lasts."""
        try:
            file = self._path(upload.id).open("r+b")
        except FileNotFoundError as error:
            raise NotFound(N_("Lượt gửi này không còn; hãy gửi lại tệp.")) from error
        with file:
            try:
                flock(file, LOCK_EX | LOCK_NB)
            except BlockingIOError as error:
                raise UploadBusy(N_("Tệp này đang được gửi ở một cửa sổ khác.")) from error
            yield file

    def _size(self, upload: Upload) -> int:
        try:
            return self._path(upload.id).stat().st_size
        except FileNotFoundError as error:
            raise NotFound(N_("Lượt gửi này không còn; hãy gửi lại tệp.")) from error

    def _path(self, upload_id: str) -> Path:
        return self._folder / upload_id


def _must_be_at(offset: int, size: int) -> None:
    if offset != size:
        raise WrongOffset(N_("Máy chủ đã có {size} byte của tệp này."), size=size)


def _copy(stream: BinaryIO, file: BinaryIO, most: int) -> int:
    """Copy at most `most` bytes in small pieces; gives how many. Raises InputRefused when the stream has more."""
    copied = 0
    while piece := stream.read(min(PIECE, most - copied + 1)):
        file.write(piece[: most - copied])
        copied += len(piece)
        if copied > most:
            raise InputRefused(N_("Nhận được nhiều byte hơn độ dài đã báo của tệp."))
    return copied
