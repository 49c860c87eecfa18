"""Changing diachi.env: what people wrote there stays."""

from pathlib import Path

import pytest
from dotenv import dotenv_values

from config.env_file import set_in_env_file


@pytest.mark.parametrize("value", ["", "production", "Thư viện Trà Vinh", "a'b\\c", 'x"y # z', "https://a.b:1/c?d=e"])
def test_what_is_set_is_read(tmp_path: Path, value: str) -> None:
    path = tmp_path / "diachi.env"
    path.write_text("# của tôi\nDIACHI_WORKERS=2\nexport DIACHI_X=cũ\n")
    path.chmod(0o600)
    set_in_env_file(path, {"DIACHI_X": value, "DIACHI_Y": value}, {"DIACHI_WORKERS": "9", "DIACHI_Z": "z"})
    found = dotenv_values(path)
    assert found == {"DIACHI_WORKERS": "2", "DIACHI_X": value, "DIACHI_Y": value}
    assert path.read_text().startswith("# của tôi\n")
    assert path.read_text().endswith("# DIACHI_Z=z\n")
    assert path.stat().st_mode & 0o777 == 0o600
