"""A batch watched from the command line until nothing more can be done for it."""

import sys
import time
from typing import TYPE_CHECKING

import click

from app.cli.workers import Workers
from repository.domain.access import Visitor
from repository.domain.batches import BatchState, Progress
from repository.domain.errors import DiachiError, ServerUnreachable, StoreFailed, WrongUse

if TYPE_CHECKING:
    from config.services import Services

POLL, LOG_EVERY = 0.5, 5.0
LOOK_EVERY, SAY_EVERY = 5.0, 60.0
PATIENCE = 30.0  # seconds without an index after which nobody waits for it who has nothing else to wait for


def watch(services: "Services", visitor: Visitor, batch_id: str, workers: Workers) -> DiachiError | None:
    """Show progress until the batch is done or cancelled; keeps somebody working meanwhile. Gives what is wrong with
    the index when that has been away for long and all the batch still owes is to be put into it."""
    show, index = _Line(sys.stderr.isatty()), _IndexWatch(services)
    while True:
        progress = services.progressing.progress(visitor, batch_id)
        ended = progress.state in (BatchState.DONE, BatchState.CANCELLED)
        gone = None if ended else index.gone()
        show.say(_line(progress, gone is not None), ended or gone is not None)
        if ended or (gone is not None and progress.owes_only_the_index):
            return gone
        workers.ensure()
        time.sleep(POLL)


class _IndexWatch:
    """Looks now and then whether the index is there, and says so when it is not."""

    def __init__(self, services: "Services") -> None:
        self._ping = services.indexing.ping
        self._well_at = self._look_at = time.monotonic()
        self._say_at = 0.0
        self._fault: DiachiError | None = None

    def gone(self) -> DiachiError | None:
        """What is wrong, once it has been wrong for PATIENCE."""
        if time.monotonic() >= self._look_at:
            self._look()
        return self._fault if time.monotonic() - self._well_at >= PATIENCE else None

    def _look(self) -> None:
        try:
            self._ping()
        except (ServerUnreachable, StoreFailed, WrongUse) as fault:
            if self._fault is not None and time.monotonic() >= self._say_at:
                click.echo(f"{fault} Các trang vẫn được đọc và giữ lại; chỉ mục sẽ bù sau.", err=True)
                self._say_at = time.monotonic() + SAY_EVERY
            self._fault = fault
        else:
            self._fault, self._well_at = None, time.monotonic()
        self._look_at = time.monotonic() + LOOK_EVERY


class _Line:
    """One line that is written over on a terminal; elsewhere a new one now and then, as a log wants it."""

    def __init__(self, live: bool) -> None:
        self._live = live
        self._next = 0.0

    def say(self, line: str, last: bool) -> None:
        if self._live:
            click.echo(f"\r{line}\x1b[K", err=True, nl=last)
        elif last or time.monotonic() >= self._next:
            click.echo(line, err=True)
            self._next = time.monotonic() + LOG_EVERY


def _line(progress: Progress, unindexed: bool) -> str:
    left = "" if progress.seconds_left is None else f", còn khoảng {_clock(progress.seconds_left)}"
    aside = f", {progress.pages_set_aside} trang để riêng" if progress.pages_set_aside else ""
    waiting = f", {progress.files_waiting} tệp chờ" if progress.files_waiting else ""
    speed = f"{progress.pages_per_second:.2f}".replace(".", ",")
    if unindexed:
        waiting += f", {progress.pages_unindexed} trang đã đọc chờ chỉ mục"
    return f"{progress.pages_done}/{progress.pages_total} trang, {speed} trang/giây{left}{aside}{waiting}"


def _clock(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    return f"{hours} giờ {rest // 60} phút" if hours else f"{rest // 60} phút {rest % 60:02d} giây"
