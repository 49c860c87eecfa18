"""The search benchmark of the production profile: one OpenSearch node, PostgreSQL, one and sixteen clients.

Both servers are started for it natively, in a folder that goes with it or is kept for another time. search_filling
fills them. One client asks the indexes of each power of ten; then sixteen ask the largest, four in each of four
processes, as web workers would. Last, the same documents go into fresh indexes once through the port and once
ready-made, as bare bulk requests."""

import os
import platform
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from servers import OpenSearch, Postgres, start_all
from sqlalchemy import text

from bench.search import BATCH, timed_once, use_case
from bench.search_cost import processor_seconds
from bench.search_filling import SIZES, Build, fill, first_documents, kept, name_of
from bench.search_queries import Asked, draw
from bench.search_report import Timed, percentile, plain_table
from bench.search_where import ALL, Where
from bench.sections import write_section
from config.process import settle
from repository.catalog.finding import Finding
from repository.db.engine import make_engine
from repository.domain.search import IndexDocument
from repository.search.entries import document_key
from repository.search.opensearch_bulk import MOST_BYTES, Change
from repository.search.opensearch_connection import Connection
from repository.search.opensearch_index import OpenSearchIndex
from repository.search.opensearch_mapping import to_source

PROCESSES, THREADS = 4, 4
READY = 10_000  # documents of the comparison with ready-made ones
GOAL_PAGES, GOAL_MS, GOAL_RATIO = 1_000_000, 100, 0.5
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

Smaller indexes of the same site's first pages, beside the whole ledger.

{growth}

Processor time is a query's on average, with the servers' own upkeep: what it costs however busy the machine was.

| | |
|---|---|
| index | {bytes:.0f} bytes a page |
| ledger | {ledger:.0f} bytes a page |
| building the site, all its indexes and the ledger, beside whatever else ran | {built:.0f} pages a second |
| {ready:,} documents into a fresh index | {product:.0f} a second by the product, {raw:.0f} ready-made: {ratio:.2f} × |

{date}, {machine}, Python {python}, {load:.1f} processes waiting (1 minute) when one client began.

{goals}
"""


def run(pages: int, each: int, dry: bool, keep: Path | None, heap: str = "2g") -> None:
    """The whole benchmark. What was built in `keep` stays there, and is not built a second time; a build that SIGTERM
    ended goes on."""
    with ExitStack() as open_until_told:
        folder = keep or Path(open_until_told.enter_context(TemporaryDirectory(prefix="diachi-bench-")))
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)  # the servers run as another user
        where = open_until_told.enter_context(served(folder, heap))
        build = kept(folder)
        if build.pages < pages and not fill(where, build, pages, folder):
            return
        report = _measured(where, build, each, heap)
    print(report)
    if not dry:
        write_section("search-production", report)


@contextmanager
def served(folder: Path, heap: str = "2g") -> Iterator[Where]:
    """Both servers on the data in `folder`."""
    postgres, opensearch = Postgres(folder / "postgres"), OpenSearch(folder / "opensearch", heap=heap)
    start_all([postgres, opensearch])
    try:
        urls = (opensearch.settings()["DIACHI_OPENSEARCH_URLS"],)
        pids = (opensearch.pid, postgres.pid)
        yield Where(postgres.settings()["DIACHI_DATABASE_URL"], postgres.password, urls, pids)
    finally:
        for server in (opensearch, postgres):
            server.stop()


@dataclass(frozen=True, slots=True)
class _Asked:
    """One client's queries over the index of so many pages: what each took, and how many hits it had."""

    pages: int
    timed: list[Timed]
    hits: list[int]
    spent: tuple[float, ...]  # processor seconds of OpenSearch and PostgreSQL

    def wall(self, share: float) -> float:
        """Milliseconds that this share of the queries took at most."""
        return percentile([entry.wall for entry in self.timed], share) * 1e3


def _measured(where: Where, build: Build, each: int, heap: str) -> str:
    _settled(where)
    load, growth = os.getloadavg()[0], []
    for size in (*(size for size in SIZES if size < build.pages), None):
        name = name_of(size)
        growth.append(_alone(where, name, size or build.pages, draw(build.samples[name], each)))
        print(f"{growth[-1].pages:,} pages:\n{plain_table(growth[-1].timed)}", flush=True)
    _forget_answers(where)
    sixteen, seconds = _together(where, draw(build.samples[ALL], each, seed=8))
    ready = first_documents(READY)
    product, raw = _rates(where, ready)
    return SECTION.format(
        pages=build.pages,
        items=build.items,
        heap=heap,
        one=plain_table(growth[-1].timed),
        sixteen=plain_table(sixteen),
        rate=len(sixteen) / seconds,
        growth=_growth(growth),
        bytes=_index_bytes(where) / build.pages,
        ledger=_ledger_bytes(where) / build.pages,
        built=build.pages / build.seconds,
        ready=len(ready),
        product=product,
        raw=raw,
        ratio=product / raw,
        date=time.strftime("%Y-%m-%d"),
        machine=f"{platform.machine()}, {os.cpu_count()} cores",
        python=platform.python_version(),
        load=load,
        goals=_goals(growth[-1], product / raw),
    )


def _goals(whole: _Asked, ratio: float) -> str:
    goals = {
        f"{GOAL_PAGES:,} pages; these are {whole.pages:,}": whole.pages >= GOAL_PAGES,
        f"p95 of one client ≤ {GOAL_MS} ms; it is {whole.wall(0.95):.0f} ms": whole.wall(0.95) <= GOAL_MS,
        f"indexing ≥ {GOAL_RATIO} × ready-made; it is {ratio:.2f} ×": ratio >= GOAL_RATIO,
    }
    return "\n".join([f"- {'Reached' if reached else '**Missed**'}: {goal}." for goal, reached in goals.items()])


def _alone(where: Where, name: str, pages: int, asked: Sequence[Asked]) -> _Asked:
    search = use_case(where.finding(name))
    settle()
    for entry in asked[:30]:
        search(entry.query)
    _forget_answers(where)
    hits: list[int] = []
    before = [processor_seconds(pid) for pid in where.servers]
    timed = [
        Timed(entry.kind, *timed_once(lambda query: hits.append(search(query)), entry.query), None) for entry in asked
    ]
    spent = [processor_seconds(pid) - start for pid, start in zip(where.servers, before, strict=True)]
    return _Asked(pages, timed, hits, tuple(spent))


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


def _growth(measured: list[_Asked]) -> str:
    lines = [
        "| pages | p50 | p95 | p99 | hits p50 | hits p95 | CPU client | CPU OpenSearch | CPU PostgreSQL |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for each in measured:
        cells = [f"{each.wall(share):.0f}" for share in (0.5, 0.95, 0.99)]
        cells += [f"{percentile(each.hits, share):,}" for share in (0.5, 0.95)]
        spent = (sum(entry.cpu for entry in each.timed), *each.spent)
        cells += [f"{seconds / len(each.timed) * 1e3:.0f}" for seconds in spent]
        lines.append(f"| {each.pages:,} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _settled(where: Where) -> None:
    """Until the index's merges have ended and the ledger's planner knows its tables."""
    ask = Connection(where.urls)
    ask.ask("POST", "/bench*/_flush", timeout=600)
    while ask.ask("GET", "/bench*/_stats/merge")["_all"]["total"]["merges"]["current"]:
        time.sleep(1)
    with make_engine(where.database, where.password).begin() as connection:
        connection.execute(text("ANALYZE"))


def _forget_answers(where: Where) -> None:
    Connection(where.urls).ask("POST", "/bench*/_cache/clear?request=true")


def _index_bytes(where: Where) -> int:
    told = Connection(where.urls).ask("GET", "/bench/_stats/store")
    return int(told["_all"]["primaries"]["store"]["size_in_bytes"])


def _ledger_bytes(where: Where) -> int:
    with make_engine(where.database, where.password).begin() as connection:
        return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
