"""A PDF page's own text, where it has a good one: decoded, in reading order, with boxes on the page's image."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr.layer_decoding import decoded
from ocr.layer_order import in_order, words_in_order
from ocr.layer_quality import is_sound, why_refused
from ocr.layer_words import LaidWord, rows
from repository.domain.errors import EngineFailed, InputRefused
from repository.domain.pages import Box, PageText, Reading, Word
from repository.scans.limits import Limits
from repository.scans.text_layer import TextLayer, read_text_layer

ENGINE = "pdf text layer"
SETTING = "text layer"
KEPT = "kept"
_LIMITS = Limits(tool_seconds=40)
# certainty of a word that looks like one and of one that does not, by whether the page shows the text itself
_SURE = {True: (99.0, 90.0), False: (90.0, 50.0)}


@dataclass(frozen=True, slots=True)
class FoundLayer:
    """The text of a page's layer. `refused`: a short English reason why the page is better read, or ""."""

    text: PageText
    refused: str


def text_layer(
    path: Path, index: int, size: tuple[int, int], extracted: bool, pixels: Callable[[], NDArray[np.uint8]]
) -> FoundLayer | None:
    """The text that page `index` (from 0) of the file at `path` carries; None when it is no PDF or carries none.

    `size` is the width and height of the page's upright image, `pixels` gives that when it is needed: (height, width)
    or (height, width, 3). `extracted`: it is the image the PDF holds, not a rendering. A layer that cannot be followed
    is refused like a bad one. Raises PasswordNeeded, and what `pixels` raises."""
    width, height = size
    try:
        layer = read_text_layer(path, index, size, extracted, _LIMITS)
    except (InputRefused, EngineFailed) as error:
        # the picture of the page may be sound all the same
        return FoundLayer(PageText(width, height, (), _reading("", "")), f"unreadable: {type(error).__name__}")
    if layer is None:
        return None
    hidden = extracted or sum(glyph.visible for glyph in layer.glyphs) * 2 < len(layer.glyphs)
    words, encoding = _words(layer, hidden)
    refused = why_refused([word.text for word in words], [word.box for word in words], pixels, hidden)
    return FoundLayer(PageText(width, height, words, _reading(encoding, "hidden" if hidden else "visible")), refused)


def layer_or_reading(found: FoundLayer | None, read: Callable[[], PageText]) -> PageText:
    """The layer's text when it is good, else what `read` gives; its settings say which of the two won, and why."""
    if found is None:
        return read()
    if not found.refused:
        return found.text
    text = read()
    settings = {**text.reading.settings, SETTING: f"refused: {found.refused}"}
    return replace(text, reading=replace(text.reading, settings=settings))


def _reading(encoding: str, shown: str) -> Reading:
    return Reading(
        ENGINE, f"pdfminer.six {version('pdfminer.six')}", {"encoding": encoding, "shown": shown, SETTING: KEPT}
    )


def _words(layer: TextLayer, hidden: bool) -> tuple[tuple[Word, ...], str]:
    """The words in reading order, text turned sideways after the rest, and the encodings found."""
    laid: list[tuple[LaidWord, int, int, int]] = []
    for quarter in _quarters(layer):
        blocks = in_order(rows([glyph for glyph in layer.glyphs if glyph.quarter == quarter]))
        line, block = (laid[-1][1] + 1, laid[-1][2] + 1) if laid else (0, 0)
        laid += [(word, line + row, block + number, quarter) for word, row, number in words_in_order(blocks)]
    texts, encoding = decoded([word for word, *_ in laid], layer.fonts)
    sure, doubtful = _SURE[not hidden]
    return (
        tuple(
            Word(text, _box(word, quarter, layer), sure if is_sound(text) else doubtful, line, block)
            for (word, line, block, quarter), text in zip(laid, texts, strict=True)
            if text
        ),
        encoding,
    )


def _quarters(layer: TextLayer) -> Iterable[int]:
    counts = {quarter: sum(glyph.quarter == quarter for glyph in layer.glyphs) for quarter in range(4)}
    return sorted((quarter for quarter in counts if counts[quarter]), key=lambda quarter: -counts[quarter])


def _box(word: LaidWord, quarter: int, layer: TextLayer) -> Box:
    """The word's box on the upright page, inside it and never empty."""
    width, height = layer.width, layer.height
    left, top, right, bottom = {
        0: (word.left, word.top, word.right, word.bottom),
        1: (width - word.bottom, word.left, width - word.top, word.right),
        2: (width - word.right, height - word.bottom, width - word.left, height - word.top),
        3: (word.top, height - word.right, word.bottom, height - word.left),
    }[quarter]
    x, y = min(max(round(left), 0), width - 1), min(max(round(top), 0), height - 1)
    return Box(x, y, max(min(round(right), width), x + 1) - x, max(min(round(bottom), height), y + 1) - y)
