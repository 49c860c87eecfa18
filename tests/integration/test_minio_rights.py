"""What the application's key and the custodian's may do with masters, tried on the real server."""

import io
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from minio.commonconfig import ENABLED, GOVERNANCE, CopySource, Filter
from minio.deleteobjects import DeleteObject
from minio.error import MinioAdminException, S3Error
from minio.lifecycleconfig import Expiration, LifecycleConfig, Rule
from minio.objectlockconfig import DAYS, ObjectLockConfig
from minio.retention import COMPLIANCE, Retention
from minio.versioningconfig import SUSPENDED, VersioningConfig
from minio_site import RETENTION_DAYS, MinioSite, set_up_site
from servers_here import Servers

from repository.domain.errors import StoreFailed
from repository.storage.minio_check import problems
from repository.storage.minio_client import MinioConnection
from repository.storage.minio_setup import life_cycle, set_up

pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def site(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> MinioSite:
    return set_up_site(servers.minio, f"t{secrets.token_hex(6)}", tmp_path_factory.mktemp("minio"))


@pytest.fixture
def master(site: MinioSite) -> Iterator[tuple[str, str]]:
    """Key and version of a new master; it is as it was when the test is over."""
    content = secrets.token_bytes(1000)
    kept = site.masters().put(io.BytesIO(content))
    assert kept.version is not None
    yield kept.key, kept.version
    with site.masters().open(kept.key, kept.version) as stream:
        assert stream.read() == content
    kept_until = site.root.client().get_object_retention(site.buckets.masters, kept.key, kept.version)
    assert kept_until is not None
    assert (kept_until.mode, abs(kept_until.retain_until_date - in_days(RETENTION_DAYS)) < timedelta(minutes=5)) == (
        GOVERNANCE,
        True,
    )


def in_days(days: int) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


FORBIDDEN: dict[str, Callable[[MinioSite, str, str, str], object]] = {
    "delete a version": lambda site, bucket, key, version: site.raw.remove_object(bucket, key, version),
    "set a delete marker": lambda site, bucket, key, version: site.raw.remove_object(bucket, key),
    "shorten retention": lambda site, bucket, key, version: site.raw.set_object_retention(
        bucket, key, Retention(GOVERNANCE, in_days(1)), version
    ),
    "lengthen retention": lambda site, bucket, key, version: site.raw.set_object_retention(
        bucket, key, Retention(GOVERNANCE, in_days(RETENTION_DAYS + 10)), version
    ),
    "make retention final": lambda site, bucket, key, version: site.raw.set_object_retention(
        bucket, key, Retention(COMPLIANCE, in_days(RETENTION_DAYS + 10)), version
    ),
    "put with a retention of its own": lambda site, bucket, key, version: site.raw.put_object(
        bucket, f"{key}-2", io.BytesIO(b"x"), 1, retention=Retention(COMPLIANCE, in_days(1))
    ),
    "copy with a legal hold": lambda site, bucket, key, version: site.raw.copy_object(
        bucket, key, CopySource(bucket, key, version_id=version), legal_hold=True
    ),
    "set a legal hold": lambda site, bucket, key, version: site.raw.enable_object_legal_hold(bucket, key, version),
    "change the lock": lambda site, bucket, key, version: site.raw.set_object_lock_config(
        bucket, ObjectLockConfig(GOVERNANCE, 1, DAYS)
    ),
    "drop the lock's rule": lambda site, bucket, key, version: site.raw.delete_object_lock_config(bucket),
    "suspend versioning": lambda site, bucket, key, version: site.raw.set_bucket_versioning(
        bucket, VersioningConfig(SUSPENDED)
    ),
    "change the policy": lambda site, bucket, key, version: site.raw.set_bucket_policy(
        bucket,
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["*"]},'
        f'"Action":["s3:DeleteObject"],"Resource":["arn:aws:s3:::{bucket}/*"]}}]}}',
    ),
    "drop the policy": lambda site, bucket, key, version: site.raw.delete_bucket_policy(bucket),
    "let masters expire": lambda site, bucket, key, version: site.raw.set_bucket_lifecycle(
        bucket, LifecycleConfig([Rule(ENABLED, rule_filter=Filter(prefix=""), expiration=Expiration(days=1))])
    ),
    "drop the life cycle": lambda site, bucket, key, version: site.raw.delete_bucket_lifecycle(bucket),
    "delete the bucket": lambda site, bucket, key, version: site.raw.remove_bucket(bucket),
    "make a bucket": lambda site, bucket, key, version: site.raw.make_bucket(f"{bucket}-2"),
    "force-delete everything": lambda site, bucket, key, version: site.raw._execute(
        "DELETE", bucket, headers={"x-minio-force-delete": "true"}
    ),
    "force-delete a key": lambda site, bucket, key, version: site.raw._execute(
        "DELETE", bucket, key, headers={"x-minio-force-delete": "true"}
    ),
    "delete as if replicating": lambda site, bucket, key, version: site.raw._execute(
        "DELETE", bucket, key, headers={"x-amz-replication-status": "REPLICA"}, query_params={"versionId": version}
    ),
    "delete with bypass": lambda site, bucket, key, version: site.raw._execute(
        "DELETE",
        bucket,
        key,
        headers={"x-amz-bypass-governance-retention": "true"},
        query_params={"versionId": version},
    ),
    "write over a version as if replicating": lambda site, bucket, key, version: site.raw._execute(
        "PUT",
        bucket,
        key,
        body=b"other",
        headers={"x-amz-replication-status": "REPLICA", "x-minio-source-replication-request": "true"},
        query_params={"versionId": version},
    ),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_the_applications_key_cannot(site: MinioSite, master: tuple[str, str], what: str) -> None:
    with pytest.raises(S3Error) as refusal:
        FORBIDDEN[what](site, site.buckets.masters, *master)
    # Shortening is refused to everybody before their rights are looked at.
    assert refusal.value.code in ({"InvalidRequest"} if what in SHORTENING else {"AccessDenied"})


SHORTENING = {"shorten retention", "make retention final"}


@pytest.mark.parametrize("bypass", [False, True])
def test_the_applications_key_cannot_delete_many_versions(
    site: MinioSite, master: tuple[str, str], bypass: bool
) -> None:
    doomed = [DeleteObject(*master), DeleteObject(master[0])]
    refused = list(site.raw.remove_objects(site.buckets.masters, doomed, bypass_governance_mode=bypass))
    assert {error.code for error in refused} == {"AccessDenied"}
    assert len(refused) == 2


def test_the_applications_key_administers_nothing(site: MinioSite) -> None:
    admin = MinioConnection(site.wanted.application).admin()
    for attempt in (admin.user_list, admin.policy_list, lambda: admin.policy_set("consoleAdmin", user="any")):
        with pytest.raises(MinioAdminException):
            attempt()


def test_the_application_is_told_which_right_it_lacks(site: MinioSite, master: tuple[str, str]) -> None:
    key, _ = master
    with pytest.raises(StoreFailed) as refused:
        site.masters().delete(key)
    assert f"DeleteObject trên {site.buckets.masters}/{key}" in str(refused.value)
    with pytest.raises(StoreFailed, match="người giữ kho"):
        site.masters().versions.erase(key)  # type: ignore[union-attr]


def test_the_applications_key_deletes_what_can_be_made_again(site: MinioSite) -> None:
    store = site.store(site.buckets.derivatives)
    key = store.put(io.BytesIO(secrets.token_bytes(100))).key
    store.delete(key)
    assert not store.exists(key)


def test_the_custodian_erases_a_master_with_all_its_versions(site: MinioSite) -> None:
    kept = site.masters().put(io.BytesIO(secrets.token_bytes(1000)))
    site.raw.put_object(site.buckets.masters, kept.key, io.BytesIO(b"over it"), 7)
    site.root.client().remove_object(site.buckets.masters, kept.key)
    custodian = site.custodian().versions
    assert custodian is not None
    assert custodian.erase(kept.key) == 3
    assert custodian.of(kept.key) == []
    assert custodian.erase(kept.key) == 0
    assert not site.masters().exists(kept.key, kept.version)


def test_the_custodian_does_nothing_else(site: MinioSite, master: tuple[str, str]) -> None:
    with pytest.raises(StoreFailed):
        site.custodian().put(io.BytesIO(b"x"))
    with pytest.raises(StoreFailed):
        list(site.store(site.buckets.derivatives, key=site.wanted.custodian).keys())
    client = MinioConnection(site.wanted.custodian).client()  # type: ignore[arg-type]
    for attempt in (
        lambda: client.set_object_lock_config(site.buckets.masters, ObjectLockConfig(GOVERNANCE, 1, DAYS)),
        lambda: client.remove_bucket(site.buckets.masters),
        lambda: client.set_object_retention(site.buckets.masters, master[0], Retention(COMPLIANCE, in_days(90))),
    ):
        with pytest.raises(S3Error) as refusal:
            attempt()
        assert refusal.value.code in ("AccessDenied", "InvalidRequest")


def test_setting_up_again_changes_nothing(site: MinioSite, master: tuple[str, str]) -> None:
    assert set_up(site.root, site.wanted) == set_up(site.root, site.wanted)
    assert problems(MinioConnection(site.wanted.application), site.buckets, RETENTION_DAYS) == []


def test_what_setting_up_left_is_what_each_bucket_needs(site: MinioSite) -> None:
    client, buckets = site.root.client(), site.buckets
    lock = client.get_object_lock_config(buckets.masters)
    assert (lock.mode, lock.duration, lock.duration_unit) == (GOVERNANCE, RETENTION_DAYS, DAYS)
    assert client.get_bucket_versioning(buckets.masters).status == ENABLED
    for bucket in buckets.all:
        found = client.get_bucket_lifecycle(bucket)
        assert found is not None
        [rule], [wanted] = found.rules, life_cycle(bucket, buckets).rules
        assert rule.noncurrent_version_expiration == wanted.noncurrent_version_expiration
        assert rule.expiration == wanted.expiration
        assert rule.expiration is not None
        assert rule.expiration.days is None


def test_the_check_tells_what_is_not_as_it_should_be(site: MinioSite) -> None:
    application = MinioConnection(site.wanted.application)
    assert problems(application, site.buckets, RETENTION_DAYS) == []
    [short] = problems(application, site.buckets, RETENTION_DAYS + 1)
    assert f"{RETENTION_DAYS} ngày" in short
    too_mighty = problems(site.root, site.buckets, RETENTION_DAYS)
    assert len(too_mighty) == 9
    assert all("lẽ ra phải bị từ chối" in sentence for sentence in too_mighty)
    assert problems(application, site.buckets, RETENTION_DAYS) == []


def test_a_wrong_key_and_a_missing_bucket_are_told(site: MinioSite) -> None:
    wrong = replace(site.wanted.application, secret_key="not-the-secret")
    with pytest.raises(StoreFailed) as refused:
        site.store(site.buckets.derivatives, key=wrong).put(io.BytesIO(b"x"))
    assert "kiểm tra khóa" in str(refused.value)
    assert "not-the-secret" not in str(refused.value) + repr(wrong)
    nowhere = site.store(f"{site.buckets.prefix}-nowhere", key=site.root._key)
    with pytest.raises(StoreFailed, match="diachi storage setup"):
        nowhere.put(io.BytesIO(b"x"))
    with pytest.raises(StoreFailed, match="diachi storage setup"):
        nowhere.ping()
