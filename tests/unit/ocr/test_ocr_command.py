"""`python -m ocr`: files in, text files out, and one line for each file that could not be read."""

import subprocess
import sys
from pathlib import Path

import pytest
from ocr_pages import draw_page
from shared_data import SHARED

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.slow


def ocr(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ocr", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_good_files_are_read_beside_broken_ones(tmp_path: Path) -> None:
    page, _ = draw_page()
    page.save(tmp_path / "trang.png", dpi=(300, 300))
    broken = SHARED / "hard/pillow/truncated_jpeg.jpg"
    done = ocr(tmp_path / "trang.png", broken, tmp_path / "không có.tif", "--out", tmp_path / "out", "--jobs", "1")
    assert done.returncode == 1
    assert (tmp_path / "out/trang.txt").read_text("utf-8").startswith("Xã Cổ Loa thuộc huyện Đông Anh")
    assert [line.split(": ")[0] for line in done.stderr.splitlines()] == [str(broken), str(tmp_path / "không có.tif")]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["trang.txt"]


@pytest.mark.parametrize("name", ["tập.pdf", "tập.tif"])
def test_pages_are_parted_by_form_feeds(tmp_path: Path, name: str) -> None:
    first, _ = draw_page((1400, 500), text="Quyển thứ nhất chép về núi sông")
    second, _ = draw_page((1400, 500), text="Quyển thứ hai chép về đình chùa")
    first.save(tmp_path / name, save_all=True, append_images=[second], resolution=300)
    done = ocr(tmp_path / name, "--out", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    pages = (tmp_path / "tập.txt").read_text("utf-8").split("\f")
    assert [page.strip() for page in pages] == ["Quyển thứ nhất chép về núi sông", "Quyển thứ hai chép về đình chùa"]


def test_files_of_the_same_name_do_not_overwrite_each_other(tmp_path: Path) -> None:
    page, _ = draw_page((1400, 500), text="Quyển thứ nhất")
    for name in ("a.png", "a.jpg"):
        page.save(tmp_path / name)
    assert ocr(tmp_path / "a.png", tmp_path / "a.jpg", "--out", tmp_path / "out").returncode == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"a.png.txt", "a.jpg.txt"}


def test_wrong_use_is_told_apart(tmp_path: Path) -> None:
    assert ocr("--out", tmp_path).returncode == 2
    assert ocr("a.png", "--out", tmp_path, "--jobs", "0").returncode == 2
