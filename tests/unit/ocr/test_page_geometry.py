"""However a page was laid on the glass, it is read upright, and every word is found again in the master."""

import numpy as np
import pytest
from numpy.typing import NDArray
from ocr_pages import draw_page
from shared_data import SHARED

from ocr.cleaning import clean
from repository.domain.pages import Box
from repository.scans import PageImage, read_image

PAGE, WORDS = draw_page()


def cut(pixels: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    return pixels[box.y : box.y + box.h, box.x : box.x + box.w]


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_turned_page_comes_out_upright_and_its_boxes_fall_on_the_ink(quarters: int) -> None:
    upright = np.asarray(PAGE)
    master = np.ascontiguousarray(np.rot90(upright, quarters))
    cleaned = clean(PageImage(master, 300))
    assert cleaned.applied == ("upright",)
    assert np.array_equal(cleaned.pixels, upright)
    for word in WORDS:
        box = cleaned.to_master.box(word.box.x, word.box.y, word.box.w, word.box.h)
        assert np.array_equal(np.rot90(cut(master, box), -quarters), cut(upright, word.box))


@pytest.mark.parametrize("name", ["004.jpg", "008.jpg", "017.tif"])
def test_a_real_scan_on_its_head_is_put_upright(name: str) -> None:
    scan = read_image(SHARED / "ocr-dev" / name)
    assert "upright" not in clean(scan).applied
    assert "upright" in clean(PageImage(np.ascontiguousarray(np.rot90(scan.pixels, 2)), scan.dpi)).applied


def test_a_page_without_print_stays_as_it_lies() -> None:
    noise = np.random.default_rng(3).integers(0, 255, (1600, 1200), np.uint8)
    assert "upright" not in clean(PageImage(noise, 300)).applied
