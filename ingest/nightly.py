"""The nightly backup: one process of a site makes it, and makes up for nights that it slept through."""

import logging
import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta

from config.keeping import open_place, source_of
from config.services import Services
from ingest.rounds import Rounds
from repository.domain.errors import N_, DiachiError, LeaseLost
from repository.keeping.backing_up import LAST_ERROR, LAST_GOOD, LAST_TRY, back_up
from repository.keeping.checking import prune
from repository.keeping.turn import Turn, TurnTaken, turn

log = logging.getLogger(__name__)

ROUND = 30.0
AFTER_FAILURE = timedelta(hours=1)
NICE = 15


class Nightly:
    """Works until it is told to stop. What was broken off is begun again, and finds what was copied already."""

    def __init__(self, services: Services, name: str) -> None:
        self._services = services
        self._rounds = Rounds(services.ledger, name, "nightly", self._round)

    def run(self) -> None:
        """Back up whenever it is due, until SIGTERM."""
        _yield_to_others()
        self._rounds.run()

    def _round(self) -> float:
        settings = self._services.settings
        with self._services.ledger.read() as work:
            good, tried = _moment(work.journal.setting(LAST_GOOD)), _moment(work.journal.setting(LAST_TRY))
            restoring = work.journal.restoring()
        if restoring is None and is_due(datetime.now(UTC), settings.backup_at, good, tried):
            try:
                self._back_up()
            except TurnTaken:
                return ROUND
            except DiachiError as error:
                with self._services.ledger.write() as work:
                    work.journal.set(LAST_TRY, datetime.now(UTC).isoformat())
                    work.journal.set(LAST_ERROR, str(error))
                raise
        return ROUND

    def _back_up(self) -> None:
        services = self._services
        settings = services.settings
        source = source_of(settings, services.ledger, services.masters, services.derivatives)
        try:
            place = open_place(settings, settings.backup_to, make=True)
            with turn(services.ledger, settings.data) as ours:
                manifest = back_up(source, place, lambda: self._go_on(ours))
                log.info("backup %s: %d new objects, %d bytes", manifest.snapshot, manifest.new_objects,
                         manifest.new_size)  # fmt: skip
                if settings.backup_prune and manifest.whole:
                    prune(place, lambda: self._go_on(ours))
        finally:
            source.engine.dispose()

    def _go_on(self, ours: Turn) -> None:
        """Keep the turn; raises LeaseLost when the process is told to stop."""
        if self._rounds.stopping:
            raise LeaseLost(N_("Kho đang dừng nên việc sao lưu dừng giữa chừng; nó sẽ làm tiếp khi kho chạy lại."))
        ours()


def is_due(now: datetime, at: str, good: datetime | None, tried: datetime | None) -> bool:
    """Whether a backup is owed: none was good since the last time that the clock here showed `at` ("HH:MM"), and none
    was tried within the hour. Moments later than `now` were stamped before the clock was set back, and do not count."""
    hour, minute = map(int, at.split(":"))
    here = now.astimezone()
    planned = here.replace(hour=hour, minute=minute, second=0, microsecond=0)
    if planned > here:
        planned -= timedelta(days=1)
    if good is not None and planned <= good <= now:
        return False
    return tried is None or not now - AFTER_FAILURE < tried <= now


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _yield_to_others() -> None:
    """Let readers and workers go first, at the processor and at the disk."""
    os.nice(NICE)
    if (ionice := shutil.which("ionice")) is not None:
        subprocess.run([ionice, "-c", "3", "-p", str(os.getpid())], check=False, stderr=subprocess.DEVNULL)
