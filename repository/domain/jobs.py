"""Work that a worker can be given."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum


class JobKind(StrEnum):
    FILE = "file"  # look into a received file
    PAGE = "page"  # bring a page forward through the steps it owes


class Priority(IntEnum):
    """Classes of work; the lower goes first."""

    READER = 10  # somebody sits before the screen and waits for this page
    CORRECTION = 30
    BATCH = 50

    @classmethod
    def of(cls, priority: int) -> "Priority":
        """The class that a job's number falls into."""
        return next((each for each in cls if priority <= each), cls.BATCH)


@dataclass(frozen=True, slots=True)
class Job:
    """A leased piece of work. `subject` is a file's or page's id; `token` proves that the lease is still ours; `trace`
    names the request that it was owed for."""

    id: int
    kind: JobKind
    subject: str
    batch: str
    token: int
    attempts: int
    trace: str | None = None


@dataclass(frozen=True, slots=True)
class WindowJob:
    """A job that is due and next in turn. `token` is the lease's before it is claimed; `library` is "" where the batch
    is unknown."""

    id: int
    priority: Priority
    batch: str
    library: str
    token: int


@dataclass(frozen=True, slots=True)
class Depth:
    """How many jobs of a class, of a library, are waiting (or held, with `held`)."""

    priority: Priority
    held: bool
    library: str
    jobs: int


@dataclass(frozen=True, slots=True)
class WorkerSeen:
    """A process that was heard of, `silent` seconds ago by the database's clock; `doing` is what it has in hand."""

    name: str
    kind: str
    host: str
    pid: int
    doing: str | None
    started_at: datetime
    silent: float
