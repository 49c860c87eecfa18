"""The command's exit codes and what it makes of password files."""

import codecs
import sys
from pathlib import Path

import pytest

from app.cli.main import main
from app.cli.site import password_in
from repository.domain.errors import WrongUse


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
