"""The history of each object in a versioned bucket: what shadows a master, and how its own bytes come back."""

from datetime import datetime

from minio.commonconfig import REPLACE, CopySource
from minio.deleteobjects import DeleteObject
from minio.helpers import MAX_PART_SIZE

from repository.domain.errors import N_, ObjectMissing, StoreFailed
from repository.storage.minio_client import MinioConnection
from repository.storage.minio_errors import SERVER, said
from repository.storage.port import StoredVersion


class MinioVersions:
    """Versions of objects in one bucket; see the port. Reading and restoring need GetObjectVersion, ListBucketVersions
    and PutObject, which the application's key has; erasing needs DeleteObjectVersion and BypassGovernanceRetention,
    which only the custodian's has."""

    def __init__(self, connection: MinioConnection, bucket: str) -> None:
        self._connection = connection
        self._bucket = bucket

    def of(self, key: str) -> list[StoredVersion]:
        """The history of a key, newest first; see the port."""
        with said(self._connection.endpoint, "ListObjectVersions", f"{self._bucket}/{key}"):
            listed = self._connection.client().list_objects(self._bucket, prefix=key, include_version=True)
            found = [
                StoredVersion(
                    each.version_id or "null", each.size or 0, each.is_delete_marker, each.is_latest == "true",
                    each.last_modified,
                )
                for each in listed
                if each.object_name == key
            ]  # fmt: skip
        # Two made within one tick of the server's clock are told apart by `latest` alone.
        return sorted(found, key=lambda each: (each.latest, each.stored_at or datetime.min), reverse=True)

    def current(self, key: str) -> str | None:
        """The version that a reader gets who names none; see the port."""
        try:
            with said(self._connection.endpoint, "HeadObject", f"{self._bucket}/{key}"):
                return self._connection.client().stat_object(self._bucket, key).version_id
        except ObjectMissing:
            return None

    def restore(self, key: str, version: str) -> str:
        """Put a copy of that version on top of the key's history; see the port."""
        with said(self._connection.endpoint, "CopyObject", f"{self._bucket}/{key}"):
            client = self._connection.client()
            metadata: dict[str, str | list[str] | tuple[str]] = {
                "sha256": key,
                "Content-Type": "application/octet-stream",
            }
            if (client.stat_object(self._bucket, key, version_id=version).size or 0) <= MAX_PART_SIZE:
                metadata["x-amz-checksum-algorithm"] = "SHA256"  # what is above is copied in parts, which have none
            source = CopySource(self._bucket, key, version_id=version)
            made = client.copy_object(self._bucket, key, source, metadata=metadata, metadata_directive=REPLACE)
        return made.version_id or "null"

    def erase(self, key: str) -> int:
        """Delete the key's whole history; see the port."""
        erased = 0
        while versions := self.of(key):
            doomed = [DeleteObject(key, each.version) for each in versions]
            with said(self._connection.endpoint, "DeleteObjects", f"{self._bucket}/{key}"):
                client = self._connection.client()
                refused = list(client.remove_objects(self._bucket, doomed, bypass_governance_mode=True))
            if refused:
                raise StoreFailed(
                    N_("{server} ({endpoint}) không cho khóa {name} xóa {count} phiên bản của {key} ({code}); việc này "
                       "cần khóa của người giữ kho."),
                    server=SERVER, endpoint=self._connection.endpoint, name=self._connection.access_key,
                    count=len(refused), key=key, code=refused[0].code or "?",
                )  # fmt: skip
            erased += len(doomed)
        return erased
