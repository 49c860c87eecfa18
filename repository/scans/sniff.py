"""Tells what a file is from its bytes; its name is never asked."""

from enum import StrEnum
from pathlib import Path

from repository.scans.zipindex import office_kind

HEAD = 4096


class MediaType(StrEnum):
    """Kinds of file that are told apart; the value is the MIME type."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    TIFF = "image/tiff"
    JP2 = "image/jp2"  # with or without its boxes
    GIF = "image/gif"
    BMP = "image/bmp"
    WEBP = "image/webp"
    HEIF = "image/heif"  # AVIF too
    PSD = "image/vnd.adobe.photoshop"
    DJVU = "image/vnd.djvu"
    ICO = "image/vnd.microsoft.icon"
    PDF = "application/pdf"
    POSTSCRIPT = "application/postscript"
    ZIP = "application/zip"
    OTHER_ARCHIVE = "application/x-archive"  # RAR, 7z, gzip, bzip2, xz, tar
    XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    OFFICE = "application/x-office"  # Word, old Excel, PowerPoint, OpenDocument, RTF
    TEXT = "text/plain"  # CSV too: nothing in the bytes tells them apart
    AUDIO = "audio/*"
    VIDEO = "video/*"
    EMPTY = "inode/x-empty"
    UNKNOWN = "application/octet-stream"


_SIGNATURES: tuple[tuple[bytes, MediaType], ...] = (
    (b"\xff\xd8\xff", MediaType.JPEG),
    (b"\x89PNG\r\n\x1a\n", MediaType.PNG),
    (b"II*\x00", MediaType.TIFF),
    (b"MM\x00*", MediaType.TIFF),
    (b"II+\x00", MediaType.TIFF),
    (b"MM\x00+", MediaType.TIFF),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", MediaType.JP2),
    (b"\xff\x4f\xff\x51", MediaType.JP2),
    (b"GIF87a", MediaType.GIF),
    (b"GIF89a", MediaType.GIF),
    (b"8BPS\x00\x01", MediaType.PSD),
    (b"8BPS\x00\x02", MediaType.PSD),
    (b"AT&TFORM", MediaType.DJVU),
    (b"\x00\x00\x01\x00", MediaType.ICO),
    (b"%!PS", MediaType.POSTSCRIPT),
    (b"Rar!\x1a\x07", MediaType.OTHER_ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", MediaType.OTHER_ARCHIVE),
    (b"\x1f\x8b", MediaType.OTHER_ARCHIVE),
    (b"BZh", MediaType.OTHER_ARCHIVE),
    (b"\xfd7zXZ\x00", MediaType.OTHER_ARCHIVE),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", MediaType.OFFICE),
    (b"{\\rtf", MediaType.OFFICE),
    (b"ID3", MediaType.AUDIO),
    (b"fLaC", MediaType.AUDIO),
    (b"MThd", MediaType.AUDIO),
    (b"#!AMR", MediaType.AUDIO),
    (b".snd", MediaType.AUDIO),
    (b"OggS", MediaType.AUDIO),
    (b"\x1a\x45\xdf\xa3", MediaType.VIDEO),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", MediaType.VIDEO),
    (b"FLV\x01", MediaType.VIDEO),
    (b".RMF", MediaType.VIDEO),
    (b"\x00\x00\x01\xba", MediaType.VIDEO),
    (b"\x00\x00\x01\xb3", MediaType.VIDEO),
)
_RIFF = {b"WEBP": MediaType.WEBP, b"WAVE": MediaType.AUDIO, b"AVI ": MediaType.VIDEO}
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif", b"avis")
_AUDIO_BRANDS = (b"M4A ", b"M4B ", b"M4P ")
# the mark of UTF-16 text would also do for MPEG layer I, which nobody keeps
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
# ASCII control bytes that no text holds; tab, line ends, form feed and escape are left out
_NEVER_IN_TEXT = bytes(set(range(32)) - {9, 10, 12, 13, 27})


def sniff(path: Path) -> MediaType:
    """What the file at `path` is, by its leading bytes (a ZIP also by its members)."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    kind = sniff_bytes(head)
    if kind is MediaType.ZIP:
        office = office_kind(path)
        return {"xl": MediaType.XLSX, "": MediaType.ZIP}.get(office, MediaType.OFFICE)
    return kind


def sniff_bytes(head: bytes) -> MediaType:
    """What a file is that begins with `head` (4096 bytes, or the whole file); any ZIP is `ZIP`."""
    if not head:
        return MediaType.EMPTY
    if b"%PDF-" in head[:1024]:
        return MediaType.PDF
    if head.startswith(_ZIP_STARTS):
        return MediaType.ZIP
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    return _by_structure(head)


def _by_structure(head: bytes) -> MediaType:
    if head[4:8] == b"ftyp":
        return _iso_media(head[8:12])
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12], MediaType.UNKNOWN)
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return MediaType.AUDIO
    if head[:2] == b"BM" and head[6:10] == bytes(4) and head[14:18] in _BMP_HEADERS:
        return MediaType.BMP
    if head[4:8] in (b"moov", b"mdat", b"wide"):
        return MediaType.VIDEO
    if len(head) > 376 and head[0] == head[188] == head[376] == 0x47:
        return MediaType.VIDEO
    if head[257:262] == b"ustar":
        return MediaType.OTHER_ARCHIVE
    if not head.startswith(_UTF16) and _is_mpeg_audio(head):
        return MediaType.AUDIO
    return MediaType.TEXT if _is_text(head) else MediaType.UNKNOWN


_BMP_HEADERS = tuple(size.to_bytes(4, "little") for size in (12, 16, 40, 52, 56, 64, 108, 124))


def _iso_media(brand: bytes) -> MediaType:
    if brand in _HEIF_BRANDS:
        return MediaType.HEIF
    return MediaType.AUDIO if brand in _AUDIO_BRANDS else MediaType.VIDEO


def _is_mpeg_audio(head: bytes) -> bool:
    """MP3 or ADTS AAC without an ID3 tag: eleven set bits, then fields that have forbidden values."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    if layer == 0:
        return version in (2, 3) and head[1] & 0xF0 == 0xF0 and head[2] >> 2 & 15 < 13
    return version != 1 and head[2] >> 4 != 15 and head[2] >> 2 & 3 != 3


def _is_text(head: bytes) -> bool:
    if head.startswith(_UTF16):
        return True
    # legacy Vietnamese encodings use every byte from 0x80 up: only control bytes tell that it is no text
    return not any(byte in _NEVER_IN_TEXT for byte in head)
