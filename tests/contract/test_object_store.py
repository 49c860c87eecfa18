"""What every object store must do, run against each adapter."""

import errno
import hashlib
import io
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from repository.domain.errors import ObjectMissing, StoreFailed
from repository.storage.folder import FolderStore
from repository.storage.port import ObjectStore

PAGE = "trang địa chí ".encode() * 100_000


@pytest.fixture(params=["folder"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    return {"folder": lambda: FolderStore(tmp_path / "store")}[request.param]()


def test_what_is_put_comes_back(store: ObjectStore) -> None:
    kept = store.put(io.BytesIO(PAGE))
    assert kept.key == hashlib.sha256(PAGE).hexdigest()
    assert kept.size == store.size(kept.key) == len(PAGE)
    with store.open(kept.key) as stream:
        assert stream.read() == PAGE
    with store.local(kept.key) as path:
        assert path.read_bytes() == PAGE


def test_the_same_content_again_changes_nothing(store: ObjectStore) -> None:
    assert store.put(io.BytesIO(PAGE)) == store.put(io.BytesIO(PAGE))
    assert list(store.keys()) == [hashlib.sha256(PAGE).hexdigest()]


def test_a_missing_object_is_said_to_be_missing(store: ObjectStore) -> None:
    for key in ("0" * 64, "../../etc/passwd", "", "địa chí"):
        assert not store.exists(key)
        with pytest.raises(ObjectMissing):
            store.open(key)
        with pytest.raises(ObjectMissing), store.local(key):
            pass


def test_a_wrong_checksum_leaves_nothing(store: ObjectStore) -> None:
    with pytest.raises(StoreFailed):
        store.put(io.BytesIO(PAGE), expected="0" * 64)
    assert list(store.keys()) == []


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


def test_a_deleted_object_is_gone_and_may_be_deleted_again(store: ObjectStore) -> None:
    key = store.put(io.BytesIO(PAGE)).key
    store.delete(key)
    store.delete(key)
    assert not store.exists(key)


def test_two_writers_of_one_content_agree(store: ObjectStore) -> None:
    with ThreadPoolExecutor(8) as threads:
        kept = list(threads.map(lambda _: store.put(io.BytesIO(PAGE)), range(16)))
    assert len(set(kept)) == 1
    with store.open(kept[0].key) as stream:
        assert stream.read() == PAGE


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    """A file-size limit of the process stands in for the full disk: the write fails half way just the same."""
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


@pytest.mark.fault
def test_a_writer_killed_in_the_middle_leaves_no_object(tmp_path: Path) -> None:
    script = f"""
from pathlib import Path
from repository.storage.folder import FolderStore
class Endless:
    def read(self, size):
        print("writing", flush=True)
        return b"x" * size
FolderStore(Path({str(tmp_path)!r}) / "store").put(Endless())
"""
    writer = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    for _ in range(5):
        writer.stdout.readline()
    os.kill(writer.pid, signal.SIGKILL)
    writer.communicate()
    assert list(FolderStore(tmp_path / "store").keys()) == []
