"""How the production profile grows with workers: the real engine at 1 and 2, a sleeping one at 32.

    .venv/bin/python bench/scale.py [--rounds 2] [--workers 32] [--pages 640] [--dry]

Starts four servers of its own on the loopback address. First the pages of ocr-dev are read by one worker and by two,
and by one bare Tesseract and by two, in turn: what two gain over one is compared. Then `--workers` workers with an
engine that sleeps 3 s a page read small pages; the rest of each page's way (queue, database, pixels, derivative,
object store, index) is real and shares this machine. Prints its tables and writes them into docs/benchmarks.md.
"""

import argparse
import os
import platform
import secrets
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "scripts")]

from people import ADMIN  # noqa: E402
from production_site import new_site, opened  # noqa: E402
from servers import start_all  # noqa: E402
from servers_here import Servers, four_servers  # noqa: E402
from shared_data import SHARED  # noqa: E402

from bench.sections import write_section  # noqa: E402
from bench.sleeping_engine import SleepingEngine  # noqa: E402
from config.services import Services  # noqa: E402
from config.settings import load_settings  # noqa: E402
from ingest.supervisor import Supervisor  # noqa: E402
from repository.domain.batches import BatchState  # noqa: E402
from repository.domain.records import Library  # noqa: E402

SLEEP = 3.0
TEXT = SHARED / "text_vi"
SECTION = """## Scale: workers of the production profile

`bench/scale.py`: MinIO, OpenSearch, Redis and PostgreSQL on the same machine, one worker a process. {rounds} rounds
over {real} pages; seconds from the first file looked into to the last page searchable, and for bare Tesseract
(`tesseract FILE out -l vie`) over the same files; medians.

| | one | two | two gain |
|---|---|---|---|
| ours | {one:.1f} | {two:.1f} | {gain:.2f} × |
| bare Tesseract | {bare_one:.1f} | {bare_two:.1f} | {bare_gain:.2f} × |

Ours gains {ratio:.2f} × what Tesseract gains (goal 0.95).

{workers} workers with an engine that sleeps {sleep:.0f} s a page, {pages} pages in single files, two libraries:
{seconds:.1f} s where sleeping alone takes {ideal:.1f} s: **{efficiency:.1%}** (goal 90 %). {rate:.1f} pages a second
pass through queue, ledger, pixels, derivatives, object store and index on {cores} cores that the servers share.

{date}, {machine}, Python {python}.
"""


def main() -> None:
    arguments = _arguments()
    images = sorted(path for path in (SHARED / "ocr-dev").iterdir() if path.suffix in (".jpg", ".tif", ".png"))
    with tempfile.TemporaryDirectory(prefix="diachi-scale-") as folder:
        work = Path(folder)
        work.chmod(0o755)
        with _servers(work) as servers:
            rounds = [_round(servers, images, work / str(number)) for number in range(arguments.rounds)]
            seconds = _asleep(servers, arguments.workers, arguments.pages, work)
    one, two, bare_one, bare_two = (statistics.median(times) for times in zip(*rounds, strict=True))
    ideal = SLEEP * -(-arguments.pages // arguments.workers)
    section = SECTION.format(
        rounds=arguments.rounds, real=len(images), one=one, two=two, gain=one / two, bare_one=bare_one,
        bare_two=bare_two, bare_gain=bare_one / bare_two, ratio=(one / two) / (bare_one / bare_two), sleep=SLEEP,
        workers=arguments.workers, pages=arguments.pages, seconds=seconds, ideal=ideal, efficiency=ideal / seconds,
        rate=arguments.pages / seconds, cores=os.cpu_count(), date=date.today().isoformat(),
        machine=f"{os.cpu_count()} cores, {platform.machine()}", python=platform.python_version(),
    )  # fmt: skip
    print(section)
    if not arguments.dry:
        write_section("scale", section)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--workers", type=int, default=32)
    parser.add_argument("--pages", type=int, default=640)
    parser.add_argument("--dry", action="store_true", help="leave docs/benchmarks.md as it is")
    parser.add_argument("--supervise", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.supervise:
        engine = SleepingEngine(SLEEP, _text())  # made before the fork: what it costs is not the workers'
        Supervisor(load_settings(arguments.supervise), lambda _: engine).run()
        sys.exit()
    return arguments


def _text() -> Path:
    return max(TEXT.rglob("*.txt"), key=lambda path: path.stat().st_size)


@contextmanager
def _servers(folder: Path) -> Iterator[Servers]:
    here = four_servers(folder)
    start_all(here.all())
    yield here
    for server in here.all():
        server.stop()


def _round(servers: Servers, images: list[Path], folder: Path) -> tuple[float, float, float, float]:
    """Seconds: ours with one worker and with two, Tesseract once and twice."""
    folder.mkdir()
    times = (
        _ours(servers, images, 1, folder / "one"),
        _ours(servers, images, 2, folder / "two"),
        _bare(images, 1, folder / "bare one"),
        _bare(images, 2, folder / "bare two"),
    )
    print("ours {:.1f} s, {:.1f} s; tesseract {:.1f} s, {:.1f} s".format(*times), flush=True)
    return times


def _bare(images: list[Path], processes: int, out: Path) -> float:
    out.mkdir()
    started = time.monotonic()
    env = {**os.environ, "OMP_THREAD_LIMIT": "1"}
    with ThreadPoolExecutor(processes) as threads:
        for done in threads.map(lambda image: subprocess.run(
            ["tesseract", image, out / image.stem, "-l", "vie"], env=env, check=False, capture_output=True), images
        ):  # fmt: skip
            done.check_returncode()
    return time.monotonic() - started


def _ours(servers: Servers, images: list[Path], workers: int, data: Path) -> float:
    site = new_site(servers, _name(), data, DIACHI_WORKERS=str(workers))
    services = opened(site)
    batches = [_hand_in(services, "TV", images)]
    command = [sys.executable, "-m", "ingest", "--data", str(data)]
    return _timed(services, batches, command, site.env, data)


def _asleep(servers: Servers, workers: int, pages: int, folder: Path) -> float:
    """Two libraries' batches, read by workers that sleep."""
    data = folder / "asleep"
    site = new_site(servers, _name(), data, DIACHI_WORKERS=str(workers))
    services = opened(site)
    small = _small_pages(folder / "small", pages)
    batches = [_hand_in(services, "TV", small[::2]), _hand_in(services, "BT", small[1::2])]
    return _timed(services, batches, [sys.executable, __file__, "--supervise", str(data)], site.env, data)


def _timed(services: Services, batches: list[str], command: list[str], env: dict[str, str], data: Path) -> float:
    """From the first file that a worker has looked into to the last page in the index."""
    owed = _owed(services)
    with (data / "log").open("ab") as log:
        supervisor = subprocess.Popen(command, env={**os.environ, **env, "OMP_THREAD_LIMIT": "1"}, stderr=log, cwd=ROOT)
    while _owed(services) == owed:
        time.sleep(0.02)
    started = time.monotonic()
    while any(services.progressing.progress(ADMIN, batch).state is not BatchState.DONE for batch in batches):
        time.sleep(0.2)
    seconds = time.monotonic() - started
    supervisor.send_signal(signal.SIGTERM)
    supervisor.wait(60)
    services.ledger.close()
    return seconds


def _owed(services: Services) -> int:
    with services.ledger.read() as work:
        return work.jobs.count()


def _hand_in(services: Services, library: str, images: list[Path]) -> str:
    with services.ledger.write() as work:
        work.libraries.put(Library(library, f"Thư viện {library}"))
    batch = services.intake.open_batch(ADMIN, library, library)
    for image in images:
        with image.open("rb") as stream:
            services.intake.receive(ADMIN, batch.id, image.name, stream)
    services.intake.close(ADMIN, batch.id)
    return batch.id


def _small_pages(folder: Path, pages: int) -> list[Path]:
    """Different pages of a few kilobytes: what they cost is not the pixels'."""
    folder.mkdir()
    random = np.random.default_rng(7)
    made = []
    for number in range(pages):
        path = folder / f"DC{number % 2}_{number:05d}.png"
        pixels = np.full((400, 300), 255, np.uint8)
        pixels[20:380, 20:280] -= random.integers(0, 2, (360, 260), np.uint8) * 200
        Image.fromarray(pixels).save(path, dpi=(300, 300))
        made.append(path)
    return made


def _name() -> str:
    return f"scale{secrets.token_hex(4)}"


if __name__ == "__main__":
    main()
