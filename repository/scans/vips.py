"""libvips as this house uses it: one thread (one process a core already), no cache of files that may change.

Its warnings come by Python's logging; they are heard here instead of being printed line by line.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

os.environ.setdefault("VIPS_CONCURRENCY", "1")

import pyvips as vips
from pyvips import Error as VipsError

vips.cache_set_max(0)

__all__ = ["VipsError", "complaints", "vips"]

_MOST_HEARD = 10_000


class _Ear(logging.Handler):
    """Keeps warnings while somebody listens."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard: list[str] | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if self.heard is not None and len(self.heard) < _MOST_HEARD:
            self.heard.append(record.getMessage())


_ear = _Ear()
_logger = logging.getLogger("pyvips")
_logger.addHandler(_ear)
_logger.setLevel(logging.WARNING)
_logger.propagate = False


@contextmanager
def complaints() -> Iterator[list[str]]:
    """What libvips and the libraries under it warn of inside the block, in this process (not only this thread)."""
    heard: list[str] = []
    before, _ear.heard = _ear.heard, heard
    try:
        yield heard
    finally:
        _ear.heard = before
