"""Copies of a server's objects on this machine, shared by all its processes: fetched once, kept while there is room."""

import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock
from pathlib import Path
from typing import BinaryIO

from repository.domain.errors import N_, ObjectDamaged, StoreFailed
from repository.storage.measuring import digest_of

COUNTED_SECONDS = 600.0  # in between, what comes is added to what was counted, and what goes is not taken off
LEFTOVER_SECONDS = 60  # what is being written changes more often than that, and is locked


class LocalCopies:
    """`folder/ab/abcd…` holds whole copies, `folder/incoming` what is on its way, `folder/locks` a lock for each `ab`.

    A copy in use is share-locked by its user; whoever makes room deletes only what it can lock alone, the longest
    unused first. Copies are named by the SHA-256 that they were found to have, so none is ever out of date. `limit` is
    in bytes; what is in use or larger than that is kept nevertheless, until it is not used any more."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit

    @contextmanager
    def copy(self, key: str, source: Callable[[], BinaryIO]) -> Iterator[Path]:
        """The object's copy, which must not be written to; `source` is opened when there is none yet. One process of
        the machine fetches, the others wait for it. Raises ObjectDamaged when what comes is not what the key says,
        StoreFailed when the disk is full, and whatever `source` raises."""
        held = self._hold(key)
        if held is None:
            held = self._fetch(key, source)
        try:
            yield self._path(key)
        finally:
            too_large = os.fstat(held).st_size > self._limit
            os.close(held)
            if too_large:
                self._make_room(0)

    def forget(self, key: str) -> None:
        """Drop the copy; whoever has it open keeps it until they are done."""
        self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / key

    def _hold(self, key: str) -> int | None:
        """The copy's file, share-locked, when there is one."""
        path = self._path(key)
        while True:
            try:
                held = os.open(path, os.O_RDONLY)
            except FileNotFoundError:
                return None
            flock(held, LOCK_SH)
            if _still(held, path):
                os.utime(held)
                return held
            os.close(held)

    def _fetch(self, key: str, source: Callable[[], BinaryIO]) -> int:
        with self._locked(key[:2]):
            held = self._hold(key)
            if held is not None:
                return held
            with source() as stream:
                self._make_room(stream.seek(0, os.SEEK_END))
                stream.seek(0)
                return self._take(key, stream)

    def _take(self, key: str, stream: BinaryIO) -> int:
        aside = self._folder / "incoming" / secrets.token_hex(16)
        aside.parent.mkdir(parents=True, exist_ok=True)
        try:
            with aside.open("xb") as out:
                flock(out, LOCK_SH)  # says that it is no leftover, and holds the copy from its first moment
                digest, _ = digest_of(stream, out)
                if digest != key:
                    raise ObjectDamaged(
                        N_("Đối tượng {key} trong kho đã bị thay đổi: mã kiểm tra nay là {digest}; hãy chạy diachi "
                           "verify."),
                        key=key, digest=digest,
                    )  # fmt: skip
                out.flush()
                os.fdatasync(out.fileno())
                aside.chmod(0o444)
                self._path(key).parent.mkdir(exist_ok=True)
                aside.replace(self._path(key))
                return os.dup(out.fileno())
        except OSError as error:
            cause = error.strerror or type(error).__name__
            raise StoreFailed(N_("Không ghi được bản tạm vào {folder}: {cause}."),
                              folder=str(self._folder), cause=cause) from error  # fmt: skip
        finally:
            aside.unlink(missing_ok=True)

    def _make_room(self, needed: int) -> None:
        """Delete the longest unused copies until `needed` more bytes fit, and what killed processes left behind."""
        with self._locked("room") as lock:
            for changed, _, path in self._scan("incoming"):
                if changed < time.time() - LEFTOVER_SECONDS:
                    _delete_unused(path)
            total, counted_at = _counted(lock)
            if total + needed > self._limit or not counted_at <= time.time() < counted_at + COUNTED_SECONDS:
                total, counted_at = self._count(needed), time.time()
            _note(lock, total + needed, counted_at)

    def _count(self, needed: int) -> int:
        """Bytes of all copies, after those went that had to."""
        copies = sorted(copy for name in _folders(self._folder) for copy in self._scan(name))
        total = sum(size for _, size, _ in copies)
        for _, size, path in copies:
            if total + needed <= self._limit:
                break
            total -= size if _delete_unused(path) else 0
        return total

    def _scan(self, name: str) -> list[tuple[float, int, Path]]:
        """The files of a folder: when last used, bytes, path."""
        found = []
        with suppress(FileNotFoundError), os.scandir(self._folder / name) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    found.append((entry.stat().st_mtime, entry.stat().st_size, Path(entry.path)))
        return found

    @contextmanager
    def _locked(self, name: str) -> Iterator[int]:
        locks = self._folder / "locks"
        locks.mkdir(parents=True, exist_ok=True)
        handle = os.open(locks / name, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            flock(handle, LOCK_EX)
            yield handle
        finally:
            os.close(handle)


def _folders(root: Path) -> list[str]:
    with os.scandir(root) as entries:
        return [entry.name for entry in entries if len(entry.name) == 2]


def _counted(lock: int) -> tuple[int, float]:
    """How many bytes there are at most, and when they were last counted one by one; never, where nothing is noted."""
    total, _, counted_at = os.pread(lock, 64, 0).decode("ascii", "replace").partition(" ")
    try:
        return int(total), float(counted_at)
    except ValueError:
        return 0, 0.0


def _note(lock: int, total: int, counted_at: float) -> None:
    """On a full disk nothing stays noted, and all is counted next time."""
    with suppress(OSError):
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{total} {counted_at}".encode(), 0)


def _still(held: int, path: Path) -> bool:
    """Whether the path still names the file that is open: it may have been deleted before our lock."""
    try:
        return os.path.samestat(os.fstat(held), path.stat())
    except FileNotFoundError:
        return False


def _delete_unused(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        flock(handle, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    else:
        path.unlink(missing_ok=True)
        return True
    finally:
        os.close(handle)
