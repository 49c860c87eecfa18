"""Reads a JPEG's markers (ITU-T T.81 Annex B) without decoding."""

import re
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path

MAX_SCANS = 100
_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_NO_LENGTH = frozenset(range(0xD0, 0xD9)) | {0x01}
_TAIL = 65_536
END = b"\xff\xd9"


@dataclass(frozen=True, slots=True)
class JpegFacts:
    """Size as stored; `adobe`: an APP14 marker says that CMYK values are inverted; `scans` of a progressive file."""

    width: int
    height: int
    components: int
    progressive: bool
    adobe: bool
    scans: int
    ended: bool


def jpeg_facts(path: Path) -> JpegFacts | None:
    """Facts of the JPEG file at `path`, None when its header cannot be followed to a frame."""
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        return facts_of(data)


def facts_of(data: bytes | mmap) -> JpegFacts | None:
    """The same for bytes in memory."""
    at, adobe = 2, False
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            at = data.find(b"\xff", at)  # stray bytes between segments: decoders skip them too
            if at < 0:
                return None
            continue
        marker = data[at + 1]
        if marker in _NO_LENGTH or marker == 0xFF:
            at += 1 if marker == 0xFF else 2
            continue
        if marker == 0x00:
            at += 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == 0xEE and data[at + 4 : at + 9] == b"Adobe":
            adobe = True
        if marker in _START_OF_FRAME:
            return _frame(data, at, adobe)
        if marker == 0xDA:
            return None
        at += 2 + max(2, length)
    return None


def _frame(data: bytes | mmap, at: int, adobe: bool) -> JpegFacts | None:
    if at + 10 > len(data):
        return None
    progressive = data[at + 1] in (0xC2, 0xC6, 0xCA, 0xCE)
    return JpegFacts(
        int.from_bytes(data[at + 7 : at + 9], "big"),
        int.from_bytes(data[at + 5 : at + 7], "big"),
        data[at + 9],
        progressive,
        adobe or data.find(b"Adobe\x00", at, at + 4096) > 0,
        # in coded data 0xFF is always stuffed, so that this counts scans and at most a thumbnail's besides
        len(re.findall(b"\xff\xda", data)) if progressive else 1,
        END in data[-_TAIL:],
    )
