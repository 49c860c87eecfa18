"""Brings word of owed work from the ledger to the queue, a short window at a time."""

from config.services import Services
from ingest.duty import Duty
from ingest.rounds import Rounds
from repository.jobs.port import Queue

ROUND, BUSY_ROUND = 0.4, 0.1
OFF_DUTY = 1.0
DUTY_SECONDS = 6.0
ALIVE_SECONDS = 30.0
FEWEST, A_WORKER = 16, 4


class Feeder:
    """Works until it is told to stop, while the duty is its own. Priority and fairness are the ledger's order; the
    queue holds so little that what is urgent, or another library's, is never far behind."""

    def __init__(self, services: Services, queue: Queue, name: str) -> None:
        self._ledger = services.ledger
        self._queue = queue
        self._duty = Duty(services.ledger, "feeder", name, DUTY_SECONDS)
        self._rounds = Rounds(services.ledger, name, "feeder", self._round)

    def run(self) -> None:
        """Feed, again and again, until SIGTERM."""
        self._rounds.run()
        self._rounds.once(self._duty.leave)

    def feed(self) -> tuple[int, int]:
        """Deliver what is due and not in the queue, take out what is owed no more; gives how many were delivered and
        how many the window holds. What the queue lost is due and not in it: it is delivered again."""
        present = self._queue.present()
        with self._ledger.read() as work:
            size = max(FEWEST, A_WORKER * work.workers.count("worker", ALIVE_SECONDS))
            due = [] if work.journal.restoring() else work.jobs.window(size)
            stale = present - work.jobs.waiting(present)
        new = [job for job in due if job.id not in present]
        self._queue.deliver(new)
        for job in stale:
            self._queue.forget(job)
        return len(new), size

    def _round(self) -> float:
        if not self._duty.take():
            return OFF_DUTY
        delivered, size = self.feed()
        return BUSY_ROUND if delivered * 2 > size else ROUND
