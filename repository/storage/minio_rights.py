"""Who may do what in the buckets: the policies of the application's key and of the custodian's.

MinIO takes DeleteObject for a right to delete versions too unless DeleteObjectVersion is denied by name; so what the
application must never do is denied outright, and stays denied whatever else the key is given later."""

import json
from dataclasses import dataclass

NEVER_ON_OBJECTS = (
    "s3:DeleteObjectVersion",
    "s3:BypassGovernanceRetention",
    "s3:PutObjectRetention",
    "s3:PutObjectLegalHold",
    "s3:ReplicateObject",
    "s3:ReplicateDelete",
    "s3:RestoreObject",
)
NEVER_ON_BUCKETS = (
    "s3:CreateBucket",
    "s3:DeleteBucket",
    "s3:ForceDeleteBucket",
    "s3:PutBucketPolicy",
    "s3:DeleteBucketPolicy",
    "s3:PutBucketObjectLockConfiguration",
    "s3:PutBucketVersioning",
    "s3:PutLifecycleConfiguration",
    "s3:PutReplicationConfiguration",
    "s3:PutBucketNotification",
    "s3:PutEncryptionConfiguration",
    "s3:PutBucketTagging",
    "admin:*",
)
LOOK_AT_BUCKETS = (
    "s3:GetBucketLocation",
    "s3:GetBucketVersioning",
    "s3:GetBucketObjectLockConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:ListBucket",
    "s3:ListBucketMultipartUploads",
    "s3:ListBucketVersions",
)


@dataclass(frozen=True, slots=True)
class Buckets:
    """The site's buckets: masters are versioned and locked, the others hold what can be made again."""

    prefix: str

    @property
    def masters(self) -> str:
        """Files as they came, and images taken out of them."""
        return f"{self.prefix}-masters"

    @property
    def derivatives(self) -> str:
        """Pyramids that readers are shown."""
        return f"{self.prefix}-derivatives"

    @property
    def text(self) -> str:
        """Text kept outside the ledger."""
        return f"{self.prefix}-text"

    @property
    def all(self) -> tuple[str, ...]:
        """Every bucket."""
        return self.masters, self.derivatives, self.text


def application_policy(buckets: Buckets) -> str:
    """JSON: reads and adds everywhere; takes away only in the buckets whose content can be made again."""
    plain = (buckets.derivatives, buckets.text)
    return _policy(
        _allow(LOOK_AT_BUCKETS, buckets.all, objects=False),
        _allow(
            ("s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:AbortMultipartUpload",
             "s3:ListMultipartUploadParts", "s3:GetObjectRetention"),
            buckets.all,
        ),
        _allow(("s3:DeleteObject",), plain),
        _deny(NEVER_ON_OBJECTS, buckets.all),
        _deny(("s3:DeleteObject",), (buckets.masters,)),
        {"Effect": "Deny", "Action": sorted(name for name in NEVER_ON_BUCKETS if name.startswith("s3:")),
         "Resource": ["arn:aws:s3:::*"]},
        {"Effect": "Deny", "Action": ["admin:*"]},
    )  # fmt: skip


def custodian_policy(buckets: Buckets) -> str:
    """JSON: deletes versions of masters before their time; adds nothing and sees no other bucket."""
    masters = (buckets.masters,)
    return _policy(
        _allow(("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketVersions"), masters, objects=False),
        _allow(
            ("s3:GetObjectRetention", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"),
            masters,
        ),
        {"Effect": "Deny", "Action": ["admin:*"]},
    )


def _policy(*statements: dict[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def _allow(actions: tuple[str, ...], buckets: tuple[str, ...], objects: bool = True) -> dict[str, object]:
    return {"Effect": "Allow", "Action": sorted(actions), "Resource": _resources(buckets, objects)}


def _deny(actions: tuple[str, ...], buckets: tuple[str, ...]) -> dict[str, object]:
    return {"Effect": "Deny", "Action": sorted(actions), "Resource": _resources(buckets, objects=True)}


def _resources(buckets: tuple[str, ...], objects: bool) -> list[str]:
    return [f"arn:aws:s3:::{bucket}/*" if objects else f"arn:aws:s3:::{bucket}" for bucket in buckets]
