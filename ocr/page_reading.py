"""One page of a file read into text, from opening to words: what a process of `python -m ocr` does."""

import tempfile
from pathlib import Path

from ocr.cleaning import clean
from ocr.port import OcrEngine
from ocr.tesseract import Tesseract
from ocr.text_layer import layer_or_reading, text_layer
from repository.domain.errors import DiachiError
from repository.domain.pages import PageText
from repository.scans import read_image, take_page


def read_page(path: Path, index: int, engine: OcrEngine) -> PageText:
    """Page `index` (from 0) of an image file or PDF: a PDF's own text where that is good, else as `engine` reads it.
    Raises InputRefused, PasswordNeeded, EngineFailed."""
    with tempfile.TemporaryDirectory(prefix="ocr-") as folder:
        taken = take_page(path, index, Path(folder))
        image = read_image(taken.path, taken.frame, taken.rotate)
    size = image.pixels.shape[1], image.pixels.shape[0]
    found = text_layer(path, index, size, taken.how == "extracted", lambda: image.pixels)
    return layer_or_reading(found, lambda: engine.read(clean(image)))


def read_page_text(path: Path, index: int, language: str) -> str | DiachiError:
    """Plain text of a page read by Tesseract, or why there is none: an answer that crosses processes."""
    try:
        return read_page(path, index, Tesseract(language)).text
    except DiachiError as error:
        return error
