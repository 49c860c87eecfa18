"""Prints the sample collection's texts as scan files with their `batch.csv`, ready for the ordinary intake."""

import csv
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from app.sample.paper import black_and_white, scan, seal_of, turned
from app.sample.typeset import Style, lines_of, pages_of, print_page

HERE = Path(__file__).parent
TEXT_COLUMN = "văn bản"
DAY_OF_TEXTS = (2017, 5, 18, 0, 0, 0)
JPEG_QUALITY = 85


@dataclass(frozen=True, slots=True)
class Printing:
    """How an item is printed, scanned and filed.

    `form` is `jpg` or `png` or `g4` (a file a page), `tiff` or `pdf` (one file of all pages), `zip` (of JPEGs).
    """

    style: Style
    form: str
    tone: str = "cream"
    grey: bool = False
    sealed: bool = False


PRINTINGS = {
    "DC0001": Printing(Style(), "jpg"),
    "DC0002": Printing(Style(), "pdf", tone="white", grey=True),
    "DC0003": Printing(Style(), "zip", tone="brown"),
    "DC0004": Printing(Style(dpi=300, points=12, verse=True), "tiff"),
    "DC0005": Printing(Style(points=9.5, columns=2), "jpg", tone="white", grey=True),
    "DC0006": Printing(Style(dpi=300), "g4"),
    "DC0007": Printing(Style(), "jpg", sealed=True),
    "DC0008": Printing(Style(dpi=150), "jpg", tone="white"),
    "DC0009": Printing(Style(), "png", tone="white", grey=True),
    "DC0010": Printing(Style(), "jpg", tone="brown", grey=True),
}


def render_sample(target: Path) -> Path:
    """Write the sample collection's scan files and its `batch.csv` into `target`, made if missing; returns it.

    The same release writes the same pages each time. Files already there under these names are overwritten.
    """
    target.mkdir(parents=True, exist_ok=True)
    with (HERE / "items.csv").open(encoding="utf-8", newline="") as file:
        items = list(csv.DictReader(file))
    for item in items:
        code = item["mã tài liệu"]
        text = (HERE / "texts" / f"{item.pop(TEXT_COLUMN)}.txt").read_text(encoding="utf-8")
        _write(target, code, list(_scans(text, item["nhan đề"], code)))
    with (target / "batch.csv").open("w", encoding="utf-8-sig", newline="") as file:
        sheet = csv.DictWriter(file, list(items[0]))
        sheet.writeheader()
        sheet.writerows(items)
    return target


def _scans(text: str, title: str, code: str) -> Iterator[Image.Image]:
    printing = PRINTINGS[code]
    style = printing.style
    dice = np.random.default_rng([ord(letter) for letter in code])
    for number, columns in enumerate(pages_of(list(lines_of(text, style)), style), start=1):
        ink = turned(print_page(columns, style, title, number), float(dice.uniform(-0.7, 0.7)))
        if printing.form in ("tiff", "g4"):
            yield black_and_white(ink)
        else:
            seal = seal_of(("THƯ VIỆN", "SỐ MẪU"), style) if printing.sealed and number == 1 else None
            yield scan(ink, printing.tone, grey=printing.grey, dice=dice, seal=seal)


def _write(target: Path, code: str, pages: list[Image.Image]) -> None:
    printing = PRINTINGS[code]
    dpi = printing.style.dpi
    match printing.form:
        case "tiff":
            first, *rest = pages
            first.save(target / f"{code}.tif", save_all=True, append_images=rest, compression="group4", dpi=(dpi, dpi))
        case "pdf":
            _write_pdf(target / f"{code}.pdf", pages, dpi)
        case "zip":
            with zipfile.ZipFile(target / f"{code}.zip", "w", zipfile.ZIP_STORED) as archive:
                for number, page in enumerate(pages, start=1):
                    archive.writestr(zipfile.ZipInfo(f"{code}_{number:04}.jpg", DAY_OF_TEXTS), _bytes(page, "jpg", dpi))
        case form:
            suffix = "tif" if form == "g4" else form
            for number, page in enumerate(pages, start=1):
                (target / f"{code}_{number:04}.{suffix}").write_bytes(_bytes(page, form, dpi))


def _bytes(page: Image.Image, form: str, dpi: int) -> bytes:
    buffer = BytesIO()
    match form:
        case "jpg":
            page.save(buffer, "JPEG", quality=JPEG_QUALITY, dpi=(dpi, dpi))
        case "png":
            page.save(buffer, "PNG", dpi=(dpi, dpi), compress_level=4)
        case _:
            page.save(buffer, "TIFF", compression="group4", dpi=(dpi, dpi))
    return buffer.getvalue()


def _write_pdf(path: Path, pages: list[Image.Image], dpi: int) -> None:
    first, *rest = pages
    moment = time.struct_time((*DAY_OF_TEXTS, 3, 138, 0))
    first.save(
        path, "PDF", save_all=True, append_images=rest, resolution=dpi, quality=JPEG_QUALITY,
        creationDate=moment, modDate=moment,
    )  # fmt: skip
