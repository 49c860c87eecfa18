"""How every process of a site logs: for a terminal, or a JSON object a line for a log collector.

Each line says when, how grave, from which part of the code, in which role, host and process, and what the work is
about (see `repository.domain.tracing`): a request's id on the web line is the `trace` on the worker's line."""

import json
import logging
import socket
import sys
import threading
from types import TracebackType
from typing import TextIO
from urllib.parse import quote

from pydantic import SecretStr
from pythonjsonlogger.json import JsonFormatter

from config.settings import Settings
from repository.domain.tracing import marks

MASK = "•••"
SHORTEST_SECRET = 6  # masking a shorter one would blot out common words
CHATTY = {"alembic": logging.WARNING, "pyvips": logging.WARNING, "opensearch": logging.ERROR, "rq": logging.WARNING,
          "urllib3": logging.ERROR, "PIL": logging.INFO}  # fmt: skip
_TEXT = "%(asctime)s %(role)s[%(process)d] %(levelname)s %(name)s: %(message)s%(marks)s"
_JSON = {"levelname": "level", "name": "logger", "process": "pid"}


def start_logging(
    settings: Settings, role: str, level: int = logging.INFO, stream: TextIO | None = None
) -> logging.Handler:
    """Log everything from `level` on to `stream` (standard error), in the form that the settings choose; replaces what
    an earlier call set up. What nobody catches is logged too."""
    handler = logging.StreamHandler(stream or sys.stderr)
    form = _json_form() if settings.log_format == "json" else logging.Formatter(_TEXT)
    handler.setFormatter(Masked(form, secrets_of(settings)))
    handler.addFilter(Marked(role))
    root = logging.getLogger()
    for old in [each for each in root.handlers if isinstance(each.formatter, Masked)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name, least in CHATTY.items():
        logging.getLogger(name).setLevel(max(least, level))
    logging.captureWarnings(capture=True)
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)
    return handler


def play(role: str) -> None:
    """This process, forked from one that logs already, has a role of its own."""
    for handler in logging.getLogger().handlers:
        for each in handler.filters:
            if isinstance(each, Marked):
                each.role = role


def secrets_of(settings: Settings) -> tuple[str, ...]:
    """Every secret that the settings hold, the longest first."""
    values = (getattr(settings, name) for name in type(settings).model_fields)
    found = {value.get_secret_value() for value in values if isinstance(value, SecretStr)}
    return tuple(sorted((each for each in found if len(each) >= SHORTEST_SECRET), key=len, reverse=True))


class Marked(logging.Filter):
    """Adds to each record who logs it and what the work is about."""

    def __init__(self, role: str) -> None:
        super().__init__()
        self.role = role
        self._host = socket.gethostname()

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through, marked."""
        about = marks()
        record.role, record.host = self.role, self._host
        record.about = about
        record.marks = "".join(f" {name}={value}" for name, value in about.items())
        return True


class Masked(logging.Formatter):
    """Blots known secrets out of whatever another formatter wrote, messages of outside libraries included: the last
    line of defence, for a line that should never have held one."""

    def __init__(self, form: logging.Formatter, secrets: tuple[str, ...]) -> None:
        super().__init__()
        self._form = form
        self._written = tuple(dict.fromkeys(way for each in secrets for way in _ways(each)))

    def format(self, record: logging.LogRecord) -> str:
        """The line without secrets."""
        line = self._form.format(record)
        for written in self._written:
            line = line.replace(written, MASK)
        return line


def _ways(secret: str) -> tuple[str, ...]:
    """How a secret may be written: as it is, inside JSON, inside an address."""
    return secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], quote(secret, safe="")


class _Json(JsonFormatter):
    def add_fields(
        self, log_data: dict[str, object], record: logging.LogRecord, message_dict: dict[str, object]
    ) -> None:
        """The fields of a line: what the work is about stands beside the others."""
        super().add_fields(log_data, record, message_dict)
        log_data.update(getattr(record, "about", {}))
        log_data.pop("about", None)
        log_data.pop("marks", None)


def _json_form() -> logging.Formatter:
    return _Json(
        "%(levelname)s %(name)s %(process)d %(role)s %(host)s %(message)s",
        timestamp="time", rename_fields=_JSON, json_ensure_ascii=False,
    )  # fmt: skip


def _uncaught(kind: type[BaseException], error: BaseException | None, at: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    exc_info = (kind, error, at) if error is not None else None
    logging.getLogger("uncaught").critical("%s", kind.__name__, exc_info=exc_info)
