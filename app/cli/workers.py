"""Workers for a command: the live site's where there are any, else our own for as long as the command runs."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_NB, LOCK_SH, LOCK_UN, flock
from typing import TYPE_CHECKING

from repository.jobs.pool import start_with_parent

if TYPE_CHECKING:
    from config.settings import Settings

ASK_EVERY, ALIVE_SECONDS = 5.0, 30.0


class Workers:
    """Sees to it that somebody works on the site's jobs."""

    def __init__(self, settings: "Settings") -> None:
        self._settings = settings
        self._own: subprocess.Popen[bytes] | None = None
        self._ask_again = 0.0

    def ensure(self) -> None:
        """Start a supervisor of our own when nobody works: on this data folder, or anywhere in the production
        profile."""
        if self._own is not None and self._own.poll() is None:
            return
        if not self._somebody_here() and not self._somebody_elsewhere():
            log = (self._settings.data / "workers.log").open("ab")
            with log:
                command = [sys.executable, "-m", "ingest", "--data", str(self._settings.data)]
                self._own = start_with_parent(command, stdout=log, stderr=log)

    def stop(self) -> None:
        """Let our own supervisor end; the live site's stays."""
        if self._own is not None and self._own.poll() is None:
            self._own.terminate()
            self._own.wait()

    def _somebody_here(self) -> bool:
        handle = os.open(self._settings.data / "workers.lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            flock(handle, LOCK_SH | LOCK_NB)
        except BlockingIOError:
            return True
        else:
            flock(handle, LOCK_UN)
            return False
        finally:
            os.close(handle)

    def _somebody_elsewhere(self) -> bool:
        if not self._settings.production:
            return False
        if time.monotonic() < self._ask_again:
            return True
        from config.services import open_ledger  # loaded where it is needed: commands start quickly

        ledger = open_ledger(self._settings)
        try:
            with ledger.read() as work:
                found = work.workers.count("worker", ALIVE_SECONDS) > 0
        finally:
            ledger.close()
        self._ask_again = time.monotonic() + ASK_EVERY if found else 0.0
        return found


@contextmanager
def working(settings: "Settings") -> Iterator[Workers]:
    """Workers while the block lasts."""
    settings.data.mkdir(parents=True, exist_ok=True)
    workers = Workers(settings)
    workers.ensure()
    try:
        yield workers
    finally:
        workers.stop()
