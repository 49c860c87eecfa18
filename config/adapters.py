"""Which adapter stands behind each port, as the profile says. Clients of servers are loaded only where needed."""

from dataclasses import dataclass
from importlib import import_module

from sqlalchemy.orm import configure_mappers

from config.settings import Settings
from repository.catalog.masters import Masters
from repository.db.ledger import Ledger
from repository.jobs.port import Queue
from repository.search.port import SearchIndex
from repository.search.tantivy_index import TantivyIndex
from repository.storage.folder import FolderStore
from repository.storage.port import ObjectStore

LATE = ("numpy.ma", "_strptime")


@dataclass(frozen=True, slots=True)
class Stores:
    """What is kept outside the ledger."""

    masters: Masters
    derivatives: ObjectStore
    texts: ObjectStore


def load_clients(settings: Settings) -> None:
    """Load the code of the profile's clients and what libraries else load only when first used; nothing connects.
    Whoever forks calls it first, or each child loads its own: more than a second of a core."""
    for module in LATE:
        import_module(module)
    if settings.production:
        import_module("config.server_adapters")
    configure_mappers()


def open_stores(settings: Settings, ledger: Ledger) -> Stores:
    """Folders, or buckets with copies kept on this machine."""
    if not settings.production:
        masters, derivatives, texts = (
            FolderStore(settings.data / name) for name in ("masters", "derivatives", "texts")
        )
        return Stores(Masters(ledger, masters, settings.scratch_folder), derivatives, texts)
    from config.server_adapters import open_buckets

    return Stores(*open_buckets(settings, ledger))


def open_index(settings: Settings) -> SearchIndex:
    """Tantivy in a folder, or OpenSearch."""
    if not settings.production:
        return TantivyIndex(settings.index_folder)
    from config.server_adapters import open_opensearch

    return open_opensearch(settings)


def open_queue(settings: Settings) -> Queue | None:
    """RQ on Redis; none in the embedded profile, where workers claim from the ledger."""
    if not settings.production:
        return None
    from config.server_adapters import open_rq

    return open_rq(settings)
