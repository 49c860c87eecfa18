"""What whoever looks after a site is told: work, workers, what is stuck, what is kept, when it was last saved."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from repository.db.figures import StepTimes, Stuck
from repository.db.ledger import Ledger
from repository.domain.access import Role, Visitor
from repository.domain.errors import N_, AccessRefused
from repository.domain.jobs import Depth, WorkerSeen
from repository.domain.masters import Fixity

LAST_BACKUP = "backup.last_good"  # the setting that keeps when a whole backup was last made, in ISO form
STALE_BACKUP = timedelta(days=7)
TRIES = 2


@dataclass(frozen=True, slots=True)
class Now:
    """Figures that cost little: jobs by class, the oldest due job's wait, processes, what the index owes, when the last
    good backup was made."""

    depth: list[Depth]
    oldest: timedelta | None
    workers: list[WorkerSeen]
    items_owed: int
    pages_owed: int
    last_backup: datetime | None


@dataclass(frozen=True, slots=True)
class Bulk:
    """Figures for which whole tables are read."""

    pages: dict[str, int]
    steps: list[StepTimes]
    set_aside: dict[tuple[str, str], int]
    refused: dict[str, int]
    fixity: Fixity


@dataclass(frozen=True, slots=True)
class Waiting:
    """The queue as staff see it: jobs by class, workers, and what will not go on by itself."""

    depth: list[Depth]
    oldest: timedelta | None
    workers: list[WorkerSeen]
    stuck: list[Stuck]
    slow: list[Stuck]


class Operating:
    """Use cases of whoever looks after the site."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def now(self) -> Now:
        """The cheap figures."""
        with self._ledger.read() as work:
            return Now(
                work.jobs.depth(), work.jobs.oldest_waiting(), work.workers.all(), *work.figures.index_owes(),
                _moment(work.journal.setting(LAST_BACKUP)),
            )  # fmt: skip

    def bulk(self) -> Bulk:
        """The dear figures."""
        with self._ledger.read() as work:
            found = work.figures
            return Bulk(found.pages(), found.step_times(), found.set_aside(), found.refused(), work.masters.fixity())

    def waiting(self, visitor: Visitor) -> Waiting:
        """The queue, to staff: of their own library, to administrators of all."""
        if not visitor.may(Role.STAFF):
            raise AccessRefused(N_("Trang này dành cho cán bộ thư viện; hãy đăng nhập."))
        own = None if visitor.may(Role.ADMIN) else visitor.library or ""
        with self._ledger.read() as work:
            depth = [each for each in work.jobs.depth() if own is None or each.library == own]
            stuck = [*work.figures.stuck_pages(own), *work.figures.stuck_files(own)]
            slow = work.figures.stuck_jobs(own, TRIES)
            return Waiting(depth, work.jobs.oldest_waiting() if depth else None, work.workers.all(), stuck, slow)

    def backup_age(self) -> timedelta | None:
        """How old the last good backup is; None when there is none."""
        with self._ledger.read() as work:
            made = _moment(work.journal.setting(LAST_BACKUP))
        return None if made is None else max(datetime.now(UTC) - made, timedelta())

    def backup_wanted(self) -> bool:
        """Whether staff should be warned: the last good backup is too old, or there is none though something has been
        published for as long. A site that is being tried out is left in peace."""
        with self._ledger.read() as work:
            made = _moment(work.journal.setting(LAST_BACKUP))
            if made is None:
                return work.figures.published_for(STALE_BACKUP)
        return datetime.now(UTC) - made > STALE_BACKUP


def _moment(written: str | None) -> datetime | None:
    if not written:
        return None
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
