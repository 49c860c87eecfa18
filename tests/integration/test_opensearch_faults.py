"""OpenSearch too busy, out of disk, cut off, frozen, killed: a clear error in time, nothing lost, and it goes on."""

import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from faulty_proxy import Answer, Cut, Fault, FaultyProxy
from search_samples import drop_index, filled, found, own_index, page, search
from servers import OpenSearch, start_all
from servers_here import Servers

from repository.domain.errors import ServerUnreachable, StoreFailed
from repository.domain.search import IndexDocument
from repository.search import opensearch_bulk
from repository.search.opensearch_connection import Connection
from repository.search.opensearch_index import OpenSearchIndex

pytestmark = pytest.mark.service
REJECTED = {"type": "opensearch_rejected_execution_exception", "reason": "rejected execution of coordinating operation"}
BUSY = Answer(429, json.dumps({"error": {"root_cause": [REJECTED]}, "status": 429}).encode(), "application/json")
READ_ONLY = "index.blocks.read_only_allow_delete"


class Line:
    """An index reached through a proxy that fails what a test says; `bulks` are the sizes of what was let through."""

    def __init__(self, port: int) -> None:
        self.proxy = FaultyProxy(port)
        self.name = own_index()
        self.url = f"http://127.0.0.1:{port}"
        self.index = OpenSearchIndex([f"http://127.0.0.1:{self.proxy.port}"], self.name)
        self.index.begin_rebuild(lambda: None)
        self.left = 0

    def fail_bulks(self, count: int, fault: Fault) -> None:
        self.left = count

        def decide(_method: str, path: str) -> Fault:
            if not path.startswith("/_bulk") or self.left == 0:
                return None
            self.left -= 1
            return fault

        self.proxy.fault = decide

    def direct(self) -> OpenSearchIndex:
        return OpenSearchIndex([self.url], self.name)

    def close(self) -> None:
        self.proxy.close()
        self.index.close()
        drop_index(self.url, self.name)


@pytest.fixture
def line(servers: Servers) -> Iterator[Line]:
    line = Line(servers.opensearch.port)
    yield line
    line.close()


def many(count: int, words: int = 100) -> list[IndexDocument]:
    return [page(f"trang {at} " + "chữ " * words, f"p{at}", f"i{at // 10}", at) for at in range(count)]


# --- too busy -----------------------------------------------------------------------------------------------------


def test_rejected_bulks_are_sent_again_in_smaller_ones_until_all_is_in(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opensearch_bulk, "MOST_BYTES", 256 << 10)
    line.index.close()
    index = OpenSearchIndex([f"http://127.0.0.1:{line.proxy.port}"], line.name)
    line.fail_bulks(5, BUSY)
    filled(index, many(600))
    assert line.proxy.failed == 5
    assert line.direct().count() == 600
    assert search(line.direct(), "trang").total == 600


@pytest.mark.slow
def test_a_server_that_stays_too_busy_is_named_and_nothing_is_forgotten(line: Line) -> None:
    line.index.put(many(30))
    line.fail_bulks(-1, BUSY)
    began = time.monotonic()
    with pytest.raises(StoreFailed, match=rf"OpenSearch tại 127.0.0.1:{line.proxy.port} đang quá tải .*rejected"):
        line.index.commit()
    assert time.monotonic() - began < 30
    line.fail_bulks(0, None)
    line.index.commit()
    assert line.direct().count() == 30


def test_a_connection_cut_in_mid_bulk_loses_nothing(line: Line) -> None:
    line.index.put(many(300))
    line.fail_bulks(-1, Cut(10_000))
    with pytest.raises(ServerUnreachable, match="không trả lời"):
        line.index.commit()
    line.fail_bulks(0, None)
    line.index.commit()
    assert line.direct().count() == 300


# --- out of disk --------------------------------------------------------------------------------------------------


def test_an_index_made_read_only_for_want_of_disk_is_said_at_once_and_goes_on_when_lifted(line: Line) -> None:
    filled(line.index, many(10))
    ask = Connection([line.url])
    ask.ask("PUT", f"/{line.name}/_settings", {READ_ONLY: True})
    line.index.put([page("thêm", "mới")])
    began = time.monotonic()
    with pytest.raises(StoreFailed, match=r"OpenSearch tại .* không cho ghi vì đĩa gần đầy .*giải phóng đĩa"):
        line.index.commit()
    assert time.monotonic() - began < 5
    assert search(line.index, "trang").total == 10, "readers are served meanwhile"
    line.index.ping()
    ask.ask("PUT", f"/{line.name}/_settings", {READ_ONLY: None})
    line.index.commit()
    assert found(line.index, "thêm") == ["mới"]


# --- no answer ----------------------------------------------------------------------------------------------------


def test_nobody_listening_is_said_quickly() -> None:
    index = OpenSearchIndex(["http://127.0.0.1:9"], "x", "ai", "mật khẩu")
    for ask in (index.ping, index.count, lambda: search(index, "a"), lambda: index.put([page("a")])):
        began = time.monotonic()
        with pytest.raises(ServerUnreachable, match=r"OpenSearch tại 127.0.0.1:9 không trả lời") as error:
            ask()
        assert time.monotonic() - began < 2
        assert "mật khẩu" not in f"{error.value!r} {error.value} {index!r} {index._connection!r}"


def test_an_answer_of_nonsense_is_an_error_of_the_house(line: Line) -> None:
    line.proxy.fault = lambda _method, _path: Answer(200, b"<html>xin chao", "text/html")
    with pytest.raises(StoreFailed, match="OpenSearch"):
        search(line.index, "trang")
    line.proxy.fault = lambda _method, _path: Answer(401, b"Unauthorized", "text/plain")
    with pytest.raises(StoreFailed, match="DIACHI_OPENSEARCH_USER"):
        search(line.index, "trang")
    with pytest.raises(StoreFailed, match="DIACHI_OPENSEARCH_USER"):
        line.index.ping()


# --- servers of our own, to be killed ------------------------------------------------------------------------------


@pytest.fixture
def enterable() -> Iterator[Path]:
    """A folder that the plain user as whom the server runs may enter; those of pytest are closed to others."""
    with tempfile.TemporaryDirectory(prefix="diachi-opensearch-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture
def own(enterable: Path) -> Iterator[OpenSearch]:
    server = OpenSearch(enterable / "node", heap="512m")
    server.options = {"thread_pool.write.queue_size": "1", "thread_pool.write.size": "1"}
    server.start()
    yield server
    server.stop()


@pytest.mark.slow
@pytest.mark.fault
def test_killed_in_mid_bulk_and_frozen_nothing_is_lost(own: OpenSearch) -> None:
    url = own.settings()["DIACHI_OPENSEARCH_URLS"]
    index = OpenSearchIndex([url], "site")
    index.begin_rebuild(lambda: None)
    filled(index, many(50))
    index.put(many(4000, words=400))
    killer = threading.Timer(0.15, own.kill)
    killer.start()
    with pytest.raises(ServerUnreachable):
        index.commit()
    killer.join()
    with pytest.raises(ServerUnreachable):
        search(index, "trang")
    own.start()
    index.commit()
    assert index.count() == 4000
    assert search(index, "trang").total == 4000
    own.freeze()
    began = time.monotonic()
    with pytest.raises(ServerUnreachable):
        index.ping()
    assert time.monotonic() - began < 5
    own.thaw()
    index.ping()
    _more_writers_than_the_queue_holds(url)


def _more_writers_than_the_queue_holds(url: str) -> None:
    """Real rejections: eight writers, one writing thread, room for one to wait."""

    def write(at: int) -> None:
        mine = OpenSearchIndex([url], "site")
        mine.put([page("chen chúc", f"w{at}-{number}", f"w{at}", number) for number in range(200)])
        mine.commit()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    told = Connection([url]).ask("GET", "/_nodes/stats/thread_pool")
    rejected = sum(node["thread_pool"]["write"]["rejected"] for node in told["nodes"].values())
    assert rejected > 0, "or this shows nothing"
    assert search(OpenSearchIndex([url], "site"), "chen chúc").total == 1600


@pytest.mark.slow
@pytest.mark.fault
def test_the_servers_own_flood_stage_comes_and_goes(enterable: Path) -> None:
    """The disk monitor itself blocks the index, and lifts the block when there is room again."""
    server = OpenSearch(enterable / "node", heap="512m")
    server.options = {
        "cluster.routing.allocation.disk.threshold_enabled": "true",
        "cluster.info.update.interval": "10s",
    }
    server.start()
    try:
        url = server.settings()["DIACHI_OPENSEARCH_URLS"]
        ask, index = Connection([url]), OpenSearchIndex([url], "site")
        index.begin_rebuild(lambda: None)
        filled(index, many(10))
        _watermarks(ask, "900tb")
        index.put([page("thêm", "mới")])
        _until(lambda: "read_only_allow_delete" in json.dumps(ask.ask("GET", "/site/_settings")))
        with pytest.raises(StoreFailed, match="đĩa gần đầy"):
            index.commit()
        _watermarks(ask, "1mb")
        _until(lambda: "read_only_allow_delete" not in json.dumps(ask.ask("GET", "/site/_settings")))
        index.commit()
        assert found(index, "thêm") == ["mới"]
    finally:
        server.stop()


def _watermarks(ask: Connection, free: str) -> None:
    names = ("low", "high", "flood_stage")
    marks = {f"cluster.routing.allocation.disk.watermark.{name}": free for name in names}
    ask.ask("PUT", "/_cluster/settings", {"persistent": marks})


def _until(true: Callable[[], bool], seconds: float = 120.0) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.5)


@pytest.mark.slow
@pytest.mark.fault
def test_a_cluster_of_three_loses_a_node_in_mid_search_and_no_query_fails(enterable: Path) -> None:
    nodes = [OpenSearch(enterable / f"node{at}", heap="512m") for at in range(3)]
    for node in nodes:
        node.seeds = tuple(each.transport for each in nodes)
    start_all(nodes)
    try:
        urls = [node.settings()["DIACHI_OPENSEARCH_URLS"] for node in nodes]
        index = OpenSearchIndex(urls, "site", shards=3, replicas=1)
        index.begin_rebuild(lambda: None)
        filled(index, many(300))
        Connection(urls).ask("GET", "/_cluster/health/site?wait_for_status=green&timeout=60s", timeout=70)
        stop = threading.Event()

        def reader(at: int) -> int:
            mine, asked = OpenSearchIndex(urls[at % 3 :] + urls[: at % 3], "site", shards=3, replicas=1), 0
            while not stop.is_set():
                result = search(mine, f"trang {asked % 300}")
                assert result.total == 1 or search(mine, "trang").total == 300
                asked += 1
            return asked

        with ThreadPoolExecutor(3) as pool:
            readers = [pool.submit(reader, at) for at in range(3)]
            time.sleep(2)
            nodes[1].kill()
            time.sleep(12)
            stop.set()
            assert all(asked.result() > 10 for asked in readers)
        filled(index, [page("sau đó", "after", "after")])
        assert search(index, "trang").total == 300
        assert found(index, "sau") == ["after"]
    finally:
        for node in (nodes[0], nodes[2]):
            node.stop()
