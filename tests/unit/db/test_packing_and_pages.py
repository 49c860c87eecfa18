"""Words survive packing; pages keep their rank whatever order they come in."""

from alembic.script import ScriptDirectory
from hypothesis import given, settings
from hypothesis import strategies as st
from people import STAFF

from config.services import Services, build_services
from config.settings import Settings
from repository.db.migrate import NEWEST, alembic_config
from repository.db.packing import pack, unpack
from repository.db.pages import NewPage
from repository.domain.access import AccessLevel
from repository.domain.pages import Box, PageText, Reading, Word
from repository.domain.records import AccessSetting, Description, Library

READING = Reading("engine", "model", {})
short_sides, long_sides = st.integers(0, 20_000), st.integers(0, 200_000)  # a long scroll has the latter
words = st.builds(
    Word,
    st.text(min_size=1, max_size=12).filter(lambda text: not any(c.isspace() or c == "\n" for c in text)),
    st.builds(Box, *[short_sides] * 4) | st.builds(Box, *[long_sides] * 4),
    st.integers(0, 100).map(float),
    st.integers(0, 90),
    st.integers(0, 9),
)


@given(st.lists(words, max_size=30))
def test_words_come_back_as_they_were(found: list[Word]) -> None:
    page = PageText(2480, 3508, tuple(found), READING)
    assert unpack(pack(page)).page_text(READING) == page


@settings(max_examples=20)
@given(order=st.permutations(range(1, 7)))
def test_pages_number_by_their_place_whatever_order_they_come_in(tmp_path_factory, order) -> None:  # type: ignore[no-untyped-def]
    site = build_services(Settings(data=tmp_path_factory.mktemp("pages")))
    _check_order(site, order)
    site.ledger.close()


def _check_order(site: Services, order: list[int]) -> None:
    with site.ledger.write() as work:
        work.libraries.put(Library("TV", "Thư viện"))
    batch = site.intake.open_batch(STAFF, "Lô")
    with site.ledger.write() as work:
        item = work.items.add("TV", "DC", b"", Description("x"), AccessSetting(AccessLevel.PUBLIC))
        for place in order:
            file, _ = work.files.add(batch.id, f"{place}.tif", 1, f"{place:064x}")
            work.pages.add(NewPage(item.id, batch.id, file.id, 0, f"{place:03d}", str(place)))
        pages = work.pages.of_item(item.id, approved_only=False)
    assert [(page.number, page.label) for page in pages] == [(place, str(place)) for place in range(1, 7)]


def test_the_newest_migration_is_the_one_that_is_named() -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_current_head() == NEWEST
