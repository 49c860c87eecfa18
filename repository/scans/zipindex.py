"""Looks at a ZIP's table of contents without trusting it: how big it is, and whether it is an Office file."""

import struct
from pathlib import Path
from zipfile import BadZipFile, ZipFile

_END = b"PK\x05\x06"
_END_SIZE = 22
_END64_LOCATOR = b"PK\x06\x07"
_END64_SIZE = 20
_SIZES_IN_ZIP64 = 0xFFFFFFFF
MAX_DIRECTORY = 64 << 20


def directory_bytes(path: Path) -> int:
    """Size in bytes of the central directory as its end record tells (APPNOTE 4.3.16, 4.3.14); 0 if there is none.

    `ZipFile` reads the directory into memory whole, so this is asked first.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - 65_536 - _END_SIZE - _END64_SIZE))
        tail = file.read()
        at = tail.rfind(_END)
        if at < 0 or at + _END_SIZE > len(tail):
            return 0
        found: int = struct.unpack_from("<I", tail, at + 12)[0]
        locator = tail[max(0, at - _END64_SIZE) : at]
        if found == _SIZES_IN_ZIP64 and locator.startswith(_END64_LOCATOR):
            file.seek(min(size, struct.unpack_from("<Q", locator, 8)[0]))
            record = file.read(56)
            return int(struct.unpack_from("<Q", record, 40)[0]) if len(record) == 56 else 0
    return found


def office_kind(path: Path) -> str:
    """`xl`, `word`, `ppt` or `odf` when the ZIP is an Office document, else an empty string."""
    if directory_bytes(path) > MAX_DIRECTORY:
        return ""
    try:
        with ZipFile(path) as archive:
            names = set(archive.namelist())
    except (BadZipFile, OSError, ValueError, NotImplementedError):
        return ""
    if "mimetype" in names and "content.xml" in names:
        return "odf"
    if "[Content_Types].xml" not in names:
        return ""
    for folder, part in (("xl", "xl/workbook.xml"), ("word", "word/document.xml"), ("ppt", "ppt/presentation.xml")):
        if part in names:
            return folder
    return "xl" if "xl/workbook.bin" in names else ""
