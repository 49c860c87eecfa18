"""Makes printed ink look scanned: paper tone, uneven light, a little grain and skew, a red seal."""

from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from app.sample.typeset import Style

Pixels = np.ndarray[Any, np.dtype[np.float32]]
DARKEST = np.float32(0.14)  # of the paper's brightness that printed ink still gives back
SEAL_RED = (196, 40, 36)
TONES = {"white": (250, 249, 245), "cream": (243, 234, 214), "brown": (226, 206, 172)}


def scan(
    ink: Image.Image, tone: str, *, grey: bool, dice: np.random.Generator, seal: Image.Image | None
) -> Image.Image:
    """The page as a scan, mode RGB or L: `ink` on paper of a tone in `TONES`, with a seal over it or none."""
    cover = np.asarray(ink, dtype=np.float32)[..., None]
    colour = np.asarray(TONES[tone], dtype=np.float32)
    paper = _light(ink.size, dice)[..., None] * (colour.mean(keepdims=True) if grey else colour)
    page: Pixels = paper * (DARKEST + cover * np.float32((1 - DARKEST) / 255))
    if seal is not None:
        _press(page, seal)
    return Image.fromarray(np.clip(page, 0, 255, out=page).astype(np.uint8).squeeze())


def turned(ink: Image.Image, skew: float) -> Image.Image:
    """The page as it lay on the glass: turned by `skew` degrees."""
    return ink.rotate(skew, Image.Resampling.BILINEAR, fillcolor=255)


def black_and_white(ink: Image.Image) -> Image.Image:
    """The page as a bitonal scan (mode 1)."""
    return ink.point(lambda value: 255 if value > 140 else 0).convert("1", dither=Image.Dither.NONE)


def _light(size: tuple[int, int], dice: np.random.Generator) -> Pixels:
    """Factor of brightness for each pixel: shade towards the spine, cloudy paper, grain."""
    width, height = size
    spine = 1 - np.float32(0.16) * np.exp(-np.linspace(0, 14, width, dtype=np.float32))
    clouds = Image.fromarray(dice.normal(1, 0.02, (9, 7)).astype(np.float32)).resize(size, Image.Resampling.BILINEAR)
    tile = dice.normal(0, 0.008, (256, 256)).astype(np.float32)
    grain = np.tile(tile, (height // 256 + 1, width // 256 + 1))[:height, :width]
    light: Pixels = np.asarray(clouds) * spine + grain
    return light


def _press(page: Pixels, seal: Image.Image) -> None:
    """Press the seal onto the foot of the page, over the text: its ink darkens, it does not cover."""
    top, left = int(page.shape[0] * 0.66), int(page.shape[1] * 0.56)
    amount = np.asarray(seal, dtype=np.float32)[..., None] / np.float32(255 / 0.85)
    red = np.asarray(SEAL_RED, dtype=np.float32) / 255
    page[top : top + seal.height, left : left + seal.width] *= 1 - amount * (1 - red)


def seal_of(words: tuple[str, str], style: Style) -> Image.Image:
    """A round stamp with two lines of words: mode L, 255 where it inks."""
    side = style.pixels(1.35)
    stamp = Image.new("L", (side, side), 0)
    pen = ImageDraw.Draw(stamp)
    pen.ellipse((2, 2, side - 3, side - 3), outline=255, width=style.pixels(0.03))
    inner = style.pixels(0.07)
    pen.ellipse((inner, inner, side - inner, side - inner), outline=255, width=style.pixels(0.012))
    font: ImageFont.FreeTypeFont = style.face("Bold", 0.8)
    for word, share in zip(words, (0.42, 0.6), strict=True):
        pen.text((side / 2, side * share), word, font=font, fill=255, anchor="mm")
    return stamp.rotate(-9, Image.Resampling.BICUBIC)
