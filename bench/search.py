"""Search speed at the size of a provincial collection: one client, embedded profile, 20 hits with snippets and boxes.

    .venv/bin/python bench/search.py [--pages 70000] [--each 60] [--no-peer] [--dry]

Builds an index of made-up pages of real text, asks queries drawn from it, and asks SQLite FTS5 the same in the same
run. Prints its tables and writes them into docs/benchmarks.md.
"""

import argparse
import os
import platform
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from shared_data import SHARED  # noqa: E402

from bench.search_collection import MadePage, made_pages, paragraphs  # noqa: E402
from bench.search_pages import PageFile  # noqa: E402
from bench.search_peer import Peer  # noqa: E402
from bench.search_queries import Asked, Samples, draw  # noqa: E402
from bench.search_report import Timed, table, write_section  # noqa: E402
from repository.domain.access import Visibility  # noqa: E402
from repository.domain.search import SearchRequest  # noqa: E402
from repository.search.matching import boxes_of, match_page, snippet  # noqa: E402
from repository.search.query import parse  # noqa: E402
from repository.search.tantivy_index import TantivyIndex  # noqa: E402

Search = Callable[[str], int]  # asks one query in full and gives its total; the product's own use case fits as well
BATCH = 500  # pages put at a time
SECTION = """## Search: {pages:,} pages of 350 words

`bench/search.py`, one client, embedded profile: 20 hits with snippets, boxes, total and four facets; a passer-by's
visibility. Milliseconds on the clock and of processor time. The peer is SQLite {sqlite} FTS5
(`unicode61 remove_diacritics 2`) on the same pages in the same run: ranked hits with `snippet()`, total, the same four
facets, but no boxes, no marks-first order and no đ = d.

{table}

| | this index | FTS5 |
|---|---|---|
| size | {size:.0f} MB | {peer_size} |
| pages indexed a second | {rate:.0f} | {peer_rate} |

{date}, {machine}, Python {python}. Goal: p95 under 25 ms. The processor time is the fair measure where
the load (processes waiting, 1 minute) was above the number of cores: it was {load:.1f}.
"""


@dataclass
class Built:
    """What was built and how long it took, in seconds."""

    samples: Samples
    index_seconds: float = 0.0
    peer_seconds: float = 0.0


def build(count: int, index: TantivyIndex, store: PageFile, peer: Peer | None) -> Built:
    """Put the pages into the index, the page file and the peer, timing index and peer each by itself."""
    built = Built(Samples())
    pages = made_pages(paragraphs(SHARED), count)
    while batch := list(islice(pages, BATCH)):
        _note(batch, store, built.samples)
        documents = [page.document for page in batch]
        start = time.perf_counter()
        index.put(documents)
        built.index_seconds += time.perf_counter() - start
        if peer is not None:
            start = time.perf_counter()
            peer.put(documents)
            built.peer_seconds += time.perf_counter() - start
    start = time.perf_counter()
    index.commit()
    index.close()
    built.index_seconds += time.perf_counter() - start
    return built


def _note(batch: list[MadePage], store: PageFile, samples: Samples) -> None:
    for page in batch:
        store.add(page.document.page_id or "", page.lines)
        samples.look_at(page.document.text)


def engine_search(index: TantivyIndex, store: PageFile) -> Search:
    """Searching without the catalogue: the index, and pages from one file."""
    passer_by = Visibility(date(2026, 11, 24))

    def search(query: str) -> int:
        tree = parse(query)
        result = index.search(SearchRequest(query, passer_by))
        for hit in result.hits:
            page = store.get(hit.page_id or "")
            matches = match_page(tree, page)
            if not (boxes_of(page, matches) and any(mark for _, mark in snippet(page, matches).parts)):
                raise AssertionError(f"{query}: nothing to mark on {hit.page_id}")
        return result.total

    return search


def ask(search: Search, peer: Peer | None, asked: list[Asked]) -> list[Timed]:
    """Ask every query once, of both; a few go before to wake things up."""
    for entry in asked[:5]:
        search(entry.query)
    timed = []
    for entry in asked:
        wall, cpu = time.perf_counter(), time.process_time()
        search(entry.query)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        spent = None
        if peer is not None:
            start = time.perf_counter()
            peer.search(entry.peer)
            spent = time.perf_counter() - start
        timed.append(Timed(entry.kind, wall, cpu, spent))
    return timed


def section(folder: Path, count: int, built: Built, timed: list[Timed], peer: bool) -> str:
    """The benchmark's part of docs/benchmarks.md."""
    sizes = {name: _megabytes(folder, name) for name in ("index", "peer.db*")}
    return SECTION.format(
        pages=count,
        sqlite=sqlite3.sqlite_version,
        table=table(timed),
        size=sizes["index"],
        rate=count / built.index_seconds,
        peer_size=f"{sizes['peer.db*']:.0f} MB" if peer else "–",
        peer_rate=f"{count / built.peer_seconds:.0f}" if peer else "–",
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
    options.add_argument("--pages", type=int, default=70_000)
    options.add_argument("--each", type=int, default=60, help="queries of each kind")
    options.add_argument("--no-peer", action="store_true")
    options.add_argument("--dry", action="store_true", help="print only")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="diachi-bench-") as name:
        folder = Path(name)
        index = TantivyIndex(folder / "index")
        peer = None if given.no_peer else Peer(folder / "peer.db")
        with PageFile(folder / "pages.bin") as store:
            built = build(given.pages, index, store, peer)
            timed = ask(engine_search(index, store), peer, draw(built.samples, given.each))
        text = section(folder, given.pages, built, timed, peer is not None)
    print(text)
    if not given.dry:
        write_section(ROOT / "docs" / "benchmarks.md", text)


if __name__ == "__main__":
    main()
