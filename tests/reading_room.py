"""A small site with printed pages whose every word's place is known, for tests of what readers see."""

from dataclasses import dataclass, field
from datetime import date
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from app.sample.typeset import FONTS
from config.services import Services, build_services
from config.settings import Settings
from repository.db.ledger import Work
from repository.db.pages import NewPage, OpenedPage
from repository.db.texts import OCR
from repository.domain.access import AccessLevel, ItemState
from repository.domain.pages import Box, PageText, Reading, Word
from repository.domain.records import AccessSetting, Description, Library
from repository.scans.pyramid import write_pyramid

WIDTH, HEIGHT, MARGIN = 1240, 1754, 120
TYPE, PITCH = 34, 56
LIBRARY = Library("TN", "Thư viện tỉnh Thái Nguyên", address_ranges=("192.0.2.0/24",))


def print_page(lines: list[str]) -> tuple[Image.Image, PageText]:
    """A page with these lines, and the words where they were printed. An empty line begins a new block."""
    image = Image.new("L", (WIDTH, HEIGHT), 248)
    draw = ImageDraw.Draw(image)
    font = ImageFont.truetype(FONTS / "NotoSerif-Regular.ttf", TYPE, layout_engine=ImageFont.Layout.BASIC)
    words: list[Word] = []
    block = 0
    for row, line in enumerate(lines):
        if not line:
            block += 1
            continue
        x, y = float(MARGIN), MARGIN + row * PITCH
        for text in line.split():
            draw.text((x, y), text, font=font, fill=25)
            left, top, right, bottom = draw.textbbox((x, y), text, font=font)
            words.append(Word(text, Box(int(left), int(top), int(right - left), int(bottom - top)), 96.0, row, block))
            x += draw.textlength(text + " ", font=font)
    return image, PageText(WIDTH, HEIGHT, tuple(words), Reading("printed", "none"))


@dataclass
class ReadingRoom:
    """A site in a folder, with ways to put items into it."""

    folder: Path
    services: Services = field(init=False)

    def __post_init__(self) -> None:
        self.services = build_services(Settings(data=self.folder, _env_file=None))
        with self.services.ledger.write() as work:
            work.libraries.put(LIBRARY)

    def close(self) -> None:
        """Let go of the index and the ledger."""
        self.services.index.close()
        self.services.ledger.close()

    def add_item(
        self,
        code: str,
        description: Description,
        pages: list[list[str]],
        level: AccessLevel = AccessLevel.PUBLIC,
        embargo_until: date | None = None,
        published: bool = True,
    ) -> str:
        """Put a document on the shelf, searchable at once; gives its id."""
        stored = [self._store(code, number, lines) for number, lines in enumerate(pages, start=1)]
        with self.services.ledger.write() as work:
            item = work.items.add(LIBRARY.code, code, b"", description, AccessSetting(level, embargo_until))
            batch = work.batches.add(LIBRARY.code, code, "test")
            for number, page in enumerate(stored, start=1):
                self._add_page(work, item.id, batch.id, number, page)
            work.items.recount(item.id)
            if published:
                work.items.set_state(item.id, ItemState.PUBLISHED)
        while self.services.indexing.catch_up():
            pass
        return item.id

    def add_unapproved_page(self, item: str, number: int, lines: list[str]) -> None:
        """A page of another batch, which readers do not see yet."""
        stored = self._store(item, number, lines)
        with self.services.ledger.write() as work:
            self._add_page(work, item, work.batches.add(LIBRARY.code, f"{item} {number}", "test").id, number, stored)

    def _store(self, code: str, number: int, lines: list[str]) -> tuple[str, str, PageText]:
        """The keys of the page's master and of its derivative, and its text."""
        image, text = print_page(lines)
        buffer = BytesIO()
        image.save(buffer, "PNG")
        buffer.seek(0)
        master = self.services.masters.put(buffer)
        pyramid = self.folder / "scratch" / f"{code}-{number}.tif"
        with self.services.masters.local(master.key) as path:
            write_pyramid(path, pyramid)
        return master.key, self.services.derivatives.put_file(pyramid).key, text

    def _add_page(self, work: Work, item: str, batch: str, number: int, stored: tuple[str, str, PageText]) -> None:
        master, derivative, text = stored
        file, _ = work.files.add(batch, f"{number:04}.png", 1, master)
        page = work.pages.add(NewPage(item, batch, file.id, 0, f"{number:08}", str(number)))
        opened = OpenedPage(master, 0, 0, WIDTH, HEIGHT, 150, blank=False, few_pixels=False)
        work.pages.set_opened(page.id, opened, None)
        work.pages.set_derivative(page.id, derivative)
        work.texts.add(page.id, OCR, text, f"print-{page.id}", "test")
        work.pages.set_confidence(page.id, text.confidence)
