"""Reading many at once gives the same as reading one by one, and sees what the same unit of work has written."""

from datetime import date

from people import STAFF

from config.services import Services
from repository.db.pages import NewPage, OpenedPage
from repository.db.texts import OCR
from repository.domain.access import AccessLevel, ItemState
from repository.domain.columns import columns_of
from repository.domain.pages import Box, PageText, Reading, Word
from repository.domain.records import AccessSetting, Description, Kind, Library

FULL = Description(
    "Gia phả họ Trần", Kind.GENEALOGY, "Trần Văn Bính", "Vị Xuyên, Nam Định", 1886, "Đồng Khánh nguyên niên",
    "Từ đường", "vie", "Chép tay.", ("Họ Trần", "Gia phả"), "Được phép đọc", "Gia đình tặng",
)  # fmt: skip
OPENED = OpenedPage("a" * 64, 2, 90, 2480, 3508, 300, blank=False, few_pixels=True)


def test_an_item_read_with_others_is_the_item_read_alone(site: Services) -> None:
    with site.ledger.write() as work:
        embargo = AccessSetting(AccessLevel.EMBARGO, date(2030, 1, 1))
        first = work.items.add("TV", "DC1", b"marc 1", FULL, embargo).id
        second = work.items.add("BT", "DC1", b"marc 2", Description("x"), AccessSetting(AccessLevel.PUBLIC)).id
        work.items.set_state(first, ItemState.PUBLISHED)
        work.items.describe(second, b"marc 3", FULL)
        assert work.items.hidden() == {first}
        many = work.items.get_many([first, second, "none"])
    with site.ledger.read() as work:
        assert many == {first: work.items.get(first), second: work.items.get(second)}
        assert many == work.items.get_many([first, second])


def test_a_page_read_with_others_is_the_page_read_alone(site: Services) -> None:
    batch = site.intake.open_batch(STAFF, "Lô")
    words = PageText(2480, 3508, (Word("phả", Box(1, 2, 30, 40), 91.0, 0, 0),), Reading("engine", "model"))
    with site.ledger.write() as work:
        item = work.items.add("TV", "DC", b"", FULL, AccessSetting(AccessLevel.PUBLIC))
        file, _ = work.files.add(batch.id, "1.tif", 1, "1" * 64)
        page = work.pages.add(NewPage(item.id, batch.id, file.id, 0, "1", "tờ 1a")).id
        work.pages.set_opened(page, OPENED, duplicate_of=None)
        work.pages.set_confidence(page, 91.5)
        work.pages.set_state(page, "set_aside")
        work.texts.add(page, OCR, words, "f", "engine")
        many = work.pages.get_many([page, "none"])
        (columns,) = work.texts.current_columns([page, "none"]).values()
        assert work.pages.get_many([]) == {}
    assert many[page].few_pixels
    assert many[page].set_aside
    assert many[page].rotate == 90
    assert columns.page_text(words.reading) == words
    assert list(columns.sides) == columns_of(words).sides
    with site.ledger.read() as work:
        assert many == {page: work.pages.get(page)}


def test_a_library_is_listed_in_the_unit_of_work_that_puts_it(site: Services) -> None:
    added = Library("AA", "Thư viện huyện", AccessLevel.ONSITE, ("10.9.0.0/24",))
    with site.ledger.write() as work:
        work.libraries.put(added)
        assert [library.code for library in work.libraries.all()] == ["AA", "BT", "TV"]
        assert work.libraries.all()[0] == added
