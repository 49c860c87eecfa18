"""Masters on MinIO: the ledger's version is read whatever lies on top of it, and `verify` undoes what hides one."""

import hashlib
import io
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from minio.deleteobjects import DeleteObject
from minio_site import MinioSite, set_up_site
from servers_here import Servers

from config.services import Services
from repository.catalog.masters import Masters
from repository.catalog.verifying import verify_site
from repository.catalog.verifying_found import Verified
from repository.domain.errors import InputRefused, NotFound, ObjectMissing, StoreFailed
from repository.storage.folder import FolderStore

pytestmark = pytest.mark.service
SCAN = b"II*\x00" + bytes(range(256)) * 4000
KEY = hashlib.sha256(SCAN).hexdigest()


@pytest.fixture(scope="module")
def room(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> MinioSite:
    return set_up_site(servers.minio, f"t{secrets.token_hex(6)}", tmp_path_factory.mktemp("minio"))


@pytest.fixture
def buckets(room: MinioSite, tmp_path: Path) -> MinioSite:
    """The buckets, without masters, and nothing fetched from them yet."""
    custodian = room.custodian().versions
    assert custodian is not None
    for listed in list(room.root.client().list_objects(room.buckets.masters, include_version=True)):
        custodian.erase(listed.object_name or "")
    return replace(room, folder=tmp_path)


@pytest.fixture
def masters(site: Services, buckets: MinioSite, tmp_path: Path) -> Masters:
    return Masters(site.ledger, buckets.masters(), tmp_path)


def verify(site: Services, masters: Masters, repair: bool = False, **how: object) -> Verified:
    return verify_site(site.ledger, masters, site.derivatives, site.texts, site.index, repair, **how)  # type: ignore[arg-type]


def history(buckets: MinioSite, key: str = KEY) -> list[str]:
    versions = buckets.masters().versions
    assert versions is not None
    return [each.version for each in versions.of(key)]


def test_the_ledger_keeps_the_version_and_reads_by_it(site: Services, masters: Masters, buckets: MinioSite) -> None:
    kept = masters.put(io.BytesIO(SCAN))
    with site.ledger.read() as work:
        row = work.masters.get(KEY)
    assert row is not None
    assert (row.key, row.version, row.size) == (kept.key, kept.version, kept.size) == (KEY, kept.version, len(SCAN))
    buckets.raw.put_object(buckets.buckets.masters, KEY, io.BytesIO(b"another content"), 15)
    buckets.root.client().remove_object(buckets.buckets.masters, KEY)
    assert masters.exists(KEY)
    assert masters.size(KEY) == len(SCAN)
    with masters.open(KEY) as stream:
        assert stream.read() == SCAN
    with masters.local(KEY) as path:
        assert path.read_bytes() == SCAN


def test_what_the_ledger_knows_is_not_sent_again(masters: Masters, buckets: MinioSite) -> None:
    kept = [masters.put(io.BytesIO(SCAN)) for _ in range(3)]
    assert len(set(kept)) == 1
    buckets.root.client().remove_object(buckets.buckets.masters, KEY)
    assert masters.put(io.BytesIO(SCAN)) == kept[0]
    assert len(history(buckets)) == 2  # the version and the marker


def test_a_shadowed_content_is_not_believed_and_put_anew(buckets: MinioSite) -> None:
    """A store that has no ledger to ask finds another content of the same size under the key."""
    buckets.raw.put_object(buckets.buckets.masters, KEY, io.BytesIO(bytes(len(SCAN))), len(SCAN))
    kept = buckets.masters().put(io.BytesIO(SCAN))
    assert history(buckets)[0] == kept.version
    with buckets.masters().open(KEY) as stream:
        assert stream.read() == SCAN
    assert buckets.masters().put(io.BytesIO(SCAN)) == kept


def test_somebody_elses_upload_is_believed_once_it_was_read(buckets: MinioSite) -> None:
    """Without the server's own word on the checksum, the content is read back; metadata proves nothing."""
    lie = {"sha256": KEY}
    buckets.raw.put_object(buckets.buckets.masters, KEY, io.BytesIO(SCAN), len(SCAN), metadata=lie)  # type: ignore[arg-type]
    [there] = history(buckets)
    assert buckets.masters().put(io.BytesIO(SCAN)).version == there


def test_two_writers_of_one_master_agree_on_what_is_read(site: Services, masters: Masters, buckets: MinioSite) -> None:
    with ThreadPoolExecutor(4) as threads:
        kept = list(threads.map(lambda _: masters.put(io.BytesIO(SCAN)), range(8)))
    assert {each.key for each in kept} == {KEY}
    assert all(masters.exists(each.key, each.version) for each in kept)
    assert verify(site, masters).problems == []


@pytest.mark.parametrize("size", [15, len(SCAN)], ids=["another size", "the same size"])
def test_a_shadowing_upload_is_found_and_undone(
    site: Services, masters: Masters, buckets: MinioSite, size: int
) -> None:
    kept = masters.put(io.BytesIO(SCAN))
    buckets.raw.put_object(buckets.buckets.masters, KEY, io.BytesIO(bytes(size)), size)
    found = verify(site, masters)
    assert found.left == 1
    assert "bị che bởi một nội dung khác" in found.problems[0]
    assert verify(site, masters, repair=True).left == 0
    assert_undone(site, masters, buckets, kept.version)


def test_a_delete_marker_is_found_and_undone(site: Services, masters: Masters, buckets: MinioSite) -> None:
    kept = masters.put(io.BytesIO(SCAN))
    buckets.root.client().remove_object(buckets.buckets.masters, KEY)
    found = verify(site, masters, quick=True)
    assert found.left == 1
    assert "bị che bởi một dấu xóa" in found.problems[0]
    assert verify(site, masters, repair=True).left == 0
    assert_undone(site, masters, buckets, kept.version)


def assert_undone(site: Services, masters: Masters, buckets: MinioSite, original: str | None) -> None:
    """Whoever names no version gets the master again; the ledger still names the original; all is well from now on."""
    top = buckets.raw.get_object(buckets.buckets.masters, KEY)
    assert top.read() == SCAN
    top.close()
    top.release_conn()
    with site.ledger.read() as work:
        row = work.masters.get(KEY)
    assert row is not None
    assert row.version == original
    before = history(buckets)
    assert verify(site, masters, repair=True).problems == []
    assert history(buckets) == before


def test_a_lost_master_is_said_and_not_made_from_nothing(site: Services, masters: Masters, buckets: MinioSite) -> None:
    masters.put(io.BytesIO(SCAN))
    custodian = buckets.custodian().versions
    assert custodian is not None
    custodian.erase(KEY)
    for quick in (True, False):
        found = verify(site, masters, repair=True, quick=quick)
        assert found.problems == [f"Mất bản gốc số {KEY}."]
        assert found.left == 1
    with pytest.raises(ObjectMissing):
        masters.open(KEY)
    assert masters.put(io.BytesIO(SCAN)).version is not None  # handed in again, it is there again
    assert verify(site, masters).problems == []


def test_another_version_with_the_right_bytes_takes_the_place_of_a_lost_one(
    site: Services, masters: Masters, buckets: MinioSite
) -> None:
    kept = masters.put(io.BytesIO(SCAN))
    assert kept.version is not None
    versions = buckets.masters().versions
    assert versions is not None
    copy = versions.restore(KEY, kept.version)
    buckets.root.client()._delete_objects(
        buckets.buckets.masters, [DeleteObject(KEY, kept.version)], bypass_governance_mode=True
    )
    assert "có đúng nội dung" in verify(site, masters).problems[0]
    assert verify(site, masters, repair=True).left == 0
    with site.ledger.read() as work:
        row = work.masters.get(KEY)
    assert row is not None
    assert row.version == copy
    assert verify(site, masters).problems == []


def name_another_version(site: Services, buckets: MinioSite, content: bytes) -> str | None:
    """Let the ledger name a version whose bytes are not what the key says."""
    other = buckets.raw.put_object(buckets.buckets.masters, KEY, io.BytesIO(content), len(content)).version_id
    with site.ledger.write() as work:
        work.masters.put(KEY, other, len(SCAN))
    return other


def test_a_changed_master_is_said(site: Services, masters: Masters, buckets: MinioSite) -> None:
    name_another_version(site, buckets, b"changed")
    found = verify(site, masters, repair=True)
    assert found.left == 1
    assert "đã bị thay đổi" in found.problems[0]
    with pytest.raises(StoreFailed, match="đã bị thay đổi"), masters.local(KEY):
        pass


def test_a_changed_version_gives_way_to_one_that_is_right(site: Services, masters: Masters, buckets: MinioSite) -> None:
    kept = masters.put(io.BytesIO(SCAN))
    name_another_version(site, buckets, b"changed")
    assert "có đúng nội dung" in verify(site, masters).problems[0]
    assert verify(site, masters, repair=True).left == 0
    with site.ledger.read() as work:
        row = work.masters.get(KEY)
    assert row is not None
    assert row.version == kept.version
    assert verify(site, masters, repair=True).left == 0  # what lies on top is undone now
    assert verify(site, masters).problems == []


def test_checks_are_noted_and_only_those_due_are_made(site: Services, masters: Masters) -> None:
    for number in range(3):
        masters.put(io.BytesIO(SCAN + bytes([number])))
    assert verify(site, masters, quick=True, older_than=timedelta(days=1)).masters == 3
    assert verify(site, masters, older_than=timedelta(days=1)).masters == 3
    assert verify(site, masters, older_than=timedelta(days=1)).masters == 0
    assert verify(site, masters).masters == 3


def test_a_withdrawn_master_is_withdrawn_and_not_lost(site: Services, masters: Masters, buckets: MinioSite) -> None:
    masters.put(io.BytesIO(SCAN))
    with masters.local(KEY):
        pass
    with pytest.raises(StoreFailed, match="người giữ kho"):
        masters.withdraw(KEY, "thử bằng khóa của chương trình", "an@cli", buckets.masters().versions)
    with site.ledger.read() as work:
        row = work.masters.get(KEY)
    assert row is not None
    assert not row.withdrawn
    assert masters.withdraw(KEY, "theo bản án 12/2026", "an@cli", buckets.custodian().versions) == 1
    assert history(buckets) == []
    found = verify(site, masters)
    assert (found.problems, found.left, found.withdrawn) == ([], 0, 1)
    assert "theo bản án 12/2026" in found.notes[0]
    with site.ledger.read() as work:
        [event] = work.journal.of(KEY)
    assert (event.who, event.what) == ("an@cli", "withdraw_master")
    for attempt in (lambda: masters.open(KEY), lambda: masters.local(KEY).__enter__()):
        with pytest.raises(ObjectMissing, match="đã bị rút"):
            attempt()
    assert not masters.exists(KEY)


def test_a_withdrawn_master_comes_in_again_only_when_somebody_says_so(masters: Masters, buckets: MinioSite) -> None:
    masters.put(io.BytesIO(SCAN))
    masters.withdraw(KEY, "theo yêu cầu của tác giả", "an@cli", buckets.custodian().versions)
    with pytest.raises(InputRefused, match="theo yêu cầu của tác giả"):
        masters.put(io.BytesIO(SCAN))
    assert history(buckets) == []
    masters.readmit(KEY, "tác giả đồng ý", "an@cli")
    assert masters.put(io.BytesIO(SCAN)).key == KEY
    with masters.open(KEY) as stream:
        assert stream.read() == SCAN
    with pytest.raises(NotFound):
        masters.readmit(KEY, "?", "an@cli")
    with pytest.raises(NotFound):
        masters.withdraw("0" * 64, "?", "an@cli", buckets.custodian().versions)


def test_what_was_said_to_be_withdrawn_and_is_still_there_is_told(
    site: Services, masters: Masters, buckets: MinioSite
) -> None:
    masters.put(io.BytesIO(SCAN))
    with site.ledger.write() as work:
        work.masters.withdraw(KEY, "chỉ ghi sổ")
    found = verify(site, masters)
    assert found.left == 1
    assert "nội dung vẫn còn" in found.problems[0]
    assert len(history(buckets)) == 1


def test_a_folder_of_masters_knows_withdrawal_too(site: Services, tmp_path: Path) -> None:
    masters = Masters(site.ledger, FolderStore(tmp_path / "masters"))
    masters.put(io.BytesIO(SCAN))
    assert masters.withdraw(KEY, "theo hợp đồng", "an@cli") == 1
    assert list(masters.keys()) == []
    with pytest.raises(InputRefused):
        masters.put(io.BytesIO(SCAN))
    assert list(masters.keys()) == []
    found = verify(site, masters)
    assert (found.problems, found.withdrawn) == ([], 1)
