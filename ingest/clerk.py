"""The one process of a site that writes the index and closes the books on batches."""

import logging
import signal
import time
from types import FrameType

from config.services import Services

log = logging.getLogger(__name__)

ROUND = 0.2
BETWEEN_COMMITS = 1.0


class Clerk:
    """Works until it is told to stop."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._stopping = False

    def run(self) -> None:
        """Index what is owed and finish what is finished, again and again; once more after SIGTERM."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._services.indexing.notice_loss()
        while not self._stopping:
            time.sleep(BETWEEN_COMMITS if self._catch_up() else ROUND)
        self._catch_up()

    def _catch_up(self) -> int:
        """How many documents were indexed; a fault here is logged and met again next time."""
        indexed = 0
        try:
            while (more := self._services.indexing.catch_up()) and not self._stopping:
                indexed += more
            with self._services.ledger.write() as work:
                work.jobs.free()
            self._services.finishing.finish_batches()
        except Exception:
            log.exception("index")
        return indexed

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stopping = True
