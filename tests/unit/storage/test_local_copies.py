"""Local copies: fetched once by all of a machine, checked as they come, thrown away only when nobody uses them."""

import hashlib
import io
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import pytest

from repository.domain.errors import StoreFailed
from repository.storage.local_copies import LocalCopies

PAGES = [bytes([number]) * 1_000_000 for number in range(8)]
KEYS = [hashlib.sha256(page).hexdigest() for page in PAGES]


def source(number: int) -> BinaryIO:
    return io.BytesIO(PAGES[number])


def held(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("??/*"))


def test_a_copy_is_fetched_once_and_given_again(tmp_path: Path) -> None:
    copies = LocalCopies(tmp_path, 10_000_000)
    fetched = []

    def fetch() -> BinaryIO:
        fetched.append(1)
        return source(0)

    for _ in range(3):
        with copies.copy(KEYS[0], fetch) as path:
            assert path.read_bytes() == PAGES[0]
            assert not os.access(path, os.W_OK) or os.geteuid() == 0
    assert fetched == [1]


def fetch_counted(folder: Path, log: Path) -> None:
    def fetch() -> BinaryIO:
        with log.open("a") as out:
            out.write("fetched\n")
        return source(1)

    with LocalCopies(folder, 10_000_000).copy(KEYS[1], fetch) as path:
        assert path.read_bytes() == PAGES[1]


def test_many_processes_and_threads_fetch_one_copy_between_them(tmp_path: Path) -> None:
    log = tmp_path / "log"
    spawned = multiprocessing.get_context("fork")
    workers = [spawned.Process(target=fetch_counted, args=(tmp_path / "copies", log)) for _ in range(4)]
    for worker in workers:
        worker.start()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: fetch_counted(tmp_path / "copies", log), range(8)))
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    assert log.read_text() == "fetched\n"


def test_what_is_not_what_the_key_says_is_not_kept(tmp_path: Path) -> None:
    copies = LocalCopies(tmp_path, 10_000_000)
    with pytest.raises(StoreFailed, match="đã bị thay đổi"), copies.copy(KEYS[0], lambda: source(1)):
        pass
    assert held(tmp_path) == []
    assert list((tmp_path / "incoming").iterdir()) == []
    with copies.copy(KEYS[0], lambda: source(0)) as path:
        assert path.read_bytes() == PAGES[0]


def test_the_longest_unused_goes_first(tmp_path: Path) -> None:
    copies = LocalCopies(tmp_path, 3_500_000)
    for number in (0, 1, 2):
        with copies.copy(KEYS[number], lambda number=number: source(number)) as path:  # type: ignore[misc]
            os.utime(path, (1000 + number, 1000 + number))
    with copies.copy(KEYS[0], lambda: source(0)), copies.copy(KEYS[3], lambda: source(3)):
        pass
    assert held(tmp_path) == sorted([KEYS[0], KEYS[2], KEYS[3]])


def test_what_came_since_the_last_count_counts_and_what_nobody_noted_is_found(tmp_path: Path) -> None:
    copies = LocalCopies(tmp_path, 3_500_000)
    for number in range(8):
        with copies.copy(KEYS[number], lambda number=number: source(number)):  # type: ignore[misc]
            pass
        assert len(held(tmp_path)) == min(number + 1, 3)
    copies.forget(KEYS[7])
    with copies.copy(KEYS[0], lambda: source(0)):
        assert len(held(tmp_path)) == 3, "what was forgotten makes room, though nobody took it off the sum"
    (tmp_path / "locks" / "room").write_text("damaged")
    with copies.copy(KEYS[1], lambda: source(1)):
        pass
    assert len(held(tmp_path)) == 3


def test_what_is_in_use_stays_and_what_is_not_goes(tmp_path: Path) -> None:
    copies = LocalCopies(tmp_path, 2_500_000)
    with copies.copy(KEYS[0], lambda: source(0)) as first:
        for number in range(1, 6):
            with copies.copy(KEYS[number], lambda number=number: source(number)):  # type: ignore[misc]
                assert first.read_bytes() == PAGES[0]
        assert KEYS[0] in held(tmp_path)
        assert len(held(tmp_path)) == 2
    with copies.copy(KEYS[6], lambda: source(6)):
        pass
    assert len(held(tmp_path)) == 2


def test_without_room_a_copy_lasts_as_long_as_its_use(tmp_path: Path) -> None:
    copies = LocalCopies(tmp_path, 0)
    with copies.copy(KEYS[0], lambda: source(0)) as path:
        assert path.read_bytes() == PAGES[0]
    assert held(tmp_path) == []


def test_throwing_away_under_the_users_feet_does_not_happen(tmp_path: Path) -> None:
    """Readers come and go while there is room for one copy only: none ever finds its file missing or wrong."""
    copies = LocalCopies(tmp_path, 1_200_000)

    def read(number: int) -> bool:
        with copies.copy(KEYS[number % 4], lambda: source(number % 4)) as path:
            return path.read_bytes() == PAGES[number % 4]

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(read, range(200)))


@pytest.mark.fault
def test_a_fetcher_that_is_killed_leaves_nothing_and_holds_up_nobody(tmp_path: Path) -> None:
    script = f"""
import io
from pathlib import Path
from repository.storage.local_copies import LocalCopies
class Endless(io.BytesIO):
    def seek(self, *where): return 0
    def read(self, size=-1):
        print("fetching", flush=True)
        return b"x" * 1000
with LocalCopies(Path({str(tmp_path)!r}), 10**7).copy({KEYS[0]!r}, Endless):
    pass
"""
    fetcher = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert fetcher.stdout is not None
    assert fetcher.stdout.readline() == b"fetching\n"
    copies = LocalCopies(tmp_path, 10_000_000)
    got = threading.Event()

    def wait_for_it() -> None:
        with copies.copy(KEYS[0], lambda: source(0)) as path:
            assert path.read_bytes() == PAGES[0]
            got.set()

    waiting = threading.Thread(target=wait_for_it)
    waiting.start()
    os.kill(fetcher.pid, signal.SIGKILL)
    fetcher.communicate()
    waiting.join(20)
    assert got.is_set()
    [left] = (tmp_path / "incoming").iterdir()
    os.utime(left, (0, 0))
    with copies.copy(KEYS[1], lambda: source(1)):
        pass
    assert list((tmp_path / "incoming").iterdir()) == []


def test_a_copy_that_is_forgotten_is_fetched_anew(tmp_path: Path) -> None:
    copies = LocalCopies(tmp_path, 10_000_000)
    with copies.copy(KEYS[0], lambda: source(0)) as path:
        copies.forget(KEYS[0])
        assert not path.exists()
    copies.forget(KEYS[0])
    with copies.copy(KEYS[0], lambda: source(0)) as path:
        assert path.read_bytes() == PAGES[0]
