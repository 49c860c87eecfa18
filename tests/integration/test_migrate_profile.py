"""A live site moves to the four servers and back; whatever it was interrupted by, nothing differs."""

import threading
from pathlib import Path

import pytest
from live_site import LiveSite, wait_until
from people import ADMIN
from production_site import opened, set_up_storage, settings_from
from servers_here import Servers
from site_facts import hits, kill_after, kill_when, masters, masters_known, rows, run, words_of
from whole_batch import hand_in, is_done

from config.keeping import patient_engine
from config.services import Services
from repository.catalog.verifying import verify_site
from repository.db.ledger import Ledger
from repository.domain.access import Role
from repository.domain.records import User

pytestmark = [pytest.mark.service, pytest.mark.slow]


def servers_for(servers: Servers, name: str, data: Path) -> dict[str, str]:
    """Settings that name the servers while the profile is said by `diachi.env` alone."""
    env = servers.settings(name)
    set_up_storage(servers, env, data)
    return {name: value for name, value in env.items() if name != "DIACHI_PROFILE"} | {"DIACHI_WORKERS": "2"}


def opened_as(profile: str, data: Path, env: dict[str, str]) -> Services:
    return opened(LiveSite(data, env=env | {"DIACHI_PROFILE": profile}))


def facts(services: Services, words: list[str]) -> tuple[object, ...]:
    engine = patient_engine(services.settings)
    found = rows(engine), masters(services), hits(services, words)
    engine.dispose()
    return found


def close(services: Services) -> None:
    services.index.close()
    services.ledger.close()


def test_there_and_back_while_people_work(servers: Servers, own_name: str, tmp_path: Path) -> None:
    data = tmp_path / "site"
    env = servers_for(servers, own_name, data)
    live = LiveSite(data, env=env)
    live.start()
    services = opened_as("embedded", data, env)
    services.accounts.add("quantri", User("canbo", Role.STAFF, "TV"), "mat-khau-cua-can-bo")
    first = hand_in(services, tmp_path / "mot", 0, 3)
    wait_until(is_done(services, first), "the first batch")
    assert "Kho đang chạy" in run(data, "migrate-profile", "--to", "production", "--no-wait", env=env, code=2)

    said: list[str] = []
    moving = threading.Thread(target=lambda: said.append(run(data, "migrate-profile", "--to", "production", env=env)))
    moving.start()
    second = hand_in(services, tmp_path / "hai", 8, 3)
    wait_until(is_done(services, second), "the second batch, while the first is copied")
    wait_until(lambda: not services.indexing.owing(), "the index")
    words = words_of(services)
    before = facts(services, words)
    close(services)
    live.stop()
    moving.join()
    assert "LỆCH" not in said[0]
    assert "Bản gốc số: 6" in said[0]
    assert "DIACHI_PROFILE=production" in (data / "diachi.env").read_text()

    there = opened_as("production", data, env)
    assert facts(there, words) == before
    assert there.accounts.sign_in("canbo", "mat-khau-cua-can-bo") is not None
    live.start()
    third = hand_in(there, tmp_path / "ba", 16, 2)
    wait_until(is_done(there, third), "a batch on the servers")
    wait_until(lambda: not there.indexing.owing(), "the index")
    words = words_of(there)
    before = facts(there, words)
    close(there)
    live.stop()

    assert "Bản gốc số: 8" in run(data, "migrate-profile", "--to", "embedded", env=env)
    assert list(data.glob("ledger-*.sqlite"))
    back = opened_as("embedded", data, env)
    assert facts(back, words) == before
    live.start()
    found = verify_site(back.ledger, back.masters, back.derivatives, back.texts, back.index, repair=False)
    assert found.problems == []
    close(back)
    live.stop()
    assert "--replace" in run(data, "migrate-profile", "--to", "production", env=env, code=2)


@pytest.mark.fault
def test_killed_on_the_way(servers: Servers, own_name: str, tmp_path: Path) -> None:
    data = tmp_path / "site"
    env = servers_for(servers, own_name, data)
    run(data, "search", "x", env=env)
    services = opened_as("embedded", data, env)
    batch = services.intake.open_batch(ADMIN, "nhiều", "TV")
    for number in range(30):
        path = tmp_path / f"DC0001_{number:04}.jpg"
        path.write_bytes(number.to_bytes(4) * 50_000)
        with path.open("rb") as stream:
            services.intake.receive(ADMIN, batch.id, path.name, stream)
    before = facts(services, [])
    close(services)
    there = Ledger(patient_engine(settings_from(data, env | {"DIACHI_PROFILE": "production"})))
    for known in (1, 10, 29, 30):
        move = ("migrate-profile", "--to", "production")
        assert kill_when(lambda: masters_known(there) >= known, data, *move, env=env)  # noqa: B023
    there.close()
    for profile, other in (("production", "embedded"), ("embedded", "production")):
        for moment in range(8):
            kill_after(data, 1.5 + 0.4 * moment, "migrate-profile", "--to", profile, env=env)
        run(data, "migrate-profile", "--to", profile, env=env)
        moved = opened_as(profile, data, env)
        assert facts(moved, []) == before, f"from {other}"
        close(moved)


def test_what_production_lacks_is_told_all_at_once(tmp_path: Path) -> None:
    said = run(tmp_path / "site", "migrate-profile", "--to", "production", env={"DIACHI_MINIO_ENDPOINT": "x:1"}, code=2)
    assert "DIACHI_DATABASE_URL, DIACHI_MINIO_ACCESS_KEY" in said
    assert "DIACHI_MINIO_ENDPOINT" not in said
