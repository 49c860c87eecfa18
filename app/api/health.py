"""Is the site able to serve: every server asked, every worker looked for."""

import json
import logging
import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from config.pinging import Answer, Pings
from config.services import Services
from repository.domain.errors import DiachiError
from repository.domain.jobs import WorkerSeen

log = logging.getLogger(__name__)
WORKERS_FILE = "workers.json"
SILENT_SECONDS = 30.0  # a process beats every 8 s


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker process; `seconds` since its last heartbeat, None when only the machine's own list tells of it."""

    name: str
    kind: str
    host: str
    pid: int
    seconds: float | None
    alive: bool
    doing: str | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """What each part answered, and each worker. `restoring`: the backup from which the site is being brought back;
    workers wait until that is done."""

    answers: Mapping[str, Answer]
    workers: tuple[Worker, ...]
    restoring: str | None = None

    @property
    def ready(self) -> bool:
        """Whether readers can be served: the catalogue answers. Without the others something is missing (search,
        pictures, new work), but the site is worth a visit."""
        return self.answers["ledger"].ok

    @property
    def degraded(self) -> list[str]:
        """What is missing, by name."""
        down = [name for name, answer in self.answers.items() if not answer.ok]
        working = any(worker.alive for worker in self.workers if worker.kind == "worker")
        return [*down, *(["restoring"] if self.restoring else []), *([] if working else ["workers"])]

    def as_json(self, why: bool) -> dict[str, object]:
        """The answer of `/readyz`; with `why` the reasons in full, which name machines."""
        ok = {name: answer.ok for name, answer in self.answers.items()}
        return {
            "ready": self.ready,
            "degraded": self.degraded,
            "restoring": self.restoring,
            "ledger": ok["ledger"],
            "index": ok["index"],
            "storage": all(ok[name] for name in ("masters", "derivatives", "texts")),
            "servers": {name: _told(answer, why) for name, answer in self.answers.items()},
            "workers": [
                {"name": each.name, "kind": each.kind, "host": each.host, "pid": each.pid, "alive": each.alive,
                 "seconds": each.seconds}
                for each in self.workers
            ],
        }  # fmt: skip


def look(services: Services, pings: Pings) -> Health:
    """Ask every part and look for every worker; takes little more than the limit of one question, whoever hangs."""
    answers = pings.ask()
    there = answers["ledger"].ok
    return Health(answers, workers_of(services, there), _restoring(services) if there else None)


def _restoring(services: Services) -> str | None:
    try:
        with services.ledger.read() as work:
            return work.journal.restoring()
    except DiachiError as error:
        log.warning("restoring: %s", error)
        return None


def workers_of(services: Services, ledger_answers: bool) -> tuple[Worker, ...]:
    """The workers of the site by the ledger; of an embedded site, or while the ledger is away, those of this machine by
    its own list."""
    seen: list[WorkerSeen] = []
    if ledger_answers:
        try:
            with services.ledger.read() as work:
                seen = work.workers.all()
        except DiachiError as error:
            log.warning("workers: %s", error)
    if services.settings.production and seen:
        return tuple(_of_ledger(each) for each in seen)
    return tuple(_of_machine(services.settings.data / WORKERS_FILE, {each.name: each for each in seen}))


def _told(answer: Answer, why: bool) -> dict[str, object]:
    told: dict[str, object] = {"server": answer.part.server, "ok": answer.ok, "ms": answer.milliseconds}
    if not answer.ok:
        told["error"] = str(answer.error) if why else answer.kind
    return told


def _of_ledger(seen: WorkerSeen) -> Worker:
    """A process of this machine is looked for by its number: it may have died since it was last heard of."""
    here = seen.host == socket.gethostname()
    alive = seen.silent < SILENT_SECONDS and (not here or _alive(seen.pid))
    return Worker(seen.name, seen.kind, seen.host, seen.pid, round(seen.silent, 1), alive, seen.doing)


def _of_machine(register: Path, seen: Mapping[str, WorkerSeen]) -> list[Worker]:
    try:
        written = json.loads(register.read_text())
        named = [(str(entry.get("name", "worker")), int(entry["pid"])) for entry in written["workers"]]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("%s cannot be read: %s", register, error)
        return []
    host = socket.gethostname()
    return [
        replace(_of_ledger(seen[name]), alive=_alive(pid))
        if name in seen
        else Worker(name, "worker", host, pid, None, _alive(pid))
        for name, pid in named
    ]


def _alive(pid: int) -> bool:
    """Whether the process is there and is not a dead one that nobody has buried."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in ("Z", "X")
