"""Keeps a site's workers and its clerk alive; the loaded code is all it has."""

import json
import logging
import os
import shutil
import signal
import time
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from types import FrameType

import cv2

from config.services import Services, build_services
from config.settings import Settings
from ingest.clerk import Clerk
from ingest.worker import Worker
from ocr.tesseract import Tesseract
from repository.jobs.pool import Pool, Task, fork

log = logging.getLogger(__name__)

ROUND, STOP_SECONDS = 0.2, 20.0
CLERK = "clerk"


class Supervisor:
    """Only one runs on a data folder at a time: whoever holds the lock.

    Killed, it takes its children along; the next one goes on from the ledger."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
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
        if (self._settings.data / "ledger.sqlite").exists():
            os.waitpid(fork(lambda: _clear_away(build_services(self._settings))), 0)
        pool = Pool(self._tasks(), self._free)
        while not self._stopping:
            pool.tend()
            self._say_who(pool)
            time.sleep(ROUND)
        pool.stop(STOP_SECONDS)
        (self._settings.data / "workers.json").unlink(missing_ok=True)

    def _tasks(self) -> dict[str, Task]:
        run = f"{os.getpid()}-{int(time.time())}"
        tasks: dict[str, Task] = {CLERK: lambda: Clerk(build_services(self._settings)).run()}
        for number in range(self._settings.workers):
            name = f"worker-{number}-{run}"
            tasks[name] = lambda name=name, number=number: _work_as(self._settings, name, files_first=number == 0)  # type: ignore[misc]
        return tasks

    def _free(self, name: str) -> None:
        with build_services(self._settings).ledger.write() as work:
            freed = work.jobs.free(name)
        log.warning("%s ended; %d job freed", name, freed)

    def _say_who(self, pool: Pool) -> None:
        alive = pool.alive()
        workers = [{"name": name, "pid": pid} for name, pid in alive.items() if name != CLERK]
        said = json.dumps({"supervisor": os.getpid(), "clerk": alive.get(CLERK), "workers": workers})
        target = self._settings.data / "workers.json"
        if not target.exists() or target.read_text() != said:
            aside = Path(f"{target}.new")
            aside.write_text(said)
            aside.replace(target)

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stopping = True


def _clear_away(services: Services) -> None:
    """Holding the lock, nobody else works: free every lease and remove what killed workers left."""
    with services.ledger.write() as work:
        work.jobs.free_all()
    for left in services.settings.scratch_folder.iterdir():
        shutil.rmtree(left) if left.is_dir() else left.unlink()


def _work_as(settings: Settings, name: str, files_first: bool) -> None:
    cv2.setNumThreads(1)
    services = build_services(settings)
    Worker(services, Tesseract(settings.languages, timeout=settings.ocr_seconds), name, files_first).run()
