"""An item with its pages in one look, as a manifest is made from: who may see it, and whether everybody may."""

from pathlib import Path

import pytest
from people import ADMIN, PASSER_BY
from reading_room import LIBRARY, ReadingRoom

from repository.domain.access import AccessLevel, Role, Visitor
from repository.domain.errors import AccessRefused, NotFound
from repository.domain.records import Description

STAFF = Visitor(user="canbo", role=Role.STAFF, library=LIBRARY.code)
IN_ITS_ROOM = Visitor(address="192.0.2.7")


def test_leaves_are_the_pages_in_fewer_words(tmp_path: Path) -> None:
    room = ReadingRoom(tmp_path)
    item = room.add_item("DC1", Description("Địa chí"), [["Trang một"], ["Trang hai"], ["Trang ba"]])
    volume = room.services.reading.volume(PASSER_BY, item)
    pages = room.services.reading.pages(PASSER_BY, item)
    assert (volume.item, volume.library, volume.public) == (
        room.services.reading.item(PASSER_BY, item),
        LIBRARY,
        True,
    )
    assert [leaf.number for leaf in volume.leaves] == [1, 2, 3]
    for leaf, page in zip(volume.leaves, pages, strict=True):
        assert all(getattr(leaf, name) == getattr(page, name) for name in leaf.__slots__)
    room.close()


def test_it_is_open_to_whom_the_item_is_open_to(tmp_path: Path) -> None:
    room = ReadingRoom(tmp_path)
    reading = room.services.reading
    onsite = room.add_item("DC1", Description("Tại chỗ"), [["Trang"]], AccessLevel.ONSITE)
    draft = room.add_item("DC2", Description("Bản nháp"), [["Trang"]], published=False)
    with pytest.raises(AccessRefused):
        reading.volume(PASSER_BY, onsite)
    with pytest.raises(NotFound):
        reading.volume(PASSER_BY, draft)
    for visitor, item, leaves in ((IN_ITS_ROOM, onsite, 1), (STAFF, onsite, 1), (STAFF, draft, 1), (ADMIN, draft, 1)):
        volume = reading.volume(visitor, item)
        assert (len(volume.leaves), volume.public) == (leaves, False)
    room.close()


def test_staff_see_pages_that_readers_do_not(tmp_path: Path) -> None:
    room = ReadingRoom(tmp_path)
    item = room.add_item("DC1", Description("Địa chí"), [["Trang một"]])
    room.add_unapproved_page(item, 2, ["Trang hai"])
    assert [len(room.services.reading.volume(who, item).leaves) for who in (PASSER_BY, STAFF)] == [1, 2]
    room.close()
