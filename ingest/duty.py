"""What only one process of a site may do at a time, whichever machine it runs on."""

import time
from datetime import timedelta

from repository.db.ledger import Ledger


class Duty:
    """A duty that is ours for `seconds` after it was last taken; then anybody may take it.

    Asking costs the ledger nothing until a third of the time is gone."""

    def __init__(self, ledger: Ledger, name: str, owner: str, seconds: float) -> None:
        self._ledger = ledger
        self._name = name
        self._owner = owner
        self._seconds = seconds
        self._renew_at = 0.0

    def take(self) -> bool:
        """Take the duty or keep it, for two thirds of its time at least; False while somebody else has it."""
        asked = time.monotonic()
        if asked < self._renew_at:
            return True
        with self._ledger.write(alone=False) as work:
            ours = work.duties.take(self._name, self._owner, timedelta(seconds=self._seconds)) is not None
        self._renew_at = asked + self._seconds / 3 if ours else 0.0
        return ours

    def leave(self) -> None:
        """Let the next one take it at once."""
        self._renew_at = 0.0
        with self._ledger.write(alone=False) as work:
            work.duties.leave(self._name, self._owner)
