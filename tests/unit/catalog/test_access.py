"""Who may see what, decided in one place."""

from datetime import date, timedelta

import pytest
from people import (
    ADMIN,
    APPROVER,
    IN_OTHER_READING_ROOM,
    IN_READING_ROOM,
    OTHER_STAFF,
    PASSER_BY,
    READER,
    STAFF,
)

from repository.catalog.access import allows, stands_in, visibility
from repository.domain.access import AccessLevel, ItemState, Rights, Visitor
from repository.domain.records import Library

LIBRARIES = [
    Library("TV", "Thư viện tỉnh", address_ranges=("10.1.0.0/16", "2001:db8::/32")),
    Library("BT", "Thư viện bạn", address_ranges=("10.2.0.0/16",)),
]
VISITORS = {
    "passer-by": PASSER_BY,
    "reading room": IN_READING_ROOM,
    "other reading room": IN_OTHER_READING_ROOM,
    "reader": READER,
    "staff": STAFF,
    "other staff": OTHER_STAFF,
    "approver": APPROVER,
    "admin": ADMIN,
}
TOMORROW, TODAY = date.today() + timedelta(days=1), date.today()
OWN = {"staff", "approver", "admin"}
MAY_SEE = {
    (ItemState.DRAFT, AccessLevel.PUBLIC, None): OWN,
    (ItemState.PUBLISHED, AccessLevel.PUBLIC, None): set(VISITORS),
    (ItemState.PUBLISHED, AccessLevel.NETWORK, None): set(VISITORS) - {"passer-by"},
    (ItemState.PUBLISHED, AccessLevel.ONSITE, None): {"reading room"} | OWN,
    (ItemState.PUBLISHED, AccessLevel.EMBARGO, TOMORROW): OWN,
    (ItemState.PUBLISHED, AccessLevel.EMBARGO, TODAY): set(VISITORS),
    (ItemState.PUBLISHED, AccessLevel.EMBARGO, None): OWN,
    (ItemState.PUBLISHED, AccessLevel.RESTRICTED, None): OWN,
}


@pytest.mark.parametrize(("rights", "who"), MAY_SEE.items(), ids=["-".join(map(str, rights)) for rights in MAY_SEE])
def test_each_kind_of_visitor_sees_what_the_level_says(
    rights: tuple[ItemState, AccessLevel, date | None], who: set[str]
) -> None:
    item = Rights("TV", *rights)
    seeing = {name for name, visitor in VISITORS.items() if allows(visibility(visitor, LIBRARIES), item)}
    assert seeing == who


@pytest.mark.parametrize("address", [None, "", "khong phai dia chi", "10.3.0.1", "::1", "10.1.0.1.1"])
def test_an_address_that_is_not_the_librarys_stands_outside(address: str | None) -> None:
    assert not stands_in(address, LIBRARIES[0])


@pytest.mark.parametrize("address", ["10.1.255.255", "2001:db8::5", "::ffff:10.1.2.3"])
def test_an_address_of_the_library_stands_inside(address: str) -> None:
    assert stands_in(address, LIBRARIES[0])


def test_items_whose_index_is_behind_are_hidden_from_everybody() -> None:
    assert visibility(Visitor(), LIBRARIES, frozenset({"x"})).hidden_items == {"x"}
    assert visibility(ADMIN, LIBRARIES, frozenset({"x"})).hidden_items == {"x"}
