"""A site is backed up while people use it, destroyed, and brought back: everything is there again."""

import io
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from live_site import LiveSite, wait_until
from people import ADMIN
from production_site import new_site, opened, set_up_storage, settings_from
from servers_here import Servers
from site_facts import hits, kill_after, kill_when, masters, masters_known, objects_in, rows, run, words_of
from whole_batch import hand_in, is_done

from config.keeping import patient_engine
from config.services import Services
from repository.catalog.verifying import verify_site
from repository.db.journal import RESTORING
from repository.db.ledger import Ledger
from repository.domain.access import Role
from repository.domain.batches import BatchState
from repository.domain.records import Library, User
from repository.keeping.places import open_folder

pytestmark = [pytest.mark.service, pytest.mark.slow]

MakeSite = Callable[[str], LiveSite]


@pytest.fixture
def make_site(servers: Servers, own_name: str, tmp_path: Path) -> MakeSite:
    """A new site of a profile, made but not started; each call is another one."""
    count = 0

    def make(profile: str) -> LiveSite:
        nonlocal count
        count += 1
        data = tmp_path / f"site{count}"
        if profile == "production":
            return new_site(servers, f"{own_name}{count}", data)
        return LiveSite(data, env={"DIACHI_WORKERS": "2"})

    return make


def empty_place(servers: Servers, name: str, profile: str, data: Path) -> LiveSite:
    """Where a site may come back to: a new folder and, for production, a new database and new buckets."""
    env = {"DIACHI_WORKERS": "2"}
    if profile == "production":
        env |= servers.settings(name)
        set_up_storage(servers, env, data)
    return LiveSite(data, env=env)


def everything(services: Services, *without: str) -> dict[str, object]:
    engine = patient_engine(services.settings)
    try:
        return {"rows": rows(engine, *without), "masters": masters(services)}
    finally:
        engine.dispose()


def must_verify(services: Services) -> None:
    found = verify_site(
        services.ledger, services.masters, services.derivatives, services.texts, services.index, repair=False
    )
    assert found.problems == []


def quiet(services: Services) -> bool:
    with services.ledger.read() as work:
        done = all(batch.state is BatchState.DONE for batch in work.batches.all(None, 0, 100)[1])
        owed = work.jobs.count() or work.items.owing_index(1) or work.steps.ready_for_index(1)
    return done and not owed


@pytest.mark.parametrize(
    ("profile", "back_to"),
    [("embedded", "embedded"), ("production", "production"), ("embedded", "production"), ("production", "embedded")],
)
def test_a_site_that_was_destroyed_comes_back(
    make_site: MakeSite, servers: Servers, own_name: str, tmp_path: Path, profile: str, back_to: str
) -> None:
    live, disk = make_site(profile), tmp_path / "disk"
    live.start()
    services = opened(live)
    services.accounts.add("quantri", User("canbo", Role.STAFF, "TV"), "mat-khau-cua-can-bo")
    first = hand_in(services, tmp_path / "mot", 0, 3)
    wait_until(is_done(services, first), "the first batch")
    second = hand_in(services, tmp_path / "hai", 8, 3)
    assert " 0 hỏng" in run(live.data, "backup", disk, "--verify", env=live.env)
    wait_until(is_done(services, second), "the second batch")
    said = run(live.data, "backup", disk, "--derivatives", env=live.env)
    assert "6 bản gốc số" in said
    wait_until(lambda: quiet(services), "quiet")
    words = words_of(services)
    before, found = everything(services, "step"), hits(services, words)
    services.ledger.close()
    services.index.close()
    live.stop()
    early, late = open_folder(disk, make=False).snapshots()
    if profile == "embedded":
        shutil.rmtree(live.data)

    other = empty_place(servers, f"{own_name}back", back_to, tmp_path / "back")
    said = run(other.data, "restore", disk, "--snapshot", late, "--to", back_to, env=other.env)
    assert "6 bản gốc số" in said
    back = opened(LiveSite(other.data, env={**other.env, "DIACHI_PROFILE": back_to}))
    after = everything(back, "step")
    told = [row for row in after["rows"]["event"] if '"restore"' not in row]  # type: ignore[index]
    assert {**after["rows"], "event": told} == before["rows"]  # type: ignore[dict-item]
    assert after["masters"] == before["masters"]
    assert hits(back, words) == found
    assert back.accounts.sign_in("canbo", "mat-khau-cua-can-bo") is not None
    other.env = {**other.env, "DIACHI_PROFILE": back_to}
    other.start()
    wait_until(lambda: quiet(back), "quiet")
    must_verify(back)
    other.stop()
    back.ledger.close()
    back.index.close()
    assert early < late


def test_what_was_under_way_goes_on_where_it_comes_back(
    make_site: MakeSite, servers: Servers, own_name: str, tmp_path: Path
) -> None:
    """The backup is of the middle of a batch, without derivatives: they and the rest of the batch are made there."""
    live, disk = make_site("production"), tmp_path / "disk"
    live.start()
    services = opened(live)
    batch = hand_in(services, tmp_path / "lo", 0, 6)

    def some_done() -> bool:
        progress = services.progressing.progress(ADMIN, batch)
        return progress.pages_done >= 2

    wait_until(some_done, "two pages")
    run(live.data, "backup", disk, env=live.env)
    wait_until(lambda: quiet(services), "quiet")
    words = words_of(services)
    found = {word: len(pages) for word, pages in hits(services, words).items()}
    services.ledger.close()
    live.stop()

    other = empty_place(servers, f"{own_name}back", "production", tmp_path / "back")
    run(other.data, "restore", disk, env=other.env)
    other.start()
    back = opened(other)
    wait_until(lambda: quiet(back), "the batch to be done there")
    assert {word: len(pages) for word, pages in hits(back, words).items()} == found
    with back.ledger.read() as work:
        assert len(work.pages.of_batch(batch)) == 6
    must_verify(back)
    other.stop()
    back.ledger.close()


@pytest.mark.fault
def test_killed_in_mid_backup_and_in_mid_restore(
    make_site: MakeSite, servers: Servers, own_name: str, tmp_path: Path
) -> None:
    live, disk = make_site("production"), tmp_path / "disk"
    services = opened(live)
    with services.ledger.write() as work:
        work.libraries.put(Library("TV", "Thư viện"))
    _many_files(services, 40)
    for copied in (1, 5, 14, 30, 45):
        assert kill_when(lambda: objects_in(disk / "objects") >= copied, live.data, "backup", disk, env=live.env)  # noqa: B023
    assert open_folder(disk, make=False).snapshots() == []
    run(live.data, "backup", disk, "--verify", env=live.env)
    before = everything(services)
    services.ledger.close()

    other = empty_place(servers, f"{own_name}back", "production", tmp_path / "back")
    watching = Ledger(patient_engine(settings_from(other.data, other.env)))
    for moment in (1.0, 2.0, 3.0):  # in the middle of opening, of the ledger, or wherever it is by then
        kill_after(other.data, moment, "restore", disk, env=other.env)
    for known in (1, 8, 20, 39):
        assert kill_when(lambda: masters_known(watching) >= known, other.data, "restore", disk, env=other.env)  # noqa: B023
    kill_when(lambda: masters_known(watching) >= 40, other.data, "restore", disk, env=other.env)
    with watching.read() as work:
        unfinished = work.journal.setting(RESTORING) is not None
    if unfinished:  # the last kill may have come when all was done and only the report was missing
        run(other.data, "restore", disk, env=other.env)
    watching.close()
    back = opened(other)
    after = everything(back)
    told = [row for row in after["rows"]["event"] if '"restore"' not in row]  # type: ignore[index]
    assert {**after["rows"], "event": told} == before["rows"]  # type: ignore[dict-item]
    assert after["masters"] == before["masters"]
    back.ledger.close()


def _many_files(services: Services, count: int) -> None:
    """Files that a batch has received and that nobody has looked into."""
    batch = services.intake.open_batch(ADMIN, "nhiều", "TV")
    for number in range(count):
        services.intake.receive(ADMIN, batch.id, f"DC0001_{number:04}.jpg", io.BytesIO(os.urandom(300_000)))
