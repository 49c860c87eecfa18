"""The production profile's adapters, with the clients of its servers. Loaded only where that profile is wanted."""

import psycopg  # noqa: F401 - the ledger's client, which the engine loads only when it connects

from config.settings import Settings
from repository.catalog.masters import Masters
from repository.db.ledger import Ledger
from repository.jobs.rq import RqQueue
from repository.search.opensearch_index import OpenSearchIndex
from repository.storage.local_copies import LocalCopies
from repository.storage.minio import MinioStore
from repository.storage.minio_client import MinioConnection, MinioKey
from repository.storage.minio_rights import Buckets


def open_buckets(settings: Settings, ledger: Ledger) -> tuple[Masters, MinioStore, MinioStore]:
    """Masters, derivatives and texts in MinIO, with copies kept on this machine."""
    secret = settings.minio_secret_key.get_secret_value()
    key = MinioKey(
        settings.minio_endpoint, settings.minio_access_key, secret, settings.minio_tls, settings.minio_ca_file
    )
    connection, buckets = MinioConnection(key), Buckets(settings.minio_bucket_prefix)
    copies, spool = LocalCopies(settings.cache_folder, settings.cache_bytes), settings.scratch_folder
    return (
        Masters(ledger, MinioStore(connection, buckets.masters, copies, spool, versioned=True), spool),
        MinioStore(connection, buckets.derivatives, copies, spool),
        MinioStore(connection, buckets.text, copies, spool),
    )


def open_opensearch(settings: Settings) -> OpenSearchIndex:
    """The index on OpenSearch."""
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


def open_rq(settings: Settings) -> RqQueue:
    """The queue on Redis."""
    password = settings.redis_password.get_secret_value()
    return RqQueue(settings.redis_url, settings.redis_prefix, password, settings.redis_ca_file)
