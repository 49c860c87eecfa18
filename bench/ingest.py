"""Whole ingest against bare Tesseract and OCRmyPDF: the same pages, the same two processes, one run.

    .venv/bin/python bench/ingest.py [--rounds 3] [--pages FOLDER] [--ocrmypdf PATH] [--dry]

Ours is `diachi ingest` from the first file received to the last page searchable, derivatives made. Rounds take the
three in turn, so that a machine whose speed drifts is the same for all. OCRmyPDF is run where it is installed
(`pip install -r requirements-bench.lock` in an environment of its own, given by --ocrmypdf). Prints its table and
writes it into docs/benchmarks.md.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pikepdf
from PIL import Image

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from shared_data import SHARED  # noqa: E402

from bench.sections import write_section  # noqa: E402

DIACHI = Path(sys.executable).with_name("diachi")
PROCESSES = 2
SECTION = """## Ingest: {pages} pages, {processes} processes

`bench/ingest.py`, {rounds} rounds, the contenders in turn. Ours is the whole way, from the first file received to the
last page searchable with its derivative made, and with the command's own start in brackets. Tesseract {tesseract} runs
bare (`tesseract FILE out -l vie`), OCRmyPDF {ocrmypdf} reads the same pages as one PDF (`-l vie --jobs {processes}`);
all with `OMP_THREAD_LIMIT=1`.

| | seconds, median (min to max) | ours is |
|---|---|---|
{rows}

Peak memory of a worker: {worker:.0f} MB, of the Tesseract it calls: {engine:.0f} MB.

{date}, {machine}, Python {python}. Goals: at most 1.25 × bare Tesseract and 0.65 × OCRmyPDF, a worker under 600 MB.
"""


@dataclass
class Peaks:
    """Highest resident memory seen, in MB."""

    worker: float = 0.0
    engine: float = 0.0


@dataclass
class Times:
    """Seconds of each round."""

    ours: list[float] = field(default_factory=list)
    command: list[float] = field(default_factory=list)
    tesseract: list[float] = field(default_factory=list)
    ocrmypdf: list[float] = field(default_factory=list)


def main() -> None:
    arguments = _arguments()
    images = sorted(path for path in arguments.pages.iterdir() if path.suffix in (".jpg", ".tif", ".png"))
    times, peaks = Times(), Peaks()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        scans = work / "scans"
        scans.mkdir()
        for image in images:
            shutil.copy(image, scans)
        pdf = _as_pdf(images, work / "pages.pdf")
        for number in range(arguments.rounds):
            times.tesseract.append(_tesseract(images, work / f"tesseract{number}"))
            _ours(scans, work / f"site{number}", times, peaks)
            if arguments.ocrmypdf:
                times.ocrmypdf.append(_ocrmypdf(arguments.ocrmypdf, pdf, work / f"out{number}.pdf"))
            print(f"round {number + 1}: ours {times.ours[-1]:.1f} s, tesseract {times.tesseract[-1]:.1f} s, "
                  f"ocrmypdf {times.ocrmypdf[-1] if times.ocrmypdf else float('nan'):.1f} s", flush=True)  # fmt: skip
    section = SECTION.format(
        pages=len(images), processes=PROCESSES, rounds=arguments.rounds, rows=_rows(times), worker=peaks.worker,
        engine=peaks.engine, tesseract=_version(["tesseract", "--version"]).split()[-1],
        ocrmypdf=_version([arguments.ocrmypdf, "--version"]) if arguments.ocrmypdf else "(not run)",
        date=date.today().isoformat(), machine=f"{os.cpu_count()} cores, {platform.machine()}",
        python=platform.python_version(),
    )  # fmt: skip
    print(section)
    if not arguments.dry:
        write_section("ingest", section)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pages", type=Path, default=SHARED / "ocr-dev")
    parser.add_argument("--ocrmypdf", help="the program, where it is installed")
    parser.add_argument("--dry", action="store_true", help="leave docs/benchmarks.md as it is")
    return parser.parse_args()


def _one_core() -> dict[str, str]:
    return {**os.environ, "OMP_THREAD_LIMIT": "1"}


def _tesseract(images: list[Path], out: Path) -> float:
    out.mkdir()
    started = time.monotonic()
    with ThreadPoolExecutor(PROCESSES) as threads:
        list(threads.map(lambda image: _run(["tesseract", image, out / image.stem, "-l", "vie"]), images))
    return time.monotonic() - started


def _ours(scans: Path, data: Path, times: Times, peaks: Peaks) -> None:
    environment = {**_one_core(), "DIACHI_WORKERS": str(PROCESSES)}
    started = time.monotonic()
    command = subprocess.Popen([DIACHI, "--data", data, "ingest", scans, "--json"], env=environment,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)  # fmt: skip
    watching = threading.Event()
    watcher = threading.Thread(target=_watch, args=(command.pid, peaks, watching))
    watcher.start()
    said, _ = command.communicate()
    times.command.append(time.monotonic() - started)
    watching.set()
    watcher.join()
    report = json.loads(said.splitlines()[-1])
    if report["pages_ingested"] != len(list(scans.iterdir())):
        raise SystemExit(f"not every page was ingested: {report}")
    times.ours.append(report["seconds"])


def _ocrmypdf(program: str, pdf: Path, out: Path) -> float:
    started = time.monotonic()
    _run([program, "-l", "vie", "--jobs", str(PROCESSES), pdf, out])
    return time.monotonic() - started


def _run(command: list[str | Path]) -> None:
    subprocess.run(command, env=_one_core(), check=True, capture_output=True)


def _watch(pid: int, peaks: Peaks, done: threading.Event) -> None:
    """Look at the command's family now and then."""
    while not done.wait(0.1):
        for child in _below(pid):
            try:
                name = Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ")
                status = Path(f"/proc/{child}/status").read_text()
            except OSError:
                continue
            peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024 if "VmHWM:" in status else 0.0
            if "-m ingest" in name:
                peaks.worker = max(peaks.worker, peak)
            elif "tesseract" in name.split(" ")[0]:
                peaks.engine = max(peaks.engine, peak)


def _below(pid: int) -> list[int]:
    found = []
    try:
        lists = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return []
    for child in map(int, " ".join(lists).split()):
        found += [child, *_below(child)]
    return found


def _as_pdf(images: list[Path], target: Path) -> Path:
    """The pages as one PDF, each image at its own size; JPEG bytes go in as they are."""
    with pikepdf.new() as pdf:
        for image in images:
            single = target.with_suffix(".single.pdf")
            with Image.open(image) as opened:
                dpi = float(opened.info.get("dpi", (300, 300))[0]) or 300.0
                options = {} if opened.mode == "1" else {"quality": 95}
                opened.save(single, "PDF", resolution=dpi, **options)
            with pikepdf.open(single) as one:
                pdf.pages.extend(one.pages)
        pdf.save(target)
    return target


def _rows(times: Times) -> str:
    rows = [f"| ours | {_spread(times.ours)} ({statistics.median(times.command):.1f}) | |"]
    for name, peer in (("Tesseract", times.tesseract), ("OCRmyPDF", times.ocrmypdf)):
        if peer:
            ratio = statistics.median(our / its for our, its in zip(times.ours, peer, strict=True))
            rows.append(f"| {name} | {_spread(peer)} | {ratio:.2f} × |")
    return "\n".join(rows)


def _spread(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.1f} ({min(seconds):.1f} to {max(seconds):.1f})"


def _version(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return (done.stdout or done.stderr).splitlines()[0].strip()


if __name__ == "__main__":
    main()
