"""A reader asks for the picture of a page whose derivative the store has lost."""

from pathlib import Path

import pytest
from people import PASSER_BY
from reading_room import ReadingRoom

from repository.domain.batches import StepName, StepState
from repository.domain.errors import ObjectMissing
from repository.domain.jobs import Priority
from repository.domain.records import Description


def test_it_is_owed_once_and_before_everything_else(tmp_path: Path) -> None:
    room = ReadingRoom(tmp_path / "room")
    services = room.services
    item = room.add_item("DC1", Description("Địa chí"), [["Địa chí Bến Tre"]])
    page = services.reading.page_at(PASSER_BY, item, 1)
    assert page.derivative is not None
    with services.ledger.write() as work:
        work.steps.owe_all(page.id)
        work.steps.done(page.id, StepName.DERIVATIVE, 0.1)
    services.derivatives.delete(page.derivative)
    for _ in range(3):
        with pytest.raises(ObjectMissing), services.reading.derivative(PASSER_BY, page.id):
            pass
    with services.ledger.read() as work:
        assert work.steps.of(page.id)[StepName.DERIVATIVE].state is StepState.OWED
        assert [job.priority for job in work.jobs.window(5)] == [Priority.READER]
        assert work.jobs.count() == 1
    room.close()
