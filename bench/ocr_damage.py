"""Pages with the damage that the shared renderer lacks, beside their exact text.

    .venv/bin/python bench/ocr_damage.py TEXT DIR [--pages 24] [--seed 1] [--fonts FILE …]

TEXT is UTF-8, a sentence or paragraph a line. Leaves NNN.jpg with NNN.txt in reading order and manifest.tsv in DIR, as
`tools/render_pages.py` does, whose typesetting it uses.
"""

import argparse
import random
import sys
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from shared_data import SHARED  # noqa: E402

sys.path.insert(0, str(SHARED.parent / "tools"))

import render_pages  # type: ignore[import-not-found]  # noqa: E402

Pixels = NDArray[np.uint8]
SMALL_PAGE = (1748, 2480)
SEAL_INKS = [(205, 45, 60), (60, 80, 190), (120, 60, 160), (190, 60, 40)]
Floats = NDArray[np.float32]


@dataclass
class Desk:
    """What pages are made from: the drawing of lots, sentences taken from the front, and a typeface."""

    lots: random.Random
    sentences: list[str]
    font: str

    @property
    def grain(self) -> np.random.Generator:
        """Noise from the same lots."""
        return np.random.default_rng(self.lots.randrange(2**32))

    def page(self) -> tuple[Pixels, list[str]]:
        """A clean page as the shared renderer sets it."""
        page, lines = render_pages.typeset(self.lots, self.sentences, self.font)
        return np.asarray(page, np.uint8), lines

    def book_page(self, size: tuple[int, int], body: int) -> tuple[Pixels, list[str]]:
        """A page of one column without a title, of `size` (width, height) and type of `body` pixels."""
        font, (width, height) = ImageFont.truetype(self.font, body), size
        page, lines, words, margin = Image.new("L", size, 255), [], list[str](), int(width * 0.1)
        draw, y = ImageDraw.Draw(page), margin
        while y < height - margin - body:
            shift = 0 if words else body
            words = words or self.sentences.pop(0).split()
            lines.append(render_pages.wrap(draw, words, font, width - 2 * margin - shift))
            draw.text((margin + shift, y), lines[-1], font=font, fill=self.lots.randint(10, 45))
            y += int(body * 1.45)
        return np.asarray(page, np.uint8), lines


Damaged = tuple[Pixels, list[str], int]
Damage = Callable[[Desk], Damaged]


def scanned(desk: Desk, pixels: Pixels, grain: float = 5, blur: float = 0.7) -> Pixels:
    """A scanner's blur and grain."""
    soft = cv2.GaussianBlur(pixels, (0, 0), blur).astype(np.float32)
    return np.asarray((soft + desk.grain.normal(0, grain, pixels.shape)).clip(0, 255), np.uint8)


def turned(quarters: int) -> Damage:
    """Laid on the glass on its side or on its head."""

    def lay(desk: Desk) -> Damaged:
        pixels, lines = desk.page()
        return np.ascontiguousarray(np.rot90(scanned(desk, pixels), quarters)), lines, 80

    return lay


def spread(desk: Desk) -> Damaged:
    """Two facing pages, the gutter in shadow, each a little askew."""
    sides, truth = [], []
    for _ in range(2):
        pixels, lines = desk.book_page(SMALL_PAGE, desk.lots.choice([38, 42, 46]))
        sides.append(np.asarray(_tilted(pixels, desk.lots.uniform(-1.2, 1.2), 255), np.float32))
        truth += lines
    width = SMALL_PAGE[0]
    away = np.abs(np.arange(2 * width) - width) / width
    shade = 1 - desk.lots.uniform(0.3, 0.75) * np.exp(-away * desk.lots.uniform(12, 25))
    both = (np.hstack(sides) * shade[None, :]).astype(np.uint8)
    return scanned(desk, both), truth, 80


def border(desk: Desk) -> Damaged:
    """The page askew on a black ground that shows on some sides."""
    pixels, lines = desk.page()
    top, bottom, left, right = (desk.lots.choice([0, 60, 150, 300]) for _ in range(4))
    framed = cv2.copyMakeBorder(pixels, top, bottom, left, right, cv2.BORDER_CONSTANT, value=255)
    ground = cv2.copyMakeBorder(np.full_like(pixels, 240), top, bottom, left, right, cv2.BORDER_CONSTANT, value=12)
    angle = desk.lots.uniform(-2, 2)
    page = np.minimum(_tilted(framed, angle, 255), _tilted(ground, angle, 12))
    return scanned(desk, page), lines, 80


def letterpress(desk: Desk) -> Damaged:
    """Worn type on poor paper: ink spread here and starved there, thin strokes and tone marks faint or broken."""
    grain = desk.grain
    pixels, lines = desk.book_page(SMALL_PAGE, desk.lots.choice([40, 43, 46]))
    ink = (255 - pixels.astype(np.float32)) / 255
    _, labels, stats, _ = cv2.connectedComponentsWithStats((ink > 0.35).astype(np.uint8))
    strength = grain.uniform(0.72, 1.0, len(stats)).astype(np.float32)
    small = stats[:, 4] < 0.3 * np.median(stats[1:, 4])
    strength[small] *= grain.choice([1.0, 0.75, 0.55, 0.35], small.sum(), p=[0.6, 0.26, 0.11, 0.03]).astype(np.float32)
    strength[0] = 1
    ink *= cv2.dilate(strength[labels], np.ones((3, 3), np.uint8)) if desk.lots.random() < 0.5 else strength[labels]
    inking = _field(grain, ink.shape, 240, 0.75, 1.1) * _field(grain, ink.shape, 9, 0.8, 1.15)
    soft = cv2.GaussianBlur(ink * inking, (0, 0), desk.lots.uniform(0.9, 1.25))
    printed = 1 / (1 + np.exp(-(soft - desk.lots.uniform(0.27, 0.35)) * 13))
    paper = 205 * _field(grain, ink.shape, 400, 0.93, 1.05) * _field(grain, ink.shape, 3, 0.97, 1.03)
    grey = paper - printed * (paper - desk.lots.uniform(55, 85))
    return scanned(desk, np.asarray(grey.clip(0, 255), np.uint8), 6, 0.6), lines, 85


def curl(desk: Desk) -> Damaged:
    """A thick book's page that dives into the gutter: lines bend down there, letters grow narrow, light fades."""
    pixels, lines = desk.book_page(SMALL_PAGE, desk.lots.choice([40, 44, 48]))
    height, width = pixels.shape
    depth = desk.lots.uniform(50, 110)
    fall = np.linspace(0, 1, width, dtype=np.float32) ** 3
    if left := desk.lots.random() < 0.5:
        fall = fall[::-1]
    along = np.arange(width, dtype=np.float32) + np.gradient(fall) * depth * (6 if left else -6) * 2
    middle = np.linspace(1.0, -0.4, height, dtype=np.float32)[:, None]
    rows = np.arange(height, dtype=np.float32)[:, None] - middle * depth * fall[None, :]
    columns = np.ascontiguousarray(np.broadcast_to(along[None, :], rows.shape))
    bent = cv2.remap(pixels, columns, rows, cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT, borderValue=255)
    return scanned(desk, np.asarray(bent * (1 - 0.5 * fall[None, :]), np.uint8)), lines, 80


def packed(desk: Desk) -> Damaged:
    """Saved as JPEG of quality 40."""
    pixels, lines = desk.page()
    return scanned(desk, pixels, 8), lines, 40


def coarse(desk: Desk) -> Damaged:
    """Scanned at 200 dpi."""
    pixels, lines = desk.page()
    small = cv2.resize(pixels, None, fx=2 / 3, fy=2 / 3, interpolation=cv2.INTER_AREA)
    return scanned(desk, np.asarray(small, np.uint8), 5, 0.5), lines, 75


def seals(desk: Desk) -> Damaged:
    """Round and square seals in red, blue and violet over the text of a yellowed page, with writing in them."""
    pixels, lines = desk.page()
    page = scanned(desk, pixels)
    colour = np.stack([page] * 3, axis=2).astype(np.float32) * (np.array((246, 236, 212), np.float32) / 255)
    for tint in desk.lots.sample(
        [(205, 45, 60), (60, 80, 190), (120, 60, 160), (190, 60, 40)], desk.lots.choice([1, 2])
    ):
        colour *= 1 - _seal(desk, page.shape) * (1 - np.array(tint, np.float32) / 255)
    return np.asarray(colour.clip(0, 255), np.uint8), lines, 80


def table(desk: Desk) -> Damaged:
    """A ruled table under a paragraph, read row by row."""
    pixels, lines = desk.book_page((SMALL_PAGE[0], 700), 42)
    page = Image.new("L", SMALL_PAGE, 255)
    page.paste(Image.fromarray(pixels))
    font, draw, words = ImageFont.truetype(desk.font, 40), ImageDraw.Draw(page), list[str]()
    edges, top, tall = (150, 290, 760, 1130, 1600), 760, 96
    for row in range(16):
        y = top + row * tall
        for column, (left, right) in enumerate(pairwise(edges)):
            draw.rectangle((left, y, right, y + tall), outline=25, width=3)
            while len(words) < 12:
                words += desk.sentences.pop(0).split()
            numbers = (str(row + 1), "", str(desk.lots.randint(100, 99_999)), "")
            cell = numbers[column] or render_pages.wrap(draw, words, font, right - left - 40)
            draw.text((left + 20, y + 22), cell, font=font, fill=25)
            lines.append(cell)
    return scanned(desk, np.asarray(page, np.uint8)), lines, 80


def columns(desk: Desk) -> Damaged:
    """Two narrow columns parted by a rule, a little askew."""
    first, lines = desk.book_page((1050, 2900), 38)
    second, more = desk.book_page((1050, 2900), 38)
    both = np.hstack((first[:, :-50], second[:, 50:]))
    cv2.line(both, (first.shape[1] - 50, 150), (first.shape[1] - 50, 2750), 40, 3)
    return scanned(desk, _tilted(both, desk.lots.uniform(-1, 1), 255)), lines + more, 80


KINDS: dict[str, Damage] = {
    "turned 90": turned(1), "turned 180": turned(2), "turned 270": turned(3), "spread": spread, "border": border,
    "letterpress": letterpress, "curl": curl, "jpeg 40": packed, "200 dpi": coarse, "seals": seals, "table": table,
    "columns": columns,
}  # fmt: skip


def _tilted(pixels: Pixels, degrees: float, ground: int) -> Pixels:
    height, width = pixels.shape
    way = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    tilted = cv2.warpAffine(pixels, way, (width, height), flags=cv2.INTER_CUBIC, borderValue=ground)
    return np.asarray(tilted, np.uint8)


def _field(
    grain: np.random.Generator, shape: tuple[int, ...], cell: int, low: float, high: float
) -> NDArray[np.float32]:
    """A smooth field of chance, its bumps `cell` pixels apart."""
    coarse_field = grain.uniform(low, high, (shape[0] // cell + 2, shape[1] // cell + 2)).astype(np.float32)
    return np.asarray(cv2.resize(coarse_field, shape[1::-1], interpolation=cv2.INTER_CUBIC), np.float32)


def _seal(desk: Desk, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """How strongly the seal's ink lies where, (H, W, 1) from 0 to 1."""
    height, width = shape
    size = desk.lots.randint(width // 10, width // 7)
    x, y = desk.lots.randint(2 * size, width - 2 * size), desk.lots.randint(height // 3, height - 2 * size)
    drawn = Image.new("L", (width, height), 0)
    draw = ImageDraw.Draw(drawn)
    shape_of = draw.ellipse if desk.lots.random() < 0.7 else draw.rectangle
    for reach, thick in ((1.0, size // 10), (0.68, size // 22)):
        shape_of((x - size * reach, y - size * reach, x + size * reach, y + size * reach), outline=210, width=thick)
    font = ImageFont.truetype(desk.font, size // 4)
    draw.text((x, y), desk.lots.choice(["THƯ VIỆN", "LƯU CHIỂU", "ỦY BAN"]), font=font, fill=210, anchor="mm")
    ink = np.asarray(drawn, np.float32) / 255 * _field(desk.grain, shape, 20, 0.6, 1.1)
    return np.asarray(cv2.GaussianBlur(ink, (0, 0), 1.5).clip(0, 1)[:, :, None], np.float32)


def main() -> None:
    """Draw the pages that the command line asks for."""
    parser = argparse.ArgumentParser(description="Draw damaged pages with their text.")
    parser.add_argument("text", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--pages", type=int, default=2 * len(KINDS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fonts", nargs="+", default=render_pages.FONTS)
    options = parser.parse_args()
    lots = random.Random(options.seed)
    sentences = [unicodedata.normalize("NFC", line.strip()) for line in options.text.read_text("utf-8").splitlines()]
    sentences = [sentence for sentence in sentences if sentence]
    lots.shuffle(sentences)
    options.out.mkdir(parents=True, exist_ok=True)
    rows = ["page\tkind\tfont\tsize_px"]
    for number in range(options.pages):
        kind = list(KINDS)[number % len(KINDS)]
        desk = Desk(lots, sentences, lots.choice(options.fonts))
        pixels, lines, quality = KINDS[kind](desk)
        dpi = 200 if kind == "200 dpi" else 300
        name = options.out / f"{number:03}"
        Image.fromarray(pixels).save(name.with_suffix(".jpg"), quality=quality, dpi=(dpi, dpi))
        name.with_suffix(".txt").write_text("\n".join(lines) + "\n", "utf-8")
        rows.append(f"{number:03}\t{kind}\t{Path(desk.font).stem}\t{pixels.shape[1]}x{pixels.shape[0]}")
    (options.out / "manifest.tsv").write_text("\n".join(rows) + "\n", "utf-8")


if __name__ == "__main__":
    main()
