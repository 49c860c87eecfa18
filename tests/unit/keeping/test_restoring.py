"""A site comes back from a folder into an empty one, and only there."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from people import ADMIN
from site_facts import masters, rows

from config.keeping import open_place, patient_engine, site_of, sorted_out, source_of
from config.services import Services, build_services
from config.settings import Settings
from repository.domain.access import Role
from repository.domain.errors import StoreFailed, WrongUse
from repository.domain.records import User
from repository.keeping.backing_up import back_up
from repository.keeping.filling import Site
from repository.keeping.manifest import Manifest
from repository.keeping.places import Place
from repository.keeping.restoring import Restored, restore


def tick() -> None:
    """Nobody waits."""


@pytest.fixture
def place(site: Services, tmp_path: Path) -> Place:
    """A backup of a site with two files and a user."""
    site.accounts.add("quantri", User("canbo", Role.STAFF, "TV"), "mat-khau-cua-can-bo")
    batch = site.intake.open_batch(ADMIN, "lô", "TV")
    for number in range(2):
        path = tmp_path / f"{number}.png"
        path.write_bytes(bytes([number]) * 1000)
        with path.open("rb") as stream:
            site.intake.receive(ADMIN, batch.id, path.name, stream)
    source = source_of(site.settings, site.ledger, site.masters, site.derivatives)
    found = open_place(site.settings, str(tmp_path / "disk"), make=True)
    back_up(source, found, tick)
    source.engine.dispose()
    return found


@pytest.fixture
def manifest(place: Place) -> Manifest:
    return place.manifest(place.newest() or "")


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Site]:
    found = site_of(Settings(data=tmp_path / "new"))
    yield found
    found.index.close()
    found.ledger.close()
    found.engine.dispose()


def bring_back(place: Place, manifest: Manifest, target: Site) -> Restored:
    return restore(place, manifest, target, "quantri@cli", tick)


def object_file(tmp_path: Path, key: str) -> Path:
    return tmp_path / "disk" / "objects" / key[:2] / key[2:4] / key


def damage(path: Path) -> bytes:
    sound = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(bytes([sound[0] ^ 1]) + sound[1:])
    return sound


def test_everything_comes_back(site: Services, place: Place, manifest: Manifest, empty: Site, tmp_path: Path) -> None:
    restored = bring_back(place, manifest, empty)
    assert restored.whole
    assert restored.masters.there == 2
    back = build_services(Settings(data=tmp_path / "new"))
    engine = patient_engine(site.settings)
    old, new = rows(engine), rows(empty.engine)
    engine.dispose()
    new["event"] = [row for row in new["event"] if '"restore"' not in row]
    assert new == old
    assert masters(back) == masters(site)
    assert back.accounts.sign_in("canbo", "mat-khau-cua-can-bo") is not None
    with back.ledger.read() as work:
        assert work.jobs.count() == 2
        assert work.journal.setting("restore.snapshot") is None
    back.ledger.close()


def test_a_site_with_anything_in_it_is_left_alone(place: Place, manifest: Manifest, empty: Site) -> None:
    bring_back(place, manifest, empty)
    before = rows(empty.engine)
    with pytest.raises(WrongUse, match="đã có dữ liệu"):
        bring_back(place, manifest, empty)
    assert rows(empty.engine) == before


def test_a_damaged_table_brings_nothing_back(place: Place, manifest: Manifest, empty: Site, tmp_path: Path) -> None:
    part = next(table for table in manifest.tables if table.name == "batch_file").parts[0]
    sound = damage(object_file(tmp_path, part.key))
    with pytest.raises(StoreFailed, match="bị hỏng"):
        bring_back(place, manifest, empty)
    assert not any(rows(empty.engine).values())
    object_file(tmp_path, part.key).write_bytes(sound)
    assert bring_back(place, manifest, empty).whole


def test_a_damaged_master_is_told_and_can_be_had_later(
    place: Place, manifest: Manifest, empty: Site, site: Services, tmp_path: Path
) -> None:
    key = next(site.masters.keys())
    sound = damage(object_file(tmp_path, key))
    restored = bring_back(place, manifest, empty)
    assert restored.masters.missing == [key]
    assert restored.masters.there == 1
    with empty.ledger.read() as work:
        assert work.journal.restoring() is None, "people may go on with what there is"
    object_file(tmp_path, key).write_bytes(sound)
    assert bring_back(place, manifest, empty).whole
    assert empty.masters.exists(key)


def test_a_manifest_that_was_changed_is_refused(place: Place, manifest: Manifest, tmp_path: Path) -> None:
    path = tmp_path / "disk" / "snapshots" / f"{manifest.snapshot}.json"
    path.write_text(path.read_text().replace('"rows": 2', '"rows": 3'))
    with pytest.raises(StoreFailed, match="Tờ kê"):
        place.manifest(manifest.snapshot)


def test_a_folder_without_a_backup_is_told(site: Services, tmp_path: Path) -> None:
    (tmp_path / "trong").mkdir()
    with pytest.raises(WrongUse, match="không phải là thư mục sao lưu"):
        open_place(site.settings, str(tmp_path / "trong"), make=False)
    assert list((tmp_path / "trong").iterdir()) == []


def test_a_backup_can_be_carried_elsewhere(
    place: Place, manifest: Manifest, empty: Site, site: Services, tmp_path: Path
) -> None:
    shutil.copytree(tmp_path / "disk", tmp_path / "carried")
    shutil.rmtree(tmp_path / "disk")
    carried = open_place(site.settings, str(tmp_path / "carried"), make=False)
    assert bring_back(carried, carried.manifest(manifest.snapshot), empty).whole


def test_settings_of_the_old_machine_are_told_apart() -> None:
    told = sorted_out({"DIACHI_SITE_NAME": "Kho", "DIACHI_MINIO_ENDPOINT": "x:9000", "DIACHI_WORKERS": "3"})
    assert told.anywhere == {"DIACHI_SITE_NAME": "Kho"}
    assert set(told.there) == {"DIACHI_MINIO_ENDPOINT", "DIACHI_WORKERS"}
