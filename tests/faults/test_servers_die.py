"""Any server dies in the middle of a batch and comes back: every page once, searchable, masters right."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from live_site import LiveSite, alive, wait_until
from production_site import new_site, open_while, running
from servers import Server, start_all
from servers_here import Servers, four_servers
from whole_batch import STEPS, hand_in, is_done, kill_a_worker_at, must_be_whole, worker_at

from config.services import Services
from repository.domain.batches import StepName

pytestmark = [pytest.mark.fault, pytest.mark.service]
PAGES = 4


@pytest.fixture(scope="module")
def four() -> Iterator[Servers]:
    """Servers that this file may kill."""
    with tempfile.TemporaryDirectory(prefix="diachi-dying-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        here = four_servers(folder)
        start_all(here.all())
        yield here
        for server in here.all():
            server.stop()


@pytest.fixture(scope="module")
def live(four: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    site = new_site(four, "dying", tmp_path_factory.mktemp("live") / "data")
    with running(site) as live:
        yield live


@pytest.fixture(scope="module")
def services(live: LiveSite) -> Iterator[Services]:
    with open_while(live) as site:
        yield site


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.value if step else "file")
def test_a_worker_killed_in_a_step(services: Services, live: LiveSite, tmp_path: Path, step: StepName | None) -> None:
    batch = hand_in(services, tmp_path / f"kill {step}", PAGES * STEPS.index(step))
    killed = kill_a_worker_at(services, live, batch, step or "file")
    must_be_whole(services, batch)
    assert not alive(killed)


@pytest.mark.parametrize("name", ["redis", "opensearch", "minio", "postgres"])
def test_a_server_killed_and_started_again(
    services: Services, live: LiveSite, four: Servers, tmp_path: Path, name: str
) -> None:
    """Redis comes back empty; the others with what was safely written."""
    server: Server = getattr(four, name)
    first = 20 + 6 * ["redis", "opensearch", "minio", "postgres"].index(name)
    batch = hand_in(services, tmp_path / name, first, 6)
    wait_until(lambda: worker_at(services, live, batch, StepName.RECOGNISE), "a page being read")
    server.kill()
    workers = set(live.workers().values())
    server.start()
    wait_until(is_done(services, batch), f"the batch to be done after {server.name} came back")
    must_be_whole(services, batch, 6)
    assert workers == set(live.workers().values()), "nobody had to die because a server did"
