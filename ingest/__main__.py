"""`python -m ingest --data DIR`: the supervisor of a site."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

# One page, one core: the libraries' own threads would only get in each other's way, and in the way of a fork.
for variable in ("OMP_THREAD_LIMIT", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VIPS_CONCURRENCY"):
    os.environ.setdefault(variable, "1")


def main() -> int:
    """Parse the command line and run."""
    from config.logging_setup import start_logging
    from config.settings import load_settings
    from ingest.supervisor import Supervisor

    parser = argparse.ArgumentParser(prog="python -m ingest")
    parser.add_argument("--data", type=Path, required=True)
    arguments = parser.parse_args()
    settings = load_settings(arguments.data)
    start_logging(settings, "supervisor")
    tempfile.tempdir = str(settings.scratch_folder)
    Supervisor(settings).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
