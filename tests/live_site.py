"""A real site in real processes, for tests that watch or kill them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

from PIL import Image
from shared_data import SHARED

DIACHI = Path(sys.executable).with_name("diachi")
DEADLINE = 180.0


def wait_until(true: Callable[[], object], what: str, seconds: float = DEADLINE) -> None:
    """Ask again and again until the answer is yes; fails with `what` after `seconds`."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, f"waited {seconds:.0f} s for {what}"
        time.sleep(0.01)


def free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def strips(folder: Path, count: int, first: int = 0) -> list[Path]:
    """`count` different short pages, a few printed lines each, cut out of the sample pages: quick to read."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for number in range(first, first + count):
        page, cut = divmod(number, 8)
        with Image.open(SHARED / "ocr-dev" / f"{(1, 3, 7, 13, 15, 19)[page]:03d}.jpg") as image:
            top = 400 + 220 * cut
            strip = image.crop((0, top, image.width, top + 330))
            path = folder / f"DC{first:04d}_{number - first + 1:04d}.png"
            strip.save(path, dpi=(300, 300))
        made.append(path)
    return made


class LiveSite:
    """`diachi serve` on a free port of the loopback address."""

    def __init__(self, data: Path, *options: str, env: Mapping[str, str] | None = None) -> None:
        self.data, self.port = data, free_port()
        self.options = options
        self.env = env or {}
        self.process: subprocess.Popen[str] | None = None
        self.said = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start and wait for READY."""
        self.data.mkdir(parents=True, exist_ok=True)
        command = [str(DIACHI), "--data", str(self.data), "serve", "--port", str(self.port), *self.options]
        with (self.data / "serve.log").open("ab") as log:
            env = {**os.environ, **self.env}
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=env)
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if line.startswith("READY "):
                return
        raise AssertionError(f"no READY: {(self.data / 'serve.log').read_text()[-3000:]}")

    def password(self) -> str:
        """The first administrator's, as printed on the first start."""
        return self.said.split("password: ")[1].split()[0]

    def workers(self) -> dict[str, int]:
        """Process ids of the workers by name."""
        said = json.loads((self.data / "workers.json").read_text())
        return {worker["name"]: worker["pid"] for worker in said["workers"]}

    def supervisor(self) -> int:
        """Process id of the supervisor."""
        return int(json.loads((self.data / "workers.json").read_text())["supervisor"])

    def get(self, path: str) -> bytes:
        """The body of a page."""
        with urllib.request.urlopen(self.url + path, timeout=20) as answer:
            return bytes(answer.read())

    def kill(self) -> None:
        """SIGKILL to the server itself, and to nobody else."""
        assert self.process is not None
        self.process.kill()
        self.process.communicate()

    def stop(self) -> None:
        """SIGTERM, as a shutdown does; fails when it does not end by itself."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.communicate(timeout=60)
            assert self.process.returncode == 0


def alive(pid: int) -> bool:
    """Whether a process runs (one that ended and was not reaped does not)."""
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False


def descendants(pid: int) -> list[int]:
    """Every process below `pid`."""
    found = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, children.read_text().split()):
            found += [child, *descendants(child)]
    return found


def kill(pid: int) -> None:
    """SIGKILL, if it still runs."""
    if alive(pid):
        os.kill(pid, signal.SIGKILL)
