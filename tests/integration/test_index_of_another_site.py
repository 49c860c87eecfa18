"""Sites on one OpenSearch: none is restored or moved into the index of another, or works in it."""

from pathlib import Path

import pytest
from live_site import LiveSite
from production_site import open_while, set_up_storage
from servers_here import Servers
from site_facts import run

from app.api.health import look
from config.pinging import Pings, parts_of
from repository.domain.errors import WrongUse

pytestmark = [pytest.mark.service, pytest.mark.slow]


def production(servers: Servers, name: str, data: Path, index: str) -> LiveSite:
    env = servers.settings(name) | {"DIACHI_OPENSEARCH_INDEX": index}
    set_up_storage(servers, env, data)
    return LiveSite(data, env=env)


def test_an_index_in_use_is_refused(servers: Servers, own_name: str, tmp_path: Path) -> None:
    theirs = production(servers, f"{own_name}a", tmp_path / "theirs", own_name)
    with open_while(theirs) as services:
        services.indexing.rebuild()
        assert services.indexing.catch_up() == 0

    ours, disk = tmp_path / "ours", tmp_path / "disk"
    run(ours, "search", "x")
    run(ours, "backup", disk)
    there = production(servers, f"{own_name}b", tmp_path / "there", own_name)
    said = run(there.data, "restore", disk, "--to", "production", env=there.env, code=2)
    assert f"Chỉ mục {own_name}" in said
    assert "DIACHI_OPENSEARCH_INDEX" in said
    moving = {name: value for name, value in there.env.items() if name != "DIACHI_PROFILE"}
    assert "DIACHI_OPENSEARCH_INDEX" in run(ours, "migrate-profile", "--to", "production", env=moving, code=2)

    own = there.env | {"DIACHI_OPENSEARCH_INDEX": f"{own_name}b"}
    run(there.data, "restore", disk, "--to", "production", env=own)
    once_more = production(servers, f"{own_name}c", tmp_path / "again", f"{own_name}b")
    run(once_more.data, "restore", disk, "--to", "production", env=once_more.env)


def test_a_site_set_to_anothers_index_says_so(servers: Servers, own_name: str, tmp_path: Path) -> None:
    with open_while(production(servers, f"{own_name}a", tmp_path / "theirs", own_name)) as theirs:
        theirs.indexing.rebuild()
    with open_while(production(servers, f"{own_name}b", tmp_path / "ours", own_name)) as ours:
        with pytest.raises(WrongUse):
            ours.indexing.catch_up()
        health = look(ours, Pings(parts_of(ours)))
        assert "index" in health.degraded
        assert "DIACHI_OPENSEARCH_INDEX" in str(health.answers["index"].error)
