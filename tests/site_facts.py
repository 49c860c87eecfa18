"""What there is to compare of two sites that should be the same."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from live_site import DIACHI
from people import ADMIN
from sqlalchemy import Engine
from sqlalchemy.exc import ProgrammingError

from config.services import Services
from repository.db.dumping import shapes, snapshot
from repository.db.ledger import Ledger
from repository.domain.search import Filters
from repository.storage.measuring import digest_of

# Not of the site but of where it works: who works there, settings of the moment, the store's names for masters, how far
# the index and derivatives are.
OF_THE_PLACE = {"worker", "duty", "setting", "job", "upload"}
OF_THE_PLACE_TOO = {("master", "version"), ("item", "version"), ("item", "indexed_version"), ("text_version", "copy")}


def rows(engine: Engine, *without: str) -> dict[str, list[str]]:
    """Every table's rows, in order, as JSON."""
    found = {}
    with snapshot(engine) as moment:
        for shape in shapes():
            if shape.table in OF_THE_PLACE or shape.table in without:
                continue
            kept = [at for at, (name, _) in enumerate(shape.columns) if (shape.table, name) not in OF_THE_PLACE_TOO]
            lines = (json.loads(line) for line in moment.lines(shape))
            found[shape.table] = sorted(json.dumps([line[at] for at in kept]) for line in lines)
    return found


def masters(services: Services) -> dict[str, str]:
    """Every master's SHA-256, found by reading it through."""
    with services.ledger.read() as work:
        keys = [master.key for master in work.masters.all()]
    found = {}
    for key in keys:
        with services.masters.open(key) as stream:
            found[key] = digest_of(stream)[0]
    assert found == {key: key for key in keys}
    return found


def hits(services: Services, words: list[str]) -> dict[str, list[Any]]:
    """Which pages are found by each word."""
    return {
        word: sorted(
            hit.page.id for hit in services.finding.search(ADMIN, f'"{word}"', Filters(), size=100).hits if hit.page
        )
        for word in words
    }


def words_of(services: Services) -> list[str]:
    """A long word of each page."""
    found = []
    with services.ledger.read() as work:
        for batch in work.batches.all(None, 0, 100)[1]:
            for page in work.pages.of_batch(batch.id):
                text = work.texts.current([page.id])[page.id]
                found.append(max((word.text for word in text.words), key=len).strip(".,;:!?()"))
    return sorted(set(found))


def run(data: Path, *command: str | Path, env: Mapping[str, str] | None = None, code: int = 0) -> str:
    """What a `diachi` command says; fails when it does not end with `code`."""
    done = subprocess.run(
        [DIACHI, "--data", data, *command], env={**os.environ, **(env or {})}, capture_output=True, text=True,
        check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == code, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def kill_after(data: Path, seconds: float, *command: str | Path, env: Mapping[str, str] | None = None) -> bool:
    """Begin a `diachi` command and SIGKILL it after so long; gives whether it was still at work."""
    process = subprocess.Popen(
        [DIACHI, "--data", data, *command], env={**os.environ, **(env or {})}, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True
    return False


def kill_when(
    ready: Callable[[], bool], data: Path, *command: str | Path, env: Mapping[str, str] | None = None
) -> bool:
    """Begin a `diachi` command and SIGKILL it as soon as `ready`; gives whether it was still at work."""
    process = subprocess.Popen(
        [DIACHI, "--data", data, *command], env={**os.environ, **(env or {})}, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while process.poll() is None and not ready():
        time.sleep(0.002)
    working = process.poll() is None
    process.kill()
    process.wait()
    return working


def objects_in(folder: Path) -> int:
    """How many whole objects a folder of objects holds."""
    return sum(1 for _ in folder.glob("??/??/*"))


def masters_known(ledger: Ledger) -> int:
    """How many masters with a version the ledger knows; a database without tables knows none."""
    try:
        with ledger.read() as work:
            return sum(1 for master in work.masters.all() if master.version)
    except ProgrammingError:
        return 0
