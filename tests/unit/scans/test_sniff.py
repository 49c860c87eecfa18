"""What a file is, by its bytes alone."""

import csv
import io
import tarfile
import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from shared_data import SHARED

from repository.scans import MediaType, sniff
from repository.scans.sniff import sniff_bytes


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("hard/pillow/hopper_bigtiff.tif", MediaType.TIFF),
        ("hard/pillow/g4-multi.tiff", MediaType.TIFF),
        ("hard/pillow/truncated_jpeg.jpg", MediaType.JPEG),
        ("hard/pillow/truncated_image.png", MediaType.PNG),
        ("hard/pillow/not_enough_data.jp2", MediaType.JP2),
        ("hard/pillow/decompression_bomb.gif", MediaType.GIF),
        ("hard/pillow/decompression_bomb.ico", MediaType.ICO),
        ("hard/ocrmypdf/invalid.pdf", MediaType.PDF),
        ("hard/ocrmypdf/linn.txt", MediaType.TEXT),
        ("legacy-encodings/2003-A06.txt", MediaType.TEXT),
        ("legacy-encodings/2003-A06.rtf", MediaType.OFFICE),
        ("legacy-encodings/2008-23.QD-991-UBND.doc", MediaType.OFFICE),
        ("legacy-encodings/2006-16EZE_TT01.06GopvonDNNVV.pdf", MediaType.PDF),
    ],
)
def test_real_files(name: str, kind: MediaType) -> None:
    assert sniff(SHARED / name) is kind


@pytest.mark.parametrize("kind", ["BMP", "WEBP", "JPEG2000", "TIFF", "GIF", "AVIF"])
def test_pictures_as_written_by_others(kind: str) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (30, 30)).save(buffer, kind)
    expected = {"JPEG2000": MediaType.JP2, "AVIF": MediaType.HEIF}.get(kind) or MediaType[kind]
    assert sniff_bytes(buffer.getvalue()[:4096]) is expected


def test_a_bare_codestream_and_a_motorola_tiff() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (30, 30)).save(buffer, "JPEG2000", no_jp2=True)
    assert sniff_bytes(buffer.getvalue()) is MediaType.JP2
    assert sniff_bytes(b"MM\x00*\x00\x00\x00\x08") is sniff_bytes(b"MM\x00+\x00\x08\x00\x00") is MediaType.TIFF


def test_a_pdf_may_begin_with_rubbish() -> None:
    assert sniff_bytes(b"\xef\xbb\xbf\r\n" + bytes(500) + b"%PDF-1.4") is MediaType.PDF


def test_zip_kinds_are_told_by_their_members(tmp_path: Path) -> None:
    path = tmp_path / "x"
    openpyxl.Workbook().save(path)
    assert sniff(path) is MediaType.XLSX
    for member, kind in (("a.jpg", MediaType.ZIP), ("xl/workbook.xml", MediaType.ZIP)):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(member, b"x")
        assert sniff(path) is kind
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", b"x")
        archive.writestr("word/document.xml", b"x")
    assert sniff(path) is MediaType.OFFICE
    path.write_bytes(path.read_bytes()[:40])
    assert sniff(path) is MediaType.ZIP


def test_a_table_is_text_in_any_encoding() -> None:
    buffer = io.StringIO()
    csv.writer(buffer).writerows([["tệp", "nhan đề"], ["DC0012_0001.tif", "Địa chí Hà Đông"]])
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1258"):
        assert sniff_bytes(buffer.getvalue().encode(encoding, "replace")) is MediaType.TEXT


def test_other_archives_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        archive.add(SHARED / "hard/ocrmypdf/linn.txt", "linn.txt")
    assert sniff(path) is MediaType.OTHER_ARCHIVE
    assert sniff_bytes(b"Rar!\x1a\x07\x01\x00") is sniff_bytes(b"7z\xbc\xaf\x27\x1c") is MediaType.OTHER_ARCHIVE


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"ID3\x04", MediaType.AUDIO),
        (b"\xff\xfb\x90\x64", MediaType.AUDIO),
        (b"\xff\xf1\x50\x80", MediaType.AUDIO),
        (b"fLaC\x00", MediaType.AUDIO),
        (b"OggS\x00", MediaType.AUDIO),
        (b"FORM\x00\x00\x00\x00AIFF", MediaType.AUDIO),
        (b"\x00\x00\x00\x20ftypM4A ", MediaType.AUDIO),
        (b"\x00\x00\x00\x20ftypisom", MediaType.VIDEO),
        (b"\x00\x00\x00\x14ftypqt  ", MediaType.VIDEO),
        (b"\x00\x00\x00\x20ftyp3gp4", MediaType.VIDEO),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9", MediaType.VIDEO),
        (b"\x00\x00\x01\xba\x44", MediaType.VIDEO),
        ((b"G" + bytes(187)) * 4, MediaType.VIDEO),
    ],
)
def test_sound_and_film(head: bytes, kind: MediaType) -> None:
    assert sniff_bytes(head + bytes(64)) is kind


@given(st.binary(max_size=600))
def test_any_bytes_have_a_kind(head: bytes) -> None:
    assert isinstance(sniff_bytes(head), MediaType)
    assert (sniff_bytes(head) is MediaType.EMPTY) == (head == b"")
