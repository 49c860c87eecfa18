"""Moving a site into another ledger and store, both on this machine."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from people import ADMIN
from site_facts import rows
from sqlalchemy import text

from config.keeping import leaving_of, patient_engine, site_of
from config.services import Services
from config.settings import Settings
from repository.db.dumping import snapshot_alone
from repository.domain.errors import StoreFailed, WrongUse
from repository.keeping.filling import Site
from repository.keeping.moving import Moved, claim, copy_while_in_use, finish, site_id


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Site]:
    found = site_of(Settings(data=tmp_path / "new"))
    yield found
    found.index.close()
    found.ledger.close()
    found.engine.dispose()


def take_in(site: Services, *contents: bytes) -> None:
    batch = site.intake.open_batch(ADMIN, "lô", "TV")
    for content in contents:
        path = site.settings.data / f"{content.hex()[:8]}.png"
        path.write_bytes(content)
        with path.open("rb") as stream:
            site.intake.receive(ADMIN, batch.id, path.name, stream)


def move(site: Services, target: Site) -> Moved:
    """The last pass, nobody else being there."""
    identity = site_id(site.ledger)
    claim(identity, target, replace=False)
    leaving = leaving_of(site.settings, site.ledger)
    site.ledger.close()
    try:
        with snapshot_alone(leaving.engine) as moment:
            return finish(leaving, moment, identity, target, index=True)
    finally:
        leaving.engine.dispose()


def test_what_came_after_the_first_pass_comes_with_the_last(site: Services, target: Site) -> None:
    take_in(site, b"mot")
    claim(site_id(site.ledger), target, replace=False)
    leaving = leaving_of(site.settings, site.ledger)
    masters, _ = copy_while_in_use(leaving, target, lambda: None)
    leaving.engine.dispose()
    assert (masters.there, masters.new) == (1, 1)
    take_in(site, b"hai", b"ba")
    moved = move(site, target)
    assert (moved.masters.there, moved.masters.new) == (3, 2)
    assert all(table.same for table in moved.tables)
    engine = patient_engine(site.settings)
    assert rows(engine) == rows(target.engine)
    engine.dispose()


def test_masters_of_old_that_have_no_row_move_too(site: Services, target: Site) -> None:
    take_in(site, b"mot", b"hai")
    engine = patient_engine(site.settings)
    with engine.execution_options(writing=True).begin() as connection:
        connection.execute(text("DELETE FROM master"))
    engine.dispose()
    moved = move(site, target)
    assert moved.masters.there == 2
    assert next(table for table in moved.tables if table.table == "master").same
    assert all(target.masters.exists(key) for key in site.masters.keys())  # noqa: SIM118 - a store, no dictionary


def test_a_master_that_cannot_be_given_stops_it_and_nothing_has_moved(site: Services, target: Site) -> None:
    take_in(site, b"mot", b"hai")
    site.masters.delete(next(site.masters.keys()))
    with pytest.raises(StoreFailed, match="chưa chuyển"):
        move(site, target)
    assert rows(target.engine, "master", "event") == {name: [] for name in rows(target.engine, "master", "event")}


def test_another_sites_place_is_refused_and_its_own_older_one_only_given_up_when_asked(
    site: Services, target: Site
) -> None:
    take_in(site, b"mot")
    move(site, target)
    with pytest.raises(WrongUse, match="đã có dữ liệu"):
        claim("khac", target, replace=True)
    claim(site_id(site.ledger), target, replace=False)  # broken off, or never told that it arrived
