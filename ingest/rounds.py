"""A process that does the same again and again until it is told to stop."""

import logging
import signal
from collections.abc import Callable
from types import FrameType

from ingest.faults import LONGEST_REST, pause, rest
from ingest.pulse import Pulse
from repository.db.ledger import Ledger
from repository.domain.errors import DiachiError

log = logging.getLogger(__name__)


class Rounds:
    """Rounds of `do`, which gives the seconds until the next. A round that fails is logged and met again, after a rest
    that grows while rounds fail. `meanwhile` is done now and then from another thread, also during long rounds."""

    def __init__(
        self, ledger: Ledger, name: str, kind: str, do: Callable[[], float], meanwhile: Callable[[], None] | None = None
    ) -> None:
        self._pulse = Pulse(ledger, name, kind, meanwhile)
        self._do = do
        self._failures = 0
        self.stopping = False

    def run(self) -> None:
        """Go round until SIGTERM."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with self._pulse:
            while not self.stopping:
                seconds = self.once(self._do)
                rest(self._after_failure() if seconds is None else seconds, lambda: self.stopping)

    def once(self, do: Callable[[], float | None]) -> float | None:
        """Do it once; a failure is logged, and gives None."""
        try:
            result = do()
        except DiachiError as fault:
            log.warning("%s: %s", self._pulse.name, fault)
        except Exception:
            log.exception("%s", self._pulse.name)
        else:
            self._failures = 0
            return result
        self._failures += 1
        return None

    def _after_failure(self) -> float:
        return min(pause(self._failures).total_seconds(), LONGEST_REST)

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self.stopping = True
