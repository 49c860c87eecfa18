"""Open a page: take its image out of the file that came in, measure it, look whether it is blank."""

from pathlib import Path

from ingest.context import PageContext
from ingest.steps.outcome import Outcome
from repository.db.ledger import Work
from repository.db.pages import OpenedPage
from repository.scans.quality import inspect
from repository.scans.taking import TakenPage, take_page


def open_page(context: PageContext) -> Outcome:
    """The page's own image is the file itself, or what was taken out of a PDF and kept beside it in the masters."""
    source = context.source()
    services = context.services
    with services.masters.local(source.key) as path:
        taken = take_page(path, source.frame, context.scratch, services.limits)
        key = source.key if taken.how == "original" else services.masters.put_file(taken.path).key
        opened = _measure(context, key, taken)
        _drop(taken.path, path)
    page_id = context.page.id

    def write(work: Work) -> None:
        other = work.pages.by_image(key, taken.frame, page_id)
        context.page = work.pages.set_opened(page_id, opened, other.id if other else None)

    return Outcome(write, f"{taken.how} {key}")


def _measure(context: PageContext, key: str, taken: TakenPage) -> OpenedPage:
    image = context.look_into(taken.path, taken.frame, taken.rotate)
    quality = inspect(image)
    height, width = image.pixels.shape[:2]
    return OpenedPage(
        key, taken.frame, taken.rotate, width, height, taken.dpi or image.dpi, quality.blank, quality.few_pixels
    )


def _drop(taken: Path, original: Path) -> None:
    if taken != original:
        taken.unlink(missing_ok=True)
