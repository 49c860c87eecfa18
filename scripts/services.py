"""`scripts/services start|stop|status [--data DIR]`: the four servers, living on until they are stopped."""

import argparse
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from server_binaries import Missing, say
from servers import Minio, OpenSearch, Postgres, Redis, Server, start_all

KINDS: tuple[type[Server], ...] = (Postgres, Redis, Minio, OpenSearch)
DIACHI = Path(sys.executable).with_name("diachi")
STOP_SECONDS = 30.0

Known = dict[str, dict[str, int]]  # what was started, by the server's name


class Damaged(Exception):
    """The list of what was started cannot be read."""


def main() -> int:
    """Read the command line and do it; the exit code is 0 when all is well, 1 when a server is down, 3 on failure."""
    parser = argparse.ArgumentParser(prog="scripts/services")
    parser.add_argument("action", choices=("start", "stop", "status"))
    parser.add_argument("--data", type=Path, help="kept between starts; without it a throw-away folder")
    arguments = parser.parse_args()
    folder = (arguments.data or _throw_away()).absolute()
    actions: dict[str, Callable[[Path], int]] = {"start": start, "status": status}
    try:
        if arguments.action == "stop":
            return stop(folder, throw_away=arguments.data is None)
        return actions[arguments.action](folder)
    except Damaged as damaged:
        say(str(damaged))
        return 3


def start(folder: Path) -> int:
    """Start what does not run yet, make buckets and keys, print the settings."""
    folder.mkdir(parents=True, exist_ok=True)
    known = _known(folder)
    servers = [_server(kind, folder, known) for kind in KINDS]
    try:
        start_all(server for server in servers if not server.pid)
    except (Missing, RuntimeError, subprocess.CalledProcessError) as error:
        say(f"Không khởi động được / could not start: {error}")
        return 3
    finally:
        started = {server.name: _entry(server) for server in servers if server.pid}
        _keep(folder, {**known, **started})
    settings = {"DIACHI_PROFILE": "production"}
    for server in servers:
        settings |= server.settings()
    if not set_up_storage(servers, settings, folder):
        return 3  # the command has said why
    lines = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in settings.items())
    (folder / "services.env").write_text(lines)
    print(lines, end="")
    return 0


def stop(folder: Path, throw_away: bool) -> int:
    """End the servers that `start` started, by their process ids; a throw-away folder goes."""
    running = [entry["pid"] for entry in _known(folder).values() if _alive(entry)]
    for pid in running:
        os.kill(pid, signal.SIGINT if _is_postgres(folder, pid) else signal.SIGTERM)
    until = time.monotonic() + STOP_SECONDS
    while any(_alive(entry) for entry in _known(folder).values()) and time.monotonic() < until:
        time.sleep(0.1)
    for entry in _known(folder).values():
        if _alive(entry):
            os.kill(entry["pid"], signal.SIGKILL)
    if throw_away:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def status(folder: Path) -> int:
    """One line a server."""
    known = _known(folder)
    for kind in KINDS:
        entry = known.get(kind.name)
        where = "127.0.0.1:{port}, pid {pid}".format(**entry) if entry is not None and _alive(entry) else "—"
        print(f"{kind.name:12} {where}")
    return 0 if len(known) == len(KINDS) and all(_alive(entry) for entry in known.values()) else 1


def set_up_storage(servers: list[Server], settings: dict[str, str], folder: Path) -> bool:
    """Buckets, life-cycle rules, the application's key and the custodian's; False when that failed."""
    minio = next(server for server in servers if isinstance(server, Minio))
    command = [str(DIACHI), "--data", str(folder / "setup"), "storage", "setup", "--admin-user", minio.root_user,
               "--admin-password-file", str(minio.folder / "root-password")]  # fmt: skip
    return subprocess.run(command, check=False, env={**os.environ, **settings}, stdout=sys.stderr).returncode == 0


def _server(kind: type[Server], folder: Path, known: Known) -> Server:
    entry = known.get(kind.name)
    server = kind(folder / kind.__name__.lower(), entry["port"] if entry else 0, lasting=True)
    server.pid = entry["pid"] if entry is not None and _alive(entry) else 0
    return server


def _entry(server: Server) -> dict[str, int]:
    return {"pid": server.pid, "born": _born(server.pid), "port": server.port}


def _known(folder: Path) -> Known:
    file = folder / "services.json"
    try:
        told = json.loads(file.read_text())
        return {name: {key: int(entry[key]) for key in ("pid", "born", "port")} for name, entry in told.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Damaged(
            f"{file} bị hỏng nên không biết máy chủ nào đang chạy; hãy tự tắt những máy chủ của thư mục ấy (nếu còn) "
            f"rồi xóa tệp / is damaged: stop the servers of that folder by hand, if any, and delete the file "
            f"({type(error).__name__}: {error})"
        ) from error


def _keep(folder: Path, known: Known) -> None:
    """Write down what runs; a start that is killed leaves what was written before."""
    aside = folder / "services.json.new"
    aside.write_text(json.dumps(known, indent=1))
    aside.replace(folder / "services.json")


def _alive(entry: dict[str, int]) -> bool:
    """Whether the very process that was started still runs: its number may be another's by now."""
    return _born(entry["pid"]) == entry["born"] != 0


def _born(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0
    return 0 if fields[0] == "Z" else int(fields[19])


def _is_postgres(folder: Path, pid: int) -> bool:
    return _known(folder).get(Postgres.name, {}).get("pid") == pid


def _throw_away() -> Path:
    return Path(tempfile.gettempdir()) / f"diachi-services-{os.getuid()}"


if __name__ == "__main__":
    sys.exit(main())
