"""The nightly backup of a running site, and a second MinIO as the place that takes it."""

from pathlib import Path

import pytest
from live_site import LiveSite, wait_until
from people import ADMIN
from production_site import opened
from servers_here import Servers
from site_facts import masters, rows, run

from config.keeping import patient_engine
from config.services import Services
from repository.keeping.places import open_folder


def take_in(services: Services, folder: Path) -> None:
    batch = services.intake.open_batch(ADMIN, "lô", "TV")
    for number in range(2):
        path = folder / f"{number}.png"
        path.write_bytes(bytes([number]) * 100_000)
        with path.open("rb") as stream:
            services.intake.receive(ADMIN, batch.id, path.name, stream)


def test_a_site_makes_up_for_the_nights_that_it_slept_through(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    site = LiveSite(tmp_path / "site", env={"DIACHI_BACKUP_TO": str(disk), "DIACHI_WORKERS": "1"})
    run(site.data, "search", "x")
    services = opened(site)
    take_in(services, tmp_path)
    site.start()

    def good() -> str | None:
        with services.ledger.read() as work:
            return work.journal.setting("backup.last_good")

    wait_until(good, "the backup that is owed")
    site.stop()
    place = open_folder(disk, make=False)
    manifest = place.manifest(place.newest() or "")
    assert manifest.objects.masters == 2
    assert manifest.at.isoformat() == good()
    services.ledger.close()


@pytest.mark.service
def test_a_bucket_of_another_minio(servers: Servers, own_name: str, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text(servers.minio.root_password)
    env = {
        "DIACHI_BACKUP_TO": f"s3://{own_name}",
        "DIACHI_BACKUP_MINIO_ENDPOINT": f"127.0.0.1:{servers.minio.port}",
        "DIACHI_BACKUP_MINIO_ACCESS_KEY": servers.minio.root_user,
        "DIACHI_BACKUP_MINIO_SECRET_KEY_FILE": str(password),
    }
    data = tmp_path / "site"
    run(data, "search", "x")
    services = opened(LiveSite(data))
    take_in(services, tmp_path)
    assert "Mới chép lần này" in run(data, "backup", "--verify", "--prune", env=env)
    assert " 0 hỏng" in run(data, "backup", "--verify", env=env)
    assert run(data, "backup", "--list", env=env).count("2 bản gốc số") == 2
    engine = patient_engine(services.settings)
    before, kept = rows(engine), masters(services)
    services.ledger.close()
    engine.dispose()

    back = tmp_path / "back"
    assert "2 bản gốc số" in run(back, "restore", f"s3://{own_name}", env=env)
    services = opened(LiveSite(back))
    engine = patient_engine(services.settings)
    after = rows(engine)
    after["event"] = [row for row in after["event"] if '"restore"' not in row]
    assert (after, masters(services)) == (before, kept)
    services.ledger.close()
    engine.dispose()


def test_a_bucket_without_its_settings_is_told(tmp_path: Path) -> None:
    said = run(tmp_path / "site", "backup", "s3://sao-luu", code=2)
    assert "DIACHI_BACKUP_MINIO_ENDPOINT, DIACHI_BACKUP_MINIO_ACCESS_KEY, DIACHI_BACKUP_MINIO_SECRET_KEY" in said


def test_a_server_that_does_not_answer_is_told(tmp_path: Path) -> None:
    env = {
        "DIACHI_BACKUP_MINIO_ENDPOINT": "127.0.0.1:9",
        "DIACHI_BACKUP_MINIO_ACCESS_KEY": "khoa",
        "DIACHI_BACKUP_MINIO_SECRET_KEY": "bi-mat-khong-lo",
    }
    said = run(tmp_path / "site", "backup", "s3://sao-luu", env=env, code=3)
    assert "127.0.0.1:9" in said
    assert "bi-mat-khong-lo" not in said
    assert "Traceback" not in said
