"""The door to whatever reads text from page images."""

from typing import Protocol

from ocr.clean_page import CleanPage
from repository.domain.pages import PageText, Reading


class OcrEngine(Protocol):
    """An engine that reads one page at a time, on one core.

    Every engine: gives no words for a page without text; gives words in reading order, NFC, without white space inside
    or around them; counts lines and blocks from 0 over the page; gives boxes in master pixels (by `page.to_master`),
    inside the page and never empty; raises `EngineFailed` when the engine is missing, crashes, runs out of memory or
    of its time, and leaves no process behind; never gives fewer words instead of raising. Reading the same page twice
    gives the same words. It may be called from several processes at once.
    """

    @property
    def reading(self) -> Reading:
        """Engine with version, model, and the settings that hold for every page."""
        ...

    def read(self, page: CleanPage) -> PageText:
        """Read one page. The answer's `reading` also says what was done to the page before (`cleaning`, `dpi`)."""
        ...
