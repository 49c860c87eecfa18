"""`python -m ingest --data DIR`: the supervisor of a site; with `--worker NAME`, one of its workers."""

import argparse
import logging
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config.services import Services

# One page, one core: the libraries' own threads would only get in each other's way.
for variable in ("OMP_THREAD_LIMIT", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VIPS_CONCURRENCY"):
    os.environ.setdefault(variable, "1")


def main() -> int:
    """Parse the command line and run."""
    from config.services import build_services
    from config.settings import load_settings
    from ingest.supervisor import Supervisor

    parser = argparse.ArgumentParser(prog="python -m ingest")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--worker", metavar="NAME")
    arguments = parser.parse_args()
    logging.basicConfig(
        level=logging.INFO, format=f"%(asctime)s {arguments.worker or 'supervisor'} %(levelname)s %(message)s"
    )
    for chatty in ("pyvips", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    services = build_services(load_settings(arguments.data))
    if arguments.worker:
        _run_worker(services, arguments.worker)
    else:
        Supervisor(services).run()
    services.ledger.close()
    return 0


def _run_worker(services: "Services", name: str) -> None:
    import cv2

    from ingest.worker import Worker
    from ocr.tesseract import Tesseract

    cv2.setNumThreads(1)
    tempfile.tempdir = str(services.settings.scratch_folder)
    engine = Tesseract(services.settings.languages, timeout=services.settings.ocr_seconds)
    Worker(services, engine, name, files_first=name.startswith("worker-0-")).run()


if __name__ == "__main__":
    sys.exit(main())
