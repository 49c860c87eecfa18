"""Files and folders that cannot be read are told one by one; the rest comes in."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from people import ADMIN

from app.cli.batch_report import conclude
from app.cli.handing_in import find, send
from config.services import Services
from repository.domain.errors import InputRefused, WrongUse

NOBODY = 65534


@contextmanager
def unprivileged() -> Iterator[None]:
    """As somebody whom file permissions hold back."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.fixture
def scans() -> Iterator[Path]:
    """Two good files beside all that can be wrong, in a folder that everybody may enter."""
    with tempfile.TemporaryDirectory(prefix="diachi-scans-") as name:
        top = Path(name)
        top.chmod(0o755)
        for good in ("a.tif", "sub/b.tif", "locked/c.tif", "secret.tif"):
            (top / good).parent.mkdir(exist_ok=True)
            (top / good).write_bytes(good.encode())
        (top / "secret.tif").chmod(0o200)
        (top / "locked").chmod(0o000)
        (top / "broken.tif").symlink_to("nowhere.tif")
        (top / "folder-link").symlink_to("sub")
        (top / "failing.tif").symlink_to("/proc/self/mem")  # opens, and fails to read
        os.mkfifo(top / "pipe.tif")
        yield top
        (top / "locked").chmod(0o755)


def test_what_cannot_be_read_is_told_and_the_rest_comes_in(
    site: Services, scans: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    batch = site.intake.open_batch(ADMIN, "Lô", "TV").id
    found = find((scans,))
    with unprivileged():
        listed = {each.name for each in find((scans,)).not_taken}
    assert listed == {"locked", "broken.tif", "folder-link", "pipe.tif"}
    (scans / "sub" / "b.tif").unlink()  # vanishes before its turn
    files = [each for each in found.files if each[1] not in ("secret.tif", "locked/c.tif")]
    not_taken = [*found.not_taken, *send(site, ADMIN, batch, files, None)]
    told = {each.name: str(each.reason) for each in not_taken}
    assert set(told) == {"broken.tif", "folder-link", "pipe.tif", "sub/b.tif", "failing.tif"}
    assert "liên kết hỏng" in told["broken.tif"]
    assert "ổ đĩa báo lỗi" in told["failing.tif"]
    assert [file.name for file in site.intake.files(ADMIN, batch)] == ["a.tif"]
    assert conclude(site, ADMIN, batch, as_json=True, not_taken=not_taken) == 1
    assert '"file": "sub/b.tif", "reason": "Không đọc được: không còn ở đó' in capsys.readouterr().out


def test_a_file_without_permission_is_refused_by_name(site: Services, scans: Path) -> None:
    batch = site.intake.open_batch(ADMIN, "Lô", "TV").id
    sending = send(site, ADMIN, batch, [(scans / "secret.tif", "secret.tif")], None)
    with unprivileged():
        [refused] = list(sending)
    assert "không có quyền đọc" in str(refused.reason)


def test_what_is_not_there_at_all_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="khongco"):
        find((tmp_path / "khongco",))
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(InputRefused, match="liên kết hỏng"):
        find((tmp_path / "link",))


def test_a_name_in_no_known_encoding_is_taken(site: Services, tmp_path: Path) -> None:
    folder = tmp_path / "scans"
    folder.mkdir()
    (folder / os.fsdecode(b"b\xea.tif")).write_bytes(b"x")
    batch = site.intake.open_batch(ADMIN, "Lô", "TV").id
    assert list(send(site, ADMIN, batch, find((folder,)).files, None)) == []
    assert [file.name for file in site.intake.files(ADMIN, batch)] == ["b\ufffd.tif"]
