"""Processes beside the server: forked, watched, replaced when they die, ended with their parent.

The parent loads the code once and does nothing else: it opens no file, no database and no thread, so that each fork
starts from a clean state and at no cost."""

import ctypes
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

log = logging.getLogger(__name__)

PR_SET_PDEATHSIG = 1
QUICK_DEATH, LONGEST_PAUSE = 5.0, 30.0
UNSETTLED_PAUSE = 3.0
ROUND = 0.05

Task = Callable[[], None]


@dataclass(slots=True)
class _Place:
    """A place in the pool: what is done there, by which process, and when the next may start. `owing`: what follows the
    death of its last process is not done yet."""

    task: Task
    pid: int | None = None
    owing: bool = False
    started: float = 0.0
    not_before: float = 0.0
    deaths: int = 0


class Pool:
    """Keeps one process alive for each named task.

    `on_death` is told the name of each that ended by itself; it runs in a process of its own, again and again until it
    ends well, and only then is the place filled again."""

    def __init__(self, tasks: Mapping[str, Task], on_death: Callable[[str], None]) -> None:
        self._places = {name: _Place(task) for name, task in tasks.items()}
        self._on_death = on_death

    def tend(self) -> None:
        """Reap the dead and fill empty places; a place whose processes die at once waits longer each time."""
        for name, place in self._places.items():
            if place.pid is not None and _ended(place.pid):
                self._bury(place)
            if place.pid is None and time.monotonic() >= place.not_before and self._settled(name, place):
                place.pid = fork(place.task)
                place.started = time.monotonic()

    def alive(self) -> dict[str, int]:
        """Process ids by name."""
        return {name: place.pid for name, place in self._places.items() if place.pid is not None}

    def stop(self, seconds: float) -> list[str]:
        """Ask every process to end after what it has in hand; kill what is left after `seconds`, and give its names."""
        for pid in self.alive().values():
            os.kill(pid, signal.SIGTERM)
        until = time.monotonic() + seconds
        while self.alive() and time.monotonic() < until:
            self._reap()
            time.sleep(ROUND)
        killed = self.alive()
        for pid in killed.values():
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        return list(killed)

    def _reap(self) -> None:
        for place in self._places.values():
            if place.pid is not None and _ended(place.pid):
                place.pid = None

    def _bury(self, place: _Place) -> None:
        place.pid, place.owing = None, True
        quick = time.monotonic() - place.started < QUICK_DEATH
        place.deaths = place.deaths + 1 if quick else 0
        place.not_before = time.monotonic() + (min(0.5 * 2**place.deaths, LONGEST_PAUSE) if quick else 0.0)

    def _settled(self, name: str, place: _Place) -> bool:
        if place.owing:
            place.owing = not ended_well(lambda: self._on_death(name))
            place.not_before = time.monotonic() + (UNSETTLED_PAUSE if place.owing else 0.0)
        return not place.owing


def fork(task: Task) -> int:
    """Run `task` in a process of its own that the kernel kills when this one dies; gives its process id."""
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        die_with(parent)
        task()
        code = 0
    except Exception:
        log.exception("process %d", os.getpid())
    finally:
        logging.shutdown()
        os._exit(code)


def ended_well(task: Task) -> bool:
    """Run `task` in a process of its own and wait for it; gives whether it ended without an error."""
    return os.waitpid(fork(task), 0)[1] == 0


def start_with_parent(command: Sequence[str], **options: object) -> "subprocess.Popen[bytes]":
    """Start a program that the kernel ends when this process dies, however it dies (Linux)."""
    parent = os.getpid()
    launcher = [sys.executable, "-m", "repository.jobs.tied", str(parent), *command]
    return subprocess.Popen(launcher, stdin=subprocess.DEVNULL, **options)  # type: ignore[call-overload,no-any-return]


def die_with(parent: int) -> None:
    """Let the kernel kill this process when its parent ends; ends it at once when that happened already."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)


def _ended(pid: int) -> bool:
    return os.waitpid(pid, os.WNOHANG)[0] == pid
