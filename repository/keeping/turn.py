"""One at a time: whoever backs up, restores or moves a site."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from repository.db.ledger import Ledger
from repository.domain.errors import N_, DiachiError, WrongUse

DUTY = "backup"
SPAN = timedelta(minutes=30)
RENEW_SECONDS = 300.0


class TurnTaken(WrongUse):
    """Somebody else backs up, restores or moves the site now."""


class Turn:
    """The right to go on, renewed by calling it now and then."""

    def __init__(self, ledger: Ledger, owner: str) -> None:
        self._ledger = ledger
        self._owner = owner
        self._renew_at = 0.0

    def __call__(self) -> None:
        """Keep the turn. Raises TurnTaken when somebody else has it."""
        if time.monotonic() < self._renew_at:
            return
        with self._ledger.write(alone=False) as work:
            ours = work.duties.take(DUTY, self._owner, SPAN) is not None
        if not ours:
            raise TurnTaken(N_("Một máy khác đang sao lưu kho này; hãy đợi nó xong."))
        self._renew_at = time.monotonic() + RENEW_SECONDS


@contextmanager
def turn(ledger: Ledger, data: Path) -> Iterator[Turn]:
    """Take the site's only turn: no other process of this data folder has it while the block lasts, nor another
    machine. Raises TurnTaken while one does. Whoever was killed with it does not keep it from its own machine."""
    handle = os.open(data / "backup.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            flock(handle, LOCK_EX | LOCK_NB)
        except BlockingIOError as error:
            raise TurnTaken(N_("Một lần sao lưu khác đang chạy trên máy này; hãy đợi nó xong.")) from error
        owner = f"backup-{socket.gethostname()[:40]}-{data}"[:100]
        ours = Turn(ledger, owner)
        ours()
        try:
            yield ours
        finally:
            with suppress(DiachiError), ledger.write(alone=False) as work:  # else it is free after SPAN
                work.duties.leave(DUTY, owner)
    finally:
        os.close(handle)
