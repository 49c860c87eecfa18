"""Connections to MinIO: who we are there, how long we wait, how often we try again."""

import os
import ssl
from dataclasses import dataclass, field
from pathlib import Path

import certifi
from minio import Minio
from minio.credentials.providers import StaticProvider
from minio.minioadmin import MinioAdmin
from urllib3 import PoolManager, Retry, Timeout

CONNECT_SECONDS = 10.0  # also the longest stall while we send
READ_SECONDS = 30.0
PING_SECONDS = 3.0
# Waits 0, 0.5, 1 and 2 s; what asks for longer is not worth holding a worker for.
RETRIES = Retry(
    total=4, connect=3, read=1, status=4, other=0, redirect=0, backoff_factor=0.5, backoff_max=4,
    status_forcelist=(429, 500, 502, 503, 504), raise_on_status=False, respect_retry_after_header=False,
    allowed_methods=frozenset({"GET", "HEAD", "PUT", "DELETE"}),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MinioKey:
    """A MinIO server and a key to it. `endpoint` is host:port, without a scheme."""

    endpoint: str
    access_key: str
    secret_key: str = field(repr=False)
    tls: bool = False
    ca_file: Path | None = None


class MinioConnection:
    """The client for a key. Made when first used, and again after a fork: sockets must not be shared. `read_seconds`
    is the longest wait for the next bytes of an answer; a request that brings none is made twice at most."""

    def __init__(self, key: MinioKey, read_seconds: float = READ_SECONDS) -> None:
        self._key = key
        self._read_seconds = read_seconds
        self._clients: dict[tuple[int, bool], Minio] = {}

    @property
    def endpoint(self) -> str:
        """host:port."""
        return self._key.endpoint

    @property
    def access_key(self) -> str:
        """The key's name."""
        return self._key.access_key

    def client(self, patient: bool = True) -> Minio:
        """The client; an impatient one tells within seconds that nobody answers."""
        owner = (os.getpid(), patient)
        if owner not in self._clients:
            key = self._key
            self._clients[owner] = Minio(
                key.endpoint, key.access_key, key.secret_key, secure=key.tls, http_client=self._pool(patient)
            )
        return self._clients[owner]

    def admin(self) -> MinioAdmin:
        """The client for users and policies."""
        key = self._key
        provider = StaticProvider(key.access_key, key.secret_key)
        return MinioAdmin(endpoint=key.endpoint, credentials=provider, secure=key.tls, http_client=self._pool(True))

    def _pool(self, patient: bool) -> PoolManager:
        waits = (CONNECT_SECONDS, self._read_seconds) if patient else (PING_SECONDS, PING_SECONDS)
        trusted = str(self._key.ca_file) if self._key.ca_file else os.environ.get("SSL_CERT_FILE") or certifi.where()
        return PoolManager(
            maxsize=16,
            timeout=Timeout(connect=waits[0], read=waits[1]),
            retries=RETRIES if patient else Retry(0, redirect=0),
            cert_reqs=ssl.CERT_REQUIRED,
            ca_certs=trusted,
        )
