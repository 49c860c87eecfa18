"""A page's words as a small block of bytes, and back."""

import json
import zlib

from repository.domain.columns import PageColumns, columns_of
from repository.domain.pages import PageText


def pack(page: PageText) -> bytes:
    """Words with boxes, line, block and confidence, compressed. About 10 bytes a word."""
    columns = columns_of(page)
    packed = {
        "size": [columns.width, columns.height],
        "text": "\n".join(columns.texts),
        "box": columns.sides,
        "conf": [round(confidence) for confidence in columns.confidences],
        "line": columns.lines,
        "block": columns.blocks,
    }
    return zlib.compress(json.dumps(packed, ensure_ascii=False, separators=(",", ":")).encode(), 6)


def unpack(packed: bytes) -> PageColumns:
    """The page's words again, column by column."""
    columns = json.loads(zlib.decompress(packed))
    texts = columns["text"].split("\n") if columns["conf"] else []
    width, height = columns["size"]
    return PageColumns(width, height, texts, columns["box"], columns["conf"], columns["line"], columns["block"])
