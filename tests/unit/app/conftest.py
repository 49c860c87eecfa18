"""A site with a handful of documents, and browsers that come to it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from reading_room import LIBRARY, ReadingRoom

from app.factory import create_app
from repository.domain.access import AccessLevel
from repository.domain.records import Description, Kind

GAZETTEER_PAGES = [
    ["Tỉnh Thái Nguyên ở phía bắc", "nổi tiếng về chè và về đường sắt.", "", "Địa chí tỉnh chép rằng đường rộng."],
    ["Trang hai nói về làng Đồng Hỷ", "và hương ước của làng.", "Dương Tự Minh là người vùng này."],
    ["Trang ba không nói gì thêm."],
]


@dataclass
class Shelves:
    """A site and the ids of the documents on it."""

    room: ReadingRoom
    app: Flask
    gazetteer: str
    network: str
    onsite: str
    restricted: str
    draft: str
    embargoed: str

    def browser(self, address: str = "203.0.113.9", **headers: str) -> FlaskClient:
        """A passer-by's browser at that address; a fresh one has no cookies."""
        client = self.app.test_client()
        client.environ_base.update(REMOTE_ADDR=address, **headers)
        return client


@pytest.fixture(scope="module")
def shelves(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelves]:
    """The site; tests only look at it."""
    room = ReadingRoom(tmp_path_factory.mktemp("site"))
    add = room.add_item
    gazetteer = add(
        "DC0001",
        Description(
            "Địa chí Thái Nguyên",
            Kind.GAZETTEER,
            author="Nguyễn Văn A",
            place="Thái Nguyên",
            year=1936,
            publisher="NXB Trẻ",
            subjects=("Làng xã", "Đường sắt"),
        ),
        GAZETTEER_PAGES,
    )
    secret = [["Câu chuyện bí mật về voi chín ngà."]]
    shelves = Shelves(
        room,
        create_app(room.services),
        gazetteer,
        network=add("DC0002", Description("Chung trong mạng"), secret, AccessLevel.NETWORK),
        onsite=add("DC0003", Description("Chỉ tại chỗ"), secret, AccessLevel.ONSITE),
        restricted=add("DC0004", Description("Hạn chế"), secret, AccessLevel.RESTRICTED),
        draft=add("DC0005", Description("Bản nháp"), secret, published=False),
        embargoed=add("DC0006", Description("Tạm giữ"), secret, AccessLevel.EMBARGO, date.today() + timedelta(days=30)),
    )
    yield shelves
    room.close()


@pytest.fixture
def reader(shelves: Shelves) -> FlaskClient:
    """A passer-by."""
    return shelves.browser()


__all__ = ["LIBRARY", "Shelves"]
