"""Search speed at the size of a provincial collection: 20 hits with snippets and boxes.

    .venv/bin/python bench/search.py [--pages 70000] [--each 60] [--no-peer] [--dry]
    .venv/bin/python bench/search.py --profile production [--pages 1000000] [--each 60] [--keep DIR] [--dry]

Fills a site (ledger and index) with made-up items of real text, and asks the product's own use case queries drawn from
it. In the embedded profile one client asks, and SQLite FTS5 the same in the same run; in the production profile (see
search_production) one and sixteen ask OpenSearch and PostgreSQL. Prints its tables and writes them into
docs/benchmarks.md.
"""

import argparse
import os
import platform
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "scripts")]

from shared_data import SHARED  # noqa: E402

from bench.search_collection import batches, made_items, paragraphs  # noqa: E402
from bench.search_peer import Peer  # noqa: E402
from bench.search_queries import Asked, Samples, draw  # noqa: E402
from bench.search_report import Timed, table  # noqa: E402
from bench.search_site import Site  # noqa: E402
from bench.sections import write_section  # noqa: E402
from config.process import settle  # noqa: E402
from config.services import build_services  # noqa: E402
from config.settings import Settings  # noqa: E402
from repository.catalog.finding import Finding  # noqa: E402
from repository.domain.access import Visitor  # noqa: E402

Search = Callable[[str], int]  # asks one query in full and gives its total
BATCH = 1000  # pages at least put and committed at a time
PASSER_BY = Visitor(address="203.0.113.7")
SECTION = """## Search: {pages:,} pages of 350 words

`bench/search.py`, one client, embedded profile. What is timed is the whole use case (`Finding.search`) over a site of
{items:,} items, as a passer-by: the libraries' addresses, the query, ranked hits, total and four facets from the index,
then item, page and words of 20 hits from the ledger, and their snippets and boxes. Each query is asked once.
Milliseconds on the clock and of processor time. The peer is SQLite {sqlite} FTS5 (`unicode61 remove_diacritics 2`) on
the same pages in the same run: ranked hits with `snippet()`, total, the same four facets, but no items, no boxes, no
marks-first order and no đ = d.

{table}

| | this index | FTS5 |
|---|---|---|
| size | {size:.0f} MB | {peer_size} |
| pages indexed a second | {rate:.0f} | {peer_rate} |

The ledger beside it: {ledger:.0f} MB. The index is committed every {batch:,} pages.

{date}, {machine}, Python {python}. Goal: p95 under 25 ms. The processor time is the fair measure where
the load (processes waiting, 1 minute) was above the number of cores: it was {load:.1f}.
"""


@dataclass
class Built:
    """What was built; `peer_seconds` is how long the peer took."""

    samples: Samples = field(default_factory=Samples)
    items: int = 0
    peer_seconds: float = 0.0


def embedded(folder: Path) -> Site:
    """An empty site in a folder."""
    settings = Settings(data=folder)  # type: ignore[call-arg]  # the rest has defaults
    services = build_services(settings)
    site = Site(services.ledger, settings.ledger_url, "", services.index)
    site.found()
    return site


def build(count: int, site: Site, peer: Peer | None) -> Built:
    """Put the pages into the site and the peer."""
    built = Built()
    for batch in batches(made_items(paragraphs(SHARED), count), BATCH):
        built.items += len(batch)
        pages = [document for document in site.put(batch) if document.page_id is not None]
        for page in pages:
            built.samples.look_at(page.text)
        if peer is not None:
            start = time.perf_counter()
            peer.put(pages)
            built.peer_seconds += time.perf_counter() - start
    site.settle()
    return built


def use_case(finding: Finding) -> Search:
    """Searching as the doors do it for whoever comes by; whatever is found must be marked and have its boxes."""

    def search(query: str) -> int:
        found = finding.search(PASSER_BY, query)
        for hit in found.hits:
            if not (any(mark for _, mark in hit.snippet) and (hit.boxes or hit.page is None)):
                raise AssertionError(f"{query}: nothing to mark on {hit.page}")
        if len(found.hits) != min(found.total, 20):
            raise AssertionError(f"{query}: {len(found.hits)} hits of {found.total}")
        return found.total

    return search


def ask(search: Search, peer: Peer | None, asked: list[Asked]) -> list[Timed]:
    """Ask every query once, first all of ours, then all of the peer, so that neither empties the other's caches; a few
    go before to wake things up. The process keeps its memory as the web server's does."""
    settle()
    for entry in asked[:5]:
        search(entry.query)
    ours = [timed_once(search, entry.query) for entry in asked]
    theirs = [timed_once(peer.search, entry.peer)[0] if peer is not None else None for entry in asked]
    return [Timed(entry.kind, *our, its) for entry, our, its in zip(asked, ours, theirs, strict=True)]


def timed_once(search: Callable[[str], object], query: str) -> tuple[float, float]:
    """Seconds on the clock and of processor time."""
    wall, cpu = time.perf_counter(), time.process_time()
    search(query)
    return time.perf_counter() - wall, time.process_time() - cpu


def section(folder: Path, count: int, site: Site, built: Built, timed: list[Timed], peer: bool) -> str:
    """The benchmark's part of docs/benchmarks.md."""
    return SECTION.format(
        pages=count,
        items=built.items,
        sqlite=sqlite3.sqlite_version,
        table=table(timed),
        size=_megabytes(folder, "site/index"),
        ledger=_megabytes(folder, "site/ledger.sqlite*"),
        rate=count / site.index_seconds,
        peer_size=f"{_megabytes(folder, 'peer.db*'):.0f} MB" if peer else "–",
        peer_rate=f"{count / built.peer_seconds:.0f}" if peer else "–",
        batch=BATCH,
        date=time.strftime("%Y-%m-%d"),
        machine=f"{platform.machine()}, {os.cpu_count()} cores",
        python=platform.python_version(),
        load=os.getloadavg()[0],
    )


def _megabytes(folder: Path, name: str) -> float:
    files = [inside for found in folder.glob(name) for inside in (found.rglob("*") if found.is_dir() else [found])]
    return sum(file.stat().st_size for file in files if file.is_file()) / 1e6


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--profile", choices=("embedded", "production"), default="embedded")
    options.add_argument("--pages", type=int, help="70,000; 1,000,000 in production")
    options.add_argument("--each", type=int, default=60, help="queries of each kind")
    options.add_argument("--no-peer", action="store_true")
    options.add_argument("--keep", type=Path, help="production: build in this folder, or only ask what was built there")
    options.add_argument("--dry", action="store_true", help="print only")
    given = options.parse_args()
    if given.profile == "production":
        from bench.search_production import run

        run(given.pages or 1_000_000, given.each, given.dry, given.keep)
        return
    pages = given.pages or 70_000
    with tempfile.TemporaryDirectory(prefix="diachi-bench-") as name:
        folder = Path(name)
        site = embedded(folder / "site")
        peer = None if given.no_peer else Peer(folder / "peer.db")
        built = build(pages, site, peer)
        timed = ask(use_case(site.finding), peer, draw(built.samples, given.each))
        text = section(folder, pages, site, built, timed, peer is not None)
    print(text)
    if not given.dry:
        write_section("search", text)


if __name__ == "__main__":
    main()
