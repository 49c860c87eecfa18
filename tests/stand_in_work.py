"""A site whose queue is a real Redis while its stores are folders, and workers with an engine that only takes time."""

import time
from dataclasses import replace

from config.services import Services, build_services
from config.settings import Settings
from ingest.worker import Worker
from ocr.clean_page import CleanPage
from repository.domain.errors import EngineFailed
from repository.domain.pages import Box, PageText, Reading, Word
from repository.jobs.rq import RqQueue


class OnPostgres(Settings):
    """A site with its stores in folders and its ledger on a server."""

    @property
    def ledger_url(self) -> str:
        return self.database_url


class StandIn:
    """An engine that takes `seconds` and reads one word; the first `failures` times it fails instead."""

    reading = Reading("stand-in", "none")

    def __init__(self, seconds: float = 0.0, failures: int = 0) -> None:
        self.seconds, self.failures = seconds, failures

    def read(self, page: CleanPage) -> PageText:
        time.sleep(self.seconds)
        if self.failures:
            self.failures -= 1
            raise EngineFailed("{what}", what="hỏng")
        word = Word("chữ", Box(0, 0, 10, 10), 90.0, 0, 0)
        return PageText(page.to_master.width, page.to_master.height, (word,), self.reading)


def open_site(settings: Settings, port: int, password: str) -> Services:
    """The site with a queue of its own on that Redis, as each process opens it."""
    prefix = settings.data.parent.name.replace("_", "-")[:40]
    return replace(build_services(settings), queue=RqQueue(f"redis://127.0.0.1:{port}/0", prefix, password))


def work_as(settings: Settings, port: int, password: str, name: str, seconds: float) -> None:
    """A worker process whose pages take `seconds` each."""
    Worker(open_site(settings, port, password), StandIn(seconds), name).run()
