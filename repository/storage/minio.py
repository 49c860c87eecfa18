"""Objects in a MinIO bucket, each under the SHA-256 of its content."""

import base64
import io
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from minio.datatypes import Object
from minio.error import S3Error
from urllib3.exceptions import HTTPError, MaxRetryError, ProtocolError

from repository.domain.errors import N_, ObjectMissing, StoreFailed
from repository.storage.local_copies import LocalCopies
from repository.storage.measuring import Checked, Measured, digest_of, measured
from repository.storage.minio_client import MinioConnection
from repository.storage.minio_errors import SERVER, said, silent
from repository.storage.minio_reading import LARGEST, Ranges
from repository.storage.minio_versions import MinioVersions
from repository.storage.port import StoredObject, is_key

PART = 16 << 20  # bytes held in memory while an object is sent; more for those above MOST_PARTS parts
MOST_PARTS = 10_000
BUFFER = 64 << 10
CHECKSUM = "x-amz-checksum-sha256"


class _Empty(Exception):
    """An object without a byte has no first one either."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Some bytes of an object of `size` bytes."""

    data: bytes
    size: int
    version: str | None


class MinioStore:
    """A bucket of objects; see the port. `spool` is a folder for what cannot be read twice, `copies` what was fetched.

    Sending: the key is known before the first byte leaves, and the bytes are hashed on their way; the last ones are
    sent only when the whole is what the key says. Up to PART bytes go in one request with the key as the checksum that
    the server itself compares; more in parts, each with its own checksum (SHA-256 in the signature, or MD5 under TLS),
    made one object at the end. A cut leaves no object; parts of a killed sender are dropped by the server after a day
    (MinIO's `stale_uploads_expiry`, and the bucket's life-cycle rule on other S3 servers).

    Storing again: what lies under the key with the right size is believed when the server reports that it compared
    the content with this very SHA-256 when it came in; anything else (parts, somebody else's upload) is read back and
    hashed first. What is wrong there is covered by a new version. Where there are no versions, what goes in one request
    is simply sent again: the same bytes over themselves, for no more than asking would cost."""

    def __init__(
        self, connection: MinioConnection, bucket: str, copies: LocalCopies, spool: Path, versioned: bool = False
    ) -> None:
        self._connection = connection
        self._bucket = bucket
        self._copies = copies
        self._spool = spool
        self._versions = MinioVersions(connection, bucket) if versioned else None

    @property
    def versions(self) -> MinioVersions | None:
        """The histories of objects in a versioned bucket; see the port."""
        return self._versions

    def put(self, stream: BinaryIO, expected: str | None = None) -> StoredObject:
        """Keep the stream's bytes; see the port."""
        with measured(stream, self._spool, expected) as source:
            simply = self._versions is None and source.size <= PART
            return (None if simply else self._held(source)) or self._send(source)

    def put_file(self, path: Path) -> StoredObject:
        """Keep a local file's bytes; see the port."""
        with path.open("rb") as stream:
            return self.put(stream)

    def open(self, key: str, version: str | None = None) -> BinaryIO:
        """The object as a stream of ranged requests; see the port. A connection cut in mid-reading is made again."""
        found = self._stat(key, version)
        pinned = version or (found.version_id if self._versions else None)
        size = found.size or 0
        return io.BufferedReader(Ranges(lambda at, length: self._range(key, pinned, at, length), size), BUFFER)

    def local(self, key: str, version: str | None = None) -> AbstractContextManager[Path]:
        """A copy on this machine, its content compared with the key as it came; see the port. A copy that is there
        already is given without asking the server."""
        if not is_key(key):
            raise self._missing(key)
        return self._copies.copy(key, lambda: self._whole(key, version))

    def size(self, key: str) -> int:
        """The object's bytes; see the port."""
        return self._stat(key, None).size or 0

    def exists(self, key: str, version: str | None = None) -> bool:
        """Whether the object is there; see the port."""
        try:
            self._stat(key, version)
        except ObjectMissing:
            return False
        return True

    def delete(self, key: str) -> None:
        """Take the object away (in a versioned bucket: hide it behind a marker); see the port."""
        if is_key(key):
            with said(self._connection.endpoint, "DeleteObject", self._named(key)):
                self._connection.client().remove_object(self._bucket, key)
            self._copies.forget(key)

    def keys(self) -> Iterator[str]:
        """Every key, a thousand at a time; see the port."""
        with said(self._connection.endpoint, "ListObjectsV2", self._bucket):
            for listed in self._connection.client().list_objects(self._bucket):
                if listed.object_name is not None and is_key(listed.object_name):
                    yield listed.object_name

    def ping(self) -> None:
        """Ask for the bucket and wait a few seconds at most; see the port."""
        with said(self._connection.endpoint, "HeadBucket", self._bucket):
            found = self._connection.client(patient=False).bucket_exists(self._bucket)
        if not found:
            raise StoreFailed(
                N_("{server} ({endpoint}) chưa có ngăn chứa {subject}; hãy chạy diachi storage setup."),
                server=SERVER,
                endpoint=self._connection.endpoint,
                subject=self._bucket,
            )

    def _held(self, source: Measured) -> StoredObject | None:
        """What lies under the key already, when it can be believed; see the class."""
        try:
            found = self._stat(source.key, None)
        except ObjectMissing:
            return None
        if found.size != source.size:
            return None
        version = found.version_id if self._versions else None
        if (found.metadata or {}).get(CHECKSUM) != _checksum(source.key):
            with self.open(source.key, version) as there:
                if digest_of(there)[0] != source.key:
                    return None
        if source.trusted:
            source.prove()
        return StoredObject(source.key, source.size, version)

    def _send(self, source: Measured) -> StoredObject:
        part = max(PART, -(-source.size // MOST_PARTS))
        metadata: dict[str, str | list[str] | tuple[str]] = {"sha256": source.key}
        if source.size <= part:
            metadata[CHECKSUM] = _checksum(source.key)
        with said(self._connection.endpoint, "PutObject", self._named(source.key)):
            made = self._connection.client().put_object(
                self._bucket, source.key, cast(BinaryIO, Checked(source)), source.size, metadata=metadata,
                part_size=part, num_parallel_uploads=1,
            )  # fmt: skip
        if not made.etag:  # an error that came after the server had already begun to answer 200
            raise silent(self._connection.endpoint, "CompleteMultipartUpload", "no ETag")
        return StoredObject(source.key, source.size, made.version_id if self._versions else None)

    def _whole(self, key: str, version: str | None) -> BinaryIO:
        """As `open`, for whoever reads it all: what fits into LARGEST bytes comes in the first request."""
        try:
            begun = self._asked(key, version, 0, LARGEST)
        except _Empty:
            return self.open(key, version)
        pinned = version or (begun.version if self._versions else None)
        ranges = Ranges(lambda at, length: self._range(key, pinned, at, length), begun.size, begun.data)
        return io.BufferedReader(ranges, BUFFER)

    def _range(self, key: str, version: str | None, offset: int, length: int) -> bytes:
        return self._asked(key, version, offset, length).data

    def _asked(self, key: str, version: str | None, offset: int, length: int) -> "_Part":
        """Bytes of an object, as many of `length` as it has; a connection that is cut is made again once."""
        with said(self._connection.endpoint, "GetObject", self._named(key)):
            try:
                return self._fetch(key, version, offset, length)
            except HTTPError as cut:
                if isinstance(cut, MaxRetryError):
                    raise
                return self._fetch(key, version, offset, length)

    def _fetch(self, key: str, version: str | None, offset: int, length: int) -> "_Part":
        """Bytes of an object in one request; urllib3's errors for one that is cut, tried again only until it began."""
        client = self._connection.client()
        try:
            response = client.get_object(self._bucket, key, offset=offset, length=length, version_id=version)
        except S3Error as error:
            if error.code == "InvalidRange" and not offset:
                raise _Empty from error
            raise
        try:
            data: bytes = response.read()
        finally:
            response.close()
            response.release_conn()
        size = response.headers.get("Content-Range", "").rpartition("/")[2]
        if not size.isdecimal() or len(data) != min(length, int(size) - offset):
            raise ProtocolError(f"{len(data)} bytes of {length}, in all {size!r}")
        return _Part(data, int(size), response.headers.get("x-amz-version-id"))

    def _stat(self, key: str, version: str | None) -> Object:
        if not is_key(key):
            raise self._missing(key)
        with said(self._connection.endpoint, "HeadObject", self._named(key)):
            return self._connection.client().stat_object(
                self._bucket, key, version_id=version, extra_headers={"x-amz-checksum-mode": "ENABLED"}
            )

    def _named(self, key: str) -> str:
        return f"{self._bucket}/{key}"

    def _missing(self, key: str) -> ObjectMissing:
        return ObjectMissing(N_("Không có đối tượng “{key}” trong kho lưu trữ."), key=key[:80])


def _checksum(key: str) -> str:
    return base64.b64encode(bytes.fromhex(key)).decode()
