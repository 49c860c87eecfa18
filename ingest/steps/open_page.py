"""Open a page: take its image out of the file that came in, measure it, look whether it is blank."""

from pathlib import Path

from ingest.context import PageContext
from ingest.steps.outcome import Outcome
from repository.db.ledger import Work
from repository.db.pages import OpenedPage
from repository.domain.errors import N_, ObjectMissing
from repository.scans.quality import inspect
from repository.scans.taking import take_page


def open_page(context: PageContext) -> Outcome:
    """The page's own image is the file itself, or what was taken out of a PDF and kept beside it in the masters."""
    source, frame = _source(context)
    services = context.services
    with services.masters.local(source) as path:
        taken = take_page(path, frame, context.scratch, services.limits)
        key = source if taken.how == "original" else services.masters.put_file(taken.path).key
        _drop(taken.path, path)
    opened = _measure(context, key, taken.frame, taken.rotate, taken.dpi)
    page_id = context.page.id

    def write(work: Work) -> None:
        other = work.pages.by_image(key, taken.frame, page_id)
        work.pages.set_opened(page_id, opened, other.id if other else None)

    return Outcome(write, f"{taken.how} {key}", alone=True)


def _source(context: PageContext) -> tuple[str, int]:
    """The key of the file that the page came in (of its decrypted copy, where there is one), and which page of it."""
    with context.services.ledger.read() as work:
        file = work.files.get(context.page.file)
        if file is None:
            raise ObjectMissing(N_("Trang {page} không còn trong sổ cái."), page=context.page.id)
        working = work.files.secrets(file.id).working
        return working or file.sha256, work.pages.frame_in_file(context.page.id)


def _measure(context: PageContext, key: str, frame: int, rotate: int, dpi: int) -> OpenedPage:
    image = context.look_at(key, frame, rotate)
    quality = inspect(image)
    height, width = image.pixels.shape[:2]
    return OpenedPage(key, frame, rotate, width, height, dpi or image.dpi, quality.blank, quality.few_pixels)


def _drop(taken: Path, original: Path) -> None:
    if taken != original:
        taken.unlink(missing_ok=True)
