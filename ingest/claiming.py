"""Where a worker's next job comes from: the ledger itself, or word of it from the queue."""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import timedelta

from ingest.pulse import Pulse
from repository.db.ledger import Ledger
from repository.domain.errors import ServerUnreachable
from repository.domain.jobs import Job, JobKind
from repository.jobs.port import Queue

log = logging.getLogger(__name__)

WAIT = 1  # seconds for a letter; also how late a worker that is told to stop may notice
UNHEARD = 10.0  # seconds without a letter after which a worker asks the ledger itself: the feeder may hang
UNASKED = 5.0  # seconds for which a queue that did not answer is left alone

Source = Callable[[], Job | None]


class FromLedger:
    """Claims straight from the ledger, in its fair order. Of two workers one gets the job; none does in a site that is
    being brought back from its backup."""

    def __init__(self, ledger: Ledger, pulse: Pulse, kinds: Sequence[JobKind], lease: timedelta) -> None:
        self._ledger = ledger
        self._pulse = pulse
        self._kinds = kinds
        self._lease = lease

    def __call__(self) -> Job | None:
        """The next job, leased; None when nothing is due."""
        with self._ledger.write(alone=False) as work:
            job = None if work.journal.restoring() else work.jobs.claim(self._pulse.name, self._kinds, self._lease)
            if job is not None:
                self._pulse.take_up(work, job)
        return job

    def this(self, number: int) -> Job | None:
        """The job of that id, leased; None when it is done, held by another, or not due."""
        with self._ledger.write(alone=False) as work:
            job = None if work.journal.restoring() else work.jobs.claim_this(number, self._pulse.name, self._lease)
            if job is not None:
                self._pulse.take_up(work, job)
        return job


class FromQueue:
    """Takes letters from the queue and claims what they name. Where the queue does not answer, or is silent for long,
    the ledger is asked directly, so that work goes on without it."""

    def __init__(self, queue: Queue, ledger: FromLedger) -> None:
        self._queue = queue
        self._ledger = ledger
        self._heard = time.monotonic()
        self._ask_again = 0.0

    def __call__(self) -> Job | None:
        """The next job, leased; None when there was none for a second."""
        if time.monotonic() < self._ask_again:
            return self._without()
        try:
            letter = self._queue.take(WAIT)
        except ServerUnreachable as fault:
            log.warning("claiming from the ledger: %s", fault)
            self._ask_again = time.monotonic() + UNASKED
            return self._without()
        if letter is not None:
            self._heard = time.monotonic()
            return self._ledger.this(letter.job)
        if time.monotonic() - self._heard > UNHEARD:
            self._heard = time.monotonic()
            return self._ledger()
        return None

    def _without(self) -> Job | None:
        job = self._ledger()
        if job is None:
            time.sleep(WAIT)
        return job
