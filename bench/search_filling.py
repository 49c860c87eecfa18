"""Fills the site of the production benchmark, part by part, in as many processes as the machine has processors.

Each part is made by itself, the same in every run, and goes into the ledger by the table and into the index through its
port, document by document as the clerk puts them. Beside the index of everything, smaller ones take in the first pages,
so that growth can be measured at any time later."""

import os
import pickle
import signal
import time
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from shared_data import SHARED

from bench.search_collection import batches, made_items, paragraphs
from bench.search_queries import Samples
from bench.search_site import Site, documents_of
from bench.search_where import ALL, Where
from config.process import settle
from repository.domain.search import IndexDocument
from repository.search.opensearch_index import OpenSearchIndex

PART = 10_000  # pages
SIZES = (10_000, 100_000)  # of the smaller indexes; multiples of a part
COMMITTED = 4_000  # pages at least put and committed at a time
PROCESSES = os.cpu_count() or 1


@dataclass
class Build:
    """What was built: of each index, by its name, the samples; seconds of the clock."""

    samples: dict[str, Samples] = field(default_factory=lambda: {name_of(size): Samples() for size in (*SIZES, None)})
    pages: int = 0
    items: int = 0
    seconds: float = 0.0

    def save(self, folder: Path) -> None:
        """Into the folder of the servers' data."""
        beside = folder / "build.new"
        beside.write_bytes(pickle.dumps(self))
        beside.replace(folder / "build")


def kept(folder: Path) -> Build:
    """What earlier runs have built there; an empty one if none has."""
    file = folder / "build"
    return pickle.loads(file.read_bytes()) if file.exists() else Build()  # noqa: S301 - our own, of an earlier run


@dataclass(frozen=True, slots=True)
class _Part:
    where: Where
    start: int
    pages: int


@dataclass(frozen=True, slots=True)
class _Filled:
    texts: list[str]  # of the pages that the samples look at
    items: int


def fill(where: Where, build: Build, pages: int, folder: Path) -> bool:
    """Go on building until there are `pages`, noting each part in `folder`; prints how far it is. SIGTERM ends it in
    good order after the parts that are under way, and another run goes on from there; then it gives False."""
    if not build.pages:
        for name in build.samples:
            where.index(name).begin_rebuild(lambda: None)
        Site(where.ledger(), where.database, where.password, where.index()).found()
    told: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: told.append(number))
    earlier, start = build.seconds, time.perf_counter()
    parts = iter([_Part(where, at, min(PART, pages - at)) for at in range(build.pages, pages, PART)])
    under_way: deque[tuple[_Part, Future[_Filled]]] = deque()
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        while True:
            for part in islice(parts, 0 if told else PROCESSES + 1 - len(under_way)):
                under_way.append((part, pool.submit(_filled, part)))
            if not under_way:
                break
            part, future = under_way.popleft()
            _note(build, part, future.result())
            build.seconds = earlier + time.perf_counter() - start
            build.save(folder)
            print(f"{build.pages:,} pages, {build.pages / build.seconds:.0f} a second", flush=True)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    return build.pages >= pages


def _note(build: Build, part: _Part, filled: _Filled) -> None:
    for name in _names(part):
        for text in filled.texts:
            build.samples[name].take_in(text)
    build.items += filled.items
    build.pages += part.pages


def name_of(size: int | None) -> str:
    """The index of the first `size` pages; None for all."""
    return ALL if size is None else f"{ALL}-{size}"


def _names(part: _Part) -> list[str]:
    return [name_of(size) for size in SIZES if part.start < size] + [ALL]


def first_documents(count: int) -> list[IndexDocument]:
    """The documents of the first items."""
    return list(islice((each for made in made_items(_texts(), count) for each in documents_of([made])), count))


def _filled(part: _Part) -> _Filled:
    site, others = _opened(part.where, tuple(_names(part)[:-1]))
    texts: list[str] = []
    items = 0
    for batch in batches(made_items(_texts(), part.pages, part.start), COMMITTED):
        documents = site.put(batch)
        for index in others:
            index.put(documents)
            index.commit()
        texts += [each.text for each in documents if each.page_id is not None][::10]
        items += len(batch)
    return _Filled(texts, items)


@cache
def _texts() -> list[str]:
    settle()
    return paragraphs(SHARED)


@cache
def _opened(where: Where, others: tuple[str, ...]) -> tuple[Site, list[OpenSearchIndex]]:
    return Site(where.ledger(), where.database, where.password, where.index()), [where.index(name) for name in others]
