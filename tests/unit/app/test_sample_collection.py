"""The sample collection shows what the site promises: many pages, many kinds, every kind of input file."""

import csv
import zipfile
from collections import Counter
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from app.sample import render, render_sample
from app.sample.typeset import Style, lines_of, pages_of
from repository.catalog.sheet import read_sheet
from repository.domain.records import Kind

TEXTS = Path(render.__file__).parent / "texts"


def items() -> list[dict[str, str]]:
    with (Path(render.__file__).parent / "items.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def set_pages(item: dict[str, str]) -> int:
    style = render.PRINTINGS[item["mã tài liệu"]].style
    text = (TEXTS / f"{item[render.TEXT_COLUMN]}.txt").read_text(encoding="utf-8")
    return len(pages_of(list(lines_of(text, style)), style))


def test_at_least_sixty_pages_in_eight_items_of_six_kinds() -> None:
    kinds = {Kind(item["loại"]) for item in items()}
    assert len(items()) >= 8
    assert len(kinds) >= 6
    assert sum(set_pages(item) for item in items()) >= 60


def test_a_reader_who_asks_for_dia_chi_finds_it_in_a_text() -> None:
    assert any("địa chí" in text.read_text(encoding="utf-8") for text in TEXTS.glob("*.txt"))


def test_every_text_is_used_once_and_named_in_the_credits() -> None:
    used = Counter(item[render.TEXT_COLUMN] for item in items())
    assert used == Counter(text.stem for text in TEXTS.glob("*.txt"))
    credits = (TEXTS.parent / "SOURCE.md").read_text(encoding="utf-8")
    assert all(f"`{text.name}`" in credits for text in TEXTS.glob("*.txt"))


def test_no_word_of_a_text_is_lost_in_setting_it() -> None:
    style = Style(columns=2)
    text = (TEXTS / "than-tich.txt").read_text(encoding="utf-8")
    pages = pages_of(list(lines_of(text, style)), style)
    printed = [word for page in pages for column in page for line in column for word in line.words]
    assert printed == [word for paragraph in text.splitlines() for word in paragraph.removeprefix("# ").split()]


def test_a_line_never_leaves_its_column() -> None:
    style = Style(points=9.5, columns=2)
    text = (TEXTS / "van-hoa-dan-gian.txt").read_text(encoding="utf-8")
    for line in lines_of(text, style):
        width = sum(style.width(word, title=line.title) for word in line.words)
        gaps = max(len(line.words) - 1, 0) * style.width(" ", title=line.title)
        assert line.indent + width + gaps <= style.column + 1


def test_the_intake_understands_every_cell_of_the_sheet() -> None:
    cells = (Path(render.__file__).parent / "items.csv").read_bytes()
    sheet = read_sheet("batch.csv", cells)
    assert [str(problem) for problem in sheet.problems] == [f"Cột “{render.TEXT_COLUMN}” không được dùng."]
    assert {row.code for row in sheet.rows} == set(render.PRINTINGS)
    assert all(row.title and row.kind and row.place and row.access and row.rights for row in sheet.rows)


@pytest.mark.slow
def test_the_folder_holds_every_kind_of_input_and_a_sheet_as_excel_writes_it(tmp_path: Path) -> None:
    folder = render_sample(tmp_path / "sample")
    sheet = (folder / "batch.csv").read_bytes()
    assert sheet.startswith("\N{ZERO WIDTH NO-BREAK SPACE}tệp,mã tài liệu,nhan đề".encode())
    with Image.open(folder / "DC0004.tif") as book:
        assert (book.n_frames, book.mode, book.info["compression"]) == (set_pages(items()[3]), "1", "group4")
    with pikepdf.open(folder / "DC0002.pdf") as pdf:
        assert len(pdf.pages) == set_pages(items()[1])
        assert all(len(page.get_images()) == 1 for page in pdf.pages)
    with zipfile.ZipFile(folder / "DC0003.zip") as archive:
        assert len(archive.namelist()) == set_pages(items()[2])
    with Image.open(folder / "DC0008_0001.jpg") as coarse:
        assert coarse.info["dpi"] == (150, 150)
    again = render_sample(tmp_path / "again")
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == {
        file.name: file.read_bytes() for file in again.iterdir()
    }
