"""Draft and published: approvers decide, the ledger remembers, readers see at once."""

import io
from datetime import date, timedelta

import pytest
from people import APPROVER, OTHER_STAFF, PASSER_BY, READER, STAFF

from config.services import Services
from repository.db.pages import NewPage
from repository.domain.access import AccessLevel, Role, Visitor
from repository.domain.errors import AccessRefused, NotFound, WrongUse
from repository.domain.records import AccessSetting, Description

OTHER_APPROVER = Visitor(user="khac", role=Role.APPROVER, library="BT")


@pytest.fixture
def batch_with_item(site: Services) -> tuple[str, str, str]:
    """A batch, its item, and the item's only page."""
    batch = site.intake.open_batch(STAFF, "Lô")
    file = site.intake.receive(STAFF, batch.id, "DC1_1.tif", io.BytesIO(b"II*\0"))
    with site.ledger.write() as work:
        item = work.items.add("TV", "DC1", b"", Description("Địa chí"), AccessSetting(AccessLevel.PUBLIC))
        page = work.pages.add(NewPage(item.id, batch.id, file.id, 0, "1", "1"))
        work.steps.owe_all(page.id)
    return batch.id, item.id, page.id


def test_a_draft_is_not_found_by_readers_and_found_by_its_staff(
    site: Services, batch_with_item: tuple[str, str, str]
) -> None:
    _, item, page = batch_with_item
    for visitor in (PASSER_BY, READER, OTHER_STAFF):
        with pytest.raises(NotFound):
            site.reading.item(visitor, item)
        with pytest.raises(NotFound):
            site.reading.page(visitor, page)
    assert site.reading.item(STAFF, item).code == "DC1"
    assert site.reading.page(STAFF, page).number == 1


def test_an_approver_publishes_a_batch_and_withdraws_it(site: Services, batch_with_item: tuple[str, str, str]) -> None:
    batch, item, page = batch_with_item
    assert site.publishing.publish_batch(APPROVER, batch) == 1
    assert site.reading.page(PASSER_BY, page).approved
    site.publishing.withdraw_batch(APPROVER, batch)
    with pytest.raises(NotFound):
        site.reading.item(PASSER_BY, item)
    with site.ledger.read() as work:
        assert [(event.who, event.what) for event in work.journal.of(item)] == [
            ("duyet", "withdraw"),
            ("duyet", "publish"),
        ]


@pytest.mark.parametrize("visitor", [PASSER_BY, READER, STAFF, OTHER_STAFF, OTHER_APPROVER])
def test_nobody_else_publishes(site: Services, batch_with_item: tuple[str, str, str], visitor: Visitor) -> None:
    with pytest.raises(AccessRefused):
        site.publishing.publish(visitor, batch_with_item[1])


def test_a_page_added_to_a_published_item_waits_for_approval(
    site: Services, batch_with_item: tuple[str, str, str]
) -> None:
    batch, item, page = batch_with_item
    site.publishing.publish(APPROVER, item)
    with site.ledger.write() as work:
        file, _ = work.files.add(batch, "DC1_2.tif", 1, "f" * 64)
        later = work.pages.add(NewPage(item, batch, file.id, 0, "2", "2"))
        work.steps.owe_all(later.id)
    assert [each.id for each in site.reading.pages(PASSER_BY, item)] == [page]
    assert [each.id for each in site.reading.pages(STAFF, item)] == [page, later.id]
    with pytest.raises(NotFound):
        site.reading.page(PASSER_BY, later.id)
    site.publishing.publish(APPROVER, item)
    assert len(site.reading.pages(PASSER_BY, item)) == 2


def test_a_closed_level_refuses_with_its_reason_and_hides_the_item_from_search_until_indexed(
    site: Services, batch_with_item: tuple[str, str, str]
) -> None:
    _, item, page = batch_with_item
    site.publishing.publish(APPROVER, item)
    site.publishing.set_access(APPROVER, item, AccessSetting(AccessLevel.ONSITE))
    with pytest.raises(AccessRefused, match="tại thư viện"):
        site.reading.page(PASSER_BY, page)
    with site.ledger.read() as work:
        assert work.items.hidden() == {item}
    site.indexing.catch_up()
    with site.ledger.read() as work:
        assert work.items.hidden() == frozenset()


def test_an_embargo_needs_its_date(site: Services, batch_with_item: tuple[str, str, str]) -> None:
    _, item, _ = batch_with_item
    with pytest.raises(WrongUse):
        site.publishing.set_access(APPROVER, item, AccessSetting(AccessLevel.EMBARGO))
    with pytest.raises(WrongUse):
        site.publishing.set_access(APPROVER, item, AccessSetting(AccessLevel.PUBLIC, date.today()))
    until = date.today() + timedelta(days=1)
    site.publishing.publish(APPROVER, item)
    site.publishing.set_access(APPROVER, item, AccessSetting(AccessLevel.EMBARGO, until))
    with pytest.raises(AccessRefused, match="chưa đến ngày"):
        site.reading.item(PASSER_BY, item)


def test_lists_show_what_each_visitor_may_see(site: Services, batch_with_item: tuple[str, str, str]) -> None:
    _, item, _ = batch_with_item
    assert site.reading.shelf(PASSER_BY).total == 0
    assert site.reading.shelf(STAFF).total == 1
    site.publishing.publish(APPROVER, item)
    assert [each.id for each in site.reading.shelf(PASSER_BY).items] == [item]
    site.publishing.set_access(APPROVER, item, AccessSetting(AccessLevel.RESTRICTED))
    assert site.reading.shelf(PASSER_BY).total == 0
    assert site.reading.shelf(PASSER_BY).facets["kind"] == ()
