"""Are the buckets as they should be, and does the application's key really lack what it must not have?

Asked with the application's own key: what it may not do is tried, on an object made for it or with what is set already,
so that the answer is the server's and not a reading of its rules."""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from minio import Minio
from minio.commonconfig import ENABLED, GOVERNANCE
from minio.deleteobjects import DeleteObject
from minio.error import S3Error
from minio.objectlockconfig import DAYS
from minio.retention import Retention
from minio.versioningconfig import VersioningConfig

from repository.storage.minio_client import MinioConnection
from repository.storage.minio_errors import PASSING, said
from repository.storage.minio_rights import Buckets

PROBE = "probe"  # no SHA-256, so no master is ever called so
DENIED = "AccessDenied"


class Refused(Exception):
    """One of many deletions was refused; the code."""


def problems(connection: MinioConnection, buckets: Buckets, retention_days: int) -> list[str]:
    """What is not as it should be, as Vietnamese sentences; an empty list is well. Leaves one tiny object, `probe`, in
    the masters bucket. Raises ServerUnreachable or StoreFailed when it cannot be told."""
    with said(connection.endpoint, "HeadBucket", buckets.prefix):
        asked = connection.client(patient=False)  # tells quickly when nobody is there
        absent = [bucket for bucket in buckets.all if not asked.bucket_exists(bucket)]
    if absent:
        return [f"Chưa có ngăn chứa {bucket}; hãy chạy diachi storage setup." for bucket in absent]
    client = connection.client()
    with said(connection.endpoint, "GetObjectLockConfiguration", buckets.masters):
        found = _of_masters(client, buckets.masters, retention_days)
    with said(connection.endpoint, "PutObject", f"{buckets.masters}/{PROBE}"):
        version = _probe(client, buckets.masters)
    return found + [
        f"Khóa {connection.access_key} {right} được trong {buckets.masters}; lẽ ra phải bị từ chối."
        for right, attempt in _forbidden(client, buckets.masters, version).items()
        if not _refused(connection, right, attempt)
    ]


def _of_masters(client: Minio, bucket: str, retention_days: int) -> list[str]:
    found = []
    if client.get_bucket_versioning(bucket).status != ENABLED:
        found.append(f"Ngăn chứa {bucket} không giữ phiên bản (versioning).")
    try:
        lock = client.get_object_lock_config(bucket)
    except S3Error as error:
        if error.code != "ObjectLockConfigurationNotFoundError":
            raise
        return [*found, f"Ngăn chứa {bucket} không khóa đối tượng (object lock)."]
    days = (lock.duration or 0) * (1 if lock.duration_unit == DAYS else 365)
    if lock.mode is None or days < retention_days:
        found.append(f"Ngăn chứa {bucket} giữ bản gốc số {days} ngày, thiết lập đòi {retention_days} ngày.")
    return found


def _probe(client: Minio, bucket: str) -> str:
    """The version of an object to try things on; made once."""
    try:
        version = client.stat_object(bucket, PROBE).version_id
    except S3Error as error:
        if error.code != "NoSuchKey":
            raise
        version = client.put_object(bucket, PROBE, io.BytesIO(b""), 0).version_id
    return version or "null"


def _forbidden(client: Minio, bucket: str, version: str) -> dict[str, Callable[[], object]]:
    """What must be refused, each by a Vietnamese verb. Were one of them let through, it would do no harm: it is done to
    the probe, or sets what is set already."""

    def keep_longer() -> None:  # shorter is refused to everybody, whatever their rights
        now = client.get_object_retention(bucket, PROBE, version)
        until = now.retain_until_date if now is not None else datetime.now(UTC)
        client.set_object_retention(bucket, PROBE, Retention(GOVERNANCE, until + timedelta(seconds=1)), version)

    def erase() -> None:
        doomed = [DeleteObject(PROBE, version)]
        for error in client.remove_objects(bucket, doomed, bypass_governance_mode=True):
            raise Refused(error.code)

    return {
        "xóa phiên bản (DeleteObjectVersion)": lambda: client.remove_object(bucket, PROBE, version),
        "xóa phiên bản trước hạn giữ (BypassGovernanceRetention)": erase,
        "đặt dấu xóa (DeleteObject)": lambda: client.remove_object(bucket, PROBE),
        "đổi hạn giữ (PutObjectRetention)": keep_longer,
        "đặt lệnh giữ (PutObjectLegalHold)": lambda: client.enable_object_legal_hold(bucket, PROBE, version),
        "đổi quyền của ngăn chứa (PutBucketPolicy)": lambda: client.set_bucket_policy(bucket, "{}"),
        "đổi khóa của ngăn chứa (PutBucketObjectLockConfiguration)": lambda: client.set_object_lock_config(
            bucket, client.get_object_lock_config(bucket)
        ),
        "đổi cách giữ phiên bản (PutBucketVersioning)": lambda: client.set_bucket_versioning(
            bucket, VersioningConfig(ENABLED)
        ),
        "xóa ngăn chứa (DeleteBucket)": lambda: client.remove_bucket(bucket),  # never empty: the probe is in it
    }


def _refused(connection: MinioConnection, right: str, attempt: Callable[[], object]) -> bool:
    with said(connection.endpoint, right, PROBE):
        try:
            attempt()
        except Refused as error:
            return error.args == (DENIED,)
        except S3Error as error:
            if error.code in PASSING:
                raise
            return error.code == DENIED
    return False
