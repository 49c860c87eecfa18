"""The full-text index of the embedded profile: Tantivy in a folder."""

import fcntl
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from tantivy import Index, IndexWriter, Query, Searcher

from repository.domain.errors import N_, QueryRejected, StoreFailed
from repository.domain.search import IndexDocument, IndexHit, SearchRequest, SearchResult
from repository.search.entries import document_key, page_key
from repository.search.paging import hit_range
from repository.search.query import parse
from repository.search.tantivy_counting import tally, tally_items
from repository.search.tantivy_query import narrowing
from repository.search.tantivy_ranking import Ranked, Ranking
from repository.search.tantivy_schema import (
    VERSION,
    WORDS,
    build_schema,
    shown,
    to_tantivy,
    word_analyzer,
)

_HEAP_BYTES = 96 << 20
_FIRST_PAGES = 1000  # hits; further on, it is seen first whether there are so many
_COUNTERS = 4  # threads


class TantivyIndex:
    """A SearchIndex in a folder. Any number of processes may search; one at a time may write.

    The right to write is taken by the first `put`, `remove_*` or `clear` and kept until `close` (or the process's
    end, however it comes). Threads may share one instance."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._folder = folder / VERSION
        self._schema = build_schema()
        self._lock = threading.RLock()  # over what is read from; never held while the engine writes
        self._write_lock = threading.RLock()
        self._index: Index | None = None
        self._writer: IndexWriter | None = None
        self._seen: tuple[int, int] | None = None
        self._searcher: Searcher | None = None
        self._counters: tuple[int, ThreadPoolExecutor] | None = None

    def claim(self, site: str) -> None:
        """Nothing to do: the folder is the site's own."""

    def put(self, documents: Sequence[IndexDocument]) -> None:
        """Add documents, replacing those with the same page id (or, for a record, the same item)."""
        with self._writing() as writer:
            for document in documents:
                writer.delete_documents_by_term("key", document_key(document))
                writer.add_document(to_tantivy(document))

    def remove_page(self, page_id: str, version: int | None = None) -> None:
        """Remove a page, if there. There is one writer only, so versions do not matter."""
        with self._writing() as writer:
            writer.delete_documents_by_term("key", page_key(page_id))

    def remove_item(self, item: str, version: int | None = None) -> None:
        """Remove an item's record and pages, if there."""
        with self._writing() as writer:
            writer.delete_documents_by_term("item", item)

    def items(self) -> frozenset[str]:
        """The items that the last commit holds documents of."""
        with _engine_errors():
            return frozenset(tally_items(self._fresh_searcher(), Query.all_query(), facets=False)[0])

    def wanting(self) -> bool:
        """Whether the index is empty; one of another form lies in another folder, and this one is empty then."""
        return self.count() == 0

    def begin_rebuild(self, owe_everything: Callable[[], None]) -> None:
        """Documents that are put again replace the old ones in place."""
        owe_everything()

    def rebuilding(self) -> bool:
        """Never: see begin_rebuild."""
        return False

    def finish_rebuild(self) -> None:
        """Nothing to do."""

    def clear(self) -> None:
        """Remove everything."""
        with self._writing() as writer:
            writer.delete_all_documents()

    def commit(self) -> None:
        """Make changes durable and findable; nothing happens when this instance has written nothing."""
        with self._write_lock:
            if self._writer is not None:
                with _engine_errors():
                    self._writer.commit()

    def count(self) -> int:
        """How many documents the last commit holds."""
        return self._fresh_searcher().num_docs

    def ping(self) -> None:
        """Whether the index can be read; see the port."""
        self.count()

    def close(self) -> None:
        """Give up the right to write, after merges under way; drop what was not committed."""
        with self._write_lock:
            writer, self._writer = self._writer, None
            with self._lock:
                self._index = self._searcher = self._seen = None
                if self._counters is not None and self._counters[0] == os.getpid():
                    self._counters[1].shutdown()
                self._counters = None
            if writer is not None:
                with _engine_errors():
                    writer.rollback()
                    writer.wait_merging_threads()

    def search(self, request: SearchRequest) -> SearchResult:
        """One page of hits, counted and faceted. Raises QueryRejected, StoreFailed, WrongUse."""
        tree = parse(request.query)
        start, stop = hit_range(request)
        with _engine_errors():
            searcher = self._fresh_searcher()
            clauses = narrowing(self._schema, request.visibility, request.filters)
            ranking = Ranking(searcher, self._schema, tree, clauses, request.sort)
            if request.group:
                counting = self._beside().submit(tally_items, searcher, ranking.matching, request.facets)
                beyond = stop > _FIRST_PAGES and start >= len(counting.result()[0])
                best = [] if beyond else list(islice(_first_of_items(searcher, ranking, stop - start), start, stop))
                pages, facets = counting.result()
                return SearchResult(len(pages), tuple(_hit(searcher, found, pages) for found in best), facets)
            tallying = self._beside().submit(tally, searcher, ranking.matching, request.facets)
            beyond = stop > _FIRST_PAGES and start >= tallying.result()[0]
            ranked = [] if beyond else ranking.window(start, stop)
            total, facets = tallying.result()
            return SearchResult(total, tuple(_hit(searcher, found) for found in ranked), facets)

    def _beside(self) -> ThreadPoolExecutor:
        """Threads that count while hits are ranked: the engine works without Python's lock. New after a fork."""
        with self._lock:
            if self._counters is None or self._counters[0] != os.getpid():
                self._counters = (os.getpid(), ThreadPoolExecutor(_COUNTERS, "search-count"))
            return self._counters[1]

    def _fresh_searcher(self) -> Searcher:
        """A searcher on the last commit of any process. The engine replaces meta.json with every commit."""
        with self._lock, _engine_errors():
            index = self._opened()
            stat = (self._folder / "meta.json").stat()
            mark = (stat.st_ino, stat.st_mtime_ns)
            if self._searcher is None or mark != self._seen:
                index.reload()
                self._searcher = index.searcher()
                self._seen = mark
            return self._searcher

    def _opened(self) -> Index:
        with self._lock:
            if self._index is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                with (self._folder / ".creating").open("w") as gate:  # two processes may begin on an empty folder
                    fcntl.flock(gate, fcntl.LOCK_EX)
                    index = Index(self._schema, str(self._folder))
                index.register_tokenizer(WORDS, word_analyzer())
                index.config_reader("manual")
                self._index = index
            return self._index

    @contextmanager
    def _writing(self) -> Iterator[IndexWriter]:
        with self._write_lock, _engine_errors():
            if self._writer is None:
                try:
                    self._writer = self._opened().writer(_HEAP_BYTES, 1)
                except ValueError as error:
                    if "LockBusy" not in str(error):
                        raise
                    raise StoreFailed(
                        N_("Chỉ mục tìm kiếm đang do một tiến trình khác ghi. Hãy chờ việc đó xong rồi làm lại.")
                    ) from error
            yield self._writer


@contextmanager
def _engine_errors() -> Iterator[None]:
    try:
        yield
    except (ValueError, OSError, RuntimeError) as error:
        if "exceeded max expansions" in str(error):
            raise QueryRejected(
                N_("Phần đầu từ trước dấu * quá ngắn để dùng với NEAR. Hãy gõ thêm ít nhất một chữ cái.")
            ) from error
        raise StoreFailed(
            N_("Không đọc hoặc ghi được chỉ mục tìm kiếm ({reason}). Hãy kiểm tra ổ đĩa, rồi lập lại chỉ mục."),
            reason=str(error),
        ) from error


def _first_of_items(searcher: Searcher, ranking: Ranking, size: int) -> Iterator[Ranked]:
    seen: set[int] = set()
    for found in ranking.in_order(size * 4):
        item = int(searcher.fast_field_values("item_key", [found.address])[0] or 0)
        if item not in seen:
            seen.add(item)
            yield found


def _hit(searcher: Searcher, found: Ranked, pages: dict[str, int] | None = None) -> IndexHit:
    document = searcher.doc(found.address)
    item, page_id = shown(document)
    return IndexHit(
        item=item,
        page_id=page_id,
        number=int(document.get_first("number") or 0),
        score=found.score,
        tier=found.tier,
        pages=pages[item] if pages is not None else 1,
    )
