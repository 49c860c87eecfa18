"""A reader with a real browser: from the words typed to the word on the page's image."""

import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import FloatRect, Page, expect
from reading_room import HEIGHT, WIDTH, ReadingRoom, print_page

from app.factory import create_app
from repository.domain.pages import Box
from repository.domain.records import Description, Kind

SLACK = 3  # master pixels: a screenshot is cut at whole pixels of the screen
pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGES = [
    ["Trang mở đầu của sách.", *[f"Dòng thứ {number} kể chuyện khác." for number in range(3, 20)]],
    ["Làng này có hương ước lập năm 1910", "Đường làng lát gạch dương xỉ mọc đầy.", *["Chữ nghĩa lặp lại."] * 20],
    ["Hương ước ấy bỏ từ lâu rồi.", "Đây là trang cuối."],
]


@dataclass
class Site:
    address: str
    item: str


@pytest.fixture(scope="module")
def site(tmp_path_factory, listen) -> Iterator[Site]:
    room = ReadingRoom(tmp_path_factory.mktemp("site"))
    item = room.add_item("DC0001", Description("Hương ước làng Đồng Hỷ", Kind.VILLAGE_CONVENTION, year=1910), PAGES)
    with listen(create_app(room.services)) as address:
        yield Site(address, item)
    room.close()


def printed(page: int, word: str) -> tuple[Image.Image, Box]:
    image, text = print_page(PAGES[page - 1])
    return image, next(found.box for found in text.words if found.text == word)


def likeness(page: Page, selector: str, image: Image.Image, box: Box) -> float:
    """How like what the screen shows under the first `selector` is to what was printed in `box`: 1 is the same, 0 is
    nothing alike. The overlay itself is taken off for the shot."""
    clip = place(page, selector)
    page.locator(selector).first.evaluate("overlay => { overlay.style.visibility = 'hidden'; }")
    seen = Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("L")
    pixels = np.asarray(seen, float).ravel()
    likenesses = []
    for dx, dy in itertools.product(range(-SLACK, SLACK + 1), repeat=2):
        wanted = image.crop((box.x + dx, box.y + dy, box.x + dx + box.w, box.y + dy + box.h)).resize(seen.size)
        likenesses.append(np.corrcoef(pixels, np.asarray(wanted, float).ravel())[0, 1])
    return float(max(likenesses))


def place(page: Page, selector: str) -> FloatRect:
    found = page.locator(selector).first.bounding_box()
    assert found is not None
    return found


def sharp(page: Page) -> None:
    expect(page.locator("#canvas")).to_have_attribute("data-sharp", "true")


@pytest.mark.parametrize(("typed", "word"), [("hương", "hương"), ("huong", "hương"), ("duong", "Đường")])
def test_from_words_with_or_without_marks_to_the_box_on_the_right_word(site, open_page, typed, word):
    page = open_page()
    page.goto(site.address)
    page.get_by_role("searchbox").fill(typed)
    page.get_by_role("button", name="Tìm", exact=True).click()
    page.locator(".hits a.cut").first.wait_for()
    page.locator('.hits h2 a[href*="/pages/2"]').click()
    sharp(page)
    image, box = printed(2, word)
    assert likeness(page, ".hit.now", image, box) > 0.8
    assert page.locator(".text mark").first.inner_text().lower().startswith(word.lower())


def test_results_box_the_words_on_a_cut_of_the_page(site, open_page):
    page = open_page()
    page.goto(f"{site.address}/search?q=l%C3%A1t+g%E1%BA%A1ch")
    cut = page.locator("a.cut").first
    cut.scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('a.cut img').complete")
    image, box = printed(2, "lát")
    assert likeness(page, "a.cut rect", image, box) > 0.8


def test_pages_are_turned_without_loading_the_site_anew_and_back_again(site, open_page):
    page = open_page()
    page.goto(f"{site.address}/items/{site.item}/pages/1?q=h%C6%B0%C6%A1ng")
    page.evaluate("window.stayed = true")
    page.get_by_role("link", name="Trang sau").click()
    page.wait_for_url("**/pages/2?**")
    expect(page.locator(".hit")).to_have_count(1)
    assert page.evaluate("window.stayed")
    page.keyboard.press("PageDown")
    page.wait_for_url("**/pages/3?**")
    expect(page.locator("#n")).to_have_value("3")
    page.go_back()
    expect(page.locator("#n")).to_have_value("2")
    assert page.title().startswith("Trang 2")
    assert page.evaluate("window.stayed")


def test_a_link_to_this_view_brings_the_same_view(site, open_page):
    page = open_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{site.address}/items/{site.item}/pages/2")
    page.locator('[data-do="in"]').click()
    sharp(page)
    page.wait_for_timeout(700)  # the zoom's own animation
    page.locator('[data-do="link"]').click()
    expect(page.locator("#told")).to_have_text("Đã chép liên kết.")
    address = page.url
    assert "region=" in address
    again = open_page()
    again.goto(address)
    sharp(again)
    one, other = (Image.open(io.BytesIO(of.locator("#canvas").screenshot())).convert("L") for of in (page, again))
    assert np.corrcoef(np.asarray(one, float).ravel(), np.asarray(other, float).ravel())[0, 1] > 0.9


def test_without_scripts_the_page_is_read_searched_and_turned(site, open_page):
    page = open_page(java_script_enabled=False)
    page.goto(f"{site.address}/items/{site.item}/pages/2?q=h%C6%B0%C6%A1ng")
    picture, rect = place(page, ".flat img"), place(page, ".flat rect")
    _, box = printed(2, "hương")
    scale = picture["width"] / WIDTH
    assert picture["height"] == pytest.approx(HEIGHT * scale, abs=2)
    assert (rect["x"] - picture["x"]) / scale == pytest.approx(box.x, abs=3)
    assert (rect["y"] - picture["y"]) / scale == pytest.approx(box.y, abs=3)
    assert page.locator("mark").first.inner_text() == "hương"
    page.get_by_role("link", name="Trang sau").click()
    assert page.url.endswith("/pages/3?q=h%C6%B0%C6%A1ng")


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_is_wider_than_the_screen(site, open_page, width):
    page = open_page(width=width, height=800)
    paths = ("/", "/items", "/search", "/search?q=lang", "/search?q=-a", "/search?q=khongco")
    for path in (*paths, f"/items/{site.item}", f"/items/{site.item}/pages/2?q=lang"):
        page.goto(site.address + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_the_keyboard_reaches_the_content_first_and_sees_where_it_is(site, open_page):
    page = open_page()
    page.goto(f"{site.address}/items")
    page.keyboard.press("Tab")
    skip = page.locator(".skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")
    assert page.evaluate("document.activeElement.id") == "main"
