"""What the steps of one page share while a worker has it in hand."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from config.services import Services
from ocr.clean_page import CleanPage
from ocr.cleaning import clean
from ocr.port import OcrEngine
from repository.domain.errors import N_, ObjectMissing
from repository.domain.records import Page
from repository.scans.image import PageImage, read_image


@dataclass(slots=True)
class PageContext:
    """A page with the services it needs; pixels are decoded and cleaned once, when a step first asks.

    `scratch` is an empty folder that goes when the page is put down. `stopping`: whether the worker was told to stop;
    whatever fails then may have been told so too, and is not the page's fault."""

    services: Services
    engine: OcrEngine
    page: Page
    scratch: Path
    stopping: Callable[[], bool] = field(default=lambda: False)
    _image: PageImage | None = field(default=None)
    _cleaned: CleanPage | None = field(default=None)

    def image(self) -> PageImage:
        """The upright master's pixels."""
        if self._image is not None:
            return self._image
        if self.page.image is None:
            raise ObjectMissing(N_("Trang {page} chưa được mở."), page=self.page.id)
        return self.look_at(self.page.image, self.page.frame, self.page.rotate)

    def look_at(self, key: str, frame: int, rotate: int) -> PageImage:
        """Decode the image under `key` and keep it as the page's own."""
        with self.services.masters.local(key) as path:
            return self.look_into(path, frame, rotate)

    def look_into(self, path: Path, frame: int, rotate: int) -> PageImage:
        """Decode the image in a local file, whose bytes are the page's own, and keep it."""
        self._image = read_image(path, frame, rotate, self.services.limits)
        return self._image

    def cleaned(self) -> CleanPage:
        """The page made ready for reading."""
        if self._cleaned is None:
            self._cleaned = clean(self.image())
        return self._cleaned

    def forget_pixels(self) -> None:
        """Let the memory go that no later step needs."""
        self._image = None
