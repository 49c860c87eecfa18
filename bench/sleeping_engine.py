"""An engine that stands in for the reading of pages: it sleeps as long as a page takes, and gives a page of real words.

With it, many workers fit on a small machine, so that what is seen is the database, the queue and the storage."""

import time
from pathlib import Path

from ocr.clean_page import CleanPage
from repository.domain.pages import PageText, Reading, Word
from repository.domain.vietnamese import clean

WORDS, PER_LINE = 350, 10


class SleepingEngine:
    """See ocr.port; `seconds` a page, words of the file `text` from a place that the page's pixels decide."""

    def __init__(self, seconds: float, text: Path) -> None:
        self._seconds = seconds
        self._words = clean(text.read_text("utf-8")[:2_000_000]).split()
        self.reading = Reading("sleeping", f"{seconds} s")

    def read(self, page: CleanPage) -> PageText:
        """Sleep, then give 350 words."""
        time.sleep(self._seconds)
        first = int(page.pixels.astype("int64").sum()) % (len(self._words) - WORDS)
        height, width = page.pixels.shape
        across, down = width / PER_LINE, height / (WORDS / PER_LINE)
        words = []
        for at, text in enumerate(self._words[first : first + WORDS]):
            line, column = divmod(at, PER_LINE)
            words.append(Word(text, page.to_master.box(column * across, line * down, across, down), 90.0, line, 0))
        return PageText(page.to_master.width, page.to_master.height, tuple(words), self.reading)
