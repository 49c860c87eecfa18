"""A server as a process of its own on the loopback address: started, waited for, frozen, killed, started again.

Each server has a folder of its own for data, settings and log. Standard library only."""

import ctypes
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path

HOST = "127.0.0.1"
PR_SET_PDEATHSIG = 1
PLAIN_USER = "nobody"  # who runs what refuses to run as root
WAIT = 90.0


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server((HOST, 0)) as server:
        return int(server.getsockname()[1])


class Server(ABC):
    """A server in `folder`. Started again after a kill it has its data and address as before.

    `lasting`: it lives on when the process that started it ends; otherwise the kernel ends both together."""

    name = ""

    def __init__(self, folder: Path, port: int = 0, lasting: bool = False) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.lasting = lasting
        self.pid = 0

    @abstractmethod
    def command(self) -> list[str]:
        """What to run."""

    def environment(self) -> dict[str, str]:
        """Variables it needs besides the usual ones."""
        return {}

    @abstractmethod
    def prepare(self) -> None:
        """Make what must be there before the first start."""

    def ready(self) -> bool:
        """Whether it answers."""
        return connects(self.port)

    def start(self) -> None:
        """Start and wait until it answers."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start without waiting. A server that is not lasting ends with the thread that calls this."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        self.prepare()
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                cwd=self.folder,
                env={**os.environ, **self.environment()},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=self.lasting,
                preexec_fn=None if self.lasting else _die_with_parent,
                **self.credentials(),
            )
        self.pid = self._process.pid

    def wait(self) -> None:
        """Until it answers; raises RuntimeError with the end of its log when it does not."""
        until = time.monotonic() + WAIT
        while not self.ready():
            if self._process.poll() is not None or time.monotonic() > until:
                log = (self.folder / "log").read_text(errors="replace")
                raise RuntimeError(f"{self.name} did not start: …{log[-3000:]}")
            time.sleep(0.05)

    def kill(self) -> None:
        """SIGKILL: as when the power fails."""
        self._send(signal.SIGKILL)
        self._process.wait()

    def freeze(self) -> None:
        """SIGSTOP: it holds its connections and answers nothing, from when this returns."""
        self._send(signal.SIGSTOP)
        while Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "T":
            time.sleep(0.005)

    def thaw(self) -> None:
        """SIGCONT."""
        self._send(signal.SIGCONT)

    def stop(self) -> None:
        """SIGTERM (SIGINT for PostgreSQL), then wait."""
        if self._process.poll() is None:
            self._send(signal.SIGCONT)
            self._send(self.stop_signal)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()

    stop_signal = signal.SIGTERM

    def settings(self) -> dict[str, str]:
        """The project's settings that point here."""
        return {}

    def credentials(self) -> dict[str, str]:
        """For Popen: the plain user, where this one may not run as root."""
        return {}

    def _send(self, number: int) -> None:
        os.kill(self.pid, number)


class AsPlainUser(Server):
    """What refuses to run as root: then the plain user runs it."""

    def credentials(self) -> dict[str, str]:
        """See Server."""
        return {"user": PLAIN_USER, "group": _plain_group()} if os.geteuid() == 0 else {}

    def own(self, folder: Path) -> None:
        """Let the plain user write into a folder."""
        if os.geteuid() == 0:
            shutil.chown(folder, PLAIN_USER)


def start_all(servers: Iterable[Server]) -> None:
    """Start several side by side."""
    started = list(servers)
    for server in started:
        server.launch()
    for server in started:
        server.wait()


def write_secret(path: Path) -> None:
    """A random password in a file that only its owner reads; what is there stays."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(16))


def _plain_group() -> int:
    return pwd.getpwnam(PLAIN_USER).pw_gid


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def connects(port: int) -> bool:
    """Whether somebody listens on the port."""
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False


def answers(url: str) -> bool:
    """Whether a GET is answered with 200."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own addresses
            return bool(answer.status == 200)
    except OSError:
        return False
