"""What only one process of a site may do at a time, whichever machine it runs on."""

import time
from datetime import timedelta

from repository.db.ledger import Ledger

LONGEST_ROUND = 600.0  # seconds; a round that takes longer hangs, and another may have the duty


class Duty:
    """A duty that is ours for `seconds` after it was last taken or kept; then anybody may take it.

    Asking costs the ledger nothing until a third of the time is gone."""

    def __init__(self, ledger: Ledger, name: str, owner: str, seconds: float) -> None:
        self.seconds = seconds
        self._ledger = ledger
        self._name = name
        self._owner = owner
        self._taken = 0.0
        self._renew_at = 0.0

    def take(self) -> bool:
        """Take the duty or keep it, for two thirds of its time at least; False while somebody else has it."""
        self._taken = time.monotonic()
        return self._taken < self._renew_at or self._renew()

    def keep(self) -> None:
        """Keep the duty, where it is ours, while a long round is under way; from another thread than the round's."""
        if 0.0 < self._renew_at <= time.monotonic() < self._taken + LONGEST_ROUND:
            self._renew()

    def leave(self) -> None:
        """Let the next one take it at once."""
        self._renew_at = 0.0
        with self._ledger.write(alone=False) as work:
            work.duties.leave(self._name, self._owner)

    def _renew(self) -> bool:
        asked = time.monotonic()
        with self._ledger.write(alone=False) as work:
            ours = work.duties.take(self._name, self._owner, timedelta(seconds=self.seconds)) is not None
        self._renew_at = asked + self.seconds / 3 if ours else 0.0
        return ours
