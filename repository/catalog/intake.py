"""The door for batches: files come in, are stored under their checksum and owed to the workers, all before anyone is
told that they arrived."""

import re
from typing import BinaryIO

from repository.catalog.sheet import is_sheet
from repository.db.ledger import Ledger, Work
from repository.domain.access import AccessLevel, Role, Visitor
from repository.domain.batches import Batch, BatchFile, BatchState, FileState, StepName
from repository.domain.errors import N_, AccessRefused, NotFound, WrongUse
from repository.domain.jobs import JobKind, Priority
from repository.domain.records import Page
from repository.domain.vietnamese import clean
from repository.storage.port import ObjectStore

LONGEST_NAME = 500


class Intake:
    """Use cases of digitization staff around batches."""

    def __init__(self, ledger: Ledger, masters: ObjectStore) -> None:
        self._ledger = ledger
        self._masters = masters

    def open_batch(
        self,
        visitor: Visitor,
        title: str,
        library: str | None = None,
        *,
        expected_files: int | None = None,
        publish: bool = False,
        access: AccessLevel | None = None,
        item: str | None = None,
    ) -> Batch:
        """A new batch that waits for files. `publish` needs an approver; `item` is the id or code of the one item that
        all pages go to."""
        code = library or visitor.library or ""
        _must_be_staff(visitor, code)
        if publish and not visitor.may(Role.APPROVER):
            raise AccessRefused(N_("Chỉ người duyệt mới được công bố."))
        with self._ledger.write() as work:
            if work.libraries.get(code) is None:
                raise NotFound(N_("Không có thư viện nào mang mã “{code}”."), code=code)
            batch = work.batches.add(
                code, clean(title).strip()[:300] or N_("Lô không tên"), visitor.user or "?",
                expected_files=expected_files, publish=publish, access=access.value if access else None, item_code=item,
            )  # fmt: skip
            work.journal.record(visitor.user or "?", "open_batch", batch.id, title=batch.title)
        return batch

    def batch(self, visitor: Visitor, batch_id: str) -> Batch:
        """The batch, to staff of its library."""
        with self._ledger.read() as work:
            return self._batch(work, visitor, batch_id)

    def batches(self, visitor: Visitor, offset: int = 0, limit: int = 50) -> tuple[int, list[Batch]]:
        """How many batches the visitor's library has, and one stretch of them, newest first."""
        if not visitor.may(Role.STAFF):
            raise AccessRefused(N_("Trang này dành cho cán bộ thư viện; hãy đăng nhập."))
        own = None if visitor.may(Role.ADMIN) else frozenset({visitor.library or ""})
        with self._ledger.read() as work:
            return work.batches.all(own, offset, limit)

    def files(self, visitor: Visitor, batch_id: str) -> list[BatchFile]:
        """The batch's files by name."""
        with self._ledger.read() as work:
            self._batch(work, visitor, batch_id)
            return work.files.of_batch(batch_id)

    def receive(
        self, visitor: Visitor, batch_id: str, name: str, stream: BinaryIO, password: str | None = None
    ) -> BatchFile:
        """Keep one file of the batch. When this returns the bytes are on the disk and the work on them is owed.

        The same name and content again in a batch is the same file. Raises StoreFailed when it cannot be kept."""
        with self._ledger.read() as work:
            _must_take_files(self._batch(work, visitor, batch_id))
        stored = self._masters.put(stream)
        with self._ledger.write() as work:
            _must_take_files(self._batch(work, visitor, batch_id))
            file, new = work.files.add(batch_id, tidy_name(name), stored.size, stored.key, password)
            if new:
                work.jobs.enqueue(JobKind.FILE, file.id, batch_id, file_priority(file.name))
        return file

    def expect(self, visitor: Visitor, batch_id: str, files: int) -> None:
        """Note how many files are to come."""
        with self._ledger.write() as work:
            self._batch(work, visitor, batch_id)
            work.batches.set_expected(batch_id, files)

    def close(self, visitor: Visitor, batch_id: str) -> None:
        """No more files will come; the batch is done once every page is."""
        with self._ledger.write() as work:
            batch = self._batch(work, visitor, batch_id)
            if batch.state is BatchState.RECEIVING:
                work.batches.set_state(batch_id, BatchState.WORKING)
                work.journal.record(visitor.user or "?", "close_batch", batch_id)

    def cancel(self, visitor: Visitor, batch_id: str) -> None:
        """Stop working on the batch. What was done stays, nothing that came in is lost; `resume` goes on."""
        with self._ledger.write() as work:
            batch = self._batch(work, visitor, batch_id)
            if batch.state in (BatchState.RECEIVING, BatchState.WORKING):
                work.jobs.drop(batch_id)
                work.batches.set_state(batch_id, BatchState.CANCELLED)
                work.journal.record(visitor.user or "?", "cancel_batch", batch_id)

    def resume(self, visitor: Visitor, batch_id: str) -> None:
        """Owe again whatever the ledger says is not done: files not looked into, pages not finished or set aside."""
        with self._ledger.write() as work:
            self._batch(work, visitor, batch_id)
            for file in work.files.of_batch(batch_id):
                if file.state is FileState.RECEIVED:
                    work.jobs.enqueue(JobKind.FILE, file.id, batch_id, file_priority(file.name))
            for page in work.pages.of_batch(batch_id):
                self._resume_page(work, page)
            work.batches.set_state(batch_id, BatchState.WORKING)
            work.journal.record(visitor.user or "?", "resume_batch", batch_id)

    def unlock(self, visitor: Visitor, file_id: str, password: str) -> None:
        """Look into an encrypted file again with the password that staff typed."""
        self._look_again(visitor, file_id, password)

    def retry(self, visitor: Visitor, file_id: str) -> None:
        """Look into a refused file again, as after a repair of the server."""
        self._look_again(visitor, file_id, None)

    def rerun(
        self,
        visitor: Visitor,
        step: StepName,
        *,
        page: str | None = None,
        item: str | None = None,
        batch: str | None = None,
    ) -> int:
        """Owe a step, and those after it, again for one page, item or batch; gives the number of pages."""
        with self._ledger.write() as work:
            pages = self._chosen(work, page, item, batch)
            urgency = Priority.BATCH if page is None and item is None else Priority.CORRECTION
            for batch_id in {each.batch for each in pages}:
                self._batch(work, visitor, batch_id)
                work.batches.set_state(batch_id, BatchState.WORKING)
            for each in pages:
                work.steps.owe_from(each.id, step)
                work.pages.set_state(each.id, "working")
                if step is not StepName.INDEX:
                    work.jobs.enqueue(JobKind.PAGE, each.id, each.batch, urgency)
            subject = page or item or batch or "?"
            work.journal.record(visitor.user or "?", "rerun", subject, step=step.value, pages=len(pages))
        return len(pages)

    def original(self, visitor: Visitor, file_id: str) -> tuple[BatchFile, BinaryIO]:
        """A file of a batch as it came in, refused ones too, for staff."""
        with self._ledger.read() as work:
            file = self._file(work, visitor, file_id)
        return file, self._masters.open(file.sha256)

    def file(self, visitor: Visitor, file_id: str) -> BatchFile:
        """A file of a batch, to staff of its library."""
        with self._ledger.read() as work:
            return self._file(work, visitor, file_id)

    def _look_again(self, visitor: Visitor, file_id: str, password: str | None) -> None:
        with self._ledger.write() as work:
            file = self._file(work, visitor, file_id)
            if file.state is not FileState.REFUSED:
                return
            work.files.set_received(file_id)
            work.files.set_password(file_id, password)
            work.jobs.enqueue(JobKind.FILE, file_id, file.batch, Priority.CORRECTION)
            work.batches.set_state(file.batch, BatchState.WORKING)

    def _resume_page(self, work: Work, page: Page) -> None:
        steps = work.steps.of(page.id)
        owed = [name for name in StepName if steps[name].state.value != "done"]
        if not owed:
            return
        work.steps.owe_from(page.id, owed[0])
        work.pages.set_state(page.id, "working")
        if owed[0] is not StepName.INDEX:
            work.jobs.enqueue(JobKind.PAGE, page.id, page.batch)

    def _chosen(self, work: Work, page: str | None, item: str | None, batch: str | None) -> list[Page]:
        if page is not None:
            found = work.pages.get(page)
            pages = [found] if found else []
        elif item is not None:
            pages = work.pages.of_item(item, approved_only=False)
        else:
            pages = work.pages.of_batch(batch or "")
        if not pages:
            raise NotFound(N_("Không tìm thấy trang nào để làm lại."))
        return pages

    def _batch(self, work: Work, visitor: Visitor, batch_id: str) -> Batch:
        batch = work.batches.get(batch_id)
        if batch is None:
            raise NotFound(N_("Không tìm thấy lô số hóa “{batch}”."), batch=batch_id[:40])
        _must_be_staff(visitor, batch.library)
        return batch

    def _file(self, work: Work, visitor: Visitor, file_id: str) -> BatchFile:
        file = work.files.get(file_id)
        if file is None:
            raise NotFound(N_("Không tìm thấy tệp này."))
        self._batch(work, visitor, file.batch)
        return file


def file_priority(name: str) -> Priority:
    """A table of metadata goes before the files that it describes, which may be seen as soon as they are read."""
    return Priority.CORRECTION if is_sheet(name) else Priority.BATCH


def tidy_name(name: str) -> str:
    """A file's name as the ledger keeps it: NFC, forward slashes, no way out of the batch, no control characters."""
    parts = [part.strip() for part in re.split(r"[\\/]+", clean(name))]
    kept = [part for part in parts if part not in ("", ".", "..")]
    return "/".join(kept)[-LONGEST_NAME:] or "khong-ten"


def _must_be_staff(visitor: Visitor, library: str) -> None:
    if not visitor.may(Role.STAFF):
        raise AccessRefused(N_("Trang này dành cho cán bộ thư viện; hãy đăng nhập."))
    if visitor.library != library and not visitor.may(Role.ADMIN):
        raise AccessRefused(N_("Lô này thuộc thư viện khác."))


def _must_take_files(batch: Batch) -> None:
    if batch.state is not BatchState.RECEIVING:
        raise WrongUse(N_("Lô “{title}” đã đóng, không nhận thêm tệp; hãy mở lô mới."), title=batch.title)
