"""`/metrics`: the whole site's figures for Prometheus, from the ledger, and what the web processes counted."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Generic, TypeVar

from flask import Blueprint, Response, current_app
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric

from app import web_metrics
from app.api.health import SILENT_SECONDS
from app.operators import is_operator
from app.outages import pings
from config.pinging import Answer
from config.services import Services
from repository.catalog.operating import Bulk, Now
from repository.db.figures import BOUNDS
from repository.domain.errors import N_, AccessRefused, DiachiError

blueprint = Blueprint("metrics", __name__)
Figures = TypeVar("Figures", Now, Bulk)

NOW_SECONDS, BULK_SECONDS = 5.0, 60.0
SHARE = 50  # what takes a second to count is counted every 50 s at most
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@blueprint.get("/metrics")
def metrics() -> Response:
    """Everything that is counted, in Prometheus' text form."""
    if not is_operator():
        raise AccessRefused(N_("Số liệu vận hành chỉ mở cho máy chủ này hoặc cho ai có mã truy cập trong thiết lập."))
    together = CollectorRegistry()
    together.register(_Site(current_app.extensions["figures"], list(pings().ask(fresh=NOW_SECONDS).values())))
    body = generate_latest(together) + generate_latest(web_metrics.counted())
    return Response(body, content_type=CONTENT_TYPE, headers={"Cache-Control": "no-store"})


class _Kept(Generic[Figures]):
    """Figures that are counted again once they are old: the longer counting takes, the more seldom. One thread counts,
    others meanwhile get what is known."""

    def __init__(self, count: Callable[[], Figures], least: float) -> None:
        self._count: Callable[[], Figures] = count
        self._least = least
        self._known: Figures | None = None
        self._until = 0.0
        self._counting = threading.Lock()

    def get(self) -> Figures | None:
        """The figures; None while the ledger cannot be asked."""
        if time.monotonic() < self._until or not self._counting.acquire(blocking=self._known is None):
            return self._known
        try:
            if time.monotonic() >= self._until:
                begun = time.monotonic()
                self._known = self._count()
                took = time.monotonic() - begun
                self._until = time.monotonic() + max(self._least, SHARE * took)
        except DiachiError:
            self._known = None
        finally:
            self._counting.release()
        return self._known


class Remembered:
    """The site's figures, each as old as what it costs allows."""

    def __init__(self, site: Services) -> None:
        self.site = site
        self.now: _Kept[Now] = _Kept(site.operating.now, NOW_SECONDS)
        self.bulk: _Kept[Bulk] = _Kept(site.operating.bulk, BULK_SECONDS)


class _Site:
    """Turns figures into metrics. While the ledger is down only what needs it not is there, and `diachi_server_up`
    says so."""

    def __init__(self, remembered: Remembered, answers: list[Answer]) -> None:
        self._remembered = remembered
        self._answers = answers

    def collect(self) -> Iterator[Metric]:
        """Every metric family."""
        yield from _servers(self._answers)
        free = shutil.disk_usage(self._remembered.site.settings.data).free
        yield GaugeMetricFamily("diachi_disk_free_bytes", "Room left where this machine keeps its data", value=free)
        if not next((answer.ok for answer in self._answers if answer.part.name == "ledger"), False):
            return
        now, bulk = self._remembered.now.get(), self._remembered.bulk.get()
        if now is not None:
            yield from _of_now(now)
        if bulk is not None:
            yield from _of_bulk(bulk)


def _servers(answers: list[Answer]) -> Iterator[Metric]:
    up = GaugeMetricFamily("diachi_server_up", "1 when the part's server answers", labels=["part", "server"])
    took = GaugeMetricFamily("diachi_server_ping_seconds", "Time to its answer", labels=["part", "server"])
    for answer in answers:
        names = [answer.part.name, answer.part.server]
        up.add_metric(names, float(answer.ok))
        took.add_metric(names, answer.milliseconds / 1000)
    yield from (up, took)


def _of_now(now: Now) -> Iterator[Metric]:
    depth = GaugeMetricFamily("diachi_queue_jobs", "Jobs owed, by class and state", labels=["priority", "state"])
    counted: dict[tuple[str, str], int] = {}
    for each in now.depth:
        key = (each.priority.name.lower(), "held" if each.held else "waiting")
        counted[key] = counted.get(key, 0) + each.jobs
    for (priority, state), jobs in counted.items():
        depth.add_metric([priority, state], jobs)
    yield depth
    oldest = now.oldest.total_seconds() if now.oldest else 0
    yield GaugeMetricFamily("diachi_queue_oldest_seconds", "Wait of the job that has been due longest", value=oldest)
    alive = GaugeMetricFamily("diachi_workers", "Processes heard of lately, by kind", labels=["kind"])
    for kind in ("worker", "clerk", "feeder"):
        alive.add_metric([kind], sum(each.kind == kind and each.silent < SILENT_SECONDS for each in now.workers))
    yield alive
    owed = GaugeMetricFamily("diachi_index_owed", "What the index has yet to take up", labels=["what"])
    owed.add_metric(["items"], now.items_owed)
    owed.add_metric(["pages"], now.pages_owed)
    yield owed
    if now.last_backup is not None:
        age = (datetime.now(UTC) - now.last_backup).total_seconds()
        yield GaugeMetricFamily("diachi_backup_age_seconds", "Age of the last good backup", value=max(age, 0))


def _of_bulk(bulk: Bulk) -> Iterator[Metric]:
    pages = GaugeMetricFamily("diachi_pages", "Pages by state", labels=["state"])
    for state, count in bulk.pages.items():
        pages.add_metric([state], count)
    yield pages
    times = HistogramMetricFamily(
        "diachi_step_seconds", "Time of each step, of each page the last time it was done", labels=["step"]
    )
    for step in bulk.steps:
        buckets = [(str(bound), float(count)) for bound, count in zip(BOUNDS, step.within, strict=True)]
        times.add_metric([step.step], [*buckets, ("+Inf", float(step.pages))], step.seconds)
    yield times
    aside = GaugeMetricFamily("diachi_set_aside_pages", "Pages set aside", labels=["step", "reason"])
    for (step_name, reason), count in bulk.set_aside.items():
        aside.add_metric([step_name, reason], count)
    yield aside
    refused = GaugeMetricFamily("diachi_refused_files", "Files refused", labels=["reason"])
    for reason, count in bulk.refused.items():
        refused.add_metric([reason], count)
    yield refused
    fixity = bulk.fixity
    yield GaugeMetricFamily("diachi_masters", "Masters kept", value=fixity.masters)
    yield GaugeMetricFamily("diachi_masters_bytes", "Bytes of the masters kept", value=fixity.size)
    yield GaugeMetricFamily("diachi_masters_unchecked", "Masters not checked since they came", value=fixity.unchecked)
    if fixity.oldest_check is not None:
        yield GaugeMetricFamily(
            "diachi_fixity_age_seconds", "Age of the oldest check of a master", value=fixity.oldest_check
        )
