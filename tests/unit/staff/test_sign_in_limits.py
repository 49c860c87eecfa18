"""Guessing passwords at a site of several web processes: what one of them refused counts at all of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from production_site import settings_from
from servers_here import Servers
from staff_desk import Desk, add_people

from app.security import limiter
from config.services import Services, build_services
from repository.domain.records import Library

pytestmark = pytest.mark.service


@pytest.fixture
def production(servers: Servers, own_name: str, tmp_path: Path) -> Iterator[Services]:
    services = build_services(settings_from(tmp_path / "web", servers.settings(own_name)))
    with services.ledger.write() as work:
        work.libraries.put(Library("TV", "Thư viện"))
    add_people(services)
    yield services
    services.ledger.close()
    limiter._storage_dead = False  # the application's only one, of which other tests know nothing


def test_attempts_at_another_process_count(production: Services) -> None:
    first = Desk(production)
    assert [first.sign_in("canbo", "đoán mò").status_code for _ in range(5)] == [401] * 5
    second = Desk(production)  # its own application, as another process has it
    assert second.sign_in("canbo").status_code == 429
    assert second.sign_in("duyet").status_code == 303


def test_without_redis_each_process_counts_by_itself(
    servers: Servers, own_name: str, tmp_path: Path, production: Services
) -> None:
    production.settings.__dict__["redis_url"] = "redis://127.0.0.1:1/0"
    desk = Desk(production)
    assert [desk.sign_in("canbo", "đoán mò").status_code for _ in range(6)] == [401] * 5 + [429]
    assert desk.sign_in("duyet").status_code == 303
