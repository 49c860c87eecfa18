"""Cleaning looks first: each fault of a scan is met by its step, and a good page by none."""

import time

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from ocr_pages import draw_page, scanned
from PIL import Image, ImageDraw
from shared_data import SHARED

from ocr.clean_page import CleanPage, ToMaster
from ocr.cleaning import MOST_PIXELS, clean
from ocr.cleaning_steps import size
from repository.scans import PageImage, read_image

PAGE, WORDS = draw_page()


def applied(pixels: NDArray[np.uint8], dpi: int = 300) -> tuple[str, ...]:
    return clean(PageImage(pixels, dpi)).applied


def at_full_size(cleaned: CleanPage) -> NDArray[np.uint8]:
    """The cleaned pixels scaled to the master's, so that the two can be compared place by place."""
    size = (cleaned.to_master.width, cleaned.to_master.height)
    return np.asarray(cv2.resize(cleaned.pixels, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def test_a_clean_page_goes_through_untouched() -> None:
    pixels = np.asarray(PAGE)
    cleaned = clean(PageImage(pixels, 300))
    assert cleaned.applied == ()
    assert np.array_equal(cleaned.pixels, pixels)
    assert cleaned.to_master == ToMaster(2100, 1300)
    assert cleaned.dpi == 300


def test_a_bitonal_page_goes_through_untouched() -> None:
    pixels = read_image(SHARED / "ocr-dev/017.tif").pixels
    assert np.array_equal(clean(PageImage(pixels, 300)).pixels, pixels)


def test_the_master_pixels_are_never_written_to() -> None:
    pixels = scanned(red_seal(PAGE))
    pixels.flags.writeable = False
    assert "stamp" in applied(pixels)


def test_a_shadow_is_evened_out() -> None:
    dark = (scanned(PAGE) * np.linspace(0.4, 1, PAGE.width)).astype(np.uint8)
    cleaned = clean(PageImage(dark, 300))
    assert "light" in cleaned.applied
    margin = cleaned.pixels[20:150]
    assert margin.min() > 225


def test_faded_print_becomes_dark_again() -> None:
    faded = scanned(PAGE.point(lambda level: 255 - (255 - level) * 0.35))
    cleaned = clean(PageImage(faded, 300))
    assert "whiten" in cleaned.applied
    print_ = np.asarray(PAGE) < 20
    assert at_full_size(cleaned)[print_].mean() < 80
    assert faded[print_].mean() > 160


def test_print_that_shines_through_grows_fainter() -> None:
    back = cv2.GaussianBlur(np.asarray(PAGE)[:, ::-1], (0, 0), 3).astype(float)
    both = np.minimum(np.asarray(PAGE), 255 - (255 - back) * 0.2)
    cleaned = clean(PageImage(scanned(Image.fromarray(both.astype(np.uint8))), 300))
    only_back = (np.asarray(PAGE) > 250) & (back < 120)
    assert at_full_size(cleaned)[only_back].mean() - both[only_back].mean() > 20


def test_specks_are_filtered_only_where_there_are_some() -> None:
    assert "noise" in applied(scanned(PAGE, grain=22))
    assert "noise" not in applied(scanned(PAGE, grain=5))


@pytest.mark.parametrize("degrees", [-3.0, -0.8, 1.3, 2.5])
def test_skew_is_measured_and_turned(degrees: float) -> None:
    turned = PAGE.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=255)
    cleaned = clean(PageImage(np.asarray(turned), 300))
    assert "turn" in cleaned.applied
    (a, b, _), _ = cleaned.to_master.matrix
    assert np.rad2deg(np.arctan2(b, a)) == pytest.approx(degrees, abs=0.15)


def red_seal(page: Image.Image) -> Image.Image:
    colour = page.convert("RGB")
    seal = Image.new("RGB", page.size, "white")
    ImageDraw.Draw(seal).ellipse((700, 250, 1050, 600), outline=(205, 45, 60), width=40)
    return Image.fromarray((np.asarray(colour, np.uint16) * np.asarray(seal) // 255).astype(np.uint8))


def test_a_red_seal_over_print_fades_and_the_print_stays() -> None:
    cleaned = clean(PageImage(np.asarray(red_seal(PAGE)), 300))
    assert "stamp" in cleaned.applied
    ring = np.asarray(red_seal(PAGE)).astype(int)
    only_seal = (ring[..., 0] > 190) & (ring[..., 1] < 80)
    # Resampling spreads the ink of letters over the seal's pixels next to them.
    assert np.percentile(at_full_size(cleaned)[only_seal], 2) > 180
    assert at_full_size(cleaned)[np.asarray(PAGE) < 40].mean() < 60


def test_a_red_heading_is_no_stamp() -> None:
    page = np.asarray(PAGE.convert("RGB")).copy()
    heading = np.roll(np.asarray(draw_page(PAGE.size, 110, "ĐỊA CHÍ HÀ NỘI")[0]), 700, axis=0)
    page[heading < 128] = (200, 30, 40)
    cleaned = clean(PageImage(page, 300))
    assert "stamp" not in cleaned.applied
    assert cleaned.pixels[heading < 40].mean() < 120


@pytest.mark.parametrize("dpi", [0, 72, 150, 300])
def test_small_print_is_enlarged_whatever_the_resolution_says(dpi: int) -> None:
    small = PAGE.resize((PAGE.width // 2, PAGE.height // 2), Image.Resampling.LANCZOS)
    cleaned = clean(PageImage(np.asarray(small), dpi))
    assert "enlarge" in cleaned.applied
    assert size.x_height(cleaned.pixels) == pytest.approx(size.READ_WELL, abs=3)
    assert 150 < cleaned.dpi < 450


def test_huge_print_is_reduced() -> None:
    cleaned = clean(PageImage(np.asarray(draw_page((7000, 4400), 140)[0]), 1000))
    assert "reduce" in cleaned.applied
    assert cleaned.pixels.shape[1] < 4000
    assert cleaned.to_master.box(0, 0, cleaned.pixels.shape[1], cleaned.pixels.shape[0]).w == 7000


def test_a_huge_page_stays_within_bounds() -> None:
    cleaned = clean(PageImage(np.full((1000, 60_000), 250, np.uint8), 300))
    assert cleaned.pixels.size <= MOST_PIXELS
    assert max(cleaned.pixels.shape) <= 30_000
    assert cleaned.to_master.width == 60_000


@pytest.mark.parametrize("shape", [(1, 1), (8, 8), (3, 2000), (8, 8, 3), (1, 500, 3), (40, 40)])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_no_shape_is_too_small(shape: tuple[int, ...], level: int) -> None:
    cleaned = clean(PageImage(np.full(shape, level, np.uint8), 0))
    assert (cleaned.to_master.height, cleaned.to_master.width) == shape[:2]


def test_cleaning_is_quick() -> None:
    """A4 at 300 dpi in colour with everything wrong; the bound leaves room for a busy machine."""
    page, _ = draw_page((2480, 3508), text="\n".join([TEXT_LINE] * 38))
    pixels = scanned(red_seal(page.rotate(1.5, Image.Resampling.BICUBIC, fillcolor=255)), 14)
    pixels = (pixels * np.linspace(0.5, 1, 2480)[None, :, None]).astype(np.uint8)
    started = time.process_time()
    clean(PageImage(pixels, 300))
    assert time.process_time() - started < 1.0


TEXT_LINE = "Xã Cổ Loa thuộc huyện Đông Anh, phía bắc sông Hồng, dân cư đông đúc."


@given(
    left=st.floats(-50, 3000),
    top=st.floats(-50, 3000),
    width=st.floats(0, 4000),
    height=st.floats(0, 4000),
    degrees=st.floats(-6, 6),
    scale=st.floats(0.25, 4),
)
def test_a_box_is_never_empty_nor_outside_the_master(
    left: float, top: float, width: float, height: float, degrees: float, scale: float
) -> None:
    cos, sin = np.cos(np.deg2rad(degrees)) * scale, np.sin(np.deg2rad(degrees)) * scale
    box = ToMaster(1748, 2480, ((cos, sin, -30.0), (-sin, cos, 12.0))).box(left, top, width, height)
    assert box.w >= 1
    assert box.h >= 1
    assert 0 <= box.x <= box.x + box.w <= 1748
    assert 0 <= box.y <= box.y + box.h <= 2480
