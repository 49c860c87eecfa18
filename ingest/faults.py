"""Whose fault a failure is: the page's, or a server's or disk's, which passes; and how long to wait for that."""

import errno
import random
import shutil
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from repository.domain.errors import ObjectDamaged, ObjectMissing, ServerUnreachable, StoreFailed

FIRST, LONGEST = 2.0, 60.0
LONGEST_REST = 15.0  # seconds that a process itself stays away after a failure, whatever its job waits for
NAP = 0.2
FULL = (errno.ENOSPC, errno.EDQUOT)
SERVERS = (ServerUnreachable, StoreFailed)  # what the ledger raises when it is its own server's fault
TIGHT = 32 << 20  # bytes; below this a program that fails may well have failed for want of room


def passing(error: BaseException, scratch: Path) -> bool:
    """Whether the failure is a server's or the disk's, and says nothing about the page: then it never counts.

    A missing or damaged object is the page's own: it does not come by waiting. Outside programs do not say why they
    could not write, so that any failure while `scratch` has no room left is the disk's."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ObjectMissing | ObjectDamaged):
            return False
        if isinstance(cause, SERVERS) or (isinstance(cause, OSError) and cause.errno in FULL):
            return True
        cause = cause.__cause__
    return shutil.disk_usage(scratch).free < TIGHT


def pause(times: int) -> timedelta:
    """How long to wait after `times` failures in a row: doubling from 2 s to 60 s, spread so that a thousand workers do
    not all come back in the same moment."""
    longest = min(FIRST * 2 ** min(times - 1, 10), LONGEST)
    return timedelta(seconds=longest * random.uniform(0.75, 1.0))  # noqa: S311 - no secret


def rest(seconds: float, stopping: Callable[[], bool]) -> None:
    """Wait, but not for long once `stopping`."""
    until = time.monotonic() + seconds
    while not stopping() and (left := until - time.monotonic()) > 0:
        time.sleep(min(left, NAP))
