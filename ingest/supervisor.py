"""The one process of a site that keeps workers alive, writes the index and finishes batches."""

import json
import logging
import os
import shutil
import signal
import sys
import time
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from types import FrameType

from config.services import Services
from repository.jobs.pool import WorkerPool

log = logging.getLogger(__name__)

ROUND, INDEX_EVERY, STOP_SECONDS = 0.2, 0.5, 20.0


class Supervisor:
    """Only one runs on a data folder at a time: whoever holds the lock.

    Killed, it takes its workers along; the next one goes on from the ledger."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._data = services.settings.data
        self._stopping = False

    def run(self) -> None:
        """Wait for the lock, then work until SIGTERM or SIGINT."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        with (self._data / "workers.lock").open("w") as lock:
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
        self._clear_away()
        self._services.indexing.notice_loss()
        command = [sys.executable, "-m", "ingest", "--data", str(self._data), "--worker"]
        pool = WorkerPool(command, self._services.settings.workers, self._free)
        next_index = 0.0
        while not self._stopping:
            pool.tend()
            self._say_who(pool)
            if time.monotonic() >= next_index:
                self._catch_up()
                next_index = time.monotonic() + INDEX_EVERY
            time.sleep(ROUND)
        pool.stop(STOP_SECONDS)
        self._catch_up()
        (self._data / "workers.json").unlink(missing_ok=True)

    def _clear_away(self) -> None:
        """Holding the lock, nobody else works: free every lease and remove what killed workers left."""
        with self._services.ledger.write() as work:
            work.jobs.free_all()
        for left in self._services.settings.scratch_folder.iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()

    def _free(self, name: str) -> None:
        with self._services.ledger.write() as work:
            freed = work.jobs.free(name)
        log.warning("worker %s ended; %d job freed", name, freed)

    def _catch_up(self) -> None:
        """Index what is owed and finish what is finished; a fault here is logged and met again next time."""
        try:
            while self._services.indexing.catch_up() and not self._stopping:
                pass
            with self._services.ledger.write() as work:
                work.jobs.free()
            self._services.finishing.finish_batches()
        except Exception:
            log.exception("index")

    def _say_who(self, pool: WorkerPool) -> None:
        workers = [{"name": name, "pid": pid} for name, pid in pool.alive().items()]
        said = json.dumps({"supervisor": os.getpid(), "workers": workers})
        target = self._data / "workers.json"
        if not target.exists() or target.read_text() != said:
            aside = Path(f"{target}.new")
            aside.write_text(said)
            aside.replace(target)

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stopping = True
