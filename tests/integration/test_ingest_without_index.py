"""`diachi ingest` while OpenSearch is away: pages are read and kept, and the command says what is owed."""

from pathlib import Path

import pytest
from live_site import LiveSite, free_port, strips
from production_site import new_site, open_while
from servers_here import Servers
from site_facts import run

from repository.domain.batches import StepName, StepState

pytestmark = [pytest.mark.service, pytest.mark.slow]


def test_it_ends_when_only_the_index_is_owed(servers: Servers, own_name: str, tmp_path: Path) -> None:
    site = new_site(servers, own_name, tmp_path / "site")
    strips(tmp_path / "scans", 2)
    away = {**site.env, "DIACHI_OPENSEARCH_URLS": f"http://127.0.0.1:{free_port()}"}
    said = run(site.data, "ingest", tmp_path / "scans", env=away, code=3)
    assert "OpenSearch" in said
    assert "Các trang vẫn được đọc" in said
    assert "2 trang đã đọc chờ chỉ mục" in said
    with open_while(LiveSite(site.data, env=site.env)) as services, services.ledger.read() as work:
        batch = work.batches.all(None, 0, 1)[1][0].id
        for page in work.pages.of_batch(batch):
            steps = work.steps.of(page.id)
            assert steps[StepName.RECOGNISE].state is StepState.DONE
            assert steps[StepName.INDEX].state is StepState.OWED
    assert f"diachi batch resume {batch}" in said
    assert "nhập 2 trang" in run(site.data, "batch", "resume", batch, env=site.env)
