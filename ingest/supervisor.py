"""Keeps a machine's workers, its clerk and its feeder alive; the loaded code is all it has."""

import gc
import logging
import os
import shutil
import signal
import socket
import time
from collections.abc import Callable
from fcntl import LOCK_EX, LOCK_NB, flock
from types import FrameType

import cv2

from config.adapters import load_clients
from config.services import Services, build_services
from config.settings import Settings
from ingest.clerk import Clerk
from ingest.feeder import Feeder
from ingest.nightly import Nightly
from ingest.roll import Roll
from ingest.worker import Worker
from ocr.port import OcrEngine
from ocr.tesseract import Tesseract
from repository.db.ledger import Work
from repository.jobs.pool import Pool, Task, ended_well

log = logging.getLogger(__name__)

ROUND, PAUSE, STOP_SECONDS = 0.2, 3.0, 20.0
DUTIES = ("clerk", "feeder")

Engine = Callable[[Settings], OcrEngine]


def tesseract(settings: Settings) -> OcrEngine:
    """The engine that reads pages."""
    return Tesseract(settings.languages, timeout=settings.ocr_seconds)


class Supervisor:
    """Only one runs on a data folder at a time: whoever holds the lock. In the production profile every machine has
    one, with a clerk and a feeder each; the ledger decides which of those work.

    Killed, it takes its children along; the next one goes on from the ledger. `engine` makes each worker's own."""

    def __init__(self, settings: Settings, engine: Engine = tesseract) -> None:
        self._settings = settings
        self._engine = engine
        self._roll = Roll(settings.data)
        self._stopping = False

    def run(self) -> None:
        """Wait for the lock, then work until SIGTERM or SIGINT."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        self._settings.data.mkdir(parents=True, exist_ok=True)
        with (self._settings.data / "workers.lock").open("w") as lock:
            if self._locked(lock.fileno()):
                self._work()

    def _locked(self, lock: int) -> bool:
        while not self._stopping:
            try:
                flock(lock, LOCK_EX | LOCK_NB)
            except BlockingIOError:
                time.sleep(ROUND)
            else:
                return True
        return False

    def _work(self) -> None:
        load_clients(self._settings)
        gc.collect()
        gc.freeze()  # or each child would look through all that code again and again, and make pages of it its own
        while not self._stopping and not ended_well(self._clear_away):
            time.sleep(PAUSE)
        pool = Pool(self._tasks(), self._free)
        while not self._stopping:
            pool.tend()
            self._roll.call(pool.alive())
            time.sleep(ROUND)
        for name in pool.stop(STOP_SECONDS):
            ended_well(lambda name=name: self._free(name))  # type: ignore[misc]
        self._roll.end()

    def _tasks(self) -> dict[str, Task]:
        run = f"{socket.gethostname()[:40]}-{os.getpid()}-{int(time.time())}"
        settings, engine = self._settings, self._engine
        tasks: dict[str, Task] = {f"clerk-{run}": lambda: Clerk(build_services(settings), f"clerk-{run}").run()}
        if settings.production:
            tasks[f"feeder-{run}"] = lambda: _feed(build_services(settings), f"feeder-{run}")
        if settings.backup_to:
            tasks[f"nightly-{run}"] = lambda: Nightly(build_services(settings), f"nightly-{run}").run()
        for number in range(settings.workers):
            name = f"worker-{number}-{run}"
            tasks[name] = lambda name=name, number=number: _work_as(settings, engine, name, number == 0)  # type: ignore[misc]
        return tasks

    def _clear_away(self) -> None:
        """Holding the folder's lock, no other supervisor works on it: free what its last one's children held, and
        remove what they left. Other machines' leases are theirs."""
        if self._settings.production or (self._settings.data / "ledger.sqlite").exists():
            with build_services(self._settings).ledger.write() as work:
                if not self._settings.production:
                    work.jobs.free_all()
                for name in self._roll.names():
                    _let_go(work, name)
            for left in self._settings.scratch_folder.iterdir():
                shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)

    def _free(self, name: str) -> None:
        with build_services(self._settings).ledger.write() as work:
            freed = _let_go(work, name)
        log.warning("%s ended; %d job freed", name, freed)

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stopping = True


def _let_go(work: Work, name: str) -> int:
    for duty in DUTIES:
        work.duties.leave(duty, name)
    work.workers.gone(name)
    return work.jobs.free(name)


def _feed(services: Services, name: str) -> None:
    if services.queue is not None:
        Feeder(services, services.queue, name).run()


def _work_as(settings: Settings, engine: Engine, name: str, files_first: bool) -> None:
    cv2.setNumThreads(1)
    Worker(build_services(settings), engine(settings), name, files_first).run()
