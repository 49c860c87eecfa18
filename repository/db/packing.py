"""A page's words as a small block of bytes, and back."""

import struct
import sys
import zlib
from array import array

from repository.domain.columns import PageColumns, columns_of
from repository.domain.pages import PageText

_HEAD = struct.Struct("<cIII")  # type code of the numbers, width, height, count of words
_SHORT, _LONG = "h", "i"  # 16 bits, and 32 for masters that need them
_SHORT_ENDS = 1 << 15
_COLUMNS = 7  # left, top, width, height, confidence, line, block


def pack(page: PageText | PageColumns) -> bytes:
    """Words with boxes, line, block and confidence (rounded), compressed. About 10 bytes a word.

    Behind the head one column after another, little endian, then the words, one a line in UTF-8: nothing that has to
    be read value by value, since a search brings back twenty pages."""
    columns = page if isinstance(page, PageColumns) else columns_of(page)
    numbers = [number for side in range(4) for number in columns.sides[side::4]]
    numbers += [round(confidence) for confidence in columns.confidences]
    numbers += [*columns.lines, *columns.blocks]
    fits = not numbers or (min(numbers) >= -_SHORT_ENDS and max(numbers) < _SHORT_ENDS)
    code = _SHORT if fits else _LONG
    head = _HEAD.pack(code.encode(), columns.width, columns.height, len(columns.texts))
    return zlib.compress(head + _little_endian(array(code, numbers)).tobytes() + "\n".join(columns.texts).encode(), 6)


def unpack(packed: bytes) -> PageColumns:
    """The page's words again, column by column."""
    raw = zlib.decompress(packed)
    form, width, height, count = _HEAD.unpack_from(raw)
    numbers: array[int] = array(form.decode())
    end = _HEAD.size + count * _COLUMNS * numbers.itemsize
    numbers.frombytes(raw[_HEAD.size : end])
    _little_endian(numbers)
    texts = raw[end:].decode().split("\n") if count else []
    sides = numbers[: count * 4]
    for side in range(4):
        sides[side::4] = numbers[side * count : (side + 1) * count]
    confidences, lines, blocks = (numbers[at * count : (at + 1) * count] for at in (4, 5, 6))
    return PageColumns(width, height, texts, sides, confidences, lines, blocks)


def _little_endian(numbers: "array[int]") -> "array[int]":
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
