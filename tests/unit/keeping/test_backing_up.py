"""A backup of a site into a folder: what is copied, what is found, what is refused."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from people import ADMIN

from config.keeping import open_place, source_of
from config.services import Services, build_services
from config.settings import Settings
from repository.domain.errors import DiachiError, StoreFailed, WrongUse
from repository.keeping.backing_up import LAST_ERROR, LAST_GOOD, Source, back_up
from repository.keeping.checking import check, prune
from repository.keeping.manifest import Manifest
from repository.keeping.places import MARK, Place
from repository.keeping.rule import Rule
from repository.keeping.turn import TurnTaken, turn


def tick() -> None:
    """Nobody else wants to back up here."""


@pytest.fixture
def source(site: Services) -> Iterator[Source]:
    found = source_of(site.settings, site.ledger, site.masters, site.derivatives)
    yield found
    found.engine.dispose()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "disk"


def opened(site: Services, folder: Path) -> Place:
    return open_place(site.settings, str(folder), make=True)


def take_in(site: Services, *contents: bytes) -> str:
    batch = site.intake.open_batch(ADMIN, "lô", "TV")
    for number, content in enumerate(contents):
        path = site.settings.data / f"{number}.png"
        path.write_bytes(content)
        with path.open("rb") as stream:
            site.intake.receive(ADMIN, batch.id, path.name, stream)
    return batch.id


def setting(site: Services, key: str) -> str | None:
    with site.ledger.read() as work:
        return work.journal.setting(key)


def files(folder: Path) -> dict[Path, float]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def flip(path: Path) -> None:
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def object_file(folder: Path, key: str) -> Path:
    return folder / "objects" / key[:2] / key[2:4] / key


def test_the_second_run_copies_only_what_is_new(site: Services, source: Source, folder: Path) -> None:
    take_in(site, b"mot", b"hai" * 1000)
    place = opened(site, folder)
    first = back_up(source, place, tick)
    assert first.objects.masters == 2
    before = files(folder)
    take_in(site, b"ba")
    second = back_up(source, place, tick)
    assert second.objects.masters == 3
    assert {path: at for path, at in files(folder).items() if path in before} == before
    assert second.new_size < first.new_size + 1000
    assert second.objects.size == 3 + 3000 + 2
    assert place.snapshots() == [first.snapshot, second.snapshot]
    assert setting(site, LAST_GOOD) == second.at.isoformat()
    assert setting(site, LAST_ERROR) == ""


def test_nothing_secret_is_in_it(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "site", site_name="Kho Trà Vinh", metrics_token="mat-khau-rat-dai", workers=1)  # type: ignore[arg-type]
    site = build_services(settings)
    manifest = back_up(
        source_of(settings, site.ledger, site.masters, site.derivatives), opened(site, tmp_path / "d"), tick
    )
    assert manifest.settings == {"DIACHI_SITE_NAME": "Kho Trà Vinh", "DIACHI_WORKERS": "1"}
    assert all(b"mat-khau-rat-dai" not in path.read_bytes() for path in files(tmp_path / "d"))
    site.ledger.close()


def test_a_flipped_bit_anywhere_is_found(site: Services, source: Source, folder: Path) -> None:
    take_in(site, b"mot" * 100)
    place = opened(site, folder)
    manifest = back_up(source, place, tick)
    assert check(place, tick).wrong == 0
    named = [part.key for part in manifest.parts]
    everything = [*(folder / "objects").rglob("?" * 64), folder / "snapshots" / f"{manifest.snapshot}.json"]
    assert len(everything) == len(set(named)) + 1 + 1
    for path in everything:
        sound = path.read_bytes()
        flip(path)
        found = check(place, tick)
        assert found.wrong >= 1, path
        assert found.problems, path
        path.write_bytes(sound)
    assert check(place, tick).wrong == 0


def test_a_master_that_the_site_lost_is_told_and_the_rest_is_kept(site: Services, source: Source, folder: Path) -> None:
    take_in(site, b"mot", b"hai")
    kept = list(site.masters.keys())
    site.masters.delete(kept[0])
    manifest = back_up(source, opened(site, folder), tick)
    assert not manifest.whole
    assert manifest.objects.missing == (kept[0],)
    assert manifest.objects.masters == 1
    assert setting(site, LAST_GOOD) is None
    assert kept[0] in (setting(site, LAST_ERROR) or "")


def test_a_master_that_changed_in_the_site_is_not_taken_for_the_one_that_came(
    site: Services, source: Source, folder: Path
) -> None:
    take_in(site, b"mot" * 50)
    key = next(site.masters.keys())
    flip(site.settings.data / "masters" / key[:2] / key[2:4] / key)
    manifest = back_up(source, opened(site, folder), tick)
    assert manifest.objects.missing == (key,)


def test_a_master_that_was_withdrawn_is_not_missed(site: Services, source: Source, folder: Path) -> None:
    take_in(site, b"mot", b"hai")
    gone = next(site.masters.keys())
    site.masters.withdraw(gone, "theo hợp đồng", "quantri")
    manifest = back_up(source, opened(site, folder), tick)
    assert manifest.whole
    assert manifest.objects.masters == 1


def test_an_unmounted_disk_is_not_taken_for_a_new_one(site: Services, source: Source, folder: Path) -> None:
    back_up(source, opened(site, folder), tick)
    shutil.rmtree(folder)
    folder.mkdir()  # the mount point, with no disk on it
    with pytest.raises(StoreFailed, match="ổ đĩa chưa được gắn"):
        back_up(source, opened(site, folder), tick)
    assert "chưa được gắn" in (setting(site, LAST_ERROR) or "")
    assert back_up(source, opened(site, folder), tick, new=True).whole


def test_a_folder_that_is_not_there_is_named(site: Services, tmp_path: Path) -> None:
    with pytest.raises(StoreFailed, match="Không thấy thư mục sao lưu"):
        opened(site, tmp_path / "khong-co" / "disk")


def test_another_sites_backup_is_left_alone(site: Services, source: Source, folder: Path, tmp_path: Path) -> None:
    back_up(source, opened(site, folder), tick)
    other = build_services(Settings(data=tmp_path / "other"))
    with pytest.raises(WrongUse, match="của một kho khác"):
        back_up(source_of(other.settings, other.ledger, other.masters, other.derivatives), opened(other, folder), tick)
    other.ledger.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MB: a tmpfs, which only root may mount."""
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "diachi-small", folder], check=True)
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_is_told_and_leaves_what_was_there(site: Services, source: Source, small_disk: Path) -> None:
    take_in(site, os.urandom(1 << 20))
    place = opened(site, small_disk)
    first = back_up(source, place, tick)
    take_in(site, os.urandom(5 << 20))
    with pytest.raises(StoreFailed, match=rf"{small_disk} \(No space left on device\)"):
        back_up(source, place, tick)
    assert "No space left" in (setting(site, LAST_ERROR) or "")
    assert setting(site, LAST_GOOD) == first.at.isoformat()
    assert place.snapshots() == [first.snapshot]
    assert check(place, tick).wrong == 0


def test_a_disk_that_is_pulled_out_is_told(site: Services, source: Source, small_disk: Path) -> None:
    back_up(source, opened(site, small_disk), tick)
    place = opened(site, small_disk)
    take_in(site, b"mot")
    subprocess.run(["umount", "-l", small_disk], check=True)
    with pytest.raises(StoreFailed):
        back_up(source, place, tick)
    assert not list(small_disk.rglob("?" * 64))
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "diachi-small", small_disk], check=True)


def test_a_run_that_was_broken_off_is_no_backup_and_the_next_finds_what_it_copied(
    site: Services, source: Source, folder: Path
) -> None:
    take_in(site, *(bytes([number]) * 1000 for number in range(10)))
    place, seen = opened(site, folder), 0

    def stop_in_the_middle() -> None:
        nonlocal seen
        seen += 1
        if len(list((folder / "objects").rglob("?" * 64))) > 12:
            raise StoreFailed("đứt")

    with pytest.raises(DiachiError, match="đứt"):
        back_up(source, place, stop_in_the_middle)
    assert place.snapshots() == []
    copied = {path.name for path in (folder / "objects").rglob("?" * 64)}
    manifest = back_up(source, place, tick)
    assert manifest.whole
    assert manifest.new_objects < 10 + len(manifest.parts) - 4
    assert copied <= {path.name for path in (folder / "objects").rglob("?" * 64)}


def test_old_runs_go_by_the_rule_and_what_they_alone_name_only_when_asked(
    site: Services, source: Source, folder: Path
) -> None:
    place = opened(site, folder)
    take_in(site, b"mot")
    rule = Rule(newest=1, days=1, weeks=1, months=1)
    first = back_up(source, place, tick, rule=rule)
    withdrawn = next(site.masters.keys())
    site.masters.withdraw(withdrawn, "theo luật", "quantri")
    second = back_up(source, place, tick, rule=rule)
    assert place.snapshots() == [second.snapshot]
    assert object_file(folder, withdrawn).exists()
    gone = prune(place, tick)
    assert gone.objects > 1
    assert not object_file(folder, withdrawn).exists()
    assert check(place, tick).wrong == 0
    only_old = {part.key for part in first.parts} - {part.key for part in second.parts}
    assert not any(object_file(folder, key).exists() for key in only_old)


def test_nothing_is_pruned_while_a_manifest_cannot_be_read(site: Services, source: Source, folder: Path) -> None:
    place = opened(site, folder)
    manifest: Manifest = back_up(source, place, tick)
    flip(folder / "snapshots" / f"{manifest.snapshot}.json")
    before = files(folder)
    with pytest.raises(StoreFailed):
        prune(place, tick)
    assert files(folder) == before


def test_one_at_a_time(site: Services) -> None:
    with turn(site.ledger, site.settings.data) as ours:
        ours()
        with pytest.raises(TurnTaken), turn(site.ledger, site.settings.data):
            pass
    with turn(site.ledger, site.settings.data):
        pass


def test_a_place_says_whose_it_is(site: Services, source: Source, folder: Path) -> None:
    place = opened(site, folder)
    assert place.owner() is None
    back_up(source, place, tick)
    assert place.owner() == setting(site, "site.id")
    assert (folder / MARK).is_file()
    assert replace(place, name="x").owner() == place.owner()
