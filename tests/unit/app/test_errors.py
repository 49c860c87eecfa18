"""What visitors are told when something fails: a status that is true, a sentence, a code to find it in the log."""

import errno
import logging
import re

import pytest
from reading_room import ReadingRoom
from sqlalchemy import text

from app.errors import status_of
from app.factory import create_app
from repository.domain import errors
from repository.domain.records import Description


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (errors.NotFound, 404), (errors.AccessRefused, 403), (errors.QueryRejected, 400), (errors.WrongUse, 400),
        (errors.InputRefused, 422), (errors.PasswordNeeded, 422), (errors.StoreFailed, 503),
        (errors.ObjectMissing, 503), (errors.ServerUnreachable, 503), (errors.LeaseLost, 409),
        (errors.EngineFailed, 500),
    ],
)  # fmt: skip
def test_each_error_of_the_house_has_its_status(kind, status):
    assert status_of(kind("x")) == status


def test_a_full_disk_is_told_apart():
    failed = errors.StoreFailed("x")
    failed.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    assert status_of(failed) == 507


@pytest.fixture
def room(tmp_path):
    room = ReadingRoom(tmp_path)
    yield room
    room.close()


def test_a_missing_master_is_a_failure_with_a_code_that_is_in_the_log(room, caplog):
    item = room.add_item("DC1", Description("Sách"), [["một trang"]])
    client = create_app(room.services).test_client()
    for path in (room.folder / "masters").glob("??/??/*"):
        path.unlink()
    with caplog.at_level(logging.ERROR):
        answer = client.get(f"/items/{item}/pages/1/original")
    told = answer.get_data(as_text=True)
    assert answer.status_code == 503
    code = re.search(r"<code>([0-9a-f]{8})</code>", told)
    assert code is not None
    assert code[1] in caplog.text


def test_what_nobody_foresaw_shows_no_insides(room, caplog):
    client = create_app(room.services).test_client()
    with room.services.ledger.write() as work:
        work._session.execute(text("DROP TABLE item"))
    for path in ("/", "/api/v1/items/x"):
        with caplog.at_level(logging.ERROR):
            answer = client.get(path)
        told = answer.get_data(as_text=True)
        assert answer.status_code == 500
        assert "Traceback" not in told
        assert "sqlite" not in told.lower()
        assert "SELECT" not in told
        assert answer.headers["Cache-Control"] == "no-store"
    assert answer.get_json()["error"]["incident"] in caplog.text


def test_programs_are_answered_in_json_and_people_with_a_page(shelves):
    client = shelves.browser()
    assert client.get("/api/v1/nothing").get_json()["error"]["status"] == 404
    assert client.get("/nothing").mimetype == "text/html"
    wrong = client.post("/items")
    assert wrong.status_code in (400, 405)
    assert wrong.mimetype == "text/html"
