"""Each request's id, its line in the log, and its time in the metrics.

What readers look for is theirs: no query string is ever logged, and no address."""

import logging
import time
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, request

from app import web_metrics
from repository.domain.tracing import about, new_trace, sane

log = logging.getLogger("access")
HEADER, ROUTE = "X-Request-ID", "diachi.route"
QUIET = {"/healthz", "/readyz", "/metrics"}  # asked every few seconds by programs

Environ = dict[str, Any]
StartResponse = Callable[..., Any]


def init(app: Flask) -> None:
    """Follow every request of the application. Call it last, so that nothing stands outside."""
    app.before_request(_note_route)
    app.wsgi_app = Following(app.wsgi_app)  # type: ignore[method-assign]


class Following:
    """Gives a request its id (its own `X-Request-ID` where that makes sense), which the answer and every log line
    carry, and which jobs take along."""

    def __init__(self, application: Callable[[Environ, StartResponse], Iterable[bytes]]) -> None:
        self._application = application

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer the request under its id."""
        given = environ.get("HTTP_X_REQUEST_ID", "")
        trace = given if sane(given) else new_trace()
        said: list[int] = []

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            said.append(int(status.split(" ", 1)[0]))
            return start_response(status, [*headers, (HEADER, trace)], *more)

        begun = time.perf_counter()
        with about(trace=trace):
            try:
                return self._application(environ, start)
            finally:
                _tell(environ, said[-1] if said else 500, time.perf_counter() - begun)


def _note_route() -> None:
    request.environ[ROUTE] = request.url_rule.rule if request.url_rule else "-"


def _tell(environ: Environ, status: int, seconds: float) -> None:
    route, method, path = environ.get(ROUTE, "-"), environ.get("REQUEST_METHOD", ""), environ.get("PATH_INFO", "")
    web_metrics.request_done(method, route, status, seconds)
    level = logging.DEBUG if path in QUIET else logging.INFO
    log.log(level, "%s %s %d %.0f ms", method, path.encode("latin-1", "replace").decode("utf-8", "replace"), status,
            seconds * 1000, extra={"status": status, "route": route, "method": method,
                                   "milliseconds": round(seconds * 1000, 1)})  # fmt: skip
