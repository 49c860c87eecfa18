"""What file names tell: natural order, which document a page belongs to and which number it has there."""

import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise
from pathlib import PurePosixPath

_DIGITS = re.compile(r"([0-9]+)")
_NUMBERED = re.compile(
    r"^(?P<stem>.*?)(?:(?P<mark>[\s_.\-–—]+)|(?P<open>\s*[(\[]\s*)|(?P<start>^))(?P<number>[0-9]{1,9})"
    r"(?(open)\s*[)\]])[a-z]?$",
    re.IGNORECASE,
)
# words for "page" or "picture", that say nothing about which document
_GENERIC = re.compile(
    r"^(?:trang|tr|tờ|to|ảnh|anh|hình|hinh|bản quét|page|pages|pg|p|img|image|scan|scanned|dsc|dscn|dscf|pict|photo)$",
    re.IGNORECASE,
)
_GLUED = re.compile(r"^(?P<stem>\D*?)[\s_.\-–—]*(?P<number>[0-9]{1,9})[a-z]?$", re.IGNORECASE)
_FILE_KIND = re.compile(r"^(?:tiff?|jpe?g|jp2|png|masters?|bản gốc|[0-9]{2,4} ?dpi)$", re.IGNORECASE)
_CODE = re.compile(r"^[^\W\d_]{1,6}[ ._-]?[0-9]{2,}[\w.-]*$")
_VOLUME = re.compile(
    r"^(?:tập|tap|t|quyển|quyen|q|phần|phan|cuốn|cuon|số|so|năm|nam|vol|no|part)[^\w]?[0-9]+$", re.IGNORECASE
)
_WHOLE_DOCUMENTS = {".pdf", ".djvu", ".zip"}
LONGEST_GAP = 1_000

_Chunk = tuple[int, int, str]
NaturalKey = tuple[tuple[tuple[_Chunk, ...], ...], str]


def natural_key(name: str) -> NaturalKey:
    """Sort key for paths: numbers by value, folder by folder, case aside (`tập 2` before `tập 10`). Any text is fine.

    Two different names never have equal keys.
    """
    parts = unicodedata.normalize("NFC", name).replace("\\", "/").split("/")
    return tuple(tuple(_chunk(piece) for piece in _DIGITS.split(part.casefold()) if piece) for part in parts), name


def _chunk(piece: str) -> _Chunk:
    if _DIGITS.fullmatch(piece):
        # compared as (length, text): a run of digits may be longer than int() accepts
        value = piece.lstrip("0")
        return 0, len(value), value
    return 1, 0, piece


def group(name: str) -> tuple[str, int | None]:
    """Document mark and page number that a path inside a batch tells, NFC.

    `DC0012_0001.tif` → `("DC0012", 1)`; `hương ước/0001.jpg` and `hương ước/trang 1.jpg` → `("hương ước", 1)`;
    `LichSu.pdf` → `("LichSu", None)`: a document by itself. A number needs a separator (`DC0012.tif` is document
    `DC0012`) unless the word before it is one like *trang*, *page*, *IMG*. A page in no folder whose name is only its
    number belongs to the document `""`: the caller names it after the batch.
    """
    path = PurePosixPath(unicodedata.normalize("NFC", name).replace("\\", "/"))
    folder = _document_of(path.parent)
    stem = path.stem.strip()
    if path.suffix.lower() in _WHOLE_DOCUMENTS:
        return stem, None
    glued = _GLUED.match(stem)
    if glued and (not glued["stem"] or _GENERIC.match(glued["stem"])):
        return folder, int(glued["number"])
    numbered = _NUMBERED.match(stem)
    if numbered:
        return numbered["stem"].strip(" _.-–—") or folder, int(numbered["number"])
    return stem, None


def _document_of(folder: PurePosixPath) -> str:
    """The document a folder stands for. A mark like *DC0012* says it alone; any other name only with the folders it
    is in, as *tập 2* may be in many. Folders named for what files are (*tif*, *ảnh*) stand for the one they are in."""
    parts = [part for part in folder.parts if part not in (".", "/")]
    while len(parts) > 1 and (_GENERIC.match(parts[-1]) or _FILE_KIND.match(parts[-1])):
        parts.pop()
    if parts and _CODE.match(parts[-1]) and not _VOLUME.match(parts[-1]):
        return parts[-1]
    return "/".join(parts)


def gaps(numbers: Iterable[int]) -> list[int]:
    """Numbers missing between the lowest and the highest, in order.

    A jump of more than 1,000 is taken for another numbering, not for lost pages.
    """
    known = sorted(set(numbers))
    missing: list[int] = []
    for before, after in pairwise(known):
        if after - before <= LONGEST_GAP:
            missing.extend(range(before + 1, after))
    return missing


def runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Numbers as runs without a hole, in order: first and last of each."""
    found: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if found and number == found[-1][1] + 1:
            found[-1] = found[-1][0], number
        else:
            found.append((number, number))
    return found
