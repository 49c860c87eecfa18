"""Walks a ZIP as if its author meant harm: names, sizes and ratios are measured, never believed."""

import re
import stat
import struct
import unicodedata
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BufferedReader, RawIOBase
from itertools import pairwise
from pathlib import Path
from typing import IO, BinaryIO, cast
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from repository.domain.errors import N_, InputRefused
from repository.scans.limits import Limits
from repository.scans.zipindex import MAX_DIRECTORY, directory_bytes

_IGNORED_FOLDERS = {"__MACOSX", ".Trashes", ".Spotlight-V100", "@eaDir"}
_IGNORED_FILES = {".ds_store", "thumbs.db", "desktop.ini", "ehthumbs.db"}
_METHODS = {ZIP_STORED, ZIP_DEFLATED, ZIP_BZIP2, ZIP_LZMA}
_UTF8_FLAG, _ENCRYPTED_FLAG = 0x800, 0x1
_UNICODE_PATH = 0x7075
_UNIX = 3
_DRIVE = re.compile(r"^[A-Za-z]:")
_OFFICE_STARTS = (b"[Content_Types].xml", b"_rels/", b"docProps/", b"xl/", b"word/", b"mimetype")
# a white page without compression packs a thousandfold: a ratio only tells something once much has come out
RATIO_FROM = 64 << 20


@dataclass(slots=True)
class _Budget:
    """Bytes that one archive may still give."""

    left: int


@dataclass(frozen=True, slots=True)
class Member:
    """A file in a ZIP. `name`: its path inside, NFC, `/` between folders. `refusal`: why it is not to be opened.

    The archive stays open as long as one of its members is held.
    """

    name: str
    size: int
    refusal: InputRefused | None
    _archive: ZipFile = field(repr=False)
    _info: ZipInfo = field(repr=False)
    _limits: Limits = field(repr=False)
    _budget: _Budget = field(repr=False)

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """The member's bytes as a stream that raises InputRefused when more comes out than the limits allow, the
        data is damaged, or the member has a `refusal`."""
        if self.refusal is not None:
            raise self.refusal
        try:
            source = self._archive.open(self._info)
        except (BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
            raise InputRefused(_DAMAGED, name=self.name) from error
        with source:
            guarded = _GuardedStream(source, self)
            yield cast(BinaryIO, BufferedReader(guarded, 1 << 16))


class _GuardedStream(RawIOBase):
    """Counts what comes out of one member."""

    def __init__(self, source: IO[bytes], member: Member) -> None:
        self._source, self._member, self._out = source, member, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        try:
            data = self._source.read(len(view))
        except (BadZipFile, EOFError, OSError, zlib.error, struct.error, ValueError) as error:
            raise InputRefused(_DAMAGED, name=self._member.name) from error
        self._count(len(data))
        view[: len(data)] = data
        return len(data)

    def _count(self, read: int) -> None:
        member, limits = self._member, self._member._limits
        self._out += read
        member._budget.left -= read
        if self._out > limits.max_file_bytes:
            raise InputRefused(_TOO_BIG, name=member.name, limit=limits.max_file_bytes >> 20)
        if member._budget.left < 0:
            raise InputRefused(_ALL_TOO_BIG, limit=limits.zip_max_bytes >> 30)
        if self._out > RATIO_FROM and self._out > limits.zip_max_ratio * max(1, member._info.compress_size):
            raise InputRefused(_BOMB, name=member.name)


def members(path: Path, limits: Limits = Limits()) -> Iterator[Member]:  # noqa: B008
    """The files of the ZIP at `path` in its own order; folders and what macOS and Windows leave behind are skipped.

    Raises InputRefused for an archive that cannot be walked at all (damaged, too many members).
    """
    if directory_bytes(path) > MAX_DIRECTORY:
        raise InputRefused(_TOO_MANY, limit=limits.zip_max_members)
    try:
        archive = ZipFile(path)
    except (BadZipFile, NotImplementedError, ValueError, struct.error, EOFError, OSError) as error:
        raise InputRefused(_BROKEN) from error
    infos = archive.infolist()
    if len(infos) > limits.zip_max_members:
        raise InputRefused(_TOO_MANY, limit=limits.zip_max_members)
    overlapping = _overlapping(infos)
    budget = _Budget(limits.zip_max_bytes)
    seen: set[str] = set()
    for info in infos:
        full = _decoded_name(info)
        if info.is_dir() or full.endswith("/") or _is_rubbish(full):
            continue
        name, refusal = _safe_name(full)
        refusal = refusal or _refusal(archive, info, name, limits)
        if refusal is None and info.header_offset in overlapping:
            refusal = InputRefused(_BOMB, name=name)
        if refusal is None and name in seen:
            refusal = InputRefused(_TWICE, name=name)
        seen.add(name)
        yield Member(name, info.file_size, refusal, archive, info, limits, budget)


def _decoded_name(info: ZipInfo) -> str:
    """The member's path, NFC. Without the UTF-8 flag: the Unicode extra field, else UTF-8 if it is that, else the
    code page of Vietnamese Windows, else CP437 (APPNOTE 4.4.4, 4.6.9, appendix D)."""
    if info.flag_bits & _UTF8_FLAG:
        name = info.filename
    else:
        raw = info.filename.encode("cp437", "replace")
        name = _unicode_path(info.extra) or _legacy(raw) or info.filename
    return unicodedata.normalize("NFC", name.replace("\\", "/"))


def _unicode_path(extra: bytes) -> str | None:
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == _UNICODE_PATH and length > 5:
            try:
                return extra[at + 9 : at + 4 + length].decode()
            except UnicodeDecodeError:
                return None
        at += 4 + length
    return None


def _legacy(raw: bytes) -> str | None:
    for encoding in ("utf-8", "cp1258"):
        try:
            name = unicodedata.normalize("NFC", raw.decode(encoding))
        except UnicodeDecodeError:
            continue
        if all(char.isascii() or char.isalpha() or encoding == "utf-8" for char in name):
            return name
    return None


def _is_rubbish(name: str) -> bool:
    parts = name.split("/")
    last = parts[-1]
    return bool(_IGNORED_FOLDERS.intersection(parts)) or last.lower() in _IGNORED_FILES or last.startswith("._")


def _safe_name(name: str) -> tuple[str, InputRefused | None]:
    """The path fit to be shown and kept, and a refusal when it points out of the archive."""
    shown = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in name)
    parts = [part for part in shown.split("/") if part not in ("", ".")]
    if name.startswith("/") or _DRIVE.match(name) or ".." in parts or not parts:
        return shown, InputRefused(_OUTSIDE, name=shown)
    return "/".join(part.strip() or "_" for part in parts), None


def _refusal(archive: ZipFile, info: ZipInfo, name: str, limits: Limits) -> InputRefused | None:
    if info.create_system == _UNIX and stat.S_ISLNK(info.external_attr >> 16):
        return InputRefused(_LINK, name=name)
    if info.flag_bits & _ENCRYPTED_FLAG:
        return InputRefused(_LOCKED, name=name)
    if info.compress_type not in _METHODS:
        return InputRefused(_METHOD, name=name)
    if info.file_size > limits.max_file_bytes:
        return InputRefused(_TOO_BIG, name=name, limit=limits.max_file_bytes >> 20)
    return _nested(archive, info, name)


def _nested(archive: ZipFile, info: ZipInfo, name: str) -> InputRefused | None:
    try:
        with archive.open(info) as source:
            head = source.read(64)
    except (BadZipFile, EOFError, OSError, zlib.error, NotImplementedError, RuntimeError, ValueError):
        return InputRefused(_DAMAGED, name=name)
    office = head[30:].startswith(_OFFICE_STARTS)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")) and not office:
        return InputRefused(_NESTED, name=name)
    return None


def _overlapping(infos: list[ZipInfo]) -> set[int]:
    """Header offsets of members whose data lie on another's: one kernel of zeros served many times over."""
    ordered = sorted(infos, key=lambda info: info.header_offset)
    bad: set[int] = set()
    for before, after in pairwise(ordered):
        if before.header_offset + before.compress_size > after.header_offset:
            bad |= {before.header_offset, after.header_offset}
    return bad


_BROKEN = N_("Tệp ZIP bị hỏng hoặc tải lên chưa trọn nên không mở được; hãy nén lại thư mục rồi gửi lại.")
_TOO_MANY = N_("Tệp ZIP có quá nhiều tệp bên trong (giới hạn {limit}); hãy chia thành nhiều đợt rồi gửi lại.")
_OUTSIDE = N_("Đường dẫn “{name}” trong tệp ZIP trỏ ra ngoài thư mục nén; hãy nén lại từ thư mục gốc rồi gửi lại.")
_LINK = N_("“{name}” trong tệp ZIP chỉ là liên kết tới tệp khác; hãy nén lại kèm chính tệp đó.")
_LOCKED = N_("“{name}” trong tệp ZIP được khóa bằng mật khẩu; hãy giải nén bằng mật khẩu rồi gửi các tệp bên trong.")
_METHOD = N_("“{name}” dùng kiểu nén không hỗ trợ; hãy nén lại thành ZIP thường (Deflate) hoặc gửi thẳng tệp.")
_TOO_BIG = N_("“{name}” lớn hơn giới hạn {limit} MB cho một tệp; hãy chia nhỏ tệp rồi gửi lại.")
_ALL_TOO_BIG = N_("Tệp ZIP bung ra lớn hơn giới hạn {limit} GB; hãy chia thành nhiều đợt rồi gửi lại.")
_BOMB = N_("“{name}” bung ra lớn bất thường so với lúc nén (nghi là bom nén); hãy gửi thẳng tệp gốc, không nén.")
_NESTED = N_("“{name}” là tệp nén nằm trong tệp nén; hãy giải nén nó rồi gửi các tệp bên trong.")
_TWICE = N_("Tệp ZIP có hai tệp cùng tên “{name}”; hãy đổi tên một tệp rồi nén lại.")
_DAMAGED = N_("Dữ liệu của “{name}” trong tệp ZIP bị hỏng; hãy nén lại hoặc gửi thẳng tệp này.")
