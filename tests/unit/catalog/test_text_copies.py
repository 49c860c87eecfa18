"""The files of texts: made when owed, readable without us, made again when lost."""

import gzip
import json
from pathlib import Path

import pytest
from people import ADMIN
from reading_room import ReadingRoom

from config.services import Services
from repository.catalog.verifying import verify_site
from repository.domain.records import Description


@pytest.fixture
def room(tmp_path: Path) -> ReadingRoom:
    return ReadingRoom(tmp_path / "room")


def files(services: Services) -> list[dict[str, object]]:
    read = []
    for key in sorted(services.texts.keys()):
        with services.texts.open(key) as stream:
            read.append(json.loads(gzip.decompress(stream.read())))
    return sorted(read, key=lambda file: str(file["version"]))


def problems(services: Services, repair: bool = False) -> list[str]:
    found = verify_site(
        services.ledger, services.masters, services.derivatives, services.texts, services.index, repair, quick=True
    )
    return [problem for problem in found.problems if "tệp văn bản" in problem]


def test_every_version_becomes_a_file_once(room: ReadingRoom) -> None:
    services = room.services
    item = room.add_item("DC1", Description("Địa chí Đồng Tháp"), [["Trãm về kinh"]])
    assert services.text_copies.catch_up() == 1
    assert services.text_copies.catch_up() == 0
    with services.ledger.read() as work:
        page = work.pages.at(item, 1)
    assert page is not None
    services.correcting.correct(ADMIN, page.id, ["Trẫm về kinh"])
    assert services.text_copies.catch_up() == 1
    first, second = files(services)
    assert (first["page"], second["page"], first["source"]) == (page.id, page.id, "ocr")
    assert [word[0] for word in second["words"]] == ["Trẫm", "về", "kinh"]  # type: ignore[attr-defined]
    assert (second["source"], second["made_by"]) == ("correction", ADMIN.user)


def test_a_lost_file_is_found_and_made_again_the_same(room: ReadingRoom) -> None:
    services = room.services
    room.add_item("DC1", Description("Địa chí"), [["Địa chí Bến Tre"]])
    services.text_copies.catch_up()
    (key,) = services.texts.keys()
    assert problems(services) == []
    services.texts.delete(key)
    (problem,) = problems(services, repair=True)
    assert key in problem
    services.text_copies.catch_up()
    assert list(services.texts.keys()) == [key]
    assert problems(services) == []
