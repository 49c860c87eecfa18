"""Read the page: words with boxes, kept as a version of its text."""

import json
from hashlib import sha256

from ingest.context import PageContext
from ingest.steps.outcome import Outcome
from ocr.text_layer import layer_or_reading
from repository.db.ledger import Work
from repository.db.texts import OCR
from repository.domain.pages import PageText


def recognise(context: PageContext) -> Outcome:
    """A new text version, unless the same engine, model and settings read this image before; a person's correction
    stays the page's text."""
    page = context.page
    if page.blank:
        text = PageText(page.width, page.height, (), context.engine.reading)
    else:
        text = layer_or_reading(context.layer(), lambda: context.engine.read(context.cleaned()))
    settings = json.dumps(text.reading.settings, sort_keys=True, ensure_ascii=False)
    fingerprint = f"{page.image}/{page.frame} {text.reading.engine} {text.reading.model} {hash_of(settings)}"

    def write(work: Work) -> None:
        version = work.texts.add(page.id, OCR, text, fingerprint, text.reading.engine)
        current = version if version.current else work.texts.current([page.id])[page.id]
        work.pages.set_confidence(page.id, current.confidence)

    return Outcome(write, fingerprint)


def hash_of(settings: str) -> str:
    """A short mark of the settings, for fingerprints."""
    return sha256(settings.encode()).hexdigest()[:16]
