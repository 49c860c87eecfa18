"""How many requests may be at work at once, so that servers that hang never hold every thread of the web.

A server that is dead says so at once; one that hangs (a frozen machine, a cut cable) holds whoever asks it. So some
threads are kept for what asks no server, and for telling the others why they cannot be served."""

import threading

from flask import Flask, g, request

from app.outages import is_of_the_ledger, pings
from config.pinging import FRESH, RECENT
from config.process import WEB_THREADS
from repository.domain.errors import ServerUnreachable

ASKS_NOBODY = {"static", "api.healthz", "api.readyz", "metrics.metrics"}
ASKS_STORES = {"iiif.image": "derivatives", "reader.page_original": "masters", "staff.original": "masters"}
ASKS_THE_INDEX = {"api.search", "iiif.item_search"}  # pages for people do without it, and say so
AT_WORK = WEB_THREADS - 2
AT_THE_STORES = AT_WORK - 2  # reading and searching go on while pictures hang
LOOK_AGAIN = 0.25

_at_work = threading.BoundedSemaphore(AT_WORK)
_at_the_stores = threading.BoundedSemaphore(AT_THE_STORES)


def init(app: Flask) -> None:
    """Put the gates before every request of the application."""
    app.before_request(_enter)
    app.teardown_request(_leave)


def _enter() -> None:
    """Wait for a free place; raises what is wrong with a server that the request needs and that is known to be down."""
    if request.endpoint in ASKS_NOBODY:
        return
    g.places = []
    if request.endpoint in ASKS_THE_INDEX and (gone := _down("index", RECENT)) is not None:
        raise gone
    part = ASKS_STORES.get(request.endpoint or "")
    if part is not None:
        _take(_at_the_stores, part)
    _take(_at_work, part)


def _take(places: threading.BoundedSemaphore, part: str | None) -> None:
    recent = RECENT
    while True:
        down = _down("ledger", recent)
        if down is not None and is_of_the_ledger(down):
            raise down
        if places.acquire(timeout=LOOK_AGAIN):
            g.places.append(places)
            return
        recent = FRESH  # somebody is slow: is it a server?
        fault = _down(part, recent) if part else None
        if fault is not None:
            raise fault


def _down(part: str, recent: float) -> ServerUnreachable | None:
    answer = pings().known(recent).get(part)
    gone = answer is not None and answer.steadily_down
    return answer.error if gone and answer and isinstance(answer.error, ServerUnreachable) else None


def _leave(_error: BaseException | None) -> None:
    for places in g.pop("places", []):
        places.release()
