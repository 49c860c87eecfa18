"""What a reader or a member of staff sees is the same on both databases: order of text, numbers, flags, JSON, moments.

Left to itself, PostgreSQL here orders text as Vietnamese, and so would show lists in another order than SQLite."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from ledgers_here import Home

from repository.db.ledger import Ledger
from repository.db.pages import NewPage, OpenedPage
from repository.db.steps import Steps
from repository.db.texts import OCR
from repository.domain.access import AccessLevel, ItemState, Role, Visibility
from repository.domain.batches import Reason, StepName, StepState
from repository.domain.pages import Box, PageText, Reading, Word
from repository.domain.records import AccessSetting, Description, Kind, Library, User
from repository.domain.search import FacetCount, Filters, Sort

NAMES = ["Z", "a", "B", "_", "á", "Đ", "d", "ơ", "o", "Ă", "10", "9", "a-b", "a b", "ab"]
EVERYTHING = Visibility(everything=True, staff_of=frozenset(), network=True, onsite_of=frozenset(), today=date.today())
PUBLIC = AccessSetting(AccessLevel.PUBLIC)


def test_names_stand_in_the_order_of_code_points(ledger: Ledger) -> None:
    with ledger.write() as work:
        batch = work.batches.add("TV", "Lô", "canbo").id
        for at, name in enumerate(NAMES):
            work.libraries.put(Library(name, name))
            work.accounts.put(User(name, Role.STAFF, "TV"), "hash")
            work.files.add(batch, name, 1, f"{at:064x}")
            work.items.add("TV", f"i{at}", b"", Description(name, place=name), PUBLIC)
            work.workers.beat(name, "worker", "h", 1, None)
    with ledger.read() as work:
        titles = [item.title for item in work.listing.items(EVERYTHING, Filters(), Sort.TITLE, 0, 100)[1]]
        places = [count.value for count in work.listing.facets(EVERYTHING, Filters())["place"]]
        lists = [
            titles, places,
            [library.code for library in work.libraries.all() if library.code in NAMES],
            [user.name for user in work.accounts.all()],
            [file.name for file in work.files.of_batch(batch)],
            [worker.name for worker in work.workers.all()],
        ]  # fmt: skip
    assert lists == [sorted(NAMES)] * len(lists)


def test_pages_stand_in_the_order_of_their_keys(ledger: Ledger) -> None:
    with ledger.write() as work:
        batch = work.batches.add("TV", "Lô", "canbo").id
        item = work.items.add("TV", "i", b"", Description("x"), PUBLIC).id
        for at, name in enumerate(NAMES):
            file, _ = work.files.add(batch, name, 1, f"{at:064x}")
            work.pages.add(NewPage(item, batch, file.id, 0, name, name))
    with ledger.read() as work:
        pages = work.pages.of_item(item, approved_only=False)
    assert [(page.number, page.label) for page in pages] == list(enumerate(sorted(NAMES), 1))


@pytest.mark.parametrize(("sort", "years"), [(Sort.YEAR, [1886, 1945, None]), (Sort.YEAR_DESC, [1945, 1886, None])])
def test_what_has_no_year_comes_last(ledger: Ledger, sort: Sort, years: list[int | None]) -> None:
    with ledger.write() as work:
        for year in (1945, None, 1886):
            work.items.add("TV", f"i{year}", b"", Description("x", year=year), PUBLIC)
    with ledger.read() as work:
        found = work.listing.items(EVERYTHING, Filters(), sort, 0, 10)[1]
        everything = work.listing.items(EVERYTHING, Filters(from_year=0, to_year=10**12), sort, 0, 10)[0]
        assert work.listing.items(EVERYTHING, Filters(), sort, 10**30, 10) == (3, [])
        assert work.batches.all(None, 10**30, 10) == (0, [])
    assert [item.record.description.year for item in found] == years
    assert everything == 2


def test_facets_are_counted_and_ordered_alike(ledger: Ledger) -> None:
    with ledger.write() as work:
        for at, kind in enumerate((Kind.LOCAL_HISTORY, Kind.LAND_REGISTER, Kind.BOOK, Kind.BOOK)):
            work.items.add("TV", f"i{at}", b"", Description("x", kind=kind), PUBLIC)
    with ledger.read() as work:
        facets = work.listing.facets(EVERYTHING, Filters())
    expected = (("book", 2), ("land_register", 1), ("local_history", 1))
    assert facets["kind"] == tuple(FacetCount(value, count) for value, count in expected)


def test_a_record_comes_back_as_it_was_put(ledger: Ledger) -> None:
    described = Description(
        "Gia phả họ Trần “cổ” 家譜 \U00020089", Kind.GENEALOGY, "Trần Văn Bính", "Vị Xuyên, Nam Định" * 30, 1886,
        "Đồng Khánh nguyên niên " * 20, "Từ đường", "vie", "Chép tay.", ("Họ Trần", 'Gia "phả"'), "Được phép", "Tặng",
    )  # fmt: skip
    marc = bytes(range(256))
    with ledger.write() as work:
        item = work.items.add(
            "TV", "mã-" + "dài" * 60, marc, described, AccessSetting(AccessLevel.EMBARGO, date(2030, 1, 1))
        )
        work.items.set_state(item.id, ItemState.PUBLISHED)
    with ledger.read() as work:
        found = work.items.get(item.id)
        (listed,) = work.items.get_many([item.id]).values()
    assert found is not None
    assert (found.record.description, found.record.marc, found.code) == (described, marc, item.code)
    assert found.rights.embargo_until == date(2030, 1, 1)
    assert found == listed
    assert found.published_at is not None
    assert 0 <= (found.published_at - found.created_at).total_seconds() < 60
    assert abs((datetime.now(UTC) - found.created_at).total_seconds()) < 60


def test_a_page_and_its_steps_come_back_as_they_were_put(ledger: Ledger) -> None:
    reading = Reading("tesseract 5.3", "vie", {"psm": 3, "dpi": 300.5, "binary": True})
    words = PageText(2480, 3508, (Word("phả", Box(1, 2, 30, 40), 91.0, 0, 0),), reading)
    with ledger.write() as work:
        batch = work.batches.add("TV", "Lô", "canbo", expected_files=1).id
        item = work.items.add("TV", "i", b"", Description("x"), PUBLIC).id
        file, _ = work.files.add(batch, "1.tif", 1 << 40, "a" * 64, "mật khẩu")
        page = work.pages.add(NewPage(item, batch, file.id, 0, "1", "tờ 1a")).id
        work.steps.owe_all(page)
        work.steps.owe_all(page)
        work.pages.set_opened(page, OpenedPage("a" * 64, 0, 90, 2480, 3508, 300, blank=True, few_pixels=False), None)
        work.texts.add(page, OCR, words, "f" * 300, "tesseract")
        for name in StepName:
            work.steps.done(page, name, 1.25, "dấu vân tay " * 30)
        work.steps.failed(page, StepName.CLEAN, Reason("Lỗi {số}", {"số": 3}))
        work.pages.set_state(page, "done")
    with ledger.read() as work:
        assert work.texts.current([page]) == {page: words}
        steps = work.steps.of(page)
        found = work.pages.get(page)
        assert work.files.secrets(file.id).password == "mật khẩu"
        progress = work.batches.progress(batch)
        assert work.pages.count_indexed() == 1
        assert work.steps.ready_for_index(5) == []
    assert found is not None
    assert (found.blank, found.few_pixels, found.rotate) == (True, False, 90)
    assert {step.state for step in steps.values()} == {StepState.DONE}
    assert steps[StepName.CLEAN].reason == Reason("Lỗi {số}", {"số": 3})
    assert steps[StepName.CLEAN].attempts == 1
    assert (progress.pages_total, progress.pages_done) == (1, 1)
    assert progress.pages_per_second > 0


def test_a_page_is_ready_for_the_index_when_it_was_read_and_the_index_owes_it(ledger: Ledger) -> None:
    with ledger.write() as work:
        batch = work.batches.add("TV", "Lô", "canbo").id
        item = work.items.add("TV", "i", b"", Description("x"), PUBLIC).id
        file, _ = work.files.add(batch, "1.tif", 1, "a" * 64)
        pages = [work.pages.add(NewPage(item, batch, file.id, frame, f"{frame}", "x")).id for frame in range(3)]
        for page in pages:
            work.steps.owe_all(page)
    first, second, _third = pages
    recognise, index, aside = StepName.RECOGNISE, StepName.INDEX, Reason("x")
    acts: list[Callable[[Steps], object]] = [
        lambda steps: steps.done(first, StepName.OPEN, 1.0),
        lambda steps: steps.done(first, recognise, 1.0),
        lambda steps: steps.done(first, index, 1.0),
        lambda steps: steps.owe_index(pages),
        lambda steps: steps.done(second, recognise, 1.0),
        lambda steps: steps.owe_from(first, StepName.CLEAN),
        lambda steps: steps.set_aside(first, recognise, aside),
        lambda steps: steps.owe_from(second, index),
        lambda steps: steps.owe(second, recognise),
        lambda steps: steps.owe(second, index),
        lambda steps: steps.done(second, recognise, 1.0),
        lambda steps: steps.owe(second, StepName.DERIVATIVE),
        lambda steps: steps.done(second, index, 1.0),
        lambda steps: steps.owe(second, index),
        lambda steps: steps.owe_all(second),
    ]
    seen = []
    for act in acts:
        with ledger.write() as work:
            act(work.steps)
            found = set(work.steps.ready_for_index(5))
            said = {page: work.steps.of(page) for page in pages}
        assert found == {
            page for page, steps in said.items()
            if steps[index].state is StepState.OWED and steps[recognise].state is StepState.DONE
        }  # fmt: skip
        seen.append(len(found))
    assert seen == [0, 1, 0, 1, 2, 1, 1, 1, 0, 0, 1, 1, 0, 1, 0]


def test_the_file_that_is_in_stands_for_its_copies_whatever_the_clocks_said(home: Home, ledger: Ledger) -> None:
    with ledger.write() as work:
        batch = work.batches.add("TV", "Lô", "canbo").id
        first, second, third = (work.files.add(batch, name, 1, "a" * 64)[0].id for name in ("1", "2", "3"))
        assert work.files.earlier(first) is None
        assert [found and found.id for found in map(work.files.earlier, (second, third))] == [first, first]
        work.files.set_taken(third, 1)
        assert [found and found.id for found in map(work.files.earlier, (first, second))] == [third, third]
        work.files.set_refused(third, Reason("x"))
        assert work.files.earlier(first) is None


def test_events_come_back_newest_first(ledger: Ledger) -> None:
    with ledger.write() as work:
        for number in range(3):
            work.journal.record("canbo" * 30, "publish", "item", number=number, none=None, yes=True, part=1.5)
        work.journal.set("key", "một")
        work.journal.set("key", "hai")
    with ledger.read() as work:
        events = work.journal.of("item")
        assert work.journal.setting("key") == "hai"
    assert [event.detail["number"] for event in events] == [2, 1, 0]
    assert events[0].detail == {"number": 2, "none": None, "yes": True, "part": 1.5}
