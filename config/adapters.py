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

CLIENTS = (
    "psycopg", "repository.storage.minio", "repository.storage.minio_rights", "repository.search.opensearch_index",
    "repository.jobs.rq",
)  # fmt: skip
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
    for module in (*LATE, *(CLIENTS if settings.production else ())):
        import_module(module)
    configure_mappers()


def open_stores(settings: Settings, ledger: Ledger) -> Stores:
    """Folders, or buckets with copies kept on this machine."""
    if not settings.production:
        masters, derivatives, texts = (
            FolderStore(settings.data / name) for name in ("masters", "derivatives", "texts")
        )
        return Stores(Masters(ledger, masters, settings.scratch_folder), derivatives, texts)
    from repository.storage.local_copies import LocalCopies
    from repository.storage.minio import MinioStore
    from repository.storage.minio_client import MinioConnection, MinioKey
    from repository.storage.minio_rights import Buckets

    secret = settings.minio_secret_key.get_secret_value()
    key = MinioKey(
        settings.minio_endpoint, settings.minio_access_key, secret, settings.minio_tls, settings.minio_ca_file
    )
    connection, buckets = MinioConnection(key), Buckets(settings.minio_bucket_prefix)
    copies, spool = LocalCopies(settings.cache_folder, settings.cache_bytes), settings.scratch_folder
    return Stores(
        Masters(ledger, MinioStore(connection, buckets.masters, copies, spool, versioned=True), spool),
        MinioStore(connection, buckets.derivatives, copies, spool),
        MinioStore(connection, buckets.text, copies, spool),
    )


def open_index(settings: Settings) -> SearchIndex:
    """Tantivy in a folder, or OpenSearch."""
    if not settings.production:
        return TantivyIndex(settings.index_folder)
    from repository.search.opensearch_index import OpenSearchIndex

    return OpenSearchIndex(
        settings.opensearch_urls,
        settings.opensearch_index,
        settings.opensearch_user,
        settings.opensearch_password.get_secret_value(),
        settings.opensearch_ca_file,
        settings.opensearch_shards,
        settings.opensearch_replicas,
        f"{settings.site_name} {settings.public_url}".strip(),
    )


def open_queue(settings: Settings) -> Queue | None:
    """RQ on Redis; none in the embedded profile, where workers claim from the ledger."""
    if not settings.production:
        return None
    from repository.jobs.rq import RqQueue

    password = settings.redis_password.get_secret_value()
    return RqQueue(settings.redis_url, settings.redis_prefix, password, settings.redis_ca_file)
