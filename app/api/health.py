"""Is the site able to serve: its stores tried for real, its workers looked for by pid."""

import json
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from config.services import Services
from repository.domain.errors import DiachiError

log = logging.getLogger(__name__)
WORKERS_FILE = "workers.json"


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker process by the name and pid under which it was started."""

    name: str
    pid: int
    alive: bool


@dataclass(frozen=True, slots=True)
class Health:
    """Each store by name with whether it answered, and each worker."""

    stores: dict[str, bool]
    workers: tuple[Worker, ...]

    @property
    def ready(self) -> bool:
        """Whether readers and batches can both be served."""
        return all(self.stores.values()) and any(worker.alive for worker in self.workers)

    def as_json(self) -> dict[str, object]:
        """The answer of `/readyz`."""
        workers = [{"name": worker.name, "pid": worker.pid, "alive": worker.alive} for worker in self.workers]
        return {"ready": self.ready, **self.stores, "workers": workers}


def look(services: Services) -> Health:
    """Try every store and look for every worker."""
    stores = {
        "ledger": _answers("ledger", services.reading.libraries),
        "index": _answers("index", services.index.count),
        "storage": _answers("storage", lambda: _storage(services.settings.data)),
    }
    return Health(stores, tuple(_workers(services.settings.data / WORKERS_FILE)))


def _answers(name: str, question: Callable[[], object]) -> bool:
    try:
        question()
    except (DiachiError, SQLAlchemyError, OSError) as error:
        log.warning("%s does not answer: %s", name, error)
        return False
    return True


def _storage(data: Path) -> None:
    """Raise OSError unless both stores' folders are there and can be written to."""
    for name in ("masters", "derivatives"):
        folder = data / name
        next(iter(folder.iterdir()), None)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(f"{folder} cannot be written to")


def _workers(register: Path) -> list[Worker]:
    try:
        written = json.loads(register.read_text())
        named = [(str(entry.get("name", "worker")), int(entry["pid"])) for entry in written["workers"]]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("%s cannot be read: %s", register, error)
        return []
    return [Worker(name, pid, _alive(pid)) for name, pid in named]


def _alive(pid: int) -> bool:
    """Whether the process is there and is not a dead one that nobody has buried."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in ("Z", "X")
