"""Objects as files in a folder of this machine, each named by the SHA-256 of its content."""

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from repository.domain.errors import N_, ObjectMissing, StoreFailed
from repository.storage.port import StoredObject, is_key

PIECE = 1 << 20


class FolderStore:
    """`root/ab/cd/abcd…` holds the objects, `root/incoming` what is still being written.

    An object is written aside, flushed to the disk, and only then given its name, so a name means whole content."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._incoming = root / "incoming"
        self._incoming.mkdir(parents=True, exist_ok=True)

    @property
    def versions(self) -> None:
        """A folder keeps one version; see the port."""
        return None

    def put(self, stream: BinaryIO, expected: str | None = None) -> StoredObject:
        """Keep the stream's bytes; see the port."""
        aside = self._incoming / secrets.token_hex(16)
        try:
            digest, size = self._write(stream, aside)
            if expected is not None and digest != expected:
                raise StoreFailed(
                    N_("Nội dung nhận được không khớp mã kiểm tra SHA-256 {expected}; hãy gửi lại tệp."),
                    expected=expected,
                )
            self._name(aside, digest)
        except OSError as error:
            raise StoreFailed(N_("Không ghi được vào kho lưu trữ: {cause}."), cause=error.strerror or "?") from error
        finally:
            aside.unlink(missing_ok=True)
        return StoredObject(digest, size)

    def put_file(self, path: Path) -> StoredObject:
        """Keep a local file's bytes; see the port."""
        with path.open("rb") as stream:
            return self.put(stream)

    def open(self, key: str, version: str | None = None) -> BinaryIO:
        """The object as a stream; see the port."""
        return self._existing(key).open("rb")

    @contextmanager
    def local(self, key: str, version: str | None = None) -> Iterator[Path]:
        """The object's own file; see the port."""
        yield self._existing(key)

    def size(self, key: str) -> int:
        """The object's bytes; see the port."""
        return self._existing(key).stat().st_size

    def exists(self, key: str, version: str | None = None) -> bool:
        """Whether the object is there; see the port."""
        return is_key(key) and self._path(key).is_file()

    def delete(self, key: str) -> None:
        """Take the object away; see the port."""
        if is_key(key):
            self._path(key).unlink(missing_ok=True)

    def keys(self) -> Iterator[str]:
        """Every key; see the port."""
        for path in self._root.glob("??/??/*"):
            yield path.name

    def ping(self) -> None:
        """Whether the folder can be written to; see the port."""
        if not os.access(self._incoming, os.W_OK):
            raise StoreFailed(N_("Không ghi được vào kho lưu trữ: {cause}."), cause=str(self._incoming))

    def sweep(self) -> None:
        """Remove what writers that were killed left behind. Call only while no other process writes."""
        for left in self._incoming.iterdir():
            left.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._root / key[:2] / key[2:4] / key

    def _existing(self, key: str) -> Path:
        if not self.exists(key):
            raise ObjectMissing(N_("Không có đối tượng “{key}” trong kho lưu trữ."), key=key[:80])
        return self._path(key)

    def _write(self, stream: BinaryIO, aside: Path) -> tuple[str, int]:
        digest, size = hashlib.sha256(), 0
        with aside.open("xb") as out:
            while piece := stream.read(PIECE):
                digest.update(piece)
                out.write(piece)
                size += len(piece)
            out.flush()
            os.fsync(out.fileno())
        return digest.hexdigest(), size

    def _name(self, aside: Path, digest: str) -> None:
        target = self._path(digest)
        if target.is_file() and target.stat().st_size == aside.stat().st_size:
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        with suppress(PermissionError):  # exFAT and FAT, which USB disks have, know no such bits
            aside.chmod(0o444)
        aside.replace(target)
        for folder in (target.parent, target.parent.parent, self._root):
            flush_folder(folder)


def flush_folder(folder: Path) -> None:
    """Have the names in a folder on the disk; raises OSError."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
