"""Make the page ready for reading; what was done to it is noted."""

from ingest.context import PageContext
from ingest.steps.outcome import Outcome


def clean_page(context: PageContext) -> Outcome:
    """The cleaned pixels live as long as the worker has the page; a blank page needs none."""
    if context.page.blank:
        return Outcome(lambda work: None, "blank")
    applied = context.cleaned().applied
    context.forget_pixels()
    return Outcome(lambda work: None, "+".join(applied) or "untouched")
