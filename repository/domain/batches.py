"""A digitisation batch: the files that came in, the pages they gave, and how far each has got."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from repository.domain.errors import Param


class BatchState(StrEnum):
    RECEIVING = "receiving"  # more files may come
    WORKING = "working"  # all files are here, pages are still owed
    DONE = "done"  # every page searchable or set aside, every file taken in or refused
    CANCELLED = "cancelled"


class FileState(StrEnum):
    RECEIVED = "received"  # stored, not yet looked into
    TAKEN = "taken"  # its pages are in the ledger
    REFUSED = "refused"
    DUPLICATE = "duplicate"  # the same bytes came in before; kept once, not taken in again
    SHEET = "sheet"  # the batch's table of metadata


class StepName(StrEnum):
    """The steps of a page, in order."""

    OPEN = "open"
    DERIVATIVE = "derivative"
    CLEAN = "clean"
    RECOGNISE = "recognise"
    INDEX = "index"


class StepState(StrEnum):
    OWED = "owed"
    DONE = "done"
    SET_ASIDE = "set_aside"


@dataclass(frozen=True, slots=True)
class Reason:
    """A sentence for staff, kept as template and parameters so that it can be shown in either language."""

    template: str
    params: dict[str, Param] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.template.format(**self.params)


@dataclass(frozen=True, slots=True)
class BatchFile:
    """One file of a batch: a ZIP's members are files of their own. `name` is the path inside the batch, NFC."""

    id: str
    batch: str
    name: str
    size: int
    sha256: str
    state: FileState
    pages: int = 0
    reason: Reason | None = None
    needs_password: bool = False
    duplicate_of: str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    id: str
    library: str
    title: str
    state: BatchState
    created_by: str
    created_at: datetime
    finished_at: datetime | None
    expected_files: int | None
    publish: bool
    access: str | None = None
    item_code: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """Live figures of a batch. `pages_total` is what is known so far; `seconds_left` None while it cannot be told;
    `pages_unindexed` are read and only owed to the index."""

    batch: str
    state: BatchState
    files_received: int
    files_waiting: int
    pages_total: int
    pages_done: int
    pages_set_aside: int
    pages_per_second: float
    seconds_left: int | None
    pages_unindexed: int = 0

    @property
    def owes_only_the_index(self) -> bool:
        """Whether all has been done but to put pages into the index."""
        left = self.pages_total - self.pages_done - self.pages_set_aside
        return not self.files_waiting and 0 < left == self.pages_unindexed


@dataclass(frozen=True, slots=True)
class Finding:
    """Something the report tells about a file or page without refusing it: `kind` is `duplicate`, `gap`, `blank`,
    `few_pixels`, `low_confidence`, `sheet` or `set_aside`. `page` is the page's id when it is about one."""

    kind: str
    where: str
    reason: Reason
    page: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a batch."""

    batch: Batch
    expected: int | None
    received: int
    pages_ingested: int
    refused: tuple[BatchFile, ...]
    duplicates: tuple[BatchFile, ...]
    findings: tuple[Finding, ...]
    items: tuple[str, ...]
    seconds: float
