"""Reads a TIFF's directories (TIFF 6.0, BigTIFF) before any decoder sees the file.

Decoders trust what a directory claims; this walk does not: it bounds every count, follows no chain twice and compares
the promised data with the file's length.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

MAX_ENTRIES = 4_096
MAX_VALUES = 1_000_000
_TYPE_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_INTEGERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}

SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 254, 256, 257, 258, 259, 262
STRIPS, ORIENTATION, SAMPLES, ROWS, STRIP_BYTES, X_RES, PLANAR, UNIT = 273, 274, 277, 278, 279, 282, 284, 296
TILE_WIDTH, TILE_HEIGHT, TILES, TILE_BYTES, SAMPLE_FORMAT = 322, 323, 324, 325, 339
_WANTED = {
    *(SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, STRIPS, ORIENTATION, SAMPLES, ROWS, STRIP_BYTES),
    *(X_RES, PLANAR, UNIT, TILE_WIDTH, TILE_HEIGHT, TILES, TILE_BYTES, SAMPLE_FORMAT),
}
# none, G3, G4, LZW, JPEG, deflate (both numbers), PackBits: what libvips reads and scanners write
PLAIN_COMPRESSIONS = {1, 2, 3, 4, 5, 7, 8, 32773, 32946}
OLD_JPEG = 6
LARGEST_TILE = 8_192
_CM_PER_INCH = 2.54
_REDUCED, _MASK = 1, 4


@dataclass(frozen=True, slots=True)
class Frame:
    """One directory that holds a page. `number` is its place in the chain, thumbnails counted; sizes as stored.

    `rows`: rows of a strip.
    `cut`: the file ends before the data the directory promises. `odd`: to be decoded by a process that may die.
    """

    number: int
    width: int
    height: int
    orientation: int = 1
    dpi: int = 0
    compression: int = 1
    samples: int = 1
    bits: int = 1
    rows: int = 0
    cut: bool = False
    odd: bool = False


class _Cut(Exception):
    """The file ends inside a directory."""


def frames(path: Path) -> Iterator[Frame]:
    """The pages of a TIFF in order, thumbnails and masks left out, a chain that bites its tail followed once.

    The last may be a frame of width 0 with `cut`: the chain goes on past the end of the file.
    """
    with path.open("rb") as file:
        walk = _Walk(file, path.stat().st_size)
        seen: set[int] = set()
        offset = walk.first
        number = 0
        while offset and offset not in seen:
            seen.add(offset)
            try:
                tags, offset = walk.directory(offset)
                frame = walk.frame(number, tags)
            except _Cut:
                yield Frame(number, 0, 0, cut=True)
                return
            if not tags.get(SUBFILE, (0,))[0] & (_REDUCED | _MASK) or number == 0:
                yield frame
            number += 1


_Tags = dict[int, tuple[int, ...]]


class _Walk:
    """Reads directories of one open file."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self.file, self.size = file, size
        head = file.read(16)
        self.order = "<" if head[:2] == b"II" else ">"
        self.big = head[2:4] in (b"+\x00", b"\x00+")
        at, form = (8, "Q") if self.big else (4, "I")
        try:
            self.first: int = struct.unpack_from(self.order + form, head, at)[0]
        except struct.error:
            self.first = size  # shorter than a header: the walk finds it cut

    def _read(self, offset: int, length: int) -> bytes:
        if offset + length > self.size:
            raise _Cut
        self.file.seek(offset)
        return self.file.read(length)

    def directory(self, offset: int) -> tuple[_Tags, int]:
        """The wanted tags of the directory at `offset`, and where the next one is (0: nowhere)."""
        count_form, entry_size, next_form = ("Q", 20, "Q") if self.big else ("H", 12, "I")
        head = struct.calcsize("<" + count_form)
        count = struct.unpack(self.order + count_form, self._read(offset, head))[0]
        if count > MAX_ENTRIES:
            raise _Cut
        block = self._read(offset + head, count * entry_size)
        try:
            following = self._read(offset + head + count * entry_size, struct.calcsize("<" + next_form))
            after: int = struct.unpack(self.order + next_form, following)[0]
        except _Cut:
            after = 0  # some writers leave out the last "no more" pointer
        tags: _Tags = {}
        for at in range(0, len(block), entry_size):
            tag, kind = struct.unpack_from(self.order + "HH", block, at)
            if tag in _WANTED and tag not in tags and kind in _TYPE_SIZES:  # decoders too go by the first of two
                tags[tag] = self._values(kind, block[at + 4 : at + entry_size])
        return {tag: values for tag, values in tags.items() if values}, after

    def _values(self, kind: int, rest: bytes) -> tuple[int, ...]:
        form = "Q" if self.big else "I"
        width = struct.calcsize("<" + form)
        count = struct.unpack(self.order + form, rest[:width])[0]
        length = count * _TYPE_SIZES[kind]
        if count > MAX_VALUES:
            raise _Cut
        inline = rest[width:]
        data = inline[:length]
        if length > len(inline):
            data = self._read(struct.unpack(self.order + form, inline)[0], length)
        if kind == 5:
            pairs = struct.unpack(f"{self.order}{2 * count}I", data)
            return tuple(round(a / b) if b else 0 for a, b in zip(pairs[::2], pairs[1::2], strict=True))
        return struct.unpack(f"{self.order}{count}{_INTEGERS[kind]}", data) if kind in _INTEGERS else ()

    def frame(self, number: int, tags: _Tags) -> Frame:
        """What `tags` promise, held against the file's length."""

        def one(tag: int, default: int) -> int:
            return tags.get(tag, (default,))[0]

        compression = one(COMPRESSION, 1)
        unit = one(UNIT, 2)
        resolution = one(X_RES, 0) if unit in (2, 3) else 0
        orientation = one(ORIENTATION, 1)
        starts, lengths = tags.get(STRIPS) or tags.get(TILES) or (), tags.get(STRIP_BYTES) or tags.get(TILE_BYTES) or ()
        past_end = any(start >= self.size for start in starts) or any(
            start + length > self.size for start, length in zip(starts, lengths, strict=False)
        )
        cut = past_end and compression != OLD_JPEG
        return Frame(
            number,
            one(WIDTH, 0),
            one(HEIGHT, 0),
            orientation if 1 <= orientation <= 8 else 1,
            min(round(resolution * _CM_PER_INCH) if unit == 3 else resolution, 10_000),
            compression,
            one(SAMPLES, 1),
            max(tags.get(BITS, (1,))),
            one(ROWS, 0),
            cut=cut,
            odd=_is_odd(tags, starts, lengths, compression),
        )


def _is_odd(tags: _Tags, starts: tuple[int, ...], lengths: tuple[int, ...], compression: int) -> bool:
    """Whether the directory is none that a scanner or a picture program would write."""
    width, height = tags.get(WIDTH, (0,))[0], tags.get(HEIGHT, (0,))[0]
    if compression not in PLAIN_COMPRESSIONS or not starts or len(starts) != len(lengths):
        return True
    if tags.get(SAMPLES, (1,))[0] > 5 or tags.get(SAMPLE_FORMAT, (1,))[0] != 1 or not width or not height:
        return True
    if TILES in tags:
        across, down = tags.get(TILE_WIDTH, (0,))[0], tags.get(TILE_HEIGHT, (0,))[0]
        if not 0 < across <= LARGEST_TILE or not 0 < down <= LARGEST_TILE:
            return True
        expected = -(-width // across) * -(-height // down)
    else:
        expected = -(-height // max(1, min(tags.get(ROWS, (height,))[0], height)))
    planes = tags.get(SAMPLES, (1,))[0] if tags.get(PLANAR, (1,))[0] == 2 else 1
    return len(starts) != expected * planes
