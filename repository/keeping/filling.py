"""An empty site filled with another one's ledger and objects, whether they come from a backup or from the site."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import Engine

from repository.catalog.indexing import Indexing
from repository.catalog.masters import Masters
from repository.catalog.verifying_found import Verified
from repository.catalog.verifying_masters import MasterCheck
from repository.catalog.verifying_pages import PageCheck
from repository.db.dumping import Shape
from repository.db.ledger import Ledger
from repository.db.loading import Loading
from repository.domain.errors import N_, StoreFailed
from repository.keeping.copying import Tick
from repository.keeping.parts import add_digest
from repository.search.port import SearchIndex
from repository.storage.port import ObjectStore


@dataclass(frozen=True, slots=True)
class Site:
    """The parts of a site that is filled. `engine` is the ledger's, with transactions that may stand still for long."""

    engine: Engine
    ledger: Ledger
    masters: Masters
    derivatives: ObjectStore
    texts: ObjectStore
    index: SearchIndex


class Counted:
    """Passes lines on and counts them and their digests."""

    def __init__(self, lines: Iterable[str], tick: Tick) -> None:
        self._lines = lines
        self._tick = tick
        self.rows = 0
        self.digest = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self._tick()
            self.rows += 1
            self.digest = add_digest(self.digest, line)
            yield line


def put_table(loading: Loading, shape: Shape, lines: Iterable[str], tick: Tick, digest: str | None = None) -> Counted:
    """Add a table's rows. Raises StoreFailed when they are not those of `digest`."""
    counted = Counted(lines, tick)
    loading.put(shape, counted)
    if digest not in (None, f"{counted.digest:064x}"):
        raise StoreFailed(
            N_("Bảng {table} trong bản sao lưu không khớp mã kiểm tra; hãy dùng bản sao lưu khác."), table=shape.table
        )
    return counted


def owe_what_is_missing(site: Site) -> int:
    """Owe the workers every derivative that is not there, and whatever else of a page nobody was given; gives how
    many pages and files that is."""
    found = Verified()
    masters = MasterCheck(site.ledger, site.masters, repair=True, quick=True, found=found)
    PageCheck(site.ledger, site.derivatives, site.texts, masters, True, found).all()
    return len(found.problems) + found.more


def rebuild_index(site: Site, tick: Tick) -> None:
    """Fill the index from the ledger's texts; nobody else may write to it meanwhile."""
    indexing = Indexing(site.ledger, site.index)
    indexing.rebuild()
    while indexing.catch_up() or indexing.owing():
        tick()


def clear_index(site: Site) -> None:
    """Take away what another site left in the index."""
    if site.index.count():
        site.index.clear()
        site.index.commit()
