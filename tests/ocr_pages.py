"""Pages of print drawn for the tests of reading: what stands where is known to the pixel."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from repository.domain.pages import Box

TEXT = """Xã Cổ Loa thuộc huyện Đông Anh, phía bắc sông Hồng, dân cư đông đúc.
Đình làng dựng năm Cảnh Hưng thứ mười bảy, thờ Thục Phán An Dương Vương.
Hương ước gồm sáu mươi tám điều, chép trên giấy dó, nay lưu tại thư viện tỉnh.
Phía tây giáp cánh đồng Mạch Tràng; ruộng nhiều, vườn ít, nghề chính trồng lúa.
Hằng năm mở hội ngày mồng sáu tháng giêng, trai gái khắp vùng về dự rất vui."""


@dataclass(frozen=True)
class Drawn:
    """A drawn word and the box of its ink."""

    text: str
    box: Box


def draw_page(
    size: tuple[int, int] = (2100, 1300), letters: int = 42, text: str = TEXT
) -> tuple[Image.Image, list[Drawn]]:
    """A white page (width, height) of black print, and its words in reading order."""
    page = Image.new("L", size, 255)
    draw, font = ImageDraw.Draw(page), ImageFont.truetype("DejaVuSerif.ttf", letters)
    words = []
    for number, line in enumerate(text.splitlines()):
        x, y = float(size[0] // 12), size[1] // 6 + number * 2 * letters
        for word in line.split():
            draw.text((x, y), word, font=font, fill=15)
            left, top, right, bottom = (round(edge) for edge in draw.textbbox((x, y), word, font=font))
            words.append(Drawn(word, Box(left, top, right - left, bottom - top)))
            x += draw.textlength(word + " ", font=font)
    return page, words


def scanned(page: Image.Image, grain: float = 5.0) -> NDArray[np.uint8]:
    """The page's pixels with a scanner's grain of that standard deviation."""
    pixels = np.asarray(page, np.float32)
    return (pixels + np.random.default_rng(7).normal(0, grain, pixels.shape)).clip(0, 255).astype(np.uint8)


def turned_box(box: Box, degrees: float, size: tuple[int, int]) -> Box:
    """Where `box` stands once `Image.rotate(degrees)` has turned the page of `size` about its centre."""
    radians = np.deg2rad(-degrees)
    centre = np.array(size)[:, None] / 2
    corners = np.array([(x, y) for x in (box.x, box.x + box.w) for y in (box.y, box.y + box.h)]).T - centre
    turn = np.array([[np.cos(radians), -np.sin(radians)], [np.sin(radians), np.cos(radians)]])
    (left, top), (right, bottom) = ((turn @ corners + centre).min(axis=1), (turn @ corners + centre).max(axis=1))
    return Box(round(left), round(top), round(right - left), round(bottom - top))


def overlap(one: Box, other: Box) -> float:
    """Shared area over the area of both."""
    width = min(one.x + one.w, other.x + other.w) - max(one.x, other.x)
    height = min(one.y + one.h, other.y + other.h) - max(one.y, other.y)
    shared = max(width, 0) * max(height, 0)
    return shared / (one.w * one.h + other.w * other.h - shared)
