"""Workers for a command: the live site's where there is one, else our own for as long as the command runs."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_NB, LOCK_SH, LOCK_UN, flock
from pathlib import Path

from repository.jobs.pool import start_with_parent


class Workers:
    """Sees to it that somebody works on the data folder."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._own: subprocess.Popen[bytes] | None = None

    def ensure(self) -> None:
        """Start a supervisor of our own when nobody holds the site's lock."""
        if self._own is not None and self._own.poll() is None:
            return
        if not self._somebody_works():
            log = (self._data / "workers.log").open("ab")
            with log:
                command = [sys.executable, "-m", "ingest", "--data", str(self._data)]
                self._own = start_with_parent(command, stdout=log, stderr=log)

    def stop(self) -> None:
        """Let our own supervisor end; the live site's stays."""
        if self._own is not None and self._own.poll() is None:
            self._own.terminate()
            self._own.wait()

    def _somebody_works(self) -> bool:
        handle = os.open(self._data / "workers.lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            flock(handle, LOCK_SH | LOCK_NB)
        except BlockingIOError:
            return True
        else:
            flock(handle, LOCK_UN)
            return False
        finally:
            os.close(handle)


@contextmanager
def working(data: Path) -> Iterator[Workers]:
    """Workers while the block lasts."""
    data.mkdir(parents=True, exist_ok=True)
    workers = Workers(data)
    workers.ensure()
    try:
        yield workers
    finally:
        workers.stop()
