"""The one process of a site that writes the index, closes the books on batches and frees what the dead held."""

from config.services import Services
from ingest.duty import Duty
from ingest.rounds import Rounds

ROUND = 0.2
BETWEEN_COMMITS = 1.0
OFF_DUTY = 1.0
DUTY_SECONDS = 20.0


class Clerk:
    """Works until it is told to stop, while the duty is its own."""

    def __init__(self, services: Services, name: str) -> None:
        self._services = services
        self._duty = Duty(services.ledger, "clerk", name, DUTY_SECONDS)
        self._begun = False
        self._rounds = Rounds(services.ledger, name, "clerk", self._round)

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
        if not self._begun:
            self._services.indexing.notice_loss()
            self._begun = True
        indexed = 0
        while self._duty.take() and (more := self._services.indexing.catch_up()):
            indexed += more
            if self._rounds.stopping:
                break
        with self._services.ledger.write() as work:
            work.jobs.free()
        self._services.finishing.finish_batches()
        return BETWEEN_COMMITS if indexed else ROUND
