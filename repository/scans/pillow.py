"""Decodes with Pillow what libvips cannot; called only in a limited process."""

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from repository.domain.errors import InputRefused
from repository.scans.headers import DAMAGED, SAMPLES, TOO_HEAVY

_WHITE = 255


def decode(path: Path, frame: int) -> NDArray[np.uint8]:
    """Upright pixels, grey or RGB, of frame `frame`. Raises InputRefused."""
    Image.MAX_IMAGE_PIXELS = None  # the header was held against the limits before
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                image.seek(frame)
                image.load()
                # a TIFF was turned by load(), which also took the tag away
                return _pixels(ImageOps.exif_transpose(image))
    except InputRefused:
        raise
    except MemoryError as error:
        raise InputRefused(TOO_HEAVY) from error
    except Exception as error:  # Pillow's plugins let any kind escape on broken data
        raise InputRefused(DAMAGED) from error


def _pixels(image: Image.Image) -> NDArray[np.uint8]:
    if image.mode.startswith("I;16"):
        wide = np.asarray(image).astype(np.uint16)
        bits = max(8, int(wide.max()).bit_length()) if wide.max() < 1 << 12 else 16
        return (wide >> (bits - 8)).astype(np.uint8)
    if image.mode in ("LA", "La", "RGBA", "RGBa", "PA") or "transparency" in image.info:
        layered = image.convert("RGBA")
        paper = Image.new("RGBA", layered.size, (_WHITE,) * 4)
        return np.asarray(Image.alpha_composite(paper, layered).convert("RGB"))
    if image.mode in ("1", "L"):
        return np.asarray(image.convert("L"))
    if image.mode in ("I", "F"):
        raise InputRefused(SAMPLES)
    return np.asarray(image.convert("RGB"))
