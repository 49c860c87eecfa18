"""What every object store must do, run against each adapter."""

import errno
import hashlib
import io
import os
import secrets
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import pytest
from minio_site import MinioSite, set_up_site
from servers_here import Servers

from repository.domain.errors import ObjectMissing, StoreFailed
from repository.storage.folder import FolderStore
from repository.storage.port import ObjectStore

PAGE = "trang địa chí ".encode() * 100_000
LARGE = hashlib.shake_256(b"trang").digest(40 << 20)  # more than one part


@pytest.fixture(scope="module")
def minio(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> MinioSite:
    return set_up_site(servers.minio, f"t{secrets.token_hex(6)}", tmp_path_factory.mktemp("minio"))


@pytest.fixture(params=["folder", pytest.param("minio", marks=pytest.mark.service)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    if request.param == "folder":
        return FolderStore(tmp_path / "store")
    site: MinioSite = request.getfixturevalue("minio")
    emptied = site.store(site.buckets.derivatives)
    for key in list(emptied.keys()):
        emptied.delete(key)
    return emptied


@pytest.mark.parametrize("content", [b"", b"x", PAGE, LARGE], ids=["empty", "one byte", "page", "large"])
def test_what_is_put_comes_back(store: ObjectStore, content: bytes) -> None:
    kept = store.put(io.BytesIO(content))
    assert kept.key == hashlib.sha256(content).hexdigest()
    assert kept.size == store.size(kept.key) == len(content)
    assert store.exists(kept.key)
    with store.open(kept.key) as stream:
        assert stream.read() == content
    with store.local(kept.key) as path:
        assert path.read_bytes() == content


def test_a_stream_that_cannot_go_back_is_kept_as_well(store: ObjectStore) -> None:
    reading, writing = os.pipe()
    with ThreadPoolExecutor(1) as threads, os.fdopen(reading, "rb") as stream:

        def write() -> None:
            with os.fdopen(writing, "wb") as out:
                out.write(PAGE)

        threads.submit(write)
        assert store.put(stream).key == hashlib.sha256(PAGE).hexdigest()


def test_a_stream_is_kept_from_where_it_stands(store: ObjectStore) -> None:
    stream = io.BytesIO(b"header" + PAGE)
    stream.seek(6)
    assert store.put(stream).key == hashlib.sha256(PAGE).hexdigest()


def test_any_place_of_an_object_can_be_read(store: ObjectStore) -> None:
    key = store.put(io.BytesIO(LARGE)).key
    with store.open(key) as stream:
        assert stream.seek(-1000, io.SEEK_END) == len(LARGE) - 1000
        assert stream.read() == LARGE[-1000:]
        for place in (0, 20_000_000, 20_000_100, 3, len(LARGE) - 1, len(LARGE), len(LARGE) + 5):
            stream.seek(place)
            assert stream.tell() == place
            assert stream.read(300_000) == LARGE[place : place + 300_000]


def test_the_same_content_again_changes_nothing(store: ObjectStore) -> None:
    for content in (PAGE, LARGE):
        key = hashlib.sha256(content).hexdigest()
        assert store.put(io.BytesIO(content)) == store.put(io.BytesIO(content)) == store.put(io.BytesIO(content), key)
    assert set(store.keys()) == {hashlib.sha256(PAGE).hexdigest(), hashlib.sha256(LARGE).hexdigest()}


def test_a_missing_object_is_said_to_be_missing(store: ObjectStore) -> None:
    for key in ("0" * 64, "../../etc/passwd", "", "địa chí"):
        assert not store.exists(key)
        with pytest.raises(ObjectMissing):
            store.open(key)
        with pytest.raises(ObjectMissing), store.local(key):
            pass


@pytest.mark.parametrize("content", [PAGE, LARGE], ids=["page", "large"])
def test_a_wrong_checksum_leaves_nothing(store: ObjectStore, content: bytes) -> None:
    with pytest.raises(StoreFailed):
        store.put(io.BytesIO(content), expected="0" * 64)
    assert list(store.keys()) == []


def test_a_checksum_of_something_that_is_there_is_still_compared(store: ObjectStore) -> None:
    there = store.put(io.BytesIO(PAGE)).key
    with pytest.raises(StoreFailed):
        store.put(io.BytesIO(PAGE[::-1]), expected=there)
    with store.open(there) as stream:
        assert stream.read() == PAGE


def test_a_transfer_cut_in_the_middle_leaves_nothing(store: ObjectStore) -> None:
    class Cut(io.RawIOBase):
        pieces = iter([b"a" * 1000])

        def read(self, size: int = -1) -> bytes:
            for piece in self.pieces:
                return piece
            raise ConnectionResetError(errno.ECONNRESET, "cut")

    with pytest.raises(StoreFailed):
        store.put(Cut())  # type: ignore[arg-type]
    assert list(store.keys()) == []


@pytest.mark.parametrize("content", [PAGE, LARGE], ids=["page", "large"])
def test_a_file_that_changes_while_it_is_stored_is_not_kept_half_and_half(store: ObjectStore, content: bytes) -> None:
    """Whatever is kept has the key of its content: the old one or the new one, or there is nothing."""

    class Changing(io.BytesIO):
        reads = 0

        def read(self, size: int | None = -1) -> bytes:
            self.reads += 1
            if self.reads == len(content) // (1 << 20) + 3:  # read once to its end, then begun again
                self.getbuffer()[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
            return super().read(size)

    try:
        store.put(Changing(content))
    except StoreFailed:
        assert list(store.keys()) == []
    for key in list(store.keys()):
        with store.open(key) as stream:
            assert hashlib.sha256(stream.read()).hexdigest() == key


def test_a_deleted_object_is_gone_and_may_be_deleted_again(store: ObjectStore) -> None:
    key = store.put(io.BytesIO(PAGE)).key
    with store.local(key):
        pass
    store.delete(key)
    store.delete(key)
    assert not store.exists(key)
    with pytest.raises(ObjectMissing), store.local(key):
        pass


def test_two_writers_of_one_content_agree(store: ObjectStore) -> None:
    with ThreadPoolExecutor(8) as threads:
        kept = list(threads.map(lambda _: store.put(io.BytesIO(PAGE)), range(16)))
    assert len(set(kept)) == 1
    with store.open(kept[0].key) as stream:
        assert stream.read() == PAGE


def test_a_local_copy_outlives_the_object_while_it_is_in_use(store: ObjectStore) -> None:
    key = store.put(io.BytesIO(PAGE)).key
    with store.local(key) as path, path.open("rb") as stream:
        store.delete(key)
        assert stream.read() == PAGE


def test_what_answers_says_so(store: ObjectStore) -> None:
    store.ping()


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    """A file-size limit of the process stands in for the full disk: the write fails half way just the same. MinIO's
    full disk is a real one, see test_minio_faults."""
    script = f"""
import io, resource, signal
from pathlib import Path
from repository.domain.errors import StoreFailed
from repository.storage.folder import FolderStore
store = FolderStore(Path({str(tmp_path)!r}) / "store")
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (3 << 20, 3 << 20))
try:
    store.put(io.BytesIO(b"x" * (8 << 20)))
except StoreFailed as error:
    print("said", error)
print(list(store.keys()), list((Path({str(tmp_path)!r}) / "store" / "incoming").iterdir()))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("said Không ghi được")
    assert done.stdout.endswith("[] []\n")


class Endless(io.RawIOBase):
    """A stream without an end that says when it is read."""

    def __init__(self, seekable: bool) -> None:
        self._seekable = seekable
        self._at = 0

    def seekable(self) -> bool:
        return self._seekable

    def tell(self) -> int:
        return 0

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset
        return (64 << 30) if whence == io.SEEK_END else offset

    def read(self, size: int = -1) -> bytes:
        os.write(1, b"writing\n")
        return b"x" * size


@pytest.mark.fault
@pytest.mark.parametrize("seekable", [False, True], ids=["spooled", "in parts"])
def test_a_writer_killed_in_the_middle_leaves_no_object(store: ObjectStore, seekable: bool) -> None:
    reading, writing = os.pipe()
    writer = os.fork()
    if writer == 0:  # a fork, so that a store that was used before must not share its sockets
        os.dup2(writing, 1)
        stream: BinaryIO = Endless(seekable)  # type: ignore[assignment]
        store.put(stream, expected="f" * 64)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as said:
        for _ in range(4):
            assert said.readline() == b"writing\n"
        os.kill(writer, signal.SIGKILL)
        os.waitpid(writer, 0)
    assert list(store.keys()) == []
