"""A tile as it lies in the pyramid: most of what viewers ask for needs no decoding at all.

TIFF 6.0 §15 and §22 with Technical Note 2: each tile is a JPEG stream without its tables, which the level keeps once.
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from iiif.image_request import ImageRequest

_WIDTH, _LENGTH, _SAMPLES, _TILE_WIDTH, _TILE_LENGTH = 256, 257, 277, 322, 323
_OFFSETS, _COUNTS, _TABLES = 324, 325, 347
_SIZES = {1: 1, 3: 2, 4: 4, 7: 1}  # bytes of a BYTE, SHORT, LONG, UNDEFINED
_FORMS = {1: "B", 3: "H", 4: "I", 7: "B"}
_START, _END = b"\xff\xd8", b"\xff\xd9"
# Says that three components are YCbCr, which the bare stream leaves to the reader's guess (JFIF 1.02).
_JFIF = b"\xff\xe0\x00\x10JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x00\x00"


def stored_tile(pyramid: Path, request: ImageRequest) -> bytes | None:
    """The JPEG of exactly one whole stored tile, or None when the request is for anything else."""
    level = _level(request)
    if level is None:
        return None
    with pyramid.open("rb") as file:
        found = _Level.read(file, level)
        if found is None or (request.quality == "color" and found.samples == 1):
            return None
        index = found.index_of(request, level)
        return None if index is None else found.jpeg(file, index)


def _level(request: ImageRequest) -> int | None:
    """Which level a request without any change to its pixels is for."""
    box = request.region
    plain = request.format == "jpg" and request.quality in ("default", "color")
    if not plain or request.mirror or request.rotation or box.w != box.h or request.width != request.height:
        return None
    factor, rest = divmod(box.w, request.width)
    return None if rest or factor & (factor - 1) else factor.bit_length() - 1


@dataclass(frozen=True, slots=True)
class _Level:
    """One level's directory. `order` is struct's sign for the file's byte order."""

    order: str
    entries: dict[int, tuple[int, int, bytes]]

    @classmethod
    def read(cls, file: BinaryIO, number: int) -> "_Level | None":
        head = file.read(8)
        order = {b"II*\0": "<", b"MM\0*": ">"}.get(head[:4])
        if order is None:
            return None
        (at,) = struct.unpack(f"{order}I", head[4:])
        for left in range(number, -1, -1):
            if not at:
                return None
            file.seek(at)
            (count,) = struct.unpack(f"{order}H", file.read(2))
            body = file.read(12 * count + 4)
            if not left:
                rows = (struct.unpack_from(f"{order}HHI4s", body, 12 * row) for row in range(count))
                return cls(order, {tag: (kind, length, value) for tag, kind, length, value in rows})
            (at,) = struct.unpack_from(f"{order}I", body, 12 * count)
        return None

    @property
    def samples(self) -> int:
        return self.number(_SAMPLES)

    def number(self, tag: int) -> int:
        """The value of a tag that holds one number."""
        kind, _, value = self.entries[tag]
        (number,) = struct.unpack_from(f"{self.order}{_FORMS[kind]}", value)
        return int(number)

    def index_of(self, request: ImageRequest, level: int) -> int | None:
        """The place of the asked tile, counted row by row; None when it is not one whole tile."""
        tile, box = self.number(_TILE_WIDTH), request.region
        side = tile << level
        if request.width != tile or self.number(_TILE_LENGTH) != tile or box.x % side or box.y % side:
            return None
        column, row = box.x // side, box.y // side
        if (column + 1) * tile > self.number(_WIDTH) or (row + 1) * tile > self.number(_LENGTH):
            return None
        return row * -(-self.number(_WIDTH) // tile) + column

    def jpeg(self, file: BinaryIO, index: int) -> bytes | None:
        """Tile `index` as a JPEG that stands alone."""
        offset, length = self._at(file, _OFFSETS, index), self._at(file, _COUNTS, index)
        file.seek(offset)
        tile = file.read(length)
        tables = self._bytes(file, _TABLES)
        if len(tile) < length or not (tile.startswith(_START) and tables.startswith(_START) and tables.endswith(_END)):
            return None
        return b"".join((_START, _JFIF, tables[2:-2], tile[2:]))

    def _at(self, file: BinaryIO, tag: int, index: int) -> int:
        kind, length, value = self.entries[tag]
        size = _SIZES[kind]
        if length * size > 4:
            file.seek(struct.unpack(f"{self.order}I", value)[0] + index * size)
            value = file.read(size)
        else:
            value = value[index * size :]
        return int(struct.unpack_from(f"{self.order}{_FORMS[kind]}", value)[0])

    def _bytes(self, file: BinaryIO, tag: int) -> bytes:
        _, length, value = self.entries[tag]
        if length <= 4:
            return value[:length]
        file.seek(struct.unpack(f"{self.order}I", value)[0])
        return file.read(length)
