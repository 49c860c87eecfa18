"""An object as a seekable stream over ranged requests."""

import io
from collections.abc import Callable

FIRST, LARGEST = 256 << 10, 8 << 20


class Ranges(io.RawIOBase):
    """Reads `size` bytes by way of `fetch(offset, length)`. It asks for more at a time while it is read in order, from
    FIRST to LARGEST bytes, so a whole object comes in few requests and a look into a PDF's end costs little. `begun`:
    its first bytes, where they are here already."""

    def __init__(self, fetch: Callable[[int, int], bytes], size: int, begun: bytes = b"") -> None:
        self._fetch = fetch
        self._size = size
        self._position = 0
        self._window = begun
        self._begins = 0
        self._ahead = max(FIRST, len(begun))

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def seekable(self) -> bool:
        """Any place can be asked for."""
        return True

    def tell(self) -> int:
        """Bytes from the beginning."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; nothing is asked for until it is read."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError(f"negative position {start + offset}")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        """Fill the buffer as far as the window reaches; 0 at the end."""
        if self._position >= self._size or not len(buffer):
            return 0
        if not self._begins <= self._position < self._begins + len(self._window):
            self._look()
        at = self._position - self._begins
        piece = memoryview(self._window)[at : at + len(buffer)]
        buffer[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def _look(self) -> None:
        in_order = self._window and self._position == self._begins + len(self._window)
        self._ahead = min(self._ahead * 2, LARGEST) if in_order else FIRST
        self._window = b""  # before the next one comes: two would be twice the memory
        self._window = self._fetch(self._position, min(self._ahead, self._size - self._position))
        self._begins = self._position
