"""Make the picture that readers see: one pyramid of tiles a page."""

from ingest.context import PageContext
from ingest.steps.outcome import Outcome
from repository.scans.pyramid import write_pyramid


def make_derivative(context: PageContext) -> Outcome:
    """The pyramid, kept under its checksum."""
    target = context.scratch / "pyramid.tif"
    write_pyramid(context.image(), target)
    key = context.services.derivatives.put_file(target).key
    target.unlink()
    page_id = context.page.id
    return Outcome(lambda work: work.pages.set_derivative(page_id, key), key)
