"""A process's heartbeat in the ledger: that it lives, and what it has in hand."""

import logging
import os
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from config.logging_setup import play
from ingest.faults import SERVERS
from repository.db.ledger import Ledger, Work
from repository.domain.jobs import Job

log = logging.getLogger(__name__)

EVERY = 8.0


class Pulse:
    """Beats every EVERY seconds while the block lasts, from a thread, so that a long step does not look like death.

    It says nothing about progress: that is the lease's matter, which only the work itself renews. `also` is done at
    each beat."""

    def __init__(self, ledger: Ledger, name: str, kind: str, also: Callable[[], None] | None = None) -> None:
        self.name = name
        self._also = also
        self._ledger = ledger
        self._kind = kind
        self._doing: str | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    def __enter__(self) -> Self:
        play(self._kind)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()
        try:
            with self._ledger.write(alone=False) as work:
                work.workers.gone(self.name)
        except SERVERS as fault:
            log.warning("%s went without saying so: %s", self.name, fault)

    def take_up(self, work: Work, job: Job) -> None:
        """Say what is in hand now, within the unit of work that claims it."""
        self._doing = f"{job.kind.value} {job.subject}"
        self._beat(work)

    def put_down(self) -> None:
        """Nothing is in hand; the next beat says so."""
        self._doing = None

    def _run(self) -> None:
        while True:
            try:
                with self._ledger.write(alone=False) as work:
                    self._beat(work)
                if self._also is not None:
                    self._also()
            except SERVERS as fault:
                log.warning("%s missed a beat: %s", self.name, fault)
            if self._ended.wait(EVERY):
                return

    def _beat(self, work: Work) -> None:
        work.workers.beat(self.name, self._kind, socket.gethostname(), os.getpid(), self._doing)
