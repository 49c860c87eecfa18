"""Files and folders on this machine's disk, handed in to a batch. What cannot be read is told, file by file, and holds
nothing else up."""

import errno
import io
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from repository.catalog.sheet import is_sheet
from repository.domain.access import Visitor
from repository.domain.batches import Reason
from repository.domain.errors import N_, InputRefused, ServerUnreachable, StoreFailed, WrongUse
from repository.scans.naming import natural_key

if TYPE_CHECKING:
    from config.services import Services

_CAUSES = {
    errno.EACCES: "không có quyền đọc",
    errno.EPERM: "không có quyền đọc",
    errno.ENOENT: "không còn ở đó, hoặc là liên kết hỏng",
    errno.ELOOP: "liên kết trỏ vòng quanh",
    errno.EIO: "ổ đĩa báo lỗi khi đọc",
}


@dataclass(frozen=True, slots=True)
class NotTaken:
    """A file or folder that could not be handed in, and why. `name` is its path inside the batch."""

    name: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Found:
    """Files with their names inside the batch, in the order in which they are handed in, and what cannot be read."""

    files: list[tuple[Path, str]] = field(default_factory=list)
    not_taken: list[NotTaken] = field(default_factory=list)

    def expected(self) -> int | None:
        """How many files the report should find received: tables are not counted there, a ZIP's members are, one by
        one. What cannot be read is to come later."""
        if any(name.lower().endswith(".zip") for _, name in self.files):
            return None
        return sum(not is_sheet(name) for _, name in self.files) + len(self.not_taken)


def find(paths: tuple[Path, ...]) -> Found:
    """The files behind `paths`: sheets first, then in natural order; hidden ones are left. Raises WrongUse for a path
    that is not there, and when there is nothing at all; InputRefused when nothing of what is there can be read."""
    found = Found()
    for path in paths:
        try:
            kind = path.stat().st_mode
        except OSError as error:
            if isinstance(error, FileNotFoundError) and not path.is_symlink():
                raise WrongUse(N_("Không có tệp hay thư mục “{path}”."), path=shown(path)) from error
            found.not_taken.append(_not_taken(Path(path.name), error))
            continue
        if stat.S_ISDIR(kind):
            _look_into(path, found)
        else:
            _add(found, path, Path(path.name))
    if not found.files and not found.not_taken:
        raise WrongUse(N_("Không có tệp nào trong “{path}”."), path=shown(paths[0]))
    if not found.files:
        first = found.not_taken[0]
        raise InputRefused(
            N_("Không đọc được tệp nào trong “{path}”: {name}: {reason}"),
            path=shown(paths[0]), name=first.name, reason=str(first.reason),
        )  # fmt: skip
    found.files.sort(key=lambda each: (not is_sheet(each[1]), natural_key(each[1])))
    return found


def send(
    services: "Services", visitor: Visitor, batch: str, files: list[tuple[Path, str]], password: str | None
) -> Iterator[NotTaken]:
    """Hand the files in; gives those that are refused or cannot be read. Where a server or the store stops the whole,
    it says how to go on: what is in is not sent again then, for the same name and content is the same file."""
    try:
        for path, name in files:
            try:
                with Source(path) as stream:
                    services.intake.receive(visitor, batch, name, stream, password)
            except InputRefused as refused:
                yield NotTaken(name, Reason(refused.template, dict(refused.params)))
    except (ServerUnreachable, StoreFailed):
        click.echo(
            f"Lô {batch} chưa nhận đủ tệp và vẫn mở. Khi sửa xong, gửi tiếp bằng chính lệnh này thêm --batch {batch}",
            err=True,
        )
        raise


class Source(io.FileIO):
    """A file to hand in. That it cannot be opened or read is its own fault and no store's: InputRefused."""

    def __init__(self, path: Path) -> None:
        try:
            super().__init__(path)
        except OSError as error:
            raise _unreadable(error) from error

    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes."""
        try:
            return super().read(size) or b""
        except OSError as error:
            raise _unreadable(error) from error


def shown(path: Path) -> str:
    """A path as text that can be kept and printed, whatever bytes its name has."""
    return os.fsencode(path).decode("utf-8", "replace")


def _look_into(top: Path, found: Found) -> None:
    def note(error: OSError) -> None:
        found.not_taken.append(_not_taken(Path(error.filename or top).relative_to(top), error))

    for name, folders, files in os.walk(top, onerror=note):
        folder = Path(name)
        folders[:] = [each for each in folders if not _hidden(each)]
        for each in folders:
            if (folder / each).is_symlink():
                reason = Reason(N_("Là liên kết tới một thư mục; hãy nhập thẳng thư mục ấy."))
                found.not_taken.append(NotTaken(shown((folder / each).relative_to(top)), reason))
        for each in files:
            if not _hidden(each):
                _add(found, folder / each, (folder / each).relative_to(top))


def _add(found: Found, path: Path, name: Path) -> None:
    try:
        kind = path.stat().st_mode
    except OSError as error:
        found.not_taken.append(_not_taken(name, error))
        return
    if stat.S_ISREG(kind):
        found.files.append((path, shown(name)))
    else:
        found.not_taken.append(NotTaken(shown(name), Reason(N_("Không phải là tệp thường."))))


def _not_taken(name: Path, error: OSError) -> NotTaken:
    refused = _unreadable(error)
    return NotTaken(shown(name), Reason(refused.template, dict(refused.params)))


def _unreadable(error: OSError) -> InputRefused:
    cause = _CAUSES.get(error.errno or 0) or error.strerror or type(error).__name__
    return InputRefused(N_("Không đọc được: {cause}. Hãy sửa trên đĩa rồi nhập lại."), cause=cause)


def _hidden(name: str) -> bool:
    return name.startswith(".") or name in ("__MACOSX", "Thumbs.db")
