"""What a letter asks for, under the name it carries: for an RQ worker that is not ours. Ours do not call it by name."""

import os
import socket
from functools import cache

from config.services import build_services
from config.settings import load_settings
from ingest.supervisor import tesseract
from ingest.worker import Worker


def do(job: int, token: int) -> None:
    """Do the ledger's job of that id, if it is still owed. The site is the one that the environment describes."""
    _worker().do_this(job)


@cache
def _worker() -> Worker:
    settings = load_settings()
    name = f"worker-rq-{socket.gethostname()[:40]}-{os.getpid()}"
    return Worker(build_services(settings), tesseract(settings), name)
