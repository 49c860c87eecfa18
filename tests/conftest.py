"""What every kind of test stands on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from config.services import Services, build_services
from config.settings import Settings
from repository.domain.records import Library

pytest_plugins = ("servers_here", "ledgers_here")

# how long an example takes says more about the machine than about the code
settings.register_profile("house", deadline=None)
settings.load_profile("house")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Services]:
    """A new site in a folder of its own: two libraries, no users, nothing running."""
    services = build_services(Settings(data=tmp_path / "site"))
    with services.ledger.write() as work:
        work.libraries.put(Library("TV", "Thư viện tỉnh", address_ranges=("10.1.0.0/16",)))
        work.libraries.put(Library("BT", "Thư viện bạn", address_ranges=("10.2.0.0/16",)))
    yield services
    services.ledger.close()
