"""A process's heartbeat in the ledger: that it lives, and what it has in hand."""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import Self

from config.logging_setup import play
from ingest.faults import SERVERS
from repository.db.ledger import Ledger, Work
from repository.domain.errors import LeaseLost
from repository.domain.jobs import Job

log = logging.getLogger(__name__)

EVERY = 8.0
LONGEST = 3600.0  # seconds; whoever has had a job for longer hangs, and its lease is renewed no more


class Pulse:
    """Beats every EVERY seconds while the block lasts, from a thread, so that a long step does not look like death.

    The lease of the job in hand, `lease` long, is renewed with it: what takes long on a slow machine stays ours, while
    a process that froze renews nothing. `also` is done at each beat."""

    def __init__(
        self,
        ledger: Ledger,
        name: str,
        kind: str,
        also: Callable[[], None] | None = None,
        lease: timedelta | None = None,
    ) -> None:
        self.name = name
        self._also = also
        self._ledger = ledger
        self._kind = kind
        self._lease = lease
        self._every = min(EVERY, lease.total_seconds() / 3) if lease else EVERY
        self._job: Job | None = None
        self._since = 0.0
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
        self._job, self._since = job, time.monotonic()
        self._beat(work, job)

    def put_down(self) -> None:
        """Nothing is in hand; the next beat says so."""
        self._job = None

    def _run(self) -> None:
        while True:
            try:
                job = self._job
                with self._ledger.write(alone=False) as work:
                    self._beat(work, job)
                if job is not None:
                    self._renew(job)
                if self._also is not None:
                    self._also()
            except SERVERS as fault:
                log.warning("%s missed a beat: %s", self.name, fault)
            if self._ended.wait(self._every):
                return

    def _renew(self, job: Job) -> None:
        if self._lease is None or time.monotonic() - self._since > LONGEST:
            return
        try:
            with self._ledger.write(alone=False) as work:
                work.jobs.hold(job, self._lease)
        except LeaseLost as lost:  # done by now, or another's: its worker will find out when it wants to write
            log.debug("%s", lost)

    def _beat(self, work: Work, job: Job | None) -> None:
        doing = f"{job.kind.value} {job.subject}" if job else None
        work.workers.beat(self.name, self._kind, socket.gethostname(), os.getpid(), doing)
