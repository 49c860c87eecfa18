"""`diachi serve`: the web server and the supervisor, kept alive side by side until SIGTERM."""

import contextlib
import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from types import FrameType

import click

from app.cli.check import must_work
from app.cli.sample import ingest_sample, sample_owed
from app.cli.site import Site
from config.process import WEB_THREADS
from config.secret_files import PREFIX
from config.services import Services
from config.settings import Settings
from repository.domain.access import Role
from repository.domain.errors import N_, ServerUnreachable, StoreFailed, WrongUse
from repository.domain.records import User
from repository.jobs.pool import start_with_parent

log = logging.getLogger(__name__)

FIRST_USER = "quantri"
ROUND, STOP_SECONDS = 0.3, 25.0


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Địa chỉ nghe / address to listen on.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(1, 65535))
@click.option("--public-url", default="", help="Địa chỉ bạn đọc dùng / the address readers use.")
@click.option("--workers", type=click.IntRange(0, 256), help="Số tiến trình xử lý; 0: chỉ trang web / 0: web only.")
@click.option("--sample", is_flag=True, help="Nhập bộ sưu tập mẫu vào kho mới / the sample collection on a new site.")
@click.pass_obj
def serve(site: Site, host: str, port: int, public_url: str, workers: int | None, sample: bool) -> int:
    """Chạy trang web và các tiến trình xử lý / run the site and its workers."""
    _must_be_free(host, port)
    for name, value in (("PUBLIC_URL", public_url), ("WORKERS", "" if workers is None else str(workers))):
        if value:
            os.environ[f"{PREFIX}{name}"] = value
    must_work(site.settings())
    services = site.open()
    os.environ[f"{PREFIX}DATA"] = str(services.settings.data)
    new = _is_new(services)
    _first_user(services)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_counters(services.settings))
    house = _House(host, port, services.settings)
    signal.signal(signal.SIGTERM, house.stop)
    signal.signal(signal.SIGINT, house.stop)
    greeting = threading.Thread(
        target=_greet, args=(services, house, house.works and sample and sample_owed(services, new)), daemon=True
    )
    greeting.start()
    house.run()
    return 0


class _House:
    """Web server and, where there are to be workers, their supervisor; each is started again when it ends by itself."""

    def __init__(self, host: str, port: int, settings: Settings) -> None:
        self.host, self.port = host, port
        self.works = settings.workers > 0
        web = ["granian", "--interface", "wsgi", "--host", host, "--port", str(port), "--workers", "1",
               "--blocking-threads", str(WEB_THREADS), "--no-ws", "--log-level", "warning", "--respawn-failed-workers",
               "--factory", "app.wsgi:application"]  # fmt: skip
        self._commands = [[sys.executable, "-m", *web]]
        if self.works:
            self._commands.append([sys.executable, "-m", "ingest", "--data", str(settings.data)])
        self._processes: list[subprocess.Popen[bytes] | None] = [None] * len(self._commands)
        self.stopping = False

    def run(self) -> None:
        """Keep both alive until told to stop, then stop both."""
        while not self.stopping:
            for place, process in enumerate(self._processes):
                if process is None or process.poll() is not None:
                    self._processes[place] = start_with_parent(self._commands[place])
            time.sleep(ROUND)
        self._end()

    def stop(self, _signal: int, _frame: FrameType | None) -> None:
        """Stop at the next round."""
        self.stopping = True

    def _end(self) -> None:
        running = [process for process in self._processes if process and process.poll() is None]
        for process in running:
            process.terminate()
        until = time.monotonic() + STOP_SECONDS
        for process in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(until - time.monotonic(), 0.1))
            process.kill()


def _greet(services: Services, house: _House, sample: bool) -> None:
    """Say READY once readers can come and, on a new site, the sample can be searched."""
    reach = "127.0.0.1" if house.host in ("0.0.0.0", "::") else house.host  # noqa: S104 - compared, not bound
    while not house.stopping and not (_answers(f"http://{reach}:{house.port}/healthz") and _servers_answer(services)):
        time.sleep(ROUND)
    if sample:
        ingest_sample(services, lambda: house.stopping)
    if not house.stopping:
        click.echo(f"READY http://{house.host}:{house.port}")
        sys.stdout.flush()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except OSError:
        return False


def _servers_answer(services: Services) -> bool:
    """Whether every server is there. What one says is another matter: an index that no clerk has made yet, for one."""
    for server in (services.ledger, services.masters, services.derivatives, services.index):
        try:
            server.ping()
        except ServerUnreachable:
            return False
        except StoreFailed as error:
            log.warning("%s", error)
    return True


def _counters(settings: Settings) -> Path:
    """An empty folder in which the web processes count together; what an earlier run counted is over."""
    folder = settings.data / "counters"
    folder.mkdir(exist_ok=True)
    for left in folder.glob("*.db"):
        left.unlink()
    return folder


def _is_new(services: Services) -> bool:
    """Whether nobody has used the site yet."""
    with services.ledger.read() as work:
        unused = work.batches.all(None, 0, 1)[0] == 0
    return unused and services.accounts.none_yet()


def _first_user(services: Services) -> None:
    """A new site gets its administrator, with a password that is printed once and kept nowhere in the clear."""
    if not services.accounts.none_yet():
        return
    password = secrets.token_urlsafe(12)
    services.accounts.add("setup", User(FIRST_USER, Role.ADMIN, services.settings.library_code), password)
    click.echo("Tài khoản quản trị (chỉ hiện một lần) / administrator, shown once:")
    click.echo(f"  tên / user: {FIRST_USER}\n  mật khẩu / password: {password}")
    sys.stdout.flush()


def _must_be_free(host: str, port: int) -> None:
    """Raise WrongUse when the address cannot be listened on."""
    try:
        with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET):
            pass
    except OSError as error:
        raise WrongUse(
            N_("Không nghe được ở {host}:{port} ({cause}); hãy chọn cổng khác bằng --port."),
            host=host, port=port, cause=error.strerror or "?",
        ) from error  # fmt: skip
