"""Worker processes beside the server: started, watched, replaced when they die, stopped with their parent."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

PR_SET_PDEATHSIG = 1
QUICK_DEATH, LONGEST_PAUSE = 5.0, 30.0


@dataclass(slots=True)
class _Slot:
    """A place in the pool: who works in it, and when the next may start."""

    name: str
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    not_before: float = 0.0
    deaths: int = 0


class WorkerPool:
    """Keeps `count` processes of `command NAME` alive. The kernel kills them when the process that made the pool dies.

    `on_death` is told the name of each that ended by itself, before another takes its place."""

    def __init__(self, command: Sequence[str], count: int, on_death: Callable[[str], None]) -> None:
        self._command = list(command)
        self._on_death = on_death
        self._run = f"{os.getpid()}-{int(time.time())}"
        self._slots = [_Slot(f"worker-{number}-{self._run}") for number in range(count)]

    def tend(self) -> None:
        """Reap the dead and fill empty places; a place whose workers die at once waits longer each time."""
        for slot in self._slots:
            if slot.process is not None and slot.process.poll() is not None:
                self._bury(slot)
            if slot.process is None and time.monotonic() >= slot.not_before:
                slot.process = start_with_parent([*self._command, slot.name])
                slot.started = time.monotonic()

    def alive(self) -> dict[str, int]:
        """Process ids by name."""
        return {slot.name: slot.process.pid for slot in self._slots if slot.process and slot.process.poll() is None}

    def stop(self, seconds: float) -> None:
        """Ask every worker to stop after the step in hand; kill what is left after `seconds`."""
        running = [slot.process for slot in self._slots if slot.process and slot.process.poll() is None]
        for process in running:
            process.terminate()
        until = time.monotonic() + seconds
        for process in running:
            try:
                process.wait(max(until - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _bury(self, slot: _Slot) -> None:
        slot.process = None
        quick = time.monotonic() - slot.started < QUICK_DEATH
        slot.deaths = slot.deaths + 1 if quick else 0
        slot.not_before = time.monotonic() + (min(0.5 * 2**slot.deaths, LONGEST_PAUSE) if quick else 0.0)
        self._on_death(slot.name)


def start_with_parent(command: Sequence[str], **options: object) -> "subprocess.Popen[bytes]":
    """Start a process that the kernel ends when this one dies, however it dies (Linux)."""
    parent = os.getpid()
    launcher = [sys.executable, "-m", "repository.jobs.tied", str(parent), *command]
    return subprocess.Popen(launcher, stdin=subprocess.DEVNULL, **options)  # type: ignore[call-overload,no-any-return]


def die_with(parent: int) -> None:
    """Let the kernel kill this process when its parent ends; ends it at once when that happened already."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)
