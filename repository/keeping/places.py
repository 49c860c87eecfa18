"""Where backups lie: a folder (a USB disk's), or a bucket of another MinIO."""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import Protocol

from repository.domain.errors import N_, StoreFailed, WrongUse
from repository.keeping.manifest import Manifest, from_bytes
from repository.storage.folder import FolderStore, flush_folder
from repository.storage.port import ObjectStore

MARK = "diachi-backup.json"
SNAPSHOTS = "snapshots"
README = """Thư mục này là bản sao lưu của một kho diachi. / This folder is a backup of a diachi repository.

  diachi --data THU_MUC_MOI restore THU_MUC_NAY

snapshots/  mỗi lần sao lưu một tờ kê (JSON) / one manifest a run (JSON): what it names, with SHA-256 and bytes
objects/    nội dung, tên là SHA-256 / content by SHA-256: masters byte for byte; tables as gzip'd lines of JSON

Không sửa, không xóa gì ở đây bằng tay. / Change and delete nothing here by hand.
"""


class DiskFailed(StoreFailed):
    """A disk could not be read or written; says which folder on it."""


class Shelf(Protocol):
    """A few named small things beside the objects: manifests and the mark of the place. A thing is whole or not
    there. Raises StoreFailed or ServerUnreachable."""

    def put(self, name: str, data: bytes) -> None:
        """Keep it, in place of what has that name."""
        ...

    def get(self, name: str) -> bytes | None:
        """What has that name."""
        ...

    def names(self, folder: str) -> list[str]:
        """Names below `folder/`, in order."""
        ...

    def remove(self, name: str) -> None:
        """Take it away."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """A place for backups, called `name` when people are told of it."""

    name: str
    objects: ObjectStore
    shelf: Shelf

    def snapshots(self) -> list[str]:
        """Every finished run, oldest first."""
        return [name.removesuffix(".json") for name in self.shelf.names(SNAPSHOTS) if name.endswith(".json")]

    def manifest(self, snapshot: str) -> Manifest:
        """What a run left. Raises WrongUse when there is no such run, StoreFailed when its manifest is damaged."""
        data = self.shelf.get(manifest_name(snapshot))
        if data is None:
            raise WrongUse(N_("Trong {place} không có bản sao lưu {name}."), place=self.name, name=snapshot)
        return from_bytes(data, snapshot)

    def newest(self) -> str | None:
        """The newest run that can be read; None when there is none."""
        found = self.snapshots()
        return found[-1] if found else None

    def owner(self) -> str | None:
        """The site whose backups lie here; None for a new place."""
        data = self.shelf.get(MARK)
        return str(json.loads(data)["site"]) if data else None

    def belong_to(self, site: str, *, known: bool, new: bool) -> None:
        """Mark a new place as that site's. Raises WrongUse for another site's, and for a new place where backups used
        to lie (`known`), unless it is said to be `new`: most likely the disk is not there."""
        owner = self.owner()
        if owner == site:
            return
        if owner is not None:
            raise WrongUse(N_("{place} chứa bản sao lưu của một kho khác; hãy chọn thư mục khác."), place=self.name)
        if known and not new:
            raise StoreFailed(
                N_(
                    "{place} trống, mà những lần trước đã có bản sao lưu ở đó: có lẽ ổ đĩa chưa được gắn. Hãy gắn ổ; "
                    "nếu đây là ổ mới, hãy chạy diachi backup --new {place}."
                ),
                place=self.name,
            )
        self.shelf.put("README.txt", README.encode())
        self.shelf.put(MARK, json.dumps({"format": 1, "site": site}).encode())


def manifest_name(snapshot: str) -> str:
    """Where a run's manifest lies."""
    return f"{SNAPSHOTS}/{snapshot}.json"


class FolderShelf:
    """Files below a folder, each given its name only when it is whole and on the disk."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, name: str, data: bytes) -> None:
        """Keep it; see the protocol."""
        target = self._root / name
        aside = self._root / f".{secrets.token_hex(8)}.new"
        with disk_named(self._root):
            try:
                target.parent.mkdir(exist_ok=True)
                with aside.open("xb") as out:
                    out.write(data)
                    out.flush()
                    os.fsync(out.fileno())
                aside.replace(target)
                flush_folder(target.parent)
            finally:
                aside.unlink(missing_ok=True)

    def get(self, name: str) -> bytes | None:
        """What has that name; see the protocol."""
        with disk_named(self._root):
            try:
                return (self._root / name).read_bytes()
            except FileNotFoundError:
                return None

    def names(self, folder: str) -> list[str]:
        """Names below a folder; see the protocol."""
        with disk_named(self._root):
            return sorted(path.name for path in (self._root / folder).glob("*"))

    def remove(self, name: str) -> None:
        """Take it away; see the protocol."""
        with disk_named(self._root):
            (self._root / name).unlink(missing_ok=True)


def open_folder(folder: Path, *, make: bool) -> Place:
    """A folder as a place for backups; with `make`, one that is not there is made in a folder that is. Raises
    StoreFailed when it is not there or cannot be used."""
    with disk_named(folder):
        if make and not folder.exists() and folder.parent.is_dir():
            folder.mkdir()
        if not folder.is_dir():
            raise StoreFailed(
                N_("Không thấy thư mục sao lưu {folder}: có lẽ ổ đĩa chưa được gắn. Hãy gắn ổ rồi làm lại."),
                folder=str(folder),
            )
        if not make and not (folder / MARK).is_file():
            raise WrongUse(N_("{folder} không phải là thư mục sao lưu của diachi."), folder=str(folder))
        return Place(str(folder), FolderStore(folder / "objects"), FolderShelf(folder))


@contextmanager
def folder_held(folder: Path) -> Iterator[None]:
    """Hold a folder so that no other process of this machine backs up into it. Raises WrongUse while one does."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            flock(handle, LOCK_EX | LOCK_NB)
        except BlockingIOError as error:
            raise WrongUse(
                N_("Một lần sao lưu khác đang dùng {folder}; hãy đợi nó xong."), folder=str(folder)
            ) from error
        yield
    finally:
        os.close(handle)


@contextmanager
def disk_named(folder: Path) -> Iterator[None]:
    """Failures of the disk below `folder`, also those that a store has put into words of its own, as DiskFailed."""
    try:
        yield
    except DiskFailed:
        raise
    except OSError as error:
        raise _disk_failed(folder, error) from error
    except StoreFailed as error:
        if not isinstance(error.__cause__, OSError):
            raise
        raise _disk_failed(folder, error.__cause__) from error


def _disk_failed(folder: Path, error: OSError) -> DiskFailed:
    return DiskFailed(
        N_("Không đọc hay ghi được ở {folder} ({cause}). Hãy xem ổ đĩa còn gắn, còn chỗ và ghi được không; những bản "
           "sao lưu trước vẫn còn."),
        folder=str(folder), cause=error.strerror or type(error).__name__,
    )  # fmt: skip
