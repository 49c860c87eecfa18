"""What this thread is about, so that one request can be followed from the web through jobs to a worker's log.

The marks: `trace` (the id of the request or command that began it all), `job`, `page`, `file`, `batch`. A job keeps the
trace of whoever owed it; the worker that does it takes the trace up again."""

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from repository.domain.jobs import Job

LONGEST = 64
_SANE = re.compile(rf"[A-Za-z0-9._-]{{1,{LONGEST}}}")
_marks: ContextVar[Mapping[str, str]] = ContextVar("marks", default={})  # noqa: B039 - never changed in place


def new_trace() -> str:
    """An id that nothing else has."""
    return secrets.token_hex(8)


def sane(trace: str) -> bool:
    """Whether an id that came from outside may stand in logs and in the ledger."""
    return _SANE.fullmatch(trace) is not None


def marks() -> Mapping[str, str]:
    """What this thread is about now."""
    return _marks.get()


def trace() -> str | None:
    """The id of what began this work; None where nothing did."""
    return _marks.get().get("trace")


@contextmanager
def about(**more: str | None) -> Iterator[None]:
    """While the block lasts, this thread is about that too; a mark without a value is left as it was."""
    said = {name: value for name, value in more.items() if value}
    before = _marks.set({**_marks.get(), **said})
    try:
        yield
    finally:
        _marks.reset(before)


@contextmanager
def doing(job: Job) -> Iterator[None]:
    """While the block lasts, this thread does that job, on behalf of whoever owed it."""
    with about(trace=job.trace, job=str(job.id), batch=job.batch, **{job.kind.value: job.subject}):
        yield
