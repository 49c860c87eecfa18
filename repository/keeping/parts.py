"""Lines of text as objects of a backup, and back: gzip'd, each part under its own SHA-256, verified when it is read."""

import gzip
import hashlib
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from repository.domain.errors import N_, StoreFailed
from repository.keeping.manifest import Part
from repository.keeping.places import disk_named
from repository.storage.measuring import digest_of
from repository.storage.port import ObjectStore

LARGEST = 16 << 20  # bytes of lines in a part
CUT = 2048  # one line in so many ends a part: told by the line itself, so that parts stay the same where lines do


@dataclass(slots=True)
class Written:
    """Parts that were written: how many lines, the sum of their SHA-256, and what was new in the backup."""

    parts: list[Part]
    rows: int = 0
    digest: int = 0
    new_objects: int = 0
    new_size: int = 0

    @property
    def digest_text(self) -> str:
        """The sum as 64 hexadecimal digits."""
        return f"{self.digest:064x}"


def write_parts(lines: Iterable[str], objects: ObjectStore, spool: Path) -> Written:
    """Keep lines (none holds a line end) as parts; one part lies in `spool` at a time. What the backup holds already is
    not sent again. Raises StoreFailed or ServerUnreachable."""
    written = Written([])
    each = iter(lines)
    while _write_part(each, objects, spool, written):
        pass
    return written


def read_parts(parts: Iterable[Part], objects: ObjectStore) -> Iterator[str]:
    """The lines again. Raises StoreFailed as soon as a part is found not to be what its key says, or not there: what
    was given out before must then be undone."""
    for part in parts:
        yield from _read_part(part, objects)


def row_digest(line: str) -> int:
    """A line's SHA-256 as a number. NUL counts as the mark that stands for it where it cannot be kept."""
    return int.from_bytes(hashlib.sha256(line.replace("\\u0000", "\\ufffd").encode()).digest())


def add_digest(total: int, line: str) -> int:
    """A sum of digests with one more line."""
    return (total + row_digest(line)) % (1 << 256)


def _write_part(lines: Iterator[str], objects: ObjectStore, spool: Path, written: Written) -> bool:
    """Write the next part; gives whether there was one."""
    with disk_named(spool):
        file = tempfile.TemporaryFile(dir=spool)  # noqa: SIM115 - closed below
    with file:
        with disk_named(spool):
            rows = _pack(lines, cast(BinaryIO, file), written)
        if rows:
            written.rows += rows
            written.parts.append(_keep(cast(BinaryIO, file), rows, objects, written))
        return rows > 0


def _pack(lines: Iterator[str], file: BinaryIO, written: Written) -> int:
    """The lines of one part into a file; gives how many."""
    rows = size = 0
    with gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=6, mtime=0) as packed:
        for line in lines:
            data = line.encode() + b"\n"
            packed.write(data)
            rows, size = rows + 1, size + len(data)
            written.digest = add_digest(written.digest, line)
            if size >= LARGEST or zlib.crc32(data) % CUT == 0:
                break
    file.flush()
    return rows


def _keep(file: BinaryIO, rows: int, objects: ObjectStore, written: Written) -> Part:
    file.seek(0)
    key, size = digest_of(file)
    if not (objects.exists(key) and objects.size(key) == size):
        file.seek(0)
        objects.put(file, key)
        written.new_objects += 1
        written.new_size += size
    return Part(key, size, rows)


def _read_part(part: Part, objects: ObjectStore) -> Iterator[str]:
    with objects.open(part.key) as stream:
        if digest_of(stream)[0] != part.key:
            raise damaged(part.key)
        stream.seek(0)
        rows = 0
        try:
            with gzip.GzipFile(fileobj=stream, mode="rb") as packed:
                for data in packed:
                    rows += 1
                    yield data.decode().removesuffix("\n")
        except (gzip.BadGzipFile, EOFError, zlib.error, UnicodeDecodeError) as error:
            raise damaged(part.key) from error
    if rows != part.rows:
        raise damaged(part.key)


def damaged(key: str) -> StoreFailed:
    """The error for an object of the backup that is not what it was."""
    return StoreFailed(
        N_("Đối tượng {key} trong bản sao lưu đã bị hỏng hay bị sửa; hãy dùng bản sao lưu khác, hoặc xem lại ổ đĩa."),
        key=key,
    )
