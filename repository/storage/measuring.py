"""Reading a stream twice: once for its key, once while it travels, so that what changed meanwhile is never kept."""

import hashlib
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from repository.domain.errors import N_, StoreFailed

PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Measured:
    """A stream that stands at its beginning, with the SHA-256 and size of what will be read from it. `trusted`: the
    SHA-256 was told, not yet found."""

    stream: BinaryIO
    key: str
    size: int
    trusted: bool = False

    def prove(self) -> None:
        """Read the stream to its end; raises StoreFailed when it is not what the key says."""
        if digest_of(self.stream)[0] != self.key:
            raise mismatch(self.key)


@contextmanager
def measured(stream: BinaryIO, spool: Path, expected: str | None = None) -> Iterator[Measured]:
    """The stream read once to its end and set back; one that cannot be set back goes by way of a nameless temporary
    file in `spool`, which is gone with the process. With `expected`, a stream that can be set back is not read: the key
    is trusted until it is. Raises StoreFailed when reading or spooling fails, or what was read is not as expected."""
    seekable = getattr(stream, "seekable", None)
    if seekable is not None and seekable():
        start = stream.tell()
        if expected is not None:
            size = stream.seek(0, io.SEEK_END) - start
            stream.seek(start)
            yield Measured(stream, expected, size, trusted=True)
            return
        key, size = digest_of(stream)
        stream.seek(start)
        yield Measured(stream, key, size)
        return
    try:
        copy = _spooled(stream, spool)
    except OSError as error:
        cause = error.strerror or type(error).__name__
        raise StoreFailed(N_("Không ghi được bản tạm vào {folder}: {cause}."),
                          folder=str(spool), cause=cause) from error  # fmt: skip
    with copy.stream:
        if expected not in (None, copy.key):
            raise mismatch(expected or "")
        yield copy


def _spooled(stream: BinaryIO, spool: Path) -> Measured:
    copy = cast(BinaryIO, tempfile.TemporaryFile(dir=spool))  # noqa: SIM115 - whoever asked closes it
    try:
        key, size = digest_of(stream, copy)
        copy.seek(0)  # writes what is still held back
    except BaseException:
        copy.close()
        raise
    return Measured(copy, key, size)


def digest_of(stream: BinaryIO, into: BinaryIO | None = None) -> tuple[str, int]:
    """SHA-256 and number of the bytes that are left in the stream; they are written to `into` on the way. Raises
    StoreFailed when the stream cannot be read, OSError when `into` cannot be written."""
    digest, size = hashlib.sha256(), 0
    while piece := _piece(stream, PIECE):
        digest.update(piece)
        size += len(piece)
        if into is not None:
            into.write(piece)
    return digest.hexdigest(), size


class Checked(io.RawIOBase):
    """Passes a measured stream on and hashes it again: the last bytes are given only when the whole is still what was
    measured, so whoever waits for them never gets a changed file to its end."""

    def __init__(self, source: Measured) -> None:
        self._source = source
        self._digest = hashlib.sha256()
        self._left = source.size

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes; raises StoreFailed when the source changed or cannot be read."""
        wanted = self._left if size < 0 else min(size, self._left)
        piece = _piece(self._source.stream, wanted) if wanted else b""
        self._digest.update(piece)
        self._left -= len(piece)
        ended = len(piece) < wanted and not piece
        if ended or (not self._left and self._digest.hexdigest() != self._source.key):
            raise mismatch(self._source.key)
        return piece


def mismatch(expected: str) -> StoreFailed:
    """The error for content that is not what was announced."""
    return StoreFailed(
        N_("Nội dung nhận được không khớp mã kiểm tra SHA-256 {expected}; hãy gửi lại tệp."), expected=expected
    )


def _piece(stream: BinaryIO, size: int) -> bytes:
    try:
        return stream.read(size)
    except OSError as error:
        cause = error.strerror or type(error).__name__
        raise StoreFailed(N_("Không đọc được nội dung cần lưu: {cause}."), cause=cause) from error
