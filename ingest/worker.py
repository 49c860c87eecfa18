"""A worker process: claims a job, does it, commits, and asks for the next."""

import logging
import resource
import signal
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from types import FrameType

from config.services import Services
from ingest.context import PageContext
from ingest.pipeline import LEASE, STEPS, bring_forward, set_aside
from ocr.port import OcrEngine
from repository.domain.batches import Reason, StepName, StepState
from repository.domain.errors import N_, DiachiError, LeaseLost
from repository.domain.jobs import Job, JobKind

log = logging.getLogger(__name__)

IDLE = 0.2
MEMORY = 1_500_000_000
MOST_DEATHS = 3
FILE_PAUSE = timedelta(seconds=2)


class Worker:
    """Works until it is told to stop. `files_first` looks into files before it reads pages; others the other way, so
    that the first page is read while the last file is still coming in."""

    def __init__(self, services: Services, engine: OcrEngine, name: str, files_first: bool) -> None:
        self._services = services
        self._engine = engine
        self._name = name
        self._kinds = (JobKind.FILE, JobKind.PAGE) if files_first else (JobKind.PAGE, JobKind.FILE)
        self._stopping = False

    def run(self) -> None:
        """Claim and do jobs until SIGTERM or SIGINT; the job in hand is finished first."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        while not self._stopping:
            if not self.work_once():
                time.sleep(IDLE)

    def work_once(self) -> bool:
        """Do one job; gives whether there was one."""
        with self._services.ledger.write() as work:
            job = work.jobs.claim(self._name, self._kinds, LEASE)
        if job is None:
            return False
        with tempfile.TemporaryDirectory(dir=self._services.settings.scratch_folder, prefix=f"{job.id}-") as folder:
            try:
                self._do(job, Path(folder))
            except LeaseLost:
                log.info("job %s was given to somebody else", job.id)
        return True

    def _do(self, job: Job, scratch: Path) -> None:
        if job.kind is JobKind.FILE:
            self._look_into(job, scratch)
        else:
            self._read(job, scratch)

    def _look_into(self, job: Job, scratch: Path) -> None:
        if job.attempts > MOST_DEATHS:
            self._refuse(
                job, Reason(N_("Tệp này nhiều lần làm hỏng tiến trình xử lý; hãy kiểm tra và gửi lại tệp khác."))
            )
            return
        try:
            self._services.unpacking.look_into(job, scratch)
        except LeaseLost:
            raise
        except Exception as error:
            log.exception("file %s", job.subject)
            if job.attempts < MOST_DEATHS:
                with self._services.ledger.write() as work:
                    work.jobs.put_back(job, FILE_PAUSE)
                return
            self._refuse(job, _reason(error))

    def _refuse(self, job: Job, reason: Reason) -> None:
        with self._services.ledger.write() as work:
            work.jobs.finish(job)
            work.files.set_refused(job.subject, reason)

    def _read(self, job: Job, scratch: Path) -> None:
        with self._services.ledger.read() as work:
            page = work.pages.get(job.subject)
            steps = work.steps.of(job.subject)
        if page is None:
            with self._services.ledger.write() as work:
                work.jobs.finish(job)
            return
        context = PageContext(self._services, self._engine, page, scratch)
        owed = next((name for name in STEPS if steps[name].state is not StepState.DONE), StepName.OPEN)
        if job.attempts > MOST_DEATHS + steps[owed].attempts:
            reason = Reason(N_("Trang này nhiều lần làm hỏng tiến trình xử lý; hãy quét lại trang."))
            set_aside(context, job, owed, reason)
            return
        bring_forward(context, job)

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stopping = True


def _reason(error: Exception) -> Reason:
    if isinstance(error, DiachiError):
        return Reason(error.template, dict(error.params))
    return Reason(N_("Lỗi ngoài dự kiến ({kind}) khi mở tệp."), {"kind": type(error).__name__})
