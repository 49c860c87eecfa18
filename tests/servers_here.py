"""The four real servers for tests: started once for all of them, or those that run already.

With DIACHI_TEST_SERVICES naming a folder that `scripts/services start --data` works in, its servers are used and left
running; otherwise each session starts its own. A server that cannot be started fails the test."""

import os
import secrets
import shlex
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from servers import Minio, OpenSearch, Postgres, Redis, Server, start_all


@dataclass(frozen=True, slots=True)
class Servers:
    """The running four, in `folder`."""

    folder: Path
    postgres: Postgres
    redis: Redis
    minio: Minio
    opensearch: OpenSearch

    def all(self) -> tuple[Server, ...]:
        """Each of them."""
        return self.postgres, self.redis, self.minio, self.opensearch

    def settings(self, name: str) -> dict[str, str]:
        """Settings of a new production site beside others on the same servers: everything it keeps is named `name`."""
        found = {"DIACHI_PROFILE": "production"}
        for server in self.all():
            found |= server.settings()
        self.postgres.create_database(name)
        url = found["DIACHI_DATABASE_URL"].rpartition("/")[0]
        return found | {
            "DIACHI_DATABASE_URL": f"{url}/{name}",
            "DIACHI_MINIO_BUCKET_PREFIX": name,
            "DIACHI_OPENSEARCH_INDEX": name,
            "DIACHI_REDIS_PREFIX": name,
        }


def four_servers(folder: Path) -> Servers:
    """The four in `folder`, not started."""
    return Servers(
        folder,
        Postgres(folder / "postgres"),
        Redis(folder / "redis"),
        Minio(folder / "minio"),
        OpenSearch(folder / "opensearch", heap="512m"),
    )


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """The four, running, for tests that do not stop them."""
    if given := os.environ.get("DIACHI_TEST_SERVICES"):
        yield _running(Path(given))
        return
    with tempfile.TemporaryDirectory(prefix="diachi-servers-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # some of them run as another user
        here = four_servers(folder)
        start_all(here.all())
        yield here
        for server in here.all():
            server.stop()


@pytest.fixture
def own_name() -> str:
    """A name that no other test uses, fit for a database, a bucket and an index."""
    return f"t{secrets.token_hex(6)}"


def _running(folder: Path) -> Servers:
    lines = (folder / "services.env").read_text().splitlines()
    said = dict(shlex.split(line)[1].split("=", 1) for line in lines)
    return Servers(
        folder,
        Postgres(folder / "postgres", _port(said["DIACHI_DATABASE_URL"])),
        Redis(folder / "redis", _port(said["DIACHI_REDIS_URL"])),
        Minio(folder / "minio", _port(said["DIACHI_MINIO_ENDPOINT"])),
        OpenSearch(folder / "opensearch", _port(said["DIACHI_OPENSEARCH_URLS"])),
    )


def _port(address: str) -> int:
    return int(address.rsplit(":", 1)[1].split("/")[0])
