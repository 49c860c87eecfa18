"""How long a manifest of many pages takes, in both profiles.

    .venv/bin/python bench/manifest.py [--pages 1000] [--rounds 50] [--dry]

What is timed is the whole answer to GET /iiif/presentation/3/ITEM/manifest inside the application: session, rights, the
ledger's rows, the document and its JSON, for a passer-by, without the network. The peer is iiif-prezi3 making a
document of the same canvases from values already in memory. Prints its table and writes it into docs/benchmarks.md."""

import argparse
import json
import os
import platform
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path

from iiif_prezi3 import Manifest

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "scripts")]

from production_site import new_site, opened  # noqa: E402
from servers import start_all  # noqa: E402
from servers_here import four_servers  # noqa: E402
from shared_data import SHARED  # noqa: E402

from app.factory import create_app  # noqa: E402
from bench.search_collection import MadeItem, made_items, paragraphs  # noqa: E402
from bench.search_site import Site  # noqa: E402
from bench.sections import write_section  # noqa: E402
from config.process import settle  # noqa: E402
from config.services import Services, build_services  # noqa: E402
from config.settings import Settings  # noqa: E402
from iiif.presentation import canvas_url, image_service, manifest_url  # noqa: E402
from repository.domain.access import AccessLevel, ItemState  # noqa: E402

GOAL = 50.0
SECTION = """## A manifest of {pages:,} pages

`bench/manifest.py`: the whole answer inside the application (rights, rows, document, JSON: {bytes:,} bytes) to a
passer-by, {rounds} times; milliseconds. iiif-prezi3 makes a document of the same canvases and images from values that
are already in memory.

| | median | p95 | longest |
|---|---|---|---|
{rows}

iiif-prezi3 takes {ratio:.0f} × the slower profile. {date}, {machine}, Python {python}, load {load:.1f}. Goal: 50 ms.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--dry", action="store_true", help="leave docs/benchmarks.md as it is")
    arguments = parser.parse_args()
    made = _one_item(arguments.pages)
    settle()
    measured: dict[str, list[float]] = {}
    size = 0
    with tempfile.TemporaryDirectory(prefix="diachi-manifest-") as folder:
        for name, site in (("embedded profile", _embedded), ("production profile", _production)):
            with site(Path(folder)) as services:
                size, measured[name] = _by_the_site(services, made, arguments.rounds)
    measured["iiif-prezi3"] = _timed(lambda: _by_prezi3(made), max(3, arguments.rounds // 10))
    slower = max(statistics.median(times) for name, times in measured.items() if name != "iiif-prezi3")
    section = SECTION.format(
        pages=arguments.pages, bytes=size, rounds=arguments.rounds,
        rows="\n".join(_row(name, times) for name, times in measured.items()),
        ratio=statistics.median(measured["iiif-prezi3"]) / slower, date=time.strftime("%Y-%m-%d"),
        machine=f"{os.cpu_count()} cores, {platform.machine()}", python=platform.python_version(),
        load=os.getloadavg()[0],
    )  # fmt: skip
    print(section)
    if not arguments.dry:
        write_section("manifest", section)


def _one_item(pages: int) -> MadeItem:
    """One published, public item of that many pages."""
    some = list(made_items(paragraphs(SHARED), pages))
    first = some[0].item
    rights = replace(first.rights, state=ItemState.PUBLISHED, level=AccessLevel.PUBLIC)
    item = replace(first, rights=rights, page_count=pages)
    numbered = enumerate(chain.from_iterable(each.pages for each in some), 1)
    bound = tuple(replace(page, item=item.id, number=number, label=str(number)) for number, page in numbered)
    return MadeItem(item, bound, tuple(chain.from_iterable(each.texts for each in some)))


@contextmanager
def _embedded(folder: Path) -> Iterator[Services]:
    services = build_services(Settings(data=folder / "embedded"))
    yield services
    services.ledger.close()


@contextmanager
def _production(folder: Path) -> Iterator[Services]:
    folder.chmod(0o755)  # the servers run as another user
    servers = four_servers(folder / "servers")
    start_all(servers.all())
    try:
        services = opened(new_site(servers, f"manifest{secrets.token_hex(4)}", folder / "production"))
        yield services
        services.ledger.close()
    finally:
        for server in servers.all():
            server.stop()


def _by_the_site(services: Services, made: MadeItem, rounds: int) -> tuple[int, list[float]]:
    """Bytes of the answer, and seconds of each."""
    settings = services.settings
    site = Site(services.ledger, settings.ledger_url, settings.database_password.get_secret_value(), services.index)
    site.found()
    site.put([made])
    client = create_app(services).test_client()
    address = f"/iiif/presentation/3/{made.item.id}/manifest"

    def ask() -> bytes:
        answer = client.get(address)
        if answer.status_code != 200:
            raise RuntimeError(f"{answer.status} at {address}")
        return answer.data

    canvases = json.loads(ask())["items"]
    if len(canvases) != len(made.pages):
        raise RuntimeError(f"{len(canvases)} canvases for {len(made.pages)} pages")
    return len(ask()), _timed(ask, rounds)


def _timed(do: Callable[[], object], rounds: int) -> list[float]:
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        do()
        seconds.append(time.perf_counter() - start)
    return seconds


def _by_prezi3(made: MadeItem) -> str:
    base = "http://localhost"
    document = Manifest(id=manifest_url(base, made.item.id), label={"vi": [made.item.record.description.title]})
    for page in made.pages:
        canvas = canvas_url(base, made.item.id, page.id)
        width, height = page.width or 0, page.height or 0
        made_canvas = document.make_canvas(id=canvas, label={"none": [page.label or ""]}, width=width, height=height)
        service = image_service(base, page.id)
        made_canvas.add_image(
            image_url=f"{service}/full/max/0/default.jpg", anno_page_id=f"{canvas}/page", anno_id=f"{canvas}/image",
            format="image/jpeg", width=width, height=height,
        )  # fmt: skip
    return document.json()


def _row(name: str, seconds: list[float]) -> str:
    ordered = sorted(seconds)
    figures = statistics.median(ordered), ordered[int(len(ordered) * 0.95)], ordered[-1]
    return f"| {name} | " + " | ".join(f"{figure * 1e3:.1f}" for figure in figures) + " |"


if __name__ == "__main__":
    main()
