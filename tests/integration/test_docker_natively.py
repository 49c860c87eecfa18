"""The program's containers, their commands and health checks run on this machine against the real servers."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from containers_here import DIACHI, Container, free_ports
from live_site import strips
from servers_here import Servers

ROOT = Path(__file__).parents[2]
ONE = "compose.yaml"

pytestmark = [pytest.mark.service, pytest.mark.slow]


@pytest.fixture
def own(servers: Servers, own_name: str) -> dict[str, str]:
    """Settings of a site of our own on the shared servers."""
    return servers.settings(own_name)


def apart(own: dict[str, str]) -> dict[str, str]:
    """What sets our site apart from others; a library's own servers need none of it."""
    return {key: own[key] for key in own if key.endswith(("_BUCKET_PREFIX", "_INDEX", "_PREFIX"))}


def on_this_machine(servers: Servers, own: dict[str, str], data: Path, port: int = 0) -> dict[str, object]:
    return {
        "postgresql+psycopg://diachi@postgres:5432/diachi": own["DIACHI_DATABASE_URL"],
        "minio:9000": own["DIACHI_MINIO_ENDPOINT"],
        "http://opensearch:9200": own["DIACHI_OPENSEARCH_URLS"],
        "redis://redis:6379/0": own["DIACHI_REDIS_URL"],
        "/run/secrets/database-password": own["DIACHI_DATABASE_PASSWORD_FILE"],
        "/run/secrets/redis-password": own["DIACHI_REDIS_PASSWORD_FILE"],
        "/run/secrets/minio-secret-key": own["DIACHI_MINIO_SECRET_KEY_FILE"],
        "/run/secrets/minio-custodian-secret-key": own["DIACHI_MINIO_CUSTODIAN_SECRET_KEY_FILE"],
        "/run/secrets/minio-root-password": servers.minio.folder / "root-password",
        "/run/secrets/metrics-token": servers.redis.folder / "password",
        "diachi-root": servers.minio.root_user,
        "0.0.0.0": "127.0.0.1",
        "8080": port,
        "/data": data,
    }


def test_the_site_of_the_containers_takes_in_a_batch(servers: Servers, own: dict[str, str], tmp_path: Path) -> None:
    values = {"SITE_HOST": "diachi.example", "OCR_WORKERS": "1"}
    (port,) = free_ports(1)
    more = apart(own)

    def part(name: str) -> Container:
        return Container(ONE, name, on_this_machine(servers, own, tmp_path / name, port), values)

    init, web, workers = part("init"), part("web"), part("workers")
    web_data, workers_data = ({"DIACHI_DATA": str(tmp_path / name), **more} for name in ("web", "workers"))
    for _again in range(2):
        env = {**init.environment(), "DIACHI_DATA": str(tmp_path / "init"), **more}
        subprocess.run(init.command(), env=env, check=True, stdout=subprocess.DEVNULL)

    assert not web.is_well(**web_data)
    assert not workers.is_well(**workers_data)
    with web.running(tmp_path / "web", **web_data), workers.running(tmp_path / "workers", **workers_data):
        folder = tmp_path / "scans"
        strips(folder, 2)
        env = {**web.environment(), **web_data}
        ingest = [str(DIACHI), "ingest", "--publish", "--json", str(folder)]
        said = subprocess.run(ingest, env=env, check=True, capture_output=True, text=True).stdout
        assert json.loads(said.splitlines()[-1])["pages_ingested"] == 2
    assert not web.is_well(**web_data)
    assert not workers.is_well(**workers_data)


def test_the_search_servers_health_check_asks_the_cluster(servers: Servers) -> None:
    there = servers.opensearch.port
    (nobody,) = free_ports(1)
    assert Container(ONE, "opensearch", {"9200": there}).is_well()
    assert not Container(ONE, "opensearch", {"9200": nobody}).is_well()


def test_an_installed_copy_is_whole(tmp_path: Path) -> None:
    """What the image runs is an installed copy, not this folder."""
    names = ("app", "config", "iiif", "ingest", "ocr", "repository")
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "--", *names],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    source = tmp_path / "source"
    for name in (*listed, "setup.cfg", "pyproject.toml", "LICENSE"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, source / name)
    subprocess.run(
        [DIACHI.with_name("pip"), "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index",
         "--target", tmp_path / "copy", source],
        check=True, env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )  # fmt: skip
    lost = [name for name in listed if (ROOT / name).exists() and not (tmp_path / "copy" / name).exists()]
    assert lost == []
    launchers = [path for path in (tmp_path / "copy").glob("*/*/*") if path.parent.name in ("launch", "poppler")]
    assert all(os.access(path, os.X_OK) for path in [*launchers, *(tmp_path / "copy/ocr/launch").iterdir()])
