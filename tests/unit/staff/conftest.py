"""A site with its people, and desks at its door."""

from collections.abc import Callable

import pytest
from staff_desk import Desk, add_people

from config.services import Services


@pytest.fixture
def desk(site: Services) -> Desk:
    """Somebody who has not signed in."""
    add_people(site)
    return Desk(site)


@pytest.fixture
def desk_of(desk: Desk) -> Callable[[str], Desk]:
    """A desk at which that user is signed in; every call is another browser at the same site."""

    def signed_in(name: str) -> Desk:
        new = desk.beside()
        assert new.sign_in(name).status_code == 303
        return new

    return signed_in
