"""Findings about a page: blank, too few pixels."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from shared_data import SHARED

from repository.scans import PageImage, inspect, read_image

HEIGHT, WIDTH = 3508, 2480
SCANS = sorted((SHARED / "ocr-dev").glob("*.jpg"))


def paper(tone: float = 235, noise: float = 6) -> NDArray[np.float32]:
    rng = np.random.default_rng(20)
    return tone + rng.normal(0, noise, (HEIGHT, WIDTH)).astype(np.float32)


def page(values: NDArray[np.float32]) -> PageImage:
    return PageImage(np.clip(values, 0, 255).astype(np.uint8), 300)


def with_text(text: str, tone: float = 235, ink: int = 50, at: tuple[int, int] = (1200, 3380)) -> PageImage:
    pixels = page(paper(tone)).pixels
    cv2.putText(pixels, text, at, cv2.FONT_HERSHEY_SIMPLEX, 1.6, ink, 3)  # digits about 4 mm high
    return PageImage(pixels, 300)


def test_clean_paper_is_blank() -> None:
    assert inspect(page(paper())).blank


def test_scanner_noise_is_no_ink() -> None:
    assert inspect(page(paper(noise=18))).blank
    salt = np.full((HEIGHT, WIDTH), 255, np.uint8)
    salt[np.random.default_rng(3).random(salt.shape) < 0.003] = 0
    assert inspect(PageImage(salt, 300)).blank


def test_dark_edges_and_shadows_are_no_ink() -> None:
    values = paper()
    values[:, :60], values[:40], values[-80:] = 30, 20, 60
    assert inspect(page(values)).blank
    assert inspect(page(paper() - np.linspace(0, 90, WIDTH, dtype=np.float32))).blank


def test_old_and_coloured_paper_is_blank() -> None:
    assert inspect(page(paper(tone=150, noise=10))).blank
    rng = np.random.default_rng(5)
    tan = np.array([214, 190, 150]) + rng.normal(0, 6, (HEIGHT, WIDTH, 1))
    assert inspect(PageImage(np.clip(tan, 0, 255).astype(np.uint8), 300)).blank


def test_what_shines_through_from_the_back_is_no_ink() -> None:
    back = read_image(SHARED / "ocr-dev/000.jpg").pixels[:, ::-1]
    shine = (255 - cv2.GaussianBlur(back, (0, 0), 4).astype(np.float32)) * 0.16
    assert inspect(page(paper() - shine)).blank


def test_specks_and_punch_holes_are_no_ink() -> None:
    rng = np.random.default_rng(9)
    values = paper()
    for _ in range(60):
        centre = int(rng.integers(100, WIDTH - 100)), int(rng.integers(100, HEIGHT - 100))
        cv2.circle(values, centre, int(rng.integers(1, 5)), 40, -1)
    cv2.circle(values, (150, 1200), 36, 30, -1)
    cv2.circle(values, (150, 2200), 36, 30, -1)
    assert inspect(page(values)).blank


@pytest.mark.parametrize("text", ["7", "12", "- 25 -", "Chuong I"])
@pytest.mark.parametrize(("tone", "ink"), [(235, 50), (200, 100)])
def test_a_page_number_or_a_short_line_is_not_blank(text: str, tone: float, ink: int) -> None:
    assert not inspect(with_text(text, tone, ink)).blank


@pytest.mark.parametrize("name", ["hopper_bigtiff.tif", "hopper_orientation_6.jpg"])
def test_a_photograph_is_not_blank(name: str) -> None:
    assert not inspect(read_image(SHARED / "hard" / "pillow" / name)).blank


def test_a_red_seal_alone_is_not_blank() -> None:
    pixels = np.full((HEIGHT, WIDTH, 3), (225, 200, 160), np.uint8)
    cv2.circle(pixels, (1500, 2500), 200, (220, 120, 90), 12)
    assert not inspect(PageImage(pixels, 300)).blank


@pytest.mark.parametrize("path", SCANS, ids=lambda path: path.name)
def test_no_real_page_is_called_blank(path: object) -> None:
    quality = inspect(read_image(path))  # type: ignore[arg-type]
    assert not quality.blank
    assert 0.01 < quality.ink < 0.4
    assert not quality.few_pixels


@pytest.mark.parametrize(
    ("height", "width", "dpi", "few"),
    [
        (3508, 2480, 300, False),
        (1754, 1240, 150, False),
        (1170, 827, 100, True),  # A4 at 100 dpi
        (4000, 3000, 100, True),  # a map at 100 dpi: its letters are small as well
        (990, 700, 0, True),
        (990, 700, 300, True),
        (4000, 3000, 0, False),
        (4000, 3000, 72, False),  # a phone's photo says 72
    ],
)
def test_too_few_pixels(height: int, width: int, dpi: int, few: bool) -> None:
    assert inspect(PageImage(np.full((height, width), 255, np.uint8), dpi)).few_pixels is few


@pytest.mark.parametrize("size", [(8, 8), (1, 5000), (8, 3), (5000, 9)])
def test_any_shape_can_be_judged(size: tuple[int, int]) -> None:
    assert inspect(PageImage(np.full(size, 255, np.uint8), 0)).blank
