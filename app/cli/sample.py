"""The sample collection, taken in on a new site through the ordinary pipeline."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click

from app.cli.site import operator
from app.sample.render import render_sample
from config.services import Services
from repository.catalog.sheet import is_sheet
from repository.domain.batches import BatchState
from repository.scans.naming import natural_key


def ingest_sample(services: Services, stopping: Callable[[], bool]) -> None:
    """Render the sample's scans, hand them in as a published batch, and wait until all is searchable."""
    visitor = operator(services.settings.library_code)
    with tempfile.TemporaryDirectory(dir=services.settings.scratch_folder.parent, prefix="sample-") as folder:
        root = render_sample(Path(folder))
        files = sorted(
            (path for path in root.rglob("*") if path.is_file()),
            key=lambda path: (not is_sheet(path.name), natural_key(str(path.relative_to(root)))),
        )
        batch = services.intake.open_batch(visitor, "Bộ sưu tập mẫu", expected_files=len(files), publish=True)
        for path in files:
            with path.open("rb") as stream:
                services.intake.receive(visitor, batch.id, str(path.relative_to(root)), stream)
    services.intake.close(visitor, batch.id)
    shown = -1
    while not stopping():
        progress = services.progressing.progress(visitor, batch.id)
        if progress.pages_done // 5 != shown:
            shown = progress.pages_done // 5
            click.echo(f"Bộ sưu tập mẫu / sample: {progress.pages_done}/{progress.pages_total} trang", err=True)
        if progress.state is BatchState.DONE:
            break
        time.sleep(0.3)
