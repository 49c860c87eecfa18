"""Keeps the benchmark's page words with their boxes in one file: what a hit's snippet and boxes are made from."""

import zlib
from array import array
from pathlib import Path
from types import TracebackType
from typing import Self

from repository.domain.columns import PageColumns

_LETTER, _HEIGHT, _LEADING, _MARGIN = 18, 40, 60, 100  # pixels at 300 dpi, about
_PAGE = (2480, 3508)
_SURE, _ONE_BLOCK = array("H", [93]) * 1000, array("H", [0]) * 1000


class PageFile:
    """Packed pages one after another; where each lies is kept in memory."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w+b")
        self._places: dict[str, tuple[int, int]] = {}

    def add(self, page_id: str, lines: tuple[str, ...]) -> None:
        """Put a page, its words set out in boxes line by line."""
        packed = _packed(lines)
        start = self._file.seek(0, 2)
        self._file.write(packed)
        self._places[page_id] = (start, len(packed))

    def get(self, page_id: str) -> PageColumns:
        """A page's words with their boxes."""
        start, length = self._places[page_id]
        self._file.seek(start)
        return _unpacked(self._file.read(length))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def _packed(lines: tuple[str, ...]) -> bytes:
    sides, beside = array("H"), array("H")
    words: list[str] = []
    for line, text in enumerate(lines):
        x = _MARGIN
        for word in text.split(" "):
            width = len(word) * _LETTER
            sides.extend((x % _PAGE[0], _MARGIN + line * _LEADING, width, _HEIGHT))
            beside.append(line)
            x += width + _LETTER
            words.append(word)
    head = len(words).to_bytes(2, "little")
    return zlib.compress(head + sides.tobytes() + beside.tobytes() + "\n".join(words).encode(), 1)


def _unpacked(packed: bytes) -> PageColumns:
    raw = zlib.decompress(packed)
    count = int.from_bytes(raw[:2], "little")
    numbers = array("H", raw[2 : 2 + count * 10])
    texts = raw[2 + count * 10 :].decode().split("\n")
    return PageColumns(*_PAGE, texts, numbers[: count * 4], _SURE[:count], numbers[count * 4 :], _ONE_BLOCK[:count])
