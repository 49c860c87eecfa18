"""A site whose ledger is down when its web server starts: it opens once the ledger answers, and says so meanwhile."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from pathlib import Path
from typing import Any

from flask import Flask
from jinja2 import Environment, FileSystemLoader

from app.outages import FOR_READERS, RETRY_SECONDS
from config.process import settle
from repository.domain.errors import ServerUnreachable, StoreFailed

log = logging.getLogger(__name__)
AGAIN_SECONDS = 3.0
_TEMPLATES = Path(__file__).parent / "templates"


class Opening:
    """The application, as soon as it can be made; tries at once, and then at requests, AGAIN_SECONDS apart."""

    def __init__(self, make: Callable[[], Flask], site_name: str) -> None:
        self._make = make
        self._site_name = site_name
        self._made: Flask | None = None
        self._not_before = 0.0
        self._making = threading.Lock()
        self._try()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer with the application, or that there is none yet."""
        if self._made is None and time.monotonic() >= self._not_before and self._making.acquire(blocking=False):
            try:
                self._try()
            finally:
                self._making.release()
        if self._made is not None:
            answer: Iterable[bytes] = self._made(environ, start_response)
            return answer
        return self._closed(environ.get("PATH_INFO", ""), start_response)

    def _try(self) -> None:
        try:
            self._made = self._make()
        except (ServerUnreachable, StoreFailed) as error:
            log.error("the site cannot open yet: %s", error)
            self._not_before = time.monotonic() + AGAIN_SECONDS
        else:
            settle()

    def _closed(self, path: str, start_response: Callable[..., Any]) -> Iterable[bytes]:
        status, kind = HTTPStatus.SERVICE_UNAVAILABLE, "application/json"
        if path == "/healthz":
            status, body = HTTPStatus.OK, json.dumps({"status": "ok"})
        elif path == "/readyz":
            body = json.dumps({"ready": False, "degraded": ["ledger"], "ledger": False, "servers": {}, "workers": []})
        elif path.startswith(("/api/", "/iiif/")):
            body = json.dumps({"error": {"message": FOR_READERS["ledger"], "status": 503, "part": "ledger"}})
        else:
            kind, body = "text/html; charset=utf-8", self._page()
        headers = [("Content-Type", kind), ("Cache-Control", "no-store"), ("Retry-After", str(RETRY_SECONDS))]
        start_response(f"{status.value} {status.phrase}", headers)
        return [body.encode()]

    def _page(self) -> str:
        frame = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, extensions=["jinja2.ext.i18n"])
        frame.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
        problem = {"status": 503, "message": FOR_READERS["ledger"], "incident": ""}
        return frame.get_template("down.html").render(problem=problem, site_name=self._site_name, language="vi")
