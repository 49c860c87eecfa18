"""The steps of a page in order, and how a worker brings a page through those it owes."""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import timedelta

from ingest.context import PageContext
from ingest.faults import passing, pause
from ingest.steps.clean_page import clean_page
from ingest.steps.derivative import make_derivative
from ingest.steps.open_page import open_page
from ingest.steps.outcome import Outcome
from ingest.steps.recognise import recognise
from repository.db.pages import SET_ASIDE
from repository.db.steps import Step
from repository.domain.batches import Reason, StepName, StepState
from repository.domain.errors import N_, DiachiError, InputRefused, LeaseLost
from repository.domain.jobs import Job

log = logging.getLogger(__name__)

STEPS: dict[StepName, Callable[[PageContext], Outcome]] = {
    StepName.OPEN: open_page,
    StepName.DERIVATIVE: make_derivative,
    StepName.CLEAN: clean_page,
    StepName.RECOGNISE: recognise,
}
TRIES = 3


def bring_forward(context: PageContext, job: Job, steps: Mapping[StepName, Step]) -> None:
    """Do every step that the page owes, each committed before the next begins; the last one's commit ends the job.

    A step that fails is tried again later, TRIES times in all; then the page is set aside with the reason. Raises
    LeaseLost when somebody else has the page by now, and whatever a server's failure or a stop raised: then
    nothing more is written, and no try is counted."""
    owed = [name for name in STEPS if steps[name].state is not StepState.DONE]
    for name in owed:
        if not _do(context, job, name, last=name is owed[-1]):
            return
    if not owed:
        with context.services.ledger.write(alone=False) as work:
            work.jobs.finish(job)


def _do(context: PageContext, job: Job, name: StepName, last: bool) -> bool:
    """Whether the step was done. Its commit renews the lease for the step after it."""
    started = time.monotonic()
    try:
        outcome = STEPS[name](context)
        seconds = round(time.monotonic() - started, 3)
        _commit(context, job, name, outcome, seconds, last)
    except LeaseLost:
        raise
    except Exception as error:
        if context.stopping() or passing(error, context.scratch):
            raise
        if isinstance(error, InputRefused):
            set_aside(context, job, name, Reason(error.template, dict(error.params)))
        else:
            _try_again(context, job, name, _why(context, name, error))
    else:
        return True
    return False


def _commit(context: PageContext, job: Job, name: StepName, outcome: Outcome, seconds: float, last: bool) -> None:
    """Write what the step gave, fenced by the job."""
    with context.services.ledger.write(alone=False) as work:
        if last:
            work.jobs.finish(job)
        else:
            work.jobs.hold(job, timedelta(seconds=context.services.settings.lease_seconds))
        outcome.write(work)
        work.steps.done(context.page.id, name, seconds, outcome.fingerprint)


def set_aside(context: PageContext, job: Job, name: StepName, reason: Reason) -> None:
    """Take the page off the line; staff see why and may run the step again."""
    with context.services.ledger.write(alone=False) as work:
        work.jobs.finish(job)
        work.steps.set_aside(context.page.id, name, reason)
        work.pages.set_state(context.page.id, SET_ASIDE)


def _try_again(context: PageContext, job: Job, name: StepName, reason: Reason) -> None:
    with context.services.ledger.write(alone=False) as work:
        work.jobs.hold(job)
        tries = work.steps.failed(context.page.id, name, reason)
        if tries < TRIES:
            work.jobs.put_back(job, pause(tries))
            return
    set_aside(context, job, name, reason)


def _why(context: PageContext, name: StepName, error: Exception) -> Reason:
    if isinstance(error, DiachiError):
        log.warning("page %s, step %s: %s", context.page.id, name.value, error)
        return Reason(error.template, dict(error.params))
    log.error("page %s, step %s", context.page.id, name.value, exc_info=error)
    return Reason(N_("Lỗi ngoài dự kiến ({kind}) ở bước {step}."), {"kind": type(error).__name__, "step": name.value})
