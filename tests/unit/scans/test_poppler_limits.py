"""Poppler's programs run under limits of memory and time, and leave nothing behind."""

import os
import subprocess
from pathlib import Path

import pytest
from shared_data import SHARED

from repository.domain.errors import EngineFailed, InputRefused
from repository.scans import Limits, take_page
from repository.scans.apart import run_apart
from repository.scans.render import POPPLER

HUGE = SHARED / "hard/ocrmypdf/hugemono.pdf"
ENORMOUS = SHARED / "hard/ocrmypdf/enormous.pdf"


def children() -> set[int]:
    """Processes whose parent is this one, zombies included."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid():
            found.add(int(entry.parent.name))
    return found


@pytest.mark.parametrize("program", ["pdftoppm", "pdfinfo", "pdftocairo"])
def test_a_launcher_runs_the_program_of_its_name(program: str) -> None:
    done = subprocess.run([POPPLER / program, "-v"], capture_output=True, text=True, check=True)
    assert program in done.stderr


def test_a_launcher_ahead_on_the_path_does_not_start_itself() -> None:
    env = {**os.environ, "PATH": f"{POPPLER}:{os.environ['PATH']}"}
    assert subprocess.run(["pdfinfo", "-v"], env=env, capture_output=True, check=True, timeout=10).returncode == 0


def test_without_poppler_the_launcher_says_so() -> None:
    done = subprocess.run(
        [POPPLER / "pdfinfo"], env={"PATH": str(POPPLER)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 127
    assert "not found" in done.stderr


@pytest.mark.parametrize(
    "kilobytes", ["20000", "120000", "300000"], ids=["no start", "no room for the page", "no room for its picture"]
)
def test_memory_is_limited_and_a_page_without_its_picture_is_no_page(
    kilobytes: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIACHI_TOOL_KB", kilobytes)
    with pytest.raises(InputRefused, match="quá nặng"):
        take_page(ENORMOUS, 0, tmp_path)


def test_a_program_that_takes_too_long_is_killed_whole(tmp_path: Path) -> None:
    before = children()
    with pytest.raises(EngineFailed, match="thử lại"):
        take_page(HUGE, 0, tmp_path, Limits(tool_seconds=1, max_render_pixels=190_000_000))
    assert children() == before
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(tmp_path) not in running


def test_a_limited_process_out_of_time_is_killed() -> None:
    before = children()
    ask: dict[str, object] = {"path": str(HUGE), "name": "a", "passwords": [], "max_pages": 9}
    with pytest.raises(EngineFailed):
        run_apart("pdf", ask, Limits(tool_seconds=0), InputRefused("hỏng"))
    assert children() == before


def test_a_limited_process_that_dies_refuses_the_file_not_the_worker() -> None:
    ask: dict[str, object] = {"path": str(HUGE), "name": "a", "passwords": [], "max_pages": 9}
    with pytest.raises(InputRefused, match="hỏng"):
        run_apart("pdf", ask, Limits(tool_memory=30_000_000), InputRefused("hỏng"))
