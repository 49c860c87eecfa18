"""Servers that answer, but not well: refusals, cut connections, full disks, an index that may not be written to."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from faulty_proxy import Answer, Cut, Fault, FaultyProxy
from live_site import LiveSite, wait_until
from production_site import new_site, open_while, running
from servers_here import Servers
from whole_batch import hand_in, is_done, must_be_whole

from config.services import Services
from repository.domain.errors import DiachiError

pytestmark = [pytest.mark.fault, pytest.mark.service]
SLOW_DOWN = Answer(503, b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate</Message></Error>")
TOO_MANY = Answer(429, b'{"error":{"type":"opensearch_rejected_execution_exception"},"status":429}', "application/json")


@pytest.fixture(scope="module")
def proxies(servers: Servers) -> Iterator[tuple[FaultyProxy, FaultyProxy]]:
    """In front of MinIO and of OpenSearch."""
    made = FaultyProxy(servers.minio.port), FaultyProxy(servers.opensearch.port)
    yield made
    for proxy in made:
        proxy.close()


@pytest.fixture(scope="module")
def live(
    servers: Servers, proxies: tuple[FaultyProxy, FaultyProxy], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveSite]:
    minio, opensearch = proxies
    site = new_site(
        servers,
        "refusing",
        tmp_path_factory.mktemp("live") / "data",
        DIACHI_MINIO_ENDPOINT=f"127.0.0.1:{minio.port}",
        DIACHI_OPENSEARCH_URLS=f"http://127.0.0.1:{opensearch.port}",
    )
    with running(site) as live:
        yield live


@pytest.fixture(scope="module")
def services(live: LiveSite) -> Iterator[Services]:
    with open_while(live) as site:
        yield site


def failing(proxy: FaultyProxy, times: int, fault: Fault, method: str, part: str) -> None:
    """Fail the next so many requests of that method whose path has `part` in it."""
    until = proxy.failed + times
    proxy.fault = lambda asked, path: fault if asked == method and part in path and proxy.failed < until else None


@pytest.mark.parametrize("fault", [SLOW_DOWN, Cut(1000)], ids=["503", "cut"])
def test_minio_fails_while_workers_store(
    services: Services, live: LiveSite, proxies: tuple[FaultyProxy, FaultyProxy], tmp_path: Path, fault: Fault
) -> None:
    minio, _ = proxies
    first = 0 if fault is SLOW_DOWN else 4
    batch = hand_in(services, tmp_path / f"stored {first}", first)
    failing(minio, 12, fault, "PUT", "-derivatives/")
    wait_until(is_done(services, batch), "the batch to be done in spite of MinIO")
    assert minio.failed >= 2
    must_be_whole(services, batch)


@pytest.mark.parametrize("fault", [SLOW_DOWN, Cut(1000)], ids=["503", "cut"])
def test_minio_fails_in_mid_upload(
    services: Services, proxies: tuple[FaultyProxy, FaultyProxy], tmp_path: Path, fault: Fault
) -> None:
    """Whoever hands in is told clearly, nothing half is kept, and the same file goes in when MinIO is well again."""
    minio, _ = proxies
    first = 8 if fault is SLOW_DOWN else 12
    failing(minio, 1_000, fault, "PUT", "-masters/")
    with pytest.raises(DiachiError, match="MinIO"):
        hand_in(services, tmp_path / "refused", first)
    minio.fault = lambda _method, _path: None
    batch = hand_in(services, tmp_path / f"again {first}", first)
    wait_until(is_done(services, batch), "the batch to be done")
    must_be_whole(services, batch)


def test_opensearch_rejects_bulks(services: Services, proxies: tuple[FaultyProxy, FaultyProxy], tmp_path: Path) -> None:
    _, opensearch = proxies
    failing(opensearch, 6, TOO_MANY, "POST", "_bulk")
    batch = hand_in(services, tmp_path / "429", 16)
    wait_until(is_done(services, batch), "the batch to be done in spite of OpenSearch")
    assert opensearch.failed >= 3
    must_be_whole(services, batch)


def test_opensearch_is_read_only_at_flood_stage(services: Services, servers: Servers, tmp_path: Path) -> None:
    """What OpenSearch itself sets when its disk is nearly full; it takes the block away when there is room again."""
    block(servers, True)
    batch = hand_in(services, tmp_path / "flood", 20)

    def only_the_index_is_owed() -> bool:
        with services.ledger.read() as work:
            return work.jobs.count() == 0 and len(work.steps.ready_for_index(10)) == 4

    wait_until(only_the_index_is_owed, "the pages to be read while the index takes nothing")
    assert not is_done(services, batch)()
    block(servers, False)
    wait_until(is_done(services, batch), "the batch to be done when the index takes again")
    must_be_whole(services, batch)


def block(servers: Servers, on: bool) -> None:
    """Set or lift the block that marks a flooded disk."""
    body = json.dumps({"index.blocks.read_only_allow_delete": True if on else None}).encode()
    url = f"http://127.0.0.1:{servers.opensearch.port}/refusing*/_settings"
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"}, method="PUT")
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 200
