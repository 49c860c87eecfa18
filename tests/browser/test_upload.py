"""A batch sent from a browser: pieces, broken lines, a browser that was closed, files picked twice."""

import base64
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import request
from people import ADMIN
from playwright.sync_api import Page, Request, Route, expect
from staff_desk import PASSWORD, add_people

from app.factory import create_app
from config.services import Services

CHUNK = 8 << 20
pytestmark = [pytest.mark.browser, pytest.mark.slow]


class Door:
    """The site on a port, which notes the bytes that are sent to it and may be away for a file."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.app = create_app(services)
        self.app.before_request(self._note)
        self.chunks: list[tuple[int, int]] = []  # offset and length of every piece
        self.pieces_of: dict[str, int] = {}  # how many pieces of a file are taken before the server is away
        self.turned_away = threading.Event()

    def _note(self) -> tuple[str, int] | None:
        if request.method != "PATCH":
            return None
        offset = int(request.headers["Upload-Offset"])
        with self.services.ledger.read() as work:
            upload = work.uploads.get(request.path.rsplit("/", 1)[1])
        if upload is not None and offset >= CHUNK * self.pieces_of.get(upload.name, 1 << 20):
            self.turned_away.set()
            return "", 503
        self.chunks.append((offset, request.content_length or 0))
        return None

    @property
    def sent(self) -> int:
        return sum(length for _, length in self.chunks)

    def received(self, batch: str) -> dict[str, int]:
        return {file.name: file.size for file in self.services.intake.files(ADMIN, batch)}


@pytest.fixture
def door(site: Services) -> Door:
    add_people(site)
    return Door(site)


@pytest.fixture(autouse=True)
def address(door: Door, listen: Callable[..., Any]) -> Iterator[str]:
    """Autouse, so that it is there before a browser opens and goes only after the browser has closed."""
    with listen(door.app) as address:
        yield address


def sign_in(page: Page, address: str) -> None:
    page.goto(f"{address}/staff/sign-in")
    page.get_by_label("Tên người dùng").fill("canbo")
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.locator("main button").click()
    expect(page.get_by_role("heading", name="Lô số hóa", exact=True)).to_be_visible()


def open_batch(page: Page, address: str) -> str:
    page.goto(f"{address}/staff/batches/new")
    page.get_by_label("Tên lô").fill("Lô gửi từ trình duyệt")
    page.get_by_role("button", name="Mở lô", exact=True).click()
    expect(page.get_by_text("Kéo thả thư mục hoặc tệp vào đây")).to_be_visible()
    return page.url.rsplit("/", 1)[1]


def pick(page: Page, *files: Path, kind: str = "files") -> None:
    page.locator(f"[data-input={kind}]").set_input_files([str(file) for file in files] if kind == "files" else files[0])


def finished(page: Page) -> None:
    expect(page.get_by_text("Đã gửi xong.")).to_be_visible(timeout=60_000)


def large(folder: Path, size: int, name: str = "lon.pdf") -> Path:
    path = folder / name
    with path.open("wb") as file:
        for number in range(size >> 10):
            file.write(f"{number:>1024}".encode())
    return path


def begun(page: Page) -> list[str]:
    """A list that fills with the files' paths as the page begins to send them."""
    names: list[str] = []

    def note(asked: Request) -> None:
        if asked.method == "POST" and asked.url.endswith("/staff/uploads/"):
            told = dict(pair.split(" ") for pair in asked.headers["upload-metadata"].split(","))
            names.append(base64.b64decode(told["relativePath"]).decode())

    page.on("request", note)
    return names


def test_a_folder_comes_in_whole_its_table_first_and_each_file_once(open_page, address, door, tmp_path):
    folder = tmp_path / "quét"
    (folder / "tập 2").mkdir(parents=True)
    for name in ("10.tif", "9.tif", "tập 2/9.tif", "batch.csv", ".DS_Store"):
        (folder / name).write_bytes(name.encode())
    page = open_page()
    sign_in(page, address)
    batch = open_batch(page, address)
    names = begun(page)
    pick(page, folder, kind="folder")
    finished(page)
    expect(page.get_by_text("bỏ qua 1 tệp hệ thống")).to_be_visible()
    assert set(door.received(batch)) == {"quét/10.tif", "quét/9.tif", "quét/tập 2/9.tif", "quét/batch.csv"}
    assert names == ["quét/batch.csv", "quét/9.tif", "quét/10.tif", "quét/tập 2/9.tif"]
    before = door.sent
    pick(page, folder, kind="folder")
    expect(page.get_by_text("bỏ qua 4 tệp đã có trong lô")).to_be_visible()
    assert door.sent == before
    expect(page.locator("[data-figure=files_text]")).to_have_text("4 tệp đã nhận", timeout=10_000)


def test_a_large_file_goes_in_pieces_of_8_mb(open_page, address, door, tmp_path):
    file = large(tmp_path, 20 << 20)
    page = open_page()
    sign_in(page, address)
    batch = open_batch(page, address)
    pick(page, file)
    finished(page)
    assert door.chunks == [(0, CHUNK), (CHUNK, CHUNK), (2 * CHUNK, (20 << 20) - 2 * CHUNK)]
    assert door.received(batch) == {"lon.pdf": 20 << 20}


def test_a_connection_that_drops_goes_on_by_itself_where_it_was(open_profile, address, door, tmp_path):
    file = large(tmp_path, 20 << 20)
    page = open_profile(tmp_path / "profile").new_page()
    sign_in(page, address)
    batch = open_batch(page, address)
    dropped = []

    def drop_the_second_piece(route: Route) -> None:
        if route.request.headers.get("upload-offset") == str(CHUNK) and not dropped:
            dropped.append(route.request.url)
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/staff/uploads/*", drop_the_second_piece)
    pick(page, file)
    finished(page)
    assert dropped
    assert door.sent == 20 << 20, "no byte was sent twice"
    assert door.received(batch) == {"lon.pdf": 20 << 20}


def test_after_a_restart_of_the_browser_the_same_files_send_only_what_is_missing(open_profile, address, door, tmp_path):
    small, file = large(tmp_path, 1 << 20, "a.pdf"), large(tmp_path, 20 << 20)
    first = open_profile(tmp_path / "profile")
    page = first.new_page()
    sign_in(page, address)
    batch = open_batch(page, address)
    door.pieces_of["lon.pdf"] = 1  # then the server is away
    pick(page, small, file)
    expect(page.get_by_text("Đã gửi 1 / 2 tệp")).to_be_visible(timeout=30_000)
    assert door.turned_away.wait(30)
    first.close()
    assert door.received(batch) == {"a.pdf": 1 << 20}

    door.pieces_of.clear()
    before = len(door.chunks)
    page = open_profile(tmp_path / "profile").new_page()
    page.goto(f"{address}/staff/batches/{batch}")
    expect(page.get_by_text("1 tệp gửi dở")).to_be_visible()
    pick(page, small, file)
    finished(page)
    expect(page.get_by_text("bỏ qua 1 tệp đã có trong lô")).to_be_visible()
    assert door.chunks[before:] == [(CHUNK, CHUNK), (2 * CHUNK, (20 << 20) - 2 * CHUNK)]
    assert door.received(batch) == {"a.pdf": 1 << 20, "lon.pdf": 20 << 20}
