"""Buckets and keys of their own on a real MinIO, and a line to it that can be cut."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from minio import Minio
from servers import Minio as MinioServer

from repository.storage.local_copies import LocalCopies
from repository.storage.minio import MinioStore
from repository.storage.minio_client import MinioConnection, MinioKey
from repository.storage.minio_rights import Buckets
from repository.storage.minio_setup import Wanted, set_up

RETENTION_DAYS = 30


@dataclass(frozen=True, slots=True)
class MinioSite:
    """A site's buckets on a server, set up; `folder` is for local copies."""

    wanted: Wanted
    root: MinioConnection
    folder: Path

    @property
    def buckets(self) -> Buckets:
        return self.wanted.buckets

    @property
    def raw(self) -> Minio:
        """A bare client with the application's key."""
        return MinioConnection(self.wanted.application).client()

    def store(
        self, bucket: str, port: int | None = None, key: MinioKey | None = None, read_seconds: float = 30
    ) -> MinioStore:
        """A store with the application's key (or `key`), by way of another local port when one is given."""
        key = key or self.wanted.application
        if port is not None:
            key = replace(key, endpoint=f"127.0.0.1:{port}")
        spool = self.folder / "spool"
        spool.mkdir(exist_ok=True)
        copies = LocalCopies(self.folder / "copies", 64 << 20)
        return MinioStore(
            MinioConnection(key, read_seconds), bucket, copies, spool, versioned=bucket == self.buckets.masters
        )

    def masters(self, port: int | None = None) -> MinioStore:
        return self.store(self.buckets.masters, port)

    def custodian(self) -> MinioStore:
        assert self.wanted.custodian is not None
        return self.store(self.buckets.masters, key=self.wanted.custodian)

    def unfinished(self, bucket: str, key: str) -> int:
        """How many uploads of the key were begun and neither finished nor given up."""
        return len(self.root.client()._list_multipart_uploads(bucket, prefix=key).uploads)


def set_up_site(server: MinioServer, name: str, folder: Path, ca_file: Path | None = None) -> MinioSite:
    """Buckets and keys called `name` on a running server."""

    def key(user: str, secret: str) -> MinioKey:
        return MinioKey(f"127.0.0.1:{server.port}", user, secret, ca_file is not None, ca_file)

    wanted = Wanted(
        Buckets(name), RETENTION_DAYS, key(f"{name}-app", f"{name}-app-secret"),
        key(f"{name}-keep", f"{name}-keep-secret"),
    )  # fmt: skip
    root = MinioConnection(key(server.root_user, server.root_password))
    set_up(root, wanted)
    return MinioSite(wanted, root, folder)


class Line:
    """A TCP line to a server. `cut_after`: each connection is reset once that many bytes went to the server by it,
    counted from when `spare` bytes went by all of them together. `cut_back_after`: the same for what came from the
    server. `busy`: this many PUT requests are answered 503."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.cut_after: int | None = None
        self.spare = 0
        self.cut_back_after: int | None = None
        self.busy = 0
        self.refused = 0
        self.cuts = 0

    def close(self) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)  # or whoever waits in accept would get one more
        self._listening.close()

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                here, _ = self._listening.accept()
                threading.Thread(target=self._carry, args=(here,), daemon=True).start()

    def _carry(self, here: socket.socket) -> None:
        with suppress(OSError), here, socket.create_connection(("127.0.0.1", self._to)) as there:
            threading.Thread(target=self._back, args=(there, here), daemon=True).start()
            sent = 0
            while data := here.recv(1 << 16):
                if self.busy and data.startswith(b"PUT "):
                    self.busy -= 1
                    self._refuse(here, data)
                    continue
                self.spare -= len(data)
                sent += len(data) if self.spare < 0 else 0
                if self.cut_after is not None and sent > self.cut_after:
                    self._cut(here)
                    return
                there.sendall(data)

    def _back(self, there: socket.socket, here: socket.socket) -> None:
        came = 0
        with suppress(OSError):
            while data := there.recv(1 << 16):
                came += len(data)
                if self.cut_back_after is not None and came > self.cut_back_after:
                    self._cut(here)
                    return
                here.sendall(data)
            here.shutdown(socket.SHUT_WR)

    def _cut(self, here: socket.socket) -> None:
        """Close so that the other side sees a reset, not an end."""
        self.cuts += 1
        here.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        here.shutdown(socket.SHUT_RD)  # wakes whoever reads from it; its end resets the connection
        here.close()

    def _refuse(self, here: socket.socket, data: bytes) -> None:
        while b"\r\n\r\n" not in data:
            data += here.recv(1 << 16)
        head, _, body = data.partition(b"\r\n\r\n")
        found = re.search(rb"(?i)content-length: (\d+)", head)
        left = int(found[1]) - len(body) if found else 0
        while left > 0:
            left -= len(here.recv(min(left, 1 << 16)))
        self.refused += 1
        says = b"<Error><Code>SlowDown</Code><Message>busy</Message></Error>"
        here.sendall(
            b"HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n%s"
            % (len(says), says)
        )


@contextmanager
def line_to(port: int) -> Iterator[Line]:
    """A line that carries until the block ends."""
    line = Line(port)
    serving = threading.Thread(target=line.serve, daemon=True)
    serving.start()
    try:
        yield line
    finally:
        line.close()
