"""A text version as a file of its own: what a person or program can read in fifty years without the ledger.

gzip of JSON: `page`, `version`, `source`, `made_by`, `made_at`, `engine`, `model`, `settings`, `width` and `height` of
the master in pixels, and `words`: `[text, x, y, w, h, confidence, line, block]` each, in reading order. The same
version always gives the same bytes."""

import gzip
import json
from datetime import datetime

from repository.domain.pages import PageText

MEDIA_TYPE = "application/gzip"


def text_file(page: str, number: int, source: str, made_by: str, made_at: datetime, text: PageText) -> bytes:
    """The file of version `number` of a page's text."""
    content = {
        "page": page,
        "version": number,
        "source": source,
        "made_by": made_by,
        "made_at": made_at.isoformat(),
        "engine": text.reading.engine,
        "model": text.reading.model,
        "settings": text.reading.settings,
        "width": text.width,
        "height": text.height,
        "words": [
            [word.text, word.box.x, word.box.y, word.box.w, word.box.h, word.confidence, word.line, word.block]
            for word in text.words
        ],
    }
    said = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return gzip.compress(said.encode(), 6, mtime=0)
