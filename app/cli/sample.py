"""The sample collection, taken in on a new site through the ordinary pipeline."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click

from app.cli.handing_in import find
from app.cli.site import operator
from app.sample.render import render_sample
from config.services import Services
from repository.domain.access import Visitor
from repository.domain.batches import Batch, BatchState

SETTING = "sample_batch"


def ingest_sample(services: Services, stopping: Callable[[], bool]) -> None:
    """Render the sample's scans, hand them in as a published batch, and wait until all is searchable.

    A first run that was cut short is taken up where it stopped: the same files again are the same files."""
    visitor = operator(services.settings.library_code)
    batch = _batch(services, visitor)
    if batch.state is BatchState.RECEIVING:
        _hand_in(services, visitor, batch)
    shown = -1
    while not stopping():
        progress = services.progressing.progress(visitor, batch.id)
        if progress.pages_done // 5 != shown:
            shown = progress.pages_done // 5
            click.echo(f"Bộ sưu tập mẫu / sample: {progress.pages_done}/{progress.pages_total} trang", err=True)
        if progress.state in (BatchState.DONE, BatchState.CANCELLED):
            break
        time.sleep(0.3)


def sample_owed(services: Services, new: bool) -> bool:
    """Whether the sample has to be taken in: on a new site, or where a first run was cut short."""
    with services.ledger.read() as work:
        begun = work.journal.setting(SETTING)
        batch = work.batches.get(begun) if begun else None
    return new if batch is None else batch.state in (BatchState.RECEIVING, BatchState.WORKING)


def _batch(services: Services, visitor: Visitor) -> Batch:
    with services.ledger.read() as work:
        begun = work.journal.setting(SETTING)
    if begun is not None:
        return services.intake.batch(visitor, begun)
    batch = services.intake.open_batch(visitor, "Bộ sưu tập mẫu", publish=True)
    with services.ledger.write() as work:
        work.journal.set(SETTING, batch.id)
    return batch


def _hand_in(services: Services, visitor: Visitor, batch: Batch) -> None:
    with tempfile.TemporaryDirectory(dir=services.settings.data, prefix="sample-") as folder:
        found = find((render_sample(Path(folder)),))
        count = found.expected()
        if count is not None:
            services.intake.expect(visitor, batch.id, count)
        for path, name in found.files:
            with path.open("rb") as stream:
                services.intake.receive(visitor, batch.id, name, stream)
    services.intake.close(visitor, batch.id)
