"""Which processes work on a data folder, in a file beside it: for people, and for the next supervisor."""

import json
import logging
import os
from pathlib import Path

log = logging.getLogger(__name__)


class Roll:
    """`workers.json`, replaced whole whenever it changes."""

    def __init__(self, data: Path) -> None:
        self._path = data / "workers.json"

    def call(self, alive: dict[str, int]) -> None:
        """Note who is alive: process ids by name."""
        said = json.dumps(
            {
                "supervisor": os.getpid(),
                "clerk": _one(alive, "clerk"),
                "feeder": _one(alive, "feeder"),
                "workers": [{"name": name, "pid": pid} for name, pid in alive.items() if name.startswith("worker")],
                "names": list(alive),
            }
        )
        try:
            if not self._path.exists() or self._path.read_text() != said:
                aside = self._path.with_suffix(".new")
                aside.write_text(said)
                aside.replace(self._path)
        except OSError as error:  # a full disk: nobody has to stop for want of this file
            log.warning("%s: %s", self._path, error)

    def names(self) -> list[str]:
        """Who worked here last; nobody when it ended well, or when what it wrote did not reach the disk."""
        try:
            return [str(name) for name in json.loads(self._path.read_text())["names"]]
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return []

    def end(self) -> None:
        """Nobody works any more."""
        self._path.unlink(missing_ok=True)


def _one(alive: dict[str, int], kind: str) -> int | None:
    return next((pid for name, pid in alive.items() if name.startswith(kind)), None)
