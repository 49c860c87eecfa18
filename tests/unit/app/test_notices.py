"""While a server is dead or frozen, readers get what the others can give and are told plainly; a real site on real
servers, each of which is stopped in turn."""

import json
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

import pytest
from live_site import LiveSite, wait_until
from production_site import new_site, opened
from reading_room import LIBRARY, ReadingRoom
from servers import start_all
from servers_here import Servers, four_servers
from staff_desk import PASSWORD, Desk, add_people

from repository.domain.records import Description

pytestmark = [pytest.mark.service, pytest.mark.fault, pytest.mark.slow]
SOON = 20.0  # seconds within which the site has noticed


@dataclass
class Answer:
    status: int
    text: str
    headers: Message
    seconds: float

    @property
    def json(self) -> dict:
        return json.loads(self.text)


@dataclass
class Library:
    """A running site with one item of two pages, and the servers it stands on."""

    servers: Servers
    live: LiveSite
    room: ReadingRoom
    item: str
    page: str

    def get(self, path: str, **headers: str) -> Answer:
        begun = time.monotonic()
        asked = urllib.request.Request(self.live.url + path, headers=headers)
        try:
            with urllib.request.urlopen(asked, timeout=60) as answer:
                body, status, said = answer.read(), answer.status, answer.headers
        except urllib.error.HTTPError as error:
            body, status, said = error.read(), error.code, error.headers
        return Answer(status, body.decode("utf-8", "replace"), said, time.monotonic() - begun)

    def becomes(self, path: str, status: int) -> Answer:
        wait_until(lambda: self.get(path).status == status, f"{status} at {path}", SOON)
        return self.get(path)

    def ready(self) -> Answer:
        answer = self.get("/readyz")
        assert answer.seconds < 5
        return answer

    def picture(self, size: int) -> str:
        return f"/iiif/image/3/{self.page}/0,0,{size},{size}/max/0/default.jpg"

    def is_well(self) -> None:
        wait_until(lambda: self.get("/readyz").json.get("degraded") == ["workers"], "every server to be well", 60)
        for path in ("/", f"/items/{self.item}", f"/items/{self.item}/pages/1", "/search?q=lang", self.picture(300)):
            assert self.becomes(path, 200).status == 200


@pytest.fixture(scope="module")
def library() -> Iterator[Library]:
    with tempfile.TemporaryDirectory(prefix="diachi-notices-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        servers = four_servers(folder)
        start_all(servers.all())
        live = new_site(servers, "notices", folder / "data", DIACHI_WORKERS="0", DIACHI_CACHE_BYTES="0")
        services = opened(live)
        services.indexing.notice_loss()  # nobody works on this site, so that the index has to be begun here
        with services.ledger.write() as work:
            work.libraries.put(LIBRARY)
        add_people(services, "TN")
        room = object.__new__(ReadingRoom)
        room.folder, room.services = live.data, services
        lines = [["Trang một nói về làng Đồng Hỷ."], ["Trang hai nói về chè."]]
        item = room.add_item("DC1", Description("Địa chí Thái Nguyên"), lines)
        with services.ledger.read() as work:
            page = work.pages.of_item(item, approved_only=False)[0].id
        live.start()
        yield Library(servers, live, room, item, page)
        room.close()
        live.stop()
        for server in servers.all():
            server.stop()


def test_everything_is_well_at_first(library: Library) -> None:
    library.is_well()
    told = library.get("/readyz").json
    assert {name: each["server"] for name, each in told["servers"].items()} == {
        "ledger": "PostgreSQL", "masters": "MinIO", "derivatives": "MinIO", "texts": "MinIO",
        "index": "OpenSearch", "queue": "Redis",
    }  # fmt: skip


@pytest.mark.parametrize("how", ["frozen", "killed"])
def test_without_the_index(library: Library, how: str) -> None:
    server = library.servers.opensearch
    server.freeze() if how == "frozen" else server.kill()
    try:
        page = library.becomes("/search?q=lang", 503)
        assert "Tìm kiếm đang tạm ngừng" in page.text
        assert int(page.headers["Retry-After"]) > 0
        told = library.get("/api/v1/search?q=lang")
        assert told.status == 503
        assert told.json["error"]["part"] == "index"
        assert told.json["error"]["retry_after"] > 0
        reading = library.get(f"/items/{library.item}/pages/1?q=lang")
        assert reading.status == 200
        assert "Đồng" in reading.text
        assert library.get(library.picture(310 if how == "frozen" else 311)).status == 200
        answer = library.ready()
        assert answer.status == 200
        assert answer.json["index"] is False
        assert "index" in answer.json["degraded"]
    finally:
        server.thaw() if how == "frozen" else server.start()
    library.is_well()


@pytest.mark.parametrize("how", ["killed", "frozen"])
def test_without_the_pictures(library: Library, how: str) -> None:
    server = library.servers.minio
    server.freeze() if how == "frozen" else server.kill()
    try:
        with ThreadPoolExecutor(12) as together:
            pictures = together.map(library.get, [library.picture(size) for size in range(400, 412)])
            time.sleep(0.5)
            wait_until(lambda: not library.get("/readyz").json["storage"], "the storage to be told down", SOON)
            assert library.ready().status == 200
            page = library.becomes(f"/items/{library.item}/pages/1", 200)
            assert "Đồng" in page.text
            assert "Ảnh trang có thể tạm không hiện" in page.text
            assert library.get("/search?q=lang").status == 200
            if how == "killed":
                assert {picture.status for picture in pictures} == {503}
            else:
                server.thaw()
                assert {picture.status for picture in pictures} <= {200, 503}
    finally:
        server.thaw() if how == "frozen" else server.start()
    library.is_well()


def test_without_the_queue_readers_notice_nothing_and_staff_are_told(library: Library) -> None:
    desk = Desk(library.room.services)
    library.servers.redis.kill()
    try:
        wait_until(lambda: "queue" in library.get("/readyz").json["degraded"], "the queue to be told down", SOON)
        assert library.get("/").status == 200
        assert "Redis" not in library.get("/").text
        assert desk.sign_in("canbo").status_code == 303
        wait_until(lambda: "Redis không dùng được" in desk.get("/staff/").text, "staff to be told", SOON)
        assert desk.get("/staff/queue").status_code == 200
        batch = desk.open_batch()
        desk.send(batch, "trang.png", b"not a picture, but a file")
        assert "trang.png" in desk.get(f"/staff/batches/{batch}").text
    finally:
        library.servers.redis.start()
    library.is_well()


def test_an_upload_without_the_store_is_refused_and_goes_on_later(library: Library) -> None:
    desk = Desk(library.room.services)
    assert desk.sign_in("canbo").status_code == 303
    batch = desk.open_batch()
    place = desk.create(batch, "trang.png", 5).headers["Location"]
    library.servers.minio.kill()
    try:
        assert desk.patch(place, 0, b"12345").status_code == 503
        told = desk.get("/staff/").text
        assert "MinIO không dùng được" in told
    finally:
        library.servers.minio.start()
    library.is_well()


@pytest.mark.parametrize("how", ["frozen", "killed"])
def test_without_the_ledger(library: Library, how: str) -> None:
    server = library.servers.postgres
    desk = Desk(library.room.services)
    form = {"name": "canbo", "password": PASSWORD, "csrf_token": desk.token()}
    server.freeze() if how == "frozen" else server.kill()
    try:
        with ThreadPoolExecutor(12) as together:
            pages = together.map(library.get, ["/", "/items", f"/items/{library.item}"] * 4)
            answer = library.becomes("/readyz", 503)  # an answer of the last second may still be believed
            assert answer.seconds < 10
            assert answer.json["ledger"] is False
            assert library.get("/healthz").status == 200
            page = library.becomes(f"/items/{library.item}/pages/1", 503)
            assert "Kho tài liệu đang tạm ngừng" in page.text
            assert "Traceback" not in page.text
            assert library.get("/staff/sign-in").status in (200, 503)  # the form itself needs no ledger
            if how == "killed":
                assert desk.client.post("/staff/sign-in", data=form).status_code == 503
            assert library.get("/api/v1/search?q=lang").json["error"]["part"] == "ledger"
            assert library.get("/static/css/site.css").status == 200
            assert library.get("/metrics").status == 200
            assert 'diachi_server_up{part="ledger",server="PostgreSQL"} 0.0' in library.get("/metrics").text
            server.thaw() if how == "frozen" else None
            assert {each.status for each in pages} <= {200, 503}
    finally:
        server.thaw() if how == "frozen" else server.start()
    library.is_well()
