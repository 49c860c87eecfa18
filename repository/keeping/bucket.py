"""A bucket of another MinIO (or any S3 server) as a place for backups."""

import io
from pathlib import Path

from minio.error import S3Error

from repository.domain.errors import N_, StoreFailed
from repository.keeping.places import Place
from repository.storage.local_copies import LocalCopies
from repository.storage.minio import MinioStore
from repository.storage.minio_client import MinioConnection, MinioKey
from repository.storage.minio_errors import said


class BucketShelf:
    """Objects of a bucket under plain names; see `Shelf`."""

    def __init__(self, connection: MinioConnection, bucket: str) -> None:
        self._connection = connection
        self._bucket = bucket

    def put(self, name: str, data: bytes) -> None:
        """Keep it; see the protocol."""
        with said(self._connection.endpoint, "PutObject", self._named(name)):
            self._connection.client().put_object(self._bucket, name, io.BytesIO(data), len(data))

    def get(self, name: str) -> bytes | None:
        """What has that name; see the protocol."""
        with said(self._connection.endpoint, "GetObject", self._named(name)):
            try:
                response = self._connection.client().get_object(self._bucket, name)
            except S3Error as error:
                if error.code == "NoSuchKey":
                    return None
                raise
            try:
                return bytes(response.read())
            finally:
                response.close()
                response.release_conn()

    def names(self, folder: str) -> list[str]:
        """Names below a folder; see the protocol."""
        with said(self._connection.endpoint, "ListObjectsV2", self._bucket):
            listed = self._connection.client().list_objects(self._bucket, prefix=f"{folder}/")
            return sorted((found.object_name or "").removeprefix(f"{folder}/") for found in listed)

    def remove(self, name: str) -> None:
        """Take it away; see the protocol."""
        with said(self._connection.endpoint, "DeleteObject", self._named(name)):
            self._connection.client().remove_object(self._bucket, name)

    def _named(self, name: str) -> str:
        return f"{self._bucket}/{name}"


def open_bucket(key: MinioKey, bucket: str, scratch: Path, *, make: bool) -> Place:
    """A bucket as a place for backups; with `make`, one that is not there is made. `scratch` is a folder for what
    cannot be read twice. Raises ServerUnreachable or StoreFailed."""
    connection = MinioConnection(key)
    with said(connection.endpoint, "HeadBucket", bucket):
        there = connection.client(patient=False).bucket_exists(bucket)  # tells quickly
    if not there and not make:
        raise StoreFailed(
            N_("MinIO ({endpoint}) không có ngăn sao lưu {bucket}."), endpoint=connection.endpoint, bucket=bucket
        )
    if not there:
        with said(connection.endpoint, "CreateBucket", bucket):
            connection.client().make_bucket(bucket)
    store = MinioStore(connection, bucket, LocalCopies(scratch / "backup", 0), scratch)
    return Place(f"s3://{bucket}", store, BucketShelf(connection, bucket))
