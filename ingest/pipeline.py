"""The steps of a page in order, and how a worker brings a page through those it owes."""

import logging
import time
from collections.abc import Callable
from datetime import timedelta

from ingest.context import PageContext
from ingest.steps.clean_page import clean_page
from ingest.steps.derivative import make_derivative
from ingest.steps.open_page import open_page
from ingest.steps.outcome import Outcome
from ingest.steps.recognise import recognise
from repository.db.pages import SET_ASIDE
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
LEASE = timedelta(minutes=10)
TRIES = 3
PAUSE = timedelta(seconds=2)


def bring_forward(context: PageContext, job: Job) -> None:
    """Do every step that the page owes, each committed before the next begins.

    A step that fails is tried again later, TRIES times in all; then the page is set aside with the reason. Raises
    LeaseLost when somebody else has the page by now: then nothing more is written."""
    with context.services.ledger.read() as work:
        steps = work.steps.of(context.page.id)
    for name, step in STEPS.items():
        if steps[name].state is StepState.DONE:
            continue
        if not _do(context, job, name, step):
            return
        context.reload()
    with context.services.ledger.write() as work:
        work.jobs.finish(job)


def _do(context: PageContext, job: Job, name: StepName, step: Callable[[PageContext], Outcome]) -> bool:
    """Whether the step was done."""
    started = time.monotonic()
    try:
        outcome = step(context)
        with context.services.ledger.write() as work:
            work.jobs.hold(job, LEASE)
            outcome.write(work)
            work.steps.done(context.page.id, name, round(time.monotonic() - started, 3), outcome.fingerprint)
    except LeaseLost:
        raise
    except InputRefused as refusal:
        set_aside(context, job, name, Reason(refusal.template, dict(refusal.params)))
    except DiachiError as error:
        log.warning("page %s, step %s: %s", context.page.id, name.value, error)
        _try_again(context, job, name, Reason(error.template, dict(error.params)))
    except Exception as error:
        log.exception("page %s, step %s", context.page.id, name.value)
        reason = Reason(
            N_("Lỗi ngoài dự kiến ({kind}) ở bước {step}."), {"kind": type(error).__name__, "step": name.value}
        )
        _try_again(context, job, name, reason)
    else:
        return True
    return False


def set_aside(context: PageContext, job: Job, name: StepName, reason: Reason) -> None:
    """Take the page off the line; staff see why and may run the step again."""
    with context.services.ledger.write() as work:
        work.jobs.finish(job)
        work.steps.set_aside(context.page.id, name, reason)
        work.pages.set_state(context.page.id, SET_ASIDE)


def _try_again(context: PageContext, job: Job, name: StepName, reason: Reason) -> None:
    with context.services.ledger.write() as work:
        work.jobs.hold(job)
        if work.steps.failed(context.page.id, name, reason) < TRIES:
            work.jobs.put_back(job, PAUSE)
            return
    set_aside(context, job, name, reason)
