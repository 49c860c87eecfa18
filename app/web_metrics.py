"""What the web processes themselves count, for Prometheus: requests by route, and failures by kind.

With PROMETHEUS_MULTIPROC_DIR in the environment (`diachi serve` sets it) all web processes of a machine count
together."""

import os

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics
from prometheus_client.multiprocess import MultiProcessCollector

disable_created_metrics()  # type: ignore[no-untyped-call]

_METHODS = {"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"}
_own = CollectorRegistry()
_requests = Histogram(
    "diachi_http_request_seconds", "Time to answer, by route", ["method", "route", "status"], registry=_own,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)  # fmt: skip
_errors = Counter("diachi_http_errors", "Failures that visitors met, by kind", ["kind"], registry=_own)


def request_done(method: str, route: str, status: int, seconds: float) -> None:
    """Count an answered request under its route (a pattern, never an address) and class of status."""
    known = method if method in _METHODS else "-"
    _requests.labels(known, route, f"{status // 100}xx").observe(seconds)


def failed(error: Exception) -> None:
    """Count a failure under the name of its kind."""
    _errors.labels(type(error).__name__).inc()


def counted() -> CollectorRegistry:
    """What was counted, by this process or by all of this machine."""
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return _own
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return together
