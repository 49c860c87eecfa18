"""`scripts/services` and the file in which it keeps what it started."""

import subprocess
import sys
from pathlib import Path

import pytest
import services

SCRIPT = Path(services.__file__)


@pytest.mark.parametrize("written", ["{", "[]", '{"PostgreSQL": {"pid": 1}}', '{"PostgreSQL": 7}', "\x00", '"x"'])
@pytest.mark.parametrize("action", ["start", "stop", "status"])
def test_a_damaged_list_is_a_sentence_and_starts_nothing(tmp_path: Path, written: str, action: str) -> None:
    (tmp_path / "services.json").write_text(written)
    done = subprocess.run(
        [sys.executable, SCRIPT, action, "--data", tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert "services.json bị hỏng" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["services.json"]


def test_none_is_none_started(tmp_path: Path) -> None:
    assert services.status(tmp_path) == 1
