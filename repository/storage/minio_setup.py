"""Making the buckets and keys of a site."""

import json
from dataclasses import dataclass

from minio.commonconfig import ENABLED, GOVERNANCE, Filter
from minio.error import MinioAdminException
from minio.lifecycleconfig import (
    AbortIncompleteMultipartUpload,
    Expiration,
    LifecycleConfig,
    NoncurrentVersionExpiration,
    Rule,
)
from minio.objectlockconfig import DAYS, ObjectLockConfig
from minio.versioningconfig import VersioningConfig

from repository.storage.minio_client import MinioConnection, MinioKey
from repository.storage.minio_errors import said
from repository.storage.minio_rights import Buckets, application_policy, custodian_policy

UNFINISHED_DAYS = 1
NONCURRENT_DAYS = 7


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a site needs: its buckets, how long a master is kept at least, and the two keys that will exist."""

    buckets: Buckets
    retention_days: int
    application: MinioKey
    custodian: MinioKey | None


def set_up(admin: MinioConnection, wanted: Wanted) -> list[str]:
    """Make what is missing and correct what differs; gives what is there now, as Vietnamese sentences. `admin` is a
    key with every right. Done again, it changes nothing. Retention that was longer is not shortened by it for masters
    that are there already. Raises ServerUnreachable or StoreFailed."""
    done = []
    with said(admin.endpoint, "HeadBucket", wanted.buckets.masters):  # tells quickly when nobody is there
        admin.client(patient=False).bucket_exists(wanted.buckets.masters)
    for bucket in wanted.buckets.all:
        _make_bucket(admin, bucket, wanted)
        done.append(f"Ngăn chứa {bucket}: sẵn sàng.")
    prefix = wanted.buckets.prefix
    _make_user(admin, wanted.application, f"{prefix}-application", application_policy(wanted.buckets))
    done.append(f"Khóa của chương trình {wanted.application.access_key}: sẵn sàng.")
    if wanted.custodian is not None:
        _make_user(admin, wanted.custodian, f"{prefix}-custodian", custodian_policy(wanted.buckets))
        done.append(f"Khóa của người giữ kho {wanted.custodian.access_key}: sẵn sàng.")
    return done


def life_cycle(bucket: str, buckets: Buckets) -> LifecycleConfig:
    """The rule of a bucket. In each, uploads that were never finished go after UNFINISHED_DAYS; MinIO drops that part
    of the rule and does the same by itself (`stale_uploads_expiry`, 24 hours). Masters: nothing else goes, since a
    version that is not the newest may be the true one; only markers with nothing behind them, left by a withdrawal.
    Derivatives and text: kept in one version; should somebody turn versioning on, older ones go after
    NONCURRENT_DAYS."""
    older = None if bucket == buckets.masters else NoncurrentVersionExpiration(noncurrent_days=NONCURRENT_DAYS)
    rule = Rule(
        ENABLED,
        rule_filter=Filter(prefix=""),
        rule_id="diachi",
        abort_incomplete_multipart_upload=AbortIncompleteMultipartUpload(days_after_initiation=UNFINISHED_DAYS),
        expiration=Expiration(expired_object_delete_marker=True),
        noncurrent_version_expiration=older,
    )
    return LifecycleConfig([rule])


def _make_bucket(admin: MinioConnection, bucket: str, wanted: Wanted) -> None:
    locked = bucket == wanted.buckets.masters
    client = admin.client()
    with said(admin.endpoint, "CreateBucket", bucket):
        if not client.bucket_exists(bucket):
            client.make_bucket(bucket, object_lock=locked)
    with said(admin.endpoint, "PutBucketLifecycle", bucket):
        client.set_bucket_lifecycle(bucket, life_cycle(bucket, wanted.buckets))
    if locked:
        with said(admin.endpoint, "PutBucketVersioning", bucket):
            if client.get_bucket_versioning(bucket).status != ENABLED:
                client.set_bucket_versioning(bucket, VersioningConfig(ENABLED))
        with said(admin.endpoint, "PutObjectLockConfiguration", bucket):
            client.set_object_lock_config(bucket, ObjectLockConfig(GOVERNANCE, wanted.retention_days, DAYS))


def _make_user(admin: MinioConnection, key: MinioKey, policy_name: str, policy: str) -> None:
    client = admin.admin()
    with said(admin.endpoint, "AddCannedPolicy", policy_name):
        client.policy_add(policy_name, policy=json.loads(policy))
    with said(admin.endpoint, "AddUser", key.access_key):
        client.user_add(key.access_key, key.secret_key)
    with said(admin.endpoint, "AttachPolicy", key.access_key):
        try:
            client.attach_policy([policy_name], user=key.access_key)
        except MinioAdminException as error:
            if "PolicyChangeAlreadyApplied" not in str(error):
                raise
