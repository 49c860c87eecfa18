"""The search benchmark of the production profile: one OpenSearch node, PostgreSQL, one and sixteen clients.

Both servers are started for it natively, in a folder that goes with it. The ledger is filled by the table, the index by
its port, document by document as the clerk puts them; nothing is kept in memory but a sample of words. At each power of
ten on the way one client asks. Then sixteen ask, four in each of four processes, as web workers would. Last, the same
documents go into fresh indexes once through the port and once ready-made, as bare bulk requests."""

import os
import platform
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain, islice
from multiprocessing import get_context
from pathlib import Path

from servers import OpenSearch, Postgres, start_all
from shared_data import SHARED
from sqlalchemy import text

from bench.search import BATCH, batches, timed_once, use_case
from bench.search_collection import made_items, paragraphs
from bench.search_queries import Asked, Samples, draw
from bench.search_report import Timed, percentile, plain_table
from bench.search_site import Site
from bench.sections import write_section
from config.process import settle
from repository.catalog.finding import Finding
from repository.db.engine import make_engine
from repository.db.ledger import Ledger
from repository.db.migrate import upgrade
from repository.domain.search import IndexDocument
from repository.search.entries import document_key
from repository.search.opensearch_bulk import MOST_BYTES, Change
from repository.search.opensearch_connection import Connection
from repository.search.opensearch_index import OpenSearchIndex
from repository.search.opensearch_mapping import to_source

PROCESSES, THREADS = 4, 4
READY = 20_000  # documents of the comparison with ready-made ones
SECTION = """## Search in the production profile: {pages:,} pages of 350 words

`bench/search.py --profile production`: one OpenSearch node ({heap} of heap, one shard) and PostgreSQL on the same
machine as the clients. What is timed is the whole use case (`Finding.search`) over a site of {items:,} items, as a
passer-by: the query, ranked hits, exact total and four facets from the index, then item, page and words of 20 hits from
the ledger, and their snippets and boxes. Each query is asked once, with the caches of answers emptied before.
Milliseconds.

### One client

{one}

### Sixteen clients: {rate:.0f} queries a second

{sixteen}

### Growth (one client)

{growth}

| | |
|---|---|
| index | {bytes:.0f} bytes a page |
| ledger | {ledger:.0f} bytes a page |
| building the site | {built:.0f} pages a second into the index, {written:.0f} into the ledger |
| {ready:,} documents into a fresh index | {product:.0f} a second by the product, {raw:.0f} ready-made: {ratio:.2f} × |

{date}, {machine}, Python {python}, load {load:.1f}. Goal: p95 ≤ 100 ms at one client, indexing ≥ 0.5 × ready-made.
"""


@dataclass(frozen=True, slots=True)
class Where:
    """How to reach the site, from any process."""

    database: str
    password: str
    urls: tuple[str, ...]

    def index(self, name: str = "bench") -> OpenSearchIndex:
        """An index of that name."""
        return OpenSearchIndex(self.urls, name)

    def ledger(self) -> Ledger:
        """The ledger, brought to its newest form."""
        engine = make_engine(self.database, self.password)
        upgrade(engine)
        return Ledger(engine)

    def finding(self) -> Finding:
        """The use case."""
        return Finding(self.ledger(), self.index())


@dataclass
class Build:
    """What is being built, and what was measured on the way."""

    samples: Samples = field(default_factory=Samples)
    items: int = 0
    pages: int = 0
    ready: list[IndexDocument] = field(default_factory=list)
    growth: list[tuple[int, list[Timed]]] = field(default_factory=list)


def run(pages: int, each: int, dry: bool, heap: str = "2g") -> None:
    """The whole benchmark."""
    with tempfile.TemporaryDirectory(prefix="diachi-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # the servers run as another user
        postgres, opensearch = Postgres(folder / "postgres"), OpenSearch(folder / "opensearch", heap=heap)
        start_all([postgres, opensearch])
        try:
            url, urls = postgres.settings()["DIACHI_DATABASE_URL"], opensearch.settings()["DIACHI_OPENSEARCH_URLS"]
            report = _measured(Where(url, postgres.password, (urls,)), pages, each, heap)
        finally:
            for server in (opensearch, postgres):
                server.stop()
    print(report)
    if not dry:
        write_section("search-production", report)


def _measured(where: Where, pages: int, each: int, heap: str) -> str:
    index = where.index()
    index.begin_rebuild(lambda: None)
    site, build = Site(where.ledger(), where.database, where.password, index), Build()
    _fill(where, site, build, pages, each)
    _forget_answers(where)
    sixteen, seconds = _together(where, draw(build.samples, each, seed=8))
    product, raw = _rates(where, build.ready)
    return SECTION.format(
        pages=build.pages,
        items=build.items,
        heap=heap,
        one=plain_table(build.growth[-1][1]),
        sixteen=plain_table(sixteen),
        rate=len(sixteen) / seconds,
        growth=_growth(build.growth),
        bytes=_index_bytes(where) / build.pages,
        ledger=_ledger_bytes(where) / build.pages,
        built=build.pages / site.index_seconds,
        written=build.pages / site.ledger_seconds,
        ready=len(build.ready),
        product=product,
        raw=raw,
        ratio=product / raw,
        date=time.strftime("%Y-%m-%d"),
        machine=f"{platform.machine()}, {os.cpu_count()} cores",
        python=platform.python_version(),
        load=os.getloadavg()[0],
    )


def _fill(where: Where, site: Site, build: Build, pages: int, each: int) -> None:
    marks = [size for size in (10**4, 10**5, 10**6) if size < pages] + [pages]
    for batch in batches(made_items(paragraphs(SHARED), pages)):
        build.items += len(batch)
        documents = site.put(batch)
        build.ready.extend(documents[: READY - len(build.ready)])
        for document in documents:
            if document.page_id is not None:
                build.pages += 1
                build.samples.look_at(document.text)
        if build.pages % 50_000 < BATCH:
            print(f"{build.pages:,} pages, index {build.pages / site.index_seconds:.0f}/s", flush=True)
        if build.pages >= marks[0]:
            del marks[0]
            build.growth.append((build.pages, _alone(where, draw(build.samples, each))))
            print(f"{build.pages:,} pages:\n{plain_table(build.growth[-1][1])}", flush=True)


def _alone(where: Where, asked: Sequence[Asked]) -> list[Timed]:
    _settled(where)
    finding = where.finding()
    search = use_case(finding)
    settle()
    for entry in asked[:30]:
        search(entry.query)
    _forget_answers(where)
    return [Timed(entry.kind, *timed_once(search, entry.query), None) for entry in asked]


def _together(where: Where, asked: list[Asked]) -> tuple[list[Timed], float]:
    """All queries once, by sixteen clients; what each took, and seconds in all."""
    shares = [asked[at::PROCESSES] for at in range(PROCESSES)]
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        list(pool.map(_share, [where] * PROCESSES, [share[:8] for share in shares]))  # wake them up
        start = time.perf_counter()
        timed = list(chain.from_iterable(pool.map(_share, [where] * PROCESSES, shares)))
        return timed, time.perf_counter() - start


def _share(where: Where, asked: list[Asked]) -> list[Timed]:
    """One process's part, by its threads."""
    search = use_case(_finding_of_process(where))

    def ask(entry: Asked) -> Timed:
        return Timed(entry.kind, *timed_once(search, entry.query), None)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(ask, asked))


_open: dict[Where, Finding] = {}


def _finding_of_process(where: Where) -> Finding:
    if where not in _open:
        settle()
        _open[where] = where.finding()
    return _open[where]


def _rates(where: Where, documents: list[IndexDocument]) -> tuple[float, float]:
    """Documents a second, by the product and ready-made, in turns."""
    seconds = [0.0, 0.0]
    changes = [Change(document_key(each), 0, each.item, to_source(each)) for each in documents]
    for turn in range(2):
        for at, (name, load) in enumerate((("product", _by_product), ("ready", _by_bulk))):
            index = where.index(f"{name}{turn}")
            index.begin_rebuild(lambda: None)
            start = time.perf_counter()
            load(where, index, documents, changes)
            seconds[at] += time.perf_counter() - start
            Connection(where.urls).ask("DELETE", f"/{name}{turn}-v*")
    return 2 * len(documents) / seconds[0], 2 * len(documents) / seconds[1]


def _by_product(_where: Where, index: OpenSearchIndex, documents: list[IndexDocument], _changes: list[Change]) -> None:
    for start in range(0, len(documents), BATCH):
        index.put(documents[start : start + BATCH])
        index.commit()


def _by_bulk(where: Where, index: OpenSearchIndex, _documents: list[IndexDocument], changes: list[Change]) -> None:
    ask, alias = Connection(where.urls), index.alias
    waiting: Iterator[bytes] = (change.lines(alias) for change in changes)
    while some := list(islice(waiting, MOST_BYTES // 10_000)):
        told = ask.ask("POST", "/_bulk", b"".join(some), params={"filter_path": "errors"}, timeout=120)
        if told["errors"]:
            raise RuntimeError("a ready-made document was refused")
    ask.ask("POST", f"/{alias}/_refresh", timeout=120)


def _growth(measured: list[tuple[int, list[Timed]]]) -> str:
    lines = ["| pages | p50 | p95 | p99 |", "|---|---|---|---|"]
    for pages, timed in measured:
        wall = [entry.wall for entry in timed]
        cells = " | ".join(f"{percentile(wall, share) * 1e3:.0f}" for share in (0.5, 0.95, 0.99))
        lines.append(f"| {pages:,} | {cells} |")
    return "\n".join(lines)


def _settled(where: Where) -> None:
    """Until the index's merges have ended and the ledger's planner knows its tables."""
    ask = Connection(where.urls)
    ask.ask("POST", "/bench/_flush", timeout=600)
    while ask.ask("GET", "/bench/_stats/merge")["_all"]["total"]["merges"]["current"]:
        time.sleep(1)
    with make_engine(where.database, where.password).begin() as connection:
        connection.execute(text("ANALYZE"))


def _forget_answers(where: Where) -> None:
    Connection(where.urls).ask("POST", "/bench/_cache/clear?request=true")


def _index_bytes(where: Where) -> int:
    told = Connection(where.urls).ask("GET", "/bench/_stats/store")
    return int(told["_all"]["primaries"]["store"]["size_in_bytes"])


def _ledger_bytes(where: Where) -> int:
    with make_engine(where.database, where.password).begin() as connection:
        return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
