"""The whole way in a real browser on a real site: a scan goes in, a reader finds the line on the page."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from live_site import LiveSite, strips, wait_until
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    site = LiveSite(tmp_path_factory.mktemp("browser") / "data")
    site.start()
    yield site
    site.stop()


def sign_in(page: Page, live: LiveSite) -> None:
    page.goto(f"{live.url}/staff/sign-in")
    page.fill("#name", "quantri")
    page.fill("#password", live.password())
    page.locator("main form button").first.click()
    page.wait_for_url(re.compile("/staff"))


def open_batch(page: Page, live: LiveSite, title: str) -> None:
    page.goto(f"{live.url}/staff/batches/new")
    page.fill("#title", title)
    page.get_by_role("button", name="Mở lô", exact=True).click()
    page.wait_for_url(re.compile("/staff/batches/[0-9a-z]+$"))


def found(live: LiveSite, query: str) -> dict:
    return json.loads(live.get(f"/api/v1/search?q={query}"))


def test_upload_progress_publish_search_and_the_box_on_the_page(live, open_page, tmp_path: Path):
    scans = strips(tmp_path / "scans", 3, 40)
    sheet = "tệp,mã tài liệu,nhan đề,loại,năm\nDC0040_*.png,DC0040,Địa chí thử,gazetteer,1999\n"
    (tmp_path / "batch.csv").write_text(sheet, "utf-8-sig")
    page = open_page()
    sign_in(page, live)
    open_batch(page, live, "Lô thử")
    page.set_input_files('[data-input="files"]', [*scans, tmp_path / "batch.csv"])
    page.locator("[data-sent]", has_text="4 / 4").wait_for(timeout=30_000)
    with page.expect_navigation():
        page.locator("form[data-close] button").click()
    expect(page.locator(".now")).to_contain_text("3", timeout=90_000)
    expect(page.locator("[data-progress]")).to_have_count(0, timeout=120_000)
    assert found(live, "ch*")["total"] == 0, "drafts are for staff only"

    page.goto(page.url)
    page.get_by_role("button", name="Công bố cả lô").click()
    wait_until(lambda: found(live, "ch*")["total"], "the published pages in the index", 20)
    page.goto(f"{page.url.split('#')[0]}/report")
    expect(page.locator("main")).to_contain_text(re.compile("3\\s*tệp nhận được"))

    hit = next(hit for hit in found(live, "ch*")["hits"] if hit["page"])
    word = re.search("<em>(.+?)</em>", hit["snippet"])
    assert word is not None
    reader = open_page(width=390, height=800)
    reader.goto(live.url)
    reader.get_by_role("searchbox").fill(word[1].strip(".,"))
    reader.get_by_role("button", name="Tìm", exact=True).click()
    reader.locator('.hits h2 a[href*="/pages/"]').first.click()
    expect(reader.locator("#canvas")).to_have_attribute("data-sharp", "true", timeout=20_000)
    expect(reader.locator(".hit").first).to_be_visible()
    width = reader.evaluate("document.documentElement.scrollWidth")
    assert width <= 390


def test_a_dropped_connection_goes_on_and_picked_again_after_a_restart_only_what_is_missing_is_sent(
    live, chromium, tmp_path: Path
):
    """A file of three chunks: the line breaks after the first, the browser's profile is kept, the page is left."""
    scan = strips(tmp_path, 1, 44)[0]
    with scan.open("ab") as file:  # bytes behind a PNG's end are no part of the picture
        file.write(bytes(20 << 20))
    sent: list[int] = []
    page = chromium.new_context(locale="vi-VN").new_page()  # one whose complaints about the broken line are welcome
    sign_in(page, live)
    open_batch(page, live, "Lô đứt mạng")
    address = page.url

    def pass_on(route, request) -> None:
        if request.method == "PATCH":
            sent.append(int(request.headers["upload-offset"]))
            if len(sent) > 1:
                route.abort("connectionreset")
                return
        route.continue_()

    page.route("**/staff/uploads/**", pass_on)
    page.set_input_files('[data-input="files"]', scan)
    wait_until(lambda: page.wait_for_timeout(50) or len(sent) >= 2, "the second chunk", 30)
    assert sent[:2] == [0, 8 << 20]
    page.unroute("**/staff/uploads/**")

    again = page.context.new_page()
    page.close()
    offsets: list[int] = []
    again.on("request", lambda request: offsets.append(int(request.headers["upload-offset"]))
             if request.method == "PATCH" else None)  # fmt: skip
    again.goto(address)
    again.set_input_files('[data-input="files"]', scan)
    again.locator("[data-sent]", has_text="1 / 1").wait_for(timeout=60_000)
    assert offsets[0] >= 8 << 20, "the first chunk was sent again"
    assert offsets == sorted(offsets)
    again.context.close()
