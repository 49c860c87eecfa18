"""Every file and page: looked into or owed, its derivative there or owed again, its master known."""

from collections.abc import Iterator, Sequence

from repository.catalog.verifying_found import Verified
from repository.catalog.verifying_masters import MasterCheck
from repository.db.ledger import Ledger, Work
from repository.domain.batches import Batch, BatchState, FileState, StepName, StepState
from repository.domain.jobs import JobKind
from repository.domain.records import Page
from repository.storage.port import ObjectStore

AT_ONCE = 200


class PageCheck:
    """Looks at batches one by one, their pages by the item, and tells `found` what is wrong with them."""

    def __init__(
        self,
        ledger: Ledger,
        derivatives: ObjectStore,
        texts: ObjectStore,
        masters: MasterCheck,
        repair: bool,
        found: Verified,
    ) -> None:
        self._ledger = ledger
        self._derivatives = derivatives
        self._texts = texts
        self._masters = masters
        self._repair = repair
        self._found = found

    def all(self) -> None:
        """Look at every batch that was not cancelled."""
        for batch in self._batches():
            if batch.state is not BatchState.CANCELLED:
                self._check_files(batch.id)
                with self._ledger.read() as work:
                    items = work.pages.items_of_batch(batch.id)
                for item in items:
                    self._check_item(batch.id, item)

    def _batches(self) -> Iterator[Batch]:
        """The batches that there are now, newest first; one that comes meanwhile may make another be seen twice."""
        seen: set[str] = set()
        offset = 0
        while True:
            with self._ledger.read() as work:
                _, batches = work.batches.all(None, offset, AT_ONCE)
            yield from (batch for batch in batches if batch.id not in seen)
            seen.update(batch.id for batch in batches)
            if len(batches) < AT_ONCE:
                return
            offset += len(batches)

    def _check_files(self, batch: str) -> None:
        with self._ledger.read() as work:
            files = work.files.of_batch(batch)
            idle = [
                file for file in files
                if file.state is FileState.RECEIVED and not work.jobs.owed(JobKind.FILE, file.id)
            ]  # fmt: skip
        for file in idle:
            with self._ledger.write() as work:
                now = work.files.get(file.id)
                if now is None or now.state is not FileState.RECEIVED or work.jobs.owed(JobKind.FILE, file.id):
                    continue  # somebody was just at it
                if self._repair:
                    work.jobs.enqueue(JobKind.FILE, file.id, batch)
            self._found.add(f"Tệp {file.name} chưa được xem và không ai được giao.", self._repair)
        self._check_known({file.sha256 for file in files if file.size})

    def _check_item(self, batch: str, item: str) -> None:
        with self._ledger.read() as work:
            pages = [page for page in work.pages.of_item(item, approved_only=False) if page.batch == batch]
        self._check_known({page.image for page in pages if page.image is not None})
        for start in range(0, len(pages), AT_ONCE):
            self._check_pages(batch, pages[start : start + AT_ONCE])

    def _check_pages(self, batch: str, pages: Sequence[Page]) -> None:
        self._found.pages += len(pages)
        lost = {
            page.id for page in pages if page.derivative is not None and not self._derivatives.exists(page.derivative)
        }
        with self._ledger.read() as work:
            wrong = [page.id for page in pages if page.id in lost or _idle(work, page)]
        for page_id in wrong:
            with self._ledger.write() as work:
                self._settle(work, batch, page_id, page_id in lost)
        self._check_texts([page.id for page in pages])

    def _check_texts(self, pages: list[str]) -> None:
        """The files of all versions of these pages' texts; the ledger has the words, so that each can be made again."""
        with self._ledger.read() as work:
            copies = work.texts.copies(pages)
        lost = [version for version, key in copies.items() if not self._texts.exists(key)]
        if lost and self._repair:
            with self._ledger.write() as work:
                work.texts.owe_copies(lost)
        for version in lost:
            self._found.add(f"Mất tệp văn bản {copies[version]} (phiên bản {version}).", self._repair)

    def _settle(self, work: Work, batch: str, page_id: str, lost: bool) -> None:
        """Tell what is wrong with a page, unless somebody was just at it; with `repair`, owe what it lacks."""
        page = work.pages.get(page_id)
        if page is None:
            return
        idle = _idle(work, page)
        owed = work.steps.of(page_id)[StepName.DERIVATIVE].state is StepState.OWED
        lost = lost and not (owed and work.jobs.owed(JobKind.PAGE, page_id))
        if lost and self._repair:
            work.steps.owe(page_id, StepName.DERIVATIVE)
        if (lost or idle) and self._repair:
            work.jobs.enqueue(JobKind.PAGE, page_id, batch)
        if lost:
            self._found.add(f"Mất ảnh dẫn xuất của trang {page_id}.", self._repair)
        if idle:
            self._found.add(f"Trang {page_id} còn việc phải làm và không ai được giao.", self._repair)

    def _check_known(self, keys: set[str]) -> None:
        """Masters without a row came in before there were rows."""
        with self._ledger.read() as work:
            unknown = [key for key in sorted(keys) if work.masters.get(key) is None]
        for key in unknown:
            self._masters.unknown(key)


def _idle(work: Work, page: Page) -> bool:
    steps = work.steps.of(page.id)
    owed = any(step.state is StepState.OWED and name is not StepName.INDEX for name, step in steps.items())
    return owed and not page.set_aside and not work.jobs.owed(JobKind.PAGE, page.id)
