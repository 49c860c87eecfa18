"""What the container files say, done without containers: the same commands, settings and health checks, with the
containers' addresses, paths and ports put in terms of this machine."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import server_binaries as binaries
import yaml

DOCKER = Path(__file__).parents[1] / "docker"
DIACHI = Path(sys.executable).with_name("diachi")
CADDY = "github.com/caddyserver/caddy/v2/cmd/caddy@v2.10.2"
PATIENCE = 90.0


def caddy() -> Path:
    """The proxy of the version that the image takes, built from its source the first time (some minutes)."""
    binary = binaries.cache() / "bin" / "caddy"
    if not binary.exists():
        env = {**os.environ, "CGO_ENABLED": "0", "GOBIN": str(binary.parent), "GOFLAGS": "-modcacherw"}
        binaries.run([str(binaries._go()), "install", "-trimpath", "-ldflags=-s -w", CADDY], env=env)
    return binary


def program(name: str) -> str:
    """Where a program that a container calls is on this machine."""
    own: dict[str, Callable[[], Path]] = {
        "diachi": lambda: DIACHI,
        "python": lambda: Path(sys.executable),
        "healthy": lambda: DOCKER / "healthy",
        "answers": lambda: DOCKER / "answers",
        "minio": binaries.minio,
        "caddy": caddy,
        "postgres": lambda: binaries.postgres_folder() / "postgres",
        "pg_isready": lambda: binaries.postgres_folder() / "pg_isready",
    }
    return str(own[name]()) if name in own else name


class Container:
    """A service of a compose file. `here` gives what replaces each text of the file; `values` fills in its ${NAMES}."""

    def __init__(
        self, file: str, service: str, here: Mapping[str, object], values: Mapping[str, str] | None = None
    ) -> None:
        self._file, self._name = file, service
        self._said: dict[str, Any] = yaml.safe_load((DOCKER / file).read_text())["services"][service]
        self._here = {key: str(value) for key, value in here.items()}
        self._values = values or {}

    @property
    def grace(self) -> float:
        """Seconds from SIGTERM until it would be killed."""
        return float(str(self._said.get("stop_grace_period", "10s")).rstrip("s"))

    def command(self) -> list[str]:
        """What runs: the file's entry point and command, or the image's."""
        stage = self._said.get("build", {}).get("target", "")
        entry = self._said.get("entrypoint") or _image_says(stage, "ENTRYPOINT")
        command = self._said.get("command", None if "entrypoint" not in self._said else [])
        return self._whole([*entry, *(_image_says(stage, "CMD") if command is None else command)])

    def health(self) -> list[str]:
        """What asks whether it is well."""
        kind, *command = self._said["healthcheck"]["test"]
        assert kind == "CMD"
        return self._whole(command)

    def environment(self) -> dict[str, str]:
        """Its variables, and from this process only what programs cannot do without."""
        given = {name: self._translated(str(value)) for name, value in self._said.get("environment", {}).items()}
        return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **given}

    def is_well(self, **more: str) -> bool:
        """Ask once."""
        env = {**self.environment(), **more}
        return subprocess.run(self.health(), env=env, capture_output=True, check=False, timeout=20).returncode == 0

    @contextmanager
    def running(self, folder: Path, **more: str) -> Iterator["subprocess.Popen[bytes]"]:
        """Run while the block lasts; it must become well, and must end on SIGTERM before its time of grace is over."""
        folder.mkdir(parents=True, exist_ok=True)
        log = folder / f"{self._name}.log"
        env = {**self.environment(), **more}
        with log.open("wb") as out:
            process = subprocess.Popen(self.command(), env=env, stdout=out, stderr=out, cwd=folder)
        try:
            until = time.monotonic() + PATIENCE
            while not self.is_well(**more):
                assert process.poll() is None, log.read_text()[-3000:]
                assert time.monotonic() < until, log.read_text()[-3000:]
                time.sleep(0.1)
            yield process
            process.send_signal(signal.SIGTERM)
            process.wait(self.grace)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()

    def _whole(self, command: Sequence[object]) -> list[str]:
        first, *rest = (self._translated(str(part)) for part in command)
        return [program(first), *rest]

    def _translated(self, text: str) -> str:
        text = re.sub(r"\$\{(\w+)(?::[-?]([^}]*))?\}", lambda found: self._values.get(found[1], found[2] or ""), text)
        text = text.replace("$$", "$")
        if not self._here:
            return text
        there = sorted(self._here, key=len, reverse=True)  # in one go: what is put in is not looked at again
        return re.sub("|".join(map(re.escape, there)), lambda found: self._here[found[0]], text)


def secrets_in(folder: Path) -> dict[str, Path]:
    """The files that docker/make-secrets makes, by the path that containers see."""
    subprocess.run([DOCKER / "make-secrets", folder], check=True, capture_output=True)
    return {f"/run/secrets/{path.name}": path for path in folder.iterdir()}


def certificates_in(folder: Path, *names: str) -> Path:
    """The folder with what docker/make-certificates makes for a machine of these names."""
    env = {**os.environ, "CERTIFICATES": str(folder)}
    subprocess.run([DOCKER / "make-certificates", *names], check=True, capture_output=True, env=env)
    return folder


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now, all different."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(each.getsockname()[1]) for each in held]
    for each in held:
        each.close()
    return ports


def _image_says(stage: str, instruction: str) -> list[str]:
    """An instruction of a stage of the Dockerfile, in its list form."""
    if not stage:
        return []
    text = (DOCKER / "Dockerfile").read_text()
    part = text.split(f" AS {stage}\n")[1].split("\nFROM ")[0]
    found = re.search(rf"(?m)^{instruction} \[(.*)\]$", part)
    assert found is not None, f"{stage} has no {instruction}"
    return shlex.split(found[1].replace(",", " "))
