"""The command's exit codes and what it makes of password files."""

import codecs
import sys
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pytest

from app.cli.batch_report import lacking
from app.cli.handing_in import send
from app.cli.main import code_of as exit_code
from app.cli.main import main
from app.cli.site import operator, password_in
from config.services import build_services
from config.settings import Settings
from repository.catalog.intake import Intake
from repository.catalog.masters import Masters
from repository.domain.errors import StoreFailed, WrongUse
from repository.domain.records import Library
from repository.storage.port import StoredObject


def code_of(monkeypatch: pytest.MonkeyPatch, data: Path, *words: str) -> object:
    monkeypatch.setattr(sys, "argv", ["diachi", "--data", str(data), *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


@pytest.mark.parametrize(
    "words",
    [
        ("batch", "show", "khongco"),
        ("batch", "cancel", "khongco"),
        ("search", '"'),
        ("user", "add", "lan", "--role", "staff", "--password-file", "PW", "--library", "KHONGCO"),
    ],
)
def test_an_argument_that_means_nothing_is_wrong_use(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: tuple[str, ...]
) -> None:
    secret = tmp_path / "pw"
    secret.write_text("mật khẩu dài\n", "utf-8")
    typed = [str(secret) if word == "PW" else word for word in words]
    assert code_of(monkeypatch, tmp_path / "data", *typed) == 2


@pytest.mark.parametrize("data", ["bí mật\n".encode(), codecs.BOM_UTF8 + "bí mật\r\n".encode()])
def test_a_password_file_may_come_from_windows(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "pw").write_bytes(data)
    assert password_in(tmp_path / "pw") == "bí mật"


def test_a_password_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / "pw").write_bytes("bí mật".encode("utf-16"))
    with pytest.raises(WrongUse, match="UTF-8"):
        password_in(tmp_path / "pw")


class AwayAtSecond:
    """Masters whose store is full after the first."""

    def __init__(self, masters: Masters) -> None:
        self._masters, self._kept = masters, 0

    def put(self, stream: BinaryIO) -> StoredObject:
        self._kept += 1
        if self._kept > 1:
            raise StoreFailed("đầy")
        return self._masters.put(stream)


def test_a_batch_that_broke_off_says_how_to_go_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    services = build_services(Settings(data=tmp_path / "data"))
    with services.ledger.write() as work:
        work.libraries.put(Library("TV", "Thư viện"))
    first, second = tmp_path / "1.png", tmp_path / "2.png"
    first.write_bytes(b"one")
    second.write_bytes(b"two")
    visitor = operator("TV")
    batch = services.intake.open_batch(visitor, "Lô", "TV", expected_files=2).id
    files = [(first, "1.png"), (second, "2.png")]
    away = replace(services, intake=Intake(services.ledger, AwayAtSecond(services.masters)))
    with pytest.raises(StoreFailed):
        list(send(away, visitor, batch, files, None))
    assert f"--batch {batch}" in capsys.readouterr().err
    assert lacking(services.progressing.report(visitor, batch)) == 1
    assert list(send(services, visitor, batch, files, None)) == []
    report = services.progressing.report(visitor, batch)
    assert (report.received, lacking(report)) == (2, 0), "what was in is not sent twice"
    services.ledger.close()


def test_a_server_that_refuses_is_as_good_as_away() -> None:
    assert exit_code(StoreFailed("{server}", server="MinIO")) == 3
    assert exit_code(StoreFailed("đĩa đầy")) == 1
