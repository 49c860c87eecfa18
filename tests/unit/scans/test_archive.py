"""ZIP files that came in, well and ill meant."""

import io
import unicodedata
import zipfile
from pathlib import Path

import pytest
from shared_data import SHARED

from repository.domain.errors import InputRefused
from repository.scans import Limits, MediaType, Member, members, sniff

PAGE = (SHARED / "hard/pillow/hopper_orientation_6.jpg").read_bytes()


def packed(path: Path, *entries: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return path


def drained(member: Member) -> int:
    total = 0
    with member.open() as stream:
        while chunk := stream.read(1 << 20):
            total += len(chunk)
    return total


@pytest.fixture
def zip_path(tmp_path: Path) -> Path:
    return tmp_path / "lô.zip"


def test_members_come_with_their_bytes(zip_path: Path) -> None:
    packed(zip_path, ("hương ước/0001.jpg", PAGE), ("bìa.jpg", PAGE))
    found = list(members(zip_path))
    assert [(member.name, member.size, member.refusal) for member in found] == [
        ("hương ước/0001.jpg", len(PAGE), None),
        ("bìa.jpg", len(PAGE), None),
    ]
    with found[0].open() as stream:
        assert stream.read() == PAGE


def test_names_in_nfd_and_with_emoji_come_out_in_nfc(zip_path: Path) -> None:
    name = "Đình làng 🏯/Địa chí.jpg"
    packed(zip_path, (unicodedata.normalize("NFD", name), PAGE))
    assert [member.name for member in members(zip_path)] == [name]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1258"])
def test_names_without_the_utf8_flag_are_understood(zip_path: Path, encoding: str) -> None:
    name = "Xa Cô Loa_0001.jpg"
    stored = "".join(chr(0x40 + i) for i in range(len(name.encode(encoding))))
    packed(zip_path, (stored, PAGE))
    zip_path.write_bytes(zip_path.read_bytes().replace(stored.encode(), name.encode(encoding)))
    assert [member.name for member in members(zip_path)] == [name]


def test_what_macos_and_windows_leave_behind_is_skipped(zip_path: Path) -> None:
    rubbish = ["__MACOSX/._1.jpg", ".DS_Store", "a/Thumbs.db", "a/desktop.ini", "._1.jpg"]
    packed(zip_path, *((name, b"x") for name in rubbish), ("a/", b""), ("a/1.jpg", PAGE))
    assert [member.name for member in members(zip_path)] == ["a/1.jpg"]


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a/../../b.jpg", "/etc/passwd", "C:\\Windows\\b.jpg", "a\\..\\..\\b"]
)
def test_a_path_out_of_the_archive_is_refused_and_the_others_taken(zip_path: Path, name: str) -> None:
    packed(zip_path, (name, PAGE), ("1.jpg", PAGE))
    bad, good = members(zip_path)
    assert bad.refusal is not None
    assert "trỏ ra ngoài" in str(bad.refusal)
    with pytest.raises(InputRefused), bad.open():
        pass
    assert drained(good) == len(PAGE)


def test_a_symbolic_link_is_refused(zip_path: Path) -> None:
    link = zipfile.ZipInfo("link.jpg")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    packed(zip_path, (link, b"/etc/passwd"))
    (member,) = members(zip_path)
    assert "liên kết" in str(member.refusal)


def test_an_encrypted_member_is_refused(zip_path: Path) -> None:
    packed(zip_path, ("1.jpg", PAGE))
    data = bytearray(zip_path.read_bytes())
    data[6] |= 1
    data[data.find(b"PK\x01\x02") + 8] |= 1
    zip_path.write_bytes(data)
    (member,) = members(zip_path)
    assert "mật khẩu" in str(member.refusal)


def test_a_zip_in_a_zip_is_refused_and_a_spreadsheet_is_not(zip_path: Path) -> None:
    inner, sheet = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("1.jpg", PAGE)
    with zipfile.ZipFile(sheet, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
    packed(zip_path, ("trong.zip", inner.getvalue()), ("batch.xlsx", sheet.getvalue()))
    nested, table = members(zip_path)
    assert "nằm trong tệp nén" in str(nested.refusal)
    assert table.refusal is None
    out = zip_path.with_name("batch.bin")
    with table.open() as stream:
        out.write_bytes(stream.read())
    assert sniff(out) is MediaType.XLSX
    assert sniff(zip_path) is MediaType.ZIP


def test_a_bomb_is_stopped_while_it_swells(zip_path: Path) -> None:
    with zipfile.ZipFile(zip_path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("1.tif", "w") as out:
        for _ in range(200):
            out.write(bytes(1 << 20))
    (member,) = members(zip_path)
    with pytest.raises(InputRefused, match="bom nén"):
        drained(member)


def test_a_size_that_lies_does_not_help(zip_path: Path) -> None:
    packed(zip_path, ("1.bin", bytes(5 << 20)))
    (member,) = members(zip_path, Limits(max_file_bytes=6 << 20))
    assert drained(member) == 5 << 20
    data = zip_path.read_bytes().replace((5 << 20).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    zip_path.write_bytes(data)
    (member,) = members(zip_path, Limits(max_file_bytes=1 << 20))
    with pytest.raises(InputRefused):
        drained(member)


def test_members_over_the_limits_are_refused(zip_path: Path) -> None:
    packed(zip_path, ("1.bin", bytes(3 << 20)), ("2.bin", bytes(3 << 20)))
    (first, second) = members(zip_path, Limits(max_file_bytes=2 << 20))
    assert first.refusal is not None
    assert second.refusal is not None
    (first, second) = members(zip_path, Limits(zip_max_bytes=4 << 20))
    assert drained(first) == 3 << 20
    with pytest.raises(InputRefused):
        drained(second)
    with pytest.raises(InputRefused, match="quá nhiều tệp"):
        list(members(zip_path, Limits(zip_max_members=1)))


def test_members_that_share_their_bytes_are_refused(zip_path: Path) -> None:
    packed(zip_path, ("1.jpg", PAGE), ("2.jpg", PAGE))
    data = bytearray(zip_path.read_bytes())
    second = data.rfind(b"PK\x01\x02")
    data[second + 42 : second + 46] = bytes(4)  # both directory entries point at the first member
    zip_path.write_bytes(data)
    assert all(member.refusal is not None for member in members(zip_path))


def test_two_members_of_one_name_are_not_mixed_up(zip_path: Path) -> None:
    name = "Địa chí.jpg"
    packed(zip_path, (name, PAGE), (unicodedata.normalize("NFD", name), b"another"))
    first, second = members(zip_path)
    assert first.refusal is None
    assert "cùng tên" in str(second.refusal)


def test_damaged_data_is_refused_when_read(zip_path: Path) -> None:
    packed(zip_path, ("1.jpg", PAGE))
    data = bytearray(zip_path.read_bytes())
    data[2000] ^= 0xFF
    zip_path.write_bytes(data)
    (member,) = members(zip_path)
    with pytest.raises(InputRefused, match="bị hỏng"):
        drained(member)


@pytest.mark.parametrize("cut", [10, 3000])
def test_a_zip_cut_short_is_refused(zip_path: Path, cut: int) -> None:
    packed(zip_path, ("1.jpg", PAGE))
    zip_path.write_bytes(zip_path.read_bytes()[:cut])
    with pytest.raises(InputRefused, match="ZIP bị hỏng"):
        list(members(zip_path))
