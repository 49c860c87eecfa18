"""Looking into received files: a ZIP gives files, a sheet gives metadata, anything else gives pages or is refused."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from repository.catalog.intake import file_priority, tidy_name
from repository.catalog.placing import Placing, apply_sheet
from repository.catalog.sheet import is_sheet, parse_sheet
from repository.catalog.sheet_awaiting import awaiting
from repository.db.ledger import Ledger, Work
from repository.db.pages import NewPage
from repository.domain.batches import Batch, BatchFile, FileState, Reason
from repository.domain.errors import InputRefused, PasswordNeeded
from repository.domain.jobs import Job, JobKind
from repository.scans import Limits, MediaType, Scan, members, open_scan, sniff
from repository.scans.decrypting import decrypt
from repository.storage.port import ObjectStore

LEASE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class _Looked:
    """A file with what is needed to look into it."""

    batch: Batch
    file: BatchFile
    password: str | None
    key: str


class Unpacking:
    """What a worker does with a received file. Doing it twice changes nothing."""

    def __init__(self, ledger: Ledger, masters: ObjectStore, limits: Limits) -> None:
        self._ledger = ledger
        self._masters = masters
        self._limits = limits
        self._placing = Placing(ledger, masters)

    def look_into(self, job: Job, scratch: Path) -> None:
        """Bring the job's file to its end: pages owed to the workers, or refused with a reason. `scratch` is an empty
        folder for temporary files. Raises LeaseLost when somebody else has the job by now."""
        looked = self._begin(job)
        if looked is None:
            return
        try:
            with self._masters.local(looked.key) as path:
                self._take(job, looked, path, scratch)
        except InputRefused as refusal:
            reason = Reason(refusal.template, dict(refusal.params))
            with self._ledger.write() as work:
                work.jobs.finish(job)
                work.files.set_refused(looked.file.id, reason, isinstance(refusal, PasswordNeeded))

    def _begin(self, job: Job) -> _Looked | None:
        """The job's file; None when it needs no look: gone, done, or the same bytes as an earlier one.

        Others may look at the same time: of two files with the same bytes only the later finds the other, since files
        come in one by one."""
        with self._ledger.write(alone=False) as work:
            work.jobs.hold(job)
            file = work.files.get(job.subject)
            batch = work.batches.get(file.batch) if file else None
            if file is None or batch is None or file.state is not FileState.RECEIVED:
                work.jobs.finish(job)
                return None
            secrets = work.files.secrets(file.id)
            earlier = None if is_sheet(file.name) else work.files.earlier(file.id)
            if earlier is not None:
                work.files.set_duplicate(file.id, earlier.id)
                work.jobs.finish(job)
                return None
            return _Looked(batch, file, secrets.password, secrets.working or file.sha256)

    def _take(self, job: Job, looked: _Looked, path: Path, scratch: Path) -> None:
        if is_sheet(looked.file.name):
            self._take_sheet(job, looked, path)
        elif sniff(path) is MediaType.ZIP:
            self._take_archive(job, looked, path)
        else:
            self._take_scan(job, looked, path, scratch)

    def _take_sheet(self, job: Job, looked: _Looked, path: Path) -> None:
        sheet = parse_sheet(path, looked.file.name)
        with self._ledger.write() as work:
            work.jobs.finish(job)
            work.files.set_sheet(looked.file.id, (*sheet.problems, *awaiting(looked.file.id, sheet)))
            apply_sheet(work, looked.batch, sheet)

    def _take_archive(self, job: Job, looked: _Looked, path: Path) -> None:
        """Store each member as a file of its own, one commit each: a killed worker goes on where it stopped."""
        for member in members(path, self._limits):
            name = tidy_name(f"{Path(looked.file.name).stem}/{member.name}")
            if member.refusal is not None:
                self._refuse_member(job, looked, name, member.refusal)
                continue
            try:
                with member.open() as stream:
                    stored = self._masters.put(stream)
            except InputRefused as refusal:
                self._refuse_member(job, looked, name, refusal)
                continue
            with self._ledger.write() as work:
                work.jobs.hold(job, LEASE)
                file, new = work.files.add(looked.batch.id, name, stored.size, stored.key, looked.password)
                if new:
                    work.jobs.enqueue(JobKind.FILE, file.id, looked.batch.id, file_priority(name))
        with self._ledger.write() as work:
            work.jobs.finish(job)
            work.files.set_container(looked.file.id)

    def _refuse_member(self, job: Job, looked: _Looked, name: str, refusal: InputRefused) -> None:
        """A member that was not stored is reported under the ZIP's own bytes, which stay downloadable."""
        with self._ledger.write() as work:
            work.jobs.hold(job, LEASE)
            file, _ = work.files.add(looked.batch.id, name, 0, looked.file.sha256)
            work.files.set_refused(file.id, Reason(refusal.template, dict(refusal.params)))

    def _take_scan(self, job: Job, looked: _Looked, path: Path, scratch: Path) -> None:
        passwords = (looked.password,) if looked.password else ()
        scan = open_scan(path, looked.file.name, self._limits, passwords)
        working = None
        if looked.password and scan.media_type is MediaType.PDF:
            working = self._masters.put_file(decrypt(path, passwords, scratch / "decrypted.pdf")).key
        while not self._place_pages(job, looked, scan, working):
            pass  # a table came in meanwhile: look at that one

    def _place_pages(self, job: Job, looked: _Looked, scan: Scan, working: str | None) -> bool:
        """Whether the pages could be placed by the table that the batch has now."""
        table = self._placing.table(looked.batch.id)
        with self._ledger.write(alone=False) as work:
            place = self._placing.place(work, looked.batch, table, looked.file.name)
            if place is None:
                return False
            work.jobs.finish(job)
            if working is not None:
                work.files.set_working(looked.file.id, working)
            for page in scan.pages:
                self._owe_page(work, looked, scan, place.item, place.sort_key, page.index, page.label)
            work.items.recount(place.item)
            work.files.set_taken(looked.file.id, len(scan.pages))
        return True

    def _owe_page(
        self, work: Work, looked: _Looked, scan: Scan, item: str, sort_key: str, frame: int, label: str
    ) -> None:
        page = work.pages.add(
            NewPage(
                item=item, batch=looked.batch.id, file=looked.file.id, frame=frame,
                sort_key=f"{sort_key}/{frame:06d}", label=label,
            )
        )  # fmt: skip
        work.steps.owe_all(page.id)
        work.jobs.enqueue(JobKind.PAGE, page.id, looked.batch.id)
