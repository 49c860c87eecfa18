"""Whoever works for a site waits while it is brought back from its backup."""

import io

import pytest
from people import ADMIN
from PIL import Image
from stand_in_work import StandIn

from app.api.health import look
from config.pinging import Pings, parts_of
from config.services import Services
from ingest.clerk import Clerk
from ingest.worker import Worker
from repository.db.journal import RESTORING
from repository.db.loading import loading


@pytest.fixture
def with_work(site: Services) -> Services:
    """A site that owes a file's pages, as a restored ledger does."""
    batch = site.intake.open_batch(ADMIN, "lô", "TV")
    picture = io.BytesIO()
    Image.new("L", (300, 200), 255).save(picture, "PNG")
    picture.seek(0)
    site.intake.receive(ADMIN, batch.id, "DC_0001.png", picture)
    return site


def test_nobody_works_and_readyz_says_why(with_work: Services) -> None:
    with with_work.ledger.write() as work:
        work.journal.set(RESTORING, "20261124T020000Z")
    worker, clerk = Worker(with_work, StandIn(), "worker-1"), Clerk(with_work, "clerk-1")
    assert not worker.work_once()
    assert clerk._round() > 1
    assert with_work.index.items() == frozenset()
    with with_work.ledger.read() as work:
        assert work.jobs.count() == 1
    health = look(with_work, Pings(parts_of(with_work)))
    assert "restoring" in health.degraded
    assert health.as_json(why=False)["restoring"] == "20261124T020000Z"

    with loading(with_work.ledger._engine) as filling:
        filling.unset(RESTORING)
    assert worker.work_once()
    clerk._round()
    assert look(with_work, Pings(parts_of(with_work))).restoring is None
