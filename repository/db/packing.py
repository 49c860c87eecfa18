"""A page's words as a small block of bytes, and back."""

import json
import zlib

from repository.domain.pages import Box, PageText, Reading, Word


def pack(page: PageText) -> bytes:
    """Words with boxes, line, block and confidence, compressed. About 10 bytes a word."""
    words = page.words
    columns = {
        "size": [page.width, page.height],
        "text": "\n".join(word.text for word in words),
        "box": [side for word in words for side in (word.box.x, word.box.y, word.box.w, word.box.h)],
        "conf": [round(word.confidence) for word in words],
        "line": [word.line for word in words],
        "block": [word.block for word in words],
    }
    return zlib.compress(json.dumps(columns, ensure_ascii=False, separators=(",", ":")).encode(), 6)


def unpack(packed: bytes, reading: Reading) -> PageText:
    """The page's words again, with the reading they come from."""
    columns = json.loads(zlib.decompress(packed))
    texts = columns["text"].split("\n") if columns["conf"] else []
    sides = iter(columns["box"])
    boxes = [Box(*box) for box in zip(sides, sides, sides, sides, strict=True)]
    words = tuple(map(Word, texts, boxes, columns["conf"], columns["line"], columns["block"]))
    width, height = columns["size"]
    return PageText(width, height, words, reading)
