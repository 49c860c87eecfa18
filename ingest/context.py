"""What the steps of one page share while a worker has it in hand."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from config.services import Services
from ocr.clean_page import CleanPage
from ocr.cleaning import clean
from ocr.port import OcrEngine
from ocr.text_layer import FoundLayer, text_layer
from repository.db.files import PageSource
from repository.domain.errors import N_, ObjectMissing
from repository.domain.records import Page
from repository.scans.image import PageImage, read_image
from repository.scans.sniff import MediaType, sniff


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
    _source: PageSource | None = field(default=None)
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

    def layer(self) -> FoundLayer | None:
        """The text that the PDF the page was taken out of carries for it; None when there is no such."""
        source = self.source()
        if source.key == self.page.image or self.page.image is None:
            return None
        with self.services.masters.local(self.page.image) as image:
            # a page's rendering is a PNG; no image lies in a PDF as one
            extracted = sniff(image) is not MediaType.PNG
        size = self.page.width, self.page.height
        with self.services.masters.local(source.key) as path:
            return text_layer(path, source.frame, size, extracted, lambda: self.image().pixels)

    def source(self) -> PageSource:
        """Where the page's bytes came from; the ledger is asked once. Raises ObjectMissing."""
        if self._source is None:
            with self.services.ledger.read() as work:
                self._source = work.files.source_of(self.page.id)
        if self._source is None:
            raise ObjectMissing(N_("Trang {page} không còn trong sổ cái."), page=self.page.id)
        return self._source

    def cleaned(self) -> CleanPage:
        """The page made ready for reading."""
        if self._cleaned is None:
            self._cleaned = clean(self.image())
        return self._cleaned

    def forget_pixels(self) -> None:
        """Let the memory go that no later step needs."""
        self._image = None
