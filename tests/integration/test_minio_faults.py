"""MinIO cut off, busy, frozen, killed, full: a clear error in time, nothing left half done, and it works again."""

import hashlib
import io
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from minio_site import Line, MinioSite, line_to, set_up_site
from servers import Minio as MinioServer
from servers_here import Servers

from repository.domain.errors import ServerUnreachable, StoreFailed
from repository.storage.local_copies import LocalCopies
from repository.storage.minio import MinioStore

pytestmark = pytest.mark.service
LARGE = hashlib.shake_256(b"trang").digest(40 << 20)
SMALL = LARGE[: 1 << 20]


@pytest.fixture(scope="module")
def site(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> MinioSite:
    return set_up_site(servers.minio, f"t{secrets.token_hex(6)}", tmp_path_factory.mktemp("minio"))


@pytest.fixture
def line(servers: Servers) -> Iterator[Line]:
    with line_to(servers.minio.port) as line:
        yield line


@pytest.fixture(autouse=True)
def no_masters(site: MinioSite) -> None:
    custodian = site.custodian().versions
    assert custodian is not None
    for key in list(site.masters().keys()):
        custodian.erase(key)


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["one request", "parts"])
def test_a_connection_cut_in_mid_upload_leaves_nothing(site: MinioSite, line: Line, content: bytes) -> None:
    """Each connection is reset half way through the object (in parts: in the second one, again and again)."""
    store, key = site.masters(line.port), hashlib.sha256(content).hexdigest()
    line.cut_after, line.spare = 500_000, len(content) // 2
    began = time.monotonic()
    with pytest.raises(ServerUnreachable) as cut:
        store.put(io.BytesIO(content))
    assert time.monotonic() - began < 30
    assert f"MinIO (127.0.0.1:{line.port}) không trả lời khi làm PutObject" in str(cut.value)
    assert site.wanted.application.secret_key not in str(cut.value)
    assert not site.masters().exists(key)
    assert site.unfinished(site.buckets.masters, key) == 0
    assert line.cuts >= 2
    line.cut_after = None
    assert store.put(io.BytesIO(content)).key == key
    with store.open(key) as stream:
        assert stream.read() == content


def test_one_cut_connection_is_not_even_noticed(site: MinioSite, line: Line) -> None:
    store = site.masters(line.port)
    line.busy = 2
    kept = store.put(io.BytesIO(SMALL))
    assert line.refused == 2
    with store.open(kept.key, kept.version) as stream:
        assert stream.read() == SMALL


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["one request", "parts"])
def test_a_busy_server_is_told_and_nothing_is_left(site: MinioSite, line: Line, content: bytes) -> None:
    store, key = site.masters(line.port), hashlib.sha256(content).hexdigest()
    line.busy = 1000
    began = time.monotonic()
    with pytest.raises(ServerUnreachable, match="SlowDown"):
        store.put(io.BytesIO(content))
    assert time.monotonic() - began < 30
    assert 2 <= line.refused <= 6
    assert not site.masters().exists(key)
    assert site.unfinished(site.buckets.masters, key) == 0
    line.busy = 0
    assert store.put(io.BytesIO(content)).key == key


def test_reading_goes_on_after_a_cut(site: MinioSite, line: Line) -> None:
    key = site.masters().put(io.BytesIO(LARGE)).key
    with site.masters(line.port).open(key) as stream:
        start = stream.read(1 << 20)
        line.cut_back_after = 1 << 20
        with pytest.raises(ServerUnreachable, match="GetObject"):
            stream.read(16 << 20)
        line.cut_back_after = None
        stream.seek(len(start))
        assert start + stream.read() == LARGE


def test_a_connection_that_is_cut_once_is_made_again(site: MinioSite, line: Line) -> None:
    key = site.masters().put(io.BytesIO(LARGE)).key
    with site.masters(line.port).open(key) as stream, ThreadPoolExecutor(1) as threads:
        assert stream.read(100) == LARGE[:100]
        line.cut_back_after = 3 << 20  # the third request is larger; the next connection lives as long
        mended = threads.submit(_mend_after_a_cut, line)
        assert stream.read() == LARGE[100:]
        assert mended.result()


def _mend_after_a_cut(line: Line) -> bool:
    until = time.monotonic() + 20
    while not line.cuts and time.monotonic() < until:
        time.sleep(0.001)
    line.cut_back_after = None
    return line.cuts > 0


def test_a_local_copy_that_is_cut_off_is_not_kept(site: MinioSite, line: Line) -> None:
    key = site.masters().put(io.BytesIO(LARGE)).key
    store = site.masters(line.port)
    line.cut_back_after = 1 << 20
    with pytest.raises(ServerUnreachable), store.local(key):
        pass
    line.cut_back_after = None
    with store.local(key) as path:
        assert path.read_bytes() == LARGE


def test_nobody_there(site: MinioSite, line: Line) -> None:
    line.close()
    store = site.masters(line.port)
    began = time.monotonic()
    with pytest.raises(ServerUnreachable, match="HeadBucket"):
        store.ping()
    assert time.monotonic() - began < 4
    with pytest.raises(ServerUnreachable):
        store.put(io.BytesIO(SMALL))


@pytest.mark.fault
@pytest.mark.slow
def test_a_killed_server_keeps_what_it_confirmed_and_nothing_else(tmp_path: Path) -> None:
    """SIGKILL in the middle of uploads: after the restart every object that `put` gave back is whole, and no key names
    anything else."""
    server = MinioServer(tmp_path / "server")
    server.start()
    try:
        site = set_up_site(server, "killed", tmp_path)
        confirmed: list[str] = []

        def put(number: int) -> None:
            confirmed.append(site.masters().put(io.BytesIO(LARGE + bytes([number]))).key)

        with ThreadPoolExecutor(3) as threads:
            puts = [threads.submit(put, number) for number in range(6)]
            while len(confirmed) < 2:
                time.sleep(0.01)
            server.kill()
            failures = [each.exception() for each in puts]
        assert any(failures)
        assert {type(each) for each in failures if each} == {ServerUnreachable}
        server.start()
        store = site.masters()
        assert set(confirmed) <= set(store.keys())
        for key in list(store.keys()):
            with store.open(key) as stream:
                assert hashlib.sha256(stream.read()).hexdigest() == key
        for number in range(6):
            put(number)
        assert len(list(store.keys())) == 6
    finally:
        server.stop()


@pytest.mark.fault
def test_a_frozen_server_is_told_in_time(tmp_path: Path) -> None:
    """SIGSTOP: connections stay open and nothing answers. The wait for an answer is one second here."""
    server = MinioServer(tmp_path / "server")
    server.start()
    try:
        site = set_up_site(server, "frozen", tmp_path)
        store = site.store(site.buckets.masters, read_seconds=1)
        key = store.put(io.BytesIO(SMALL)).key
        with store.open(key) as stream:
            server.freeze()
            began = time.monotonic()
            with pytest.raises(ServerUnreachable):
                stream.read()
            with pytest.raises(ServerUnreachable):
                store.ping()
            assert time.monotonic() - began < 10
            server.thaw()
            assert stream.read() == SMALL
        store.ping()
    finally:
        server.stop()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 160 MB: a tmpfs of its own, which needs root."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.mark.fault
def test_a_full_disk_is_said_and_leaves_nothing(small_disk: Path, tmp_path: Path) -> None:
    """A real full disk: a small tmpfs under MinIO's data folder."""
    assert os.geteuid() == 0, "mounting a small tmpfs needs root"
    server = MinioServer(small_disk / "server")
    server.start()
    try:
        site = set_up_site(server, "full", tmp_path)
        store = site.store(site.buckets.derivatives)
        contents = [LARGE[: 20 << 20] + bytes([number]) for number in range(10)]
        kept: list[str] = []
        with pytest.raises(StoreFailed) as full:
            kept.extend(store.put(io.BytesIO(content)).key for content in contents)
        assert "đã hết chỗ" in str(full.value)
        assert 0 < len(kept) < 10
        refused = contents[len(kept)]
        lost = hashlib.sha256(refused).hexdigest()
        assert sorted(store.keys()) == sorted(kept)
        assert site.unfinished(site.buckets.derivatives, lost) == 0
        for key in kept:
            with store.open(key) as stream:
                assert hashlib.sha256(stream.read()).hexdigest() == key
        subprocess.run(["mount", "-o", "remount,size=400m", small_disk], check=True)
        assert _put_once_there_is_room(store, refused) == lost
    finally:
        server.stop()


def _put_once_there_is_room(store: MinioStore, content: bytes) -> str:
    """The server looks at its disk now and then only."""
    until = time.monotonic() + 60
    while True:
        try:
            return store.put(io.BytesIO(content)).key
        except StoreFailed:
            if time.monotonic() > until:
                raise
            time.sleep(0.5)


def test_a_full_disk_for_local_copies_is_said(site: MinioSite, small_disk: Path) -> None:
    key = site.masters().put(io.BytesIO(LARGE)).key
    (small_disk / "filler").write_bytes(bytes(130 << 20))
    copies = LocalCopies(small_disk / "copies", 1 << 30)
    store = MinioStore(site.masters()._connection, site.buckets.masters, copies, small_disk, versioned=True)
    with pytest.raises(StoreFailed, match="Không ghi được bản tạm"), store.local(key):
        pass
    (small_disk / "filler").unlink()
    with store.local(key) as path:
        assert path.read_bytes() == LARGE


def test_a_full_disk_for_what_cannot_be_read_twice_is_said(site: MinioSite, small_disk: Path) -> None:
    class OneWay(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            return bytes(size)

    store = MinioStore(
        site.masters()._connection, site.buckets.masters, LocalCopies(small_disk, 0), small_disk, versioned=True
    )
    with pytest.raises(StoreFailed, match="Không ghi được bản tạm"):
        store.put(OneWay())  # type: ignore[arg-type]
    assert list(site.masters().keys()) == []


CLOCK_BACK = """
import io, sys
from pathlib import Path
from repository.domain.errors import StoreFailed
from repository.storage.local_copies import LocalCopies
from repository.storage.minio import MinioStore
from repository.storage.minio_client import MinioConnection, MinioKey
endpoint, user, bucket, folder = sys.argv[1:]
key = MinioKey(endpoint, user, sys.stdin.read())
store = MinioStore(MinioConnection(key), bucket, LocalCopies(Path(folder), 0), Path(folder))
try:
    store.put(io.BytesIO(b"x"))
except StoreFailed as refused:
    print(refused)
"""


@pytest.mark.fault
def test_a_clock_set_back_is_named(site: MinioSite, tmp_path: Path) -> None:
    """libfaketime sets the clock of the writing process half an hour back: the server refuses its signatures."""
    key = site.wanted.application
    done = subprocess.run(
        ["faketime", "-f", "-30m", sys.executable, "-c", CLOCK_BACK, key.endpoint, key.access_key,
         site.buckets.derivatives, tmp_path],
        input=key.secret_key, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert "hãy chỉnh giờ cả hai máy" in done.stdout
    assert list(site.store(site.buckets.derivatives).keys()) == []
