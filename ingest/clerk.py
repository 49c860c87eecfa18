"""The one process of a site that writes the index and the files of texts, and closes the books on batches."""

import logging
import time
from collections.abc import Callable
from datetime import timedelta

from config.services import Services
from ingest.duty import Duty
from ingest.rounds import Rounds

log = logging.getLogger(__name__)

ROUND = 0.2
BETWEEN_COMMITS = 1.0
OFF_DUTY = 1.0
RESTORING = 5.0
DUTY_SECONDS = 20.0
BETWEEN_TIDYING = 60.0
REMEMBERED = timedelta(hours=1)  # how long staff see a process that fell silent


class Clerk:
    """Works until it is told to stop, while the duty is its own."""

    def __init__(self, services: Services, name: str) -> None:
        self._services = services
        self._duty = Duty(services.ledger, "clerk", name, DUTY_SECONDS)
        self._begun = False
        self._tidy_at = 0.0
        self._rounds = Rounds(services.ledger, name, "clerk", self._round, self._duty.keep)

    def run(self) -> None:
        """Index what is owed and finish what is finished, again and again; once more after SIGTERM."""
        self._rounds.run()
        self._rounds.once(self._round)
        self._rounds.once(self._duty.leave)

    def _round(self) -> float:
        """Do what there is to do; gives how many seconds to wait then."""
        if not self._duty.take():
            self._begun = False
            return OFF_DUTY
        with self._services.ledger.read() as work:
            snapshot = work.journal.restoring()
        if snapshot is not None:
            log.warning("waiting: the site is being brought back from its backup %s", snapshot)
            return RESTORING
        self._look_after_the_dead()
        faults: list[Exception] = []
        done = [
            self._apart(part, faults)
            for part in (self._index, self._services.text_copies.catch_up, self._services.finishing.finish_batches)
        ]
        if faults:
            raise faults[-1]
        return BETWEEN_COMMITS if done[0] and self._more_to_come() else ROUND

    def _apart(self, part: Callable[[], int], faults: list[Exception]) -> int:
        """Do one part of the round: where its server is away the others go on."""
        try:
            return part()
        except Exception as fault:
            if faults:
                log.warning("clerk: %s", faults[-1])
            faults.append(fault)
            return 0

    def _index(self) -> int:
        if not self._begun:
            self._services.indexing.notice_loss()
            self._begun = True
        indexed = 0
        while self._duty.take() and (more := self._services.indexing.catch_up()):
            indexed += more
            if self._rounds.stopping:
                break
        return indexed

    def _more_to_come(self) -> bool:
        """Whether workers will soon have more to index: then it is gathered for one commit, else nobody waits."""
        with self._services.ledger.read() as work:
            return work.jobs.any()

    def _look_after_the_dead(self) -> None:
        with self._services.ledger.write(alone=False) as work:
            if freed := work.jobs.free():
                log.warning("%d jobs freed that were held past their time", freed)
            if time.monotonic() >= self._tidy_at:
                work.workers.forget(REMEMBERED)
                self._tidy_at = time.monotonic() + BETWEEN_TIDYING
