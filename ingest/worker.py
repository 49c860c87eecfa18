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
from ingest.claiming import FromLedger, FromQueue, Source
from ingest.context import PageContext
from ingest.faults import LONGEST_REST, SERVERS, passing, pause, rest
from ingest.pipeline import STEPS, bring_forward, set_aside
from ingest.pulse import Pulse
from ocr.port import OcrEngine
from repository.domain.batches import Reason, StepName, StepState
from repository.domain.errors import N_, DiachiError, LeaseLost
from repository.domain.jobs import Job, JobKind
from repository.domain.tracing import doing

log = logging.getLogger(__name__)

IDLE = 0.2
MEMORY = 1_500_000_000
MOST_DEATHS = 3


class Worker:
    """Works until it is told to stop. `files_first` looks into files before it reads pages; others the other way, so
    that the first page is read while the last file is still coming in."""

    def __init__(self, services: Services, engine: OcrEngine, name: str, files_first: bool = False) -> None:
        kinds = (JobKind.FILE, JobKind.PAGE) if files_first else (JobKind.PAGE, JobKind.FILE)
        self._services = services
        self._ledger = services.ledger
        self._scratch = services.settings.scratch_folder
        self._engine = engine
        lease = timedelta(seconds=services.settings.lease_seconds)
        self._pulse = Pulse(services.ledger, name, "worker", lease=lease)
        self._direct = FromLedger(services.ledger, self._pulse, kinds, lease)
        self._next: Source = FromQueue(services.queue, self._direct) if services.queue else self._direct
        self._failures = 0
        self._stopping = False

    def run(self) -> None:
        """Claim and do jobs until SIGTERM or SIGINT; the job in hand is finished first."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        with self._pulse:
            while not self._stopping:
                try:
                    if not self.work_once() and self._services.queue is None:
                        time.sleep(IDLE)
                except SERVERS as fault:  # the ledger's own: nothing is in hand that could be put back
                    log.warning("waiting: %s", fault)
                    self._rest(self._failed())

    def work_once(self) -> bool:
        """Do one job; gives whether there was one. Raises one of SERVERS when the ledger cannot be asked for it."""
        job = self._next()
        if job is not None:
            self.do(job)
        return job is not None

    def do_this(self, number: int) -> None:
        """Do the job of that id, if it is still owed."""
        job = self._direct.this(number)
        if job is not None:
            self.do(job)

    def do(self, job: Job) -> None:
        """Do a job that we hold. A server's fault is not the job's: it is put back, and is owed as before."""
        with doing(job):
            self._attempt(job)

    def _attempt(self, job: Job) -> None:
        try:
            with tempfile.TemporaryDirectory(dir=self._scratch, prefix=f"{job.id}-") as folder:
                self._do(job, Path(folder))
            self._failures = 0
        except LeaseLost:
            log.info("job %s was given to somebody else", job.id)
        except Exception as fault:
            if not (self._stopping or passing(fault, self._scratch)):
                raise
            log.warning("job %s put back: %s", job.id, fault)
            self._put_back(job)
        finally:
            self._pulse.put_down()

    def _do(self, job: Job, scratch: Path) -> None:
        if job.kind is JobKind.FILE:
            self._look_into(job, scratch)
        else:
            self._read(job, scratch)

    def _put_back(self, job: Job) -> None:
        """Give the job back uncounted and rest; when the ledger itself is away, wait for it, for nobody else can know
        that we dropped the job."""
        delay = self._failed()
        while True:
            try:
                with self._ledger.write(alone=False) as work:
                    work.jobs.put_back(job, delay, counts=False)
            except LeaseLost:
                return
            except SERVERS as fault:
                log.warning("waiting to put job %s back: %s", job.id, fault)
                self._rest(self._failed())
                if self._stopping:
                    return
            else:
                break
        self._rest(delay)

    def _failed(self) -> timedelta:
        self._failures += 1
        return pause(self._failures)

    def _rest(self, delay: timedelta) -> None:
        rest(min(delay.total_seconds(), LONGEST_REST), lambda: self._stopping)

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
            if self._stopping or passing(error, scratch):
                raise
            log.exception("file %s", job.subject)
            if job.attempts < MOST_DEATHS:
                with self._ledger.write(alone=False) as work:
                    work.jobs.put_back(job, pause(job.attempts))
                return
            self._refuse(job, _reason(error))

    def _refuse(self, job: Job, reason: Reason) -> None:
        with self._ledger.write(alone=False) as work:
            work.jobs.finish(job)
            work.files.set_refused(job.subject, reason)

    def _read(self, job: Job, scratch: Path) -> None:
        with self._ledger.read() as work:
            page = work.pages.get(job.subject)
            steps = work.steps.of(job.subject)
        if page is None:
            with self._ledger.write(alone=False) as work:
                work.jobs.finish(job)
            return
        context = PageContext(self._services, self._engine, page, scratch, lambda: self._stopping)
        owed = next((name for name in STEPS if steps[name].state is not StepState.DONE), StepName.OPEN)
        if job.attempts > MOST_DEATHS + steps[owed].attempts:
            reason = Reason(N_("Trang này nhiều lần làm hỏng tiến trình xử lý; hãy quét lại trang."))
            set_aside(context, job, owed, reason)
            return
        bring_forward(context, job, steps)

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stopping = True


def _reason(error: Exception) -> Reason:
    if isinstance(error, DiachiError):
        return Reason(error.template, dict(error.params))
    return Reason(N_("Lỗi ngoài dự kiến ({kind}) khi mở tệp."), {"kind": type(error).__name__})
