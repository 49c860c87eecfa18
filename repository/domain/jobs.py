"""Work that a worker can be given."""

from dataclasses import dataclass
from enum import StrEnum


class JobKind(StrEnum):
    FILE = "file"  # look into a received file
    PAGE = "page"  # bring a page forward through the steps it owes


@dataclass(frozen=True, slots=True)
class Job:
    """A leased piece of work. `subject` is a file's or page's id; `token` proves that the lease is still ours."""

    id: int
    kind: JobKind
    subject: str
    batch: str
    token: int
    attempts: int
