"""Gathering changes until they are committed: one change a document, sent to every generation that is to have it."""

import json
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from repository.domain.errors import N_, StoreFailed
from repository.domain.search import IndexDocument
from repository.search.entries import document_key, page_key
from repository.search.opensearch_bulk import BulkSender, Change
from repository.search.opensearch_connection import SERVER, Connection
from repository.search.opensearch_generations import Generation, Generations, Standing
from repository.search.opensearch_mapping import to_source

_MOST_HELD = 4 << 20  # bytes of documents kept until a commit; beyond, they are sent before it, not yet to be found
_IDS_AT_ONCE = 10_000
_REFRESHING = 60.0


class Writer:
    """The changes of one instance. Safe to share between threads."""

    def __init__(self, connection: Connection, generations: Generations) -> None:
        self._connection = connection
        self._generations = generations
        self._sender = BulkSender(connection)
        self._lock = threading.RLock()
        self._changes: dict[str, Change] = {}
        self._sent: dict[str, Change] = {}  # without their sources
        self._ahead: dict[str, Change] = {}  # being sent while more is put together
        self._sending: Future[None] | None = None
        self._held = 0
        self._standing: Standing | None = None  # None: nothing was written since the last commit

    def put(self, documents: Sequence[IndexDocument]) -> None:
        """See the port."""
        with self._lock:
            self._begin()
            for document in documents:
                change = Change(document_key(document), document.version, document.item, to_source(document))
                self._take(change)
                if self._held > _MOST_HELD:
                    self._send_ahead()

    def remove_page(self, page_id: str, version: int | None) -> None:
        """See the port."""
        with self._lock:
            self._remove({"ids": {"values": [page_key(page_id)]}}, {page_key(page_id)}, version)

    def remove_item(self, item: str, version: int | None) -> None:
        """See the port."""
        with self._lock:
            ours = {key for key, change in self._uncommitted().items() if change.item == item}
            self._remove({"term": {"item": item}}, ours, version, item)

    def remove_all(self) -> None:
        """See the port."""
        with self._lock:
            self._remove({"match_all": {}}, set(self._uncommitted()), None)

    def commit(self) -> None:
        """See the port. Whatever fails here may be tried again: nothing is forgotten before all of it is in."""
        with self._lock:
            if self._standing is None:
                return
            self._arrived()
            self._send(self._standing)
            if self._standing.targets != self._generations.standing().targets:
                self.forget()
                raise StoreFailed(
                    N_("Chỉ mục trên {server} vừa được thay trong lúc đang ghi; việc ghi sẽ tự làm lại."), server=SERVER
                )
            self._refresh(self._standing)
            self.forget()

    def forget(self) -> None:
        """Drop what was not committed."""
        with self._lock:
            if self._sending is not None:
                wait([self._sending])  # so that nothing comes in late
            self._changes, self._sent, self._held, self._standing = {}, {}, 0, None
            self._ahead, self._sending = {}, None

    def _begin(self) -> Standing:
        """Where to write. What another left unfinished becomes visible first, so that removals find it."""
        if self._standing is None:
            standing = self._generations.made()
            self._refresh(standing)
            self._standing = standing
        return self._standing

    def _refresh(self, standing: Standing) -> None:
        names = ",".join(each.name for each in standing.targets)
        told = self._connection.ask("POST", f"/{names}/_refresh", timeout=_REFRESHING)
        if told["_shards"]["failed"]:
            raise self._connection.busy(f"refresh: {told['_shards']}")

    def _take(self, change: Change) -> None:
        before = self._changes.get(change.key)
        self._held += len(change.source or b"") - len(before.source or b"" if before else b"")
        self._changes[change.key] = change

    def _remove(self, query: dict[str, Any], ours: set[str], version: int | None, item: str | None = None) -> None:
        """Remove what `query` finds and `ours`, the keys of changes since the last commit; `item`, if given, is whose
        documents these are: a page that has gone over to another since is not removed with its old one."""
        doomed = {key: change.version for key in ours if (change := self._latest(key)) is not None}
        for target in self._begin().targets:
            for key, held in self._found(target, query):
                change = self._latest(key)
                if item is None or change is None or change.item in (None, item):
                    doomed[key] = max(held, doomed.get(key, 0))
        for key, held in doomed.items():
            if version is None or held <= version:
                self._take(Change(key, held if version is None else version, None, None))

    def _latest(self, key: str) -> Change | None:
        return self._changes.get(key) or self._ahead.get(key) or self._sent.get(key)

    def _uncommitted(self) -> dict[str, Change]:
        return self._sent | self._ahead | self._changes

    def _found(self, target: Generation, query: dict[str, Any]) -> list[tuple[str, int]]:
        """Keys and versions of the documents a query finds, however many."""
        body = {"query": {"bool": {"filter": query}}, "size": _IDS_AT_ONCE, "version": True, "sort": ["_doc"]}
        told = self._connection.ask("POST", f"/{target.name}/_search", body)
        if len(told["hits"]["hits"]) < _IDS_AT_ONCE:
            return _keys(told)
        told = self._connection.ask("POST", f"/{target.name}/_search", body, params={"scroll": "1m"})
        found = []
        while more := _keys(told):
            found.extend(more)
            told = self._connection.ask("POST", "/_search/scroll", {"scroll": "1m", "scroll_id": told["_scroll_id"]})
        self._connection.ask("DELETE", "/_search/scroll", {"scroll_id": told["_scroll_id"]})
        return found

    def _send(self, standing: Standing) -> None:
        self._post(standing, list(self._changes.values()))
        self._note_sent(self._changes)
        self._changes, self._held = {}, 0

    def _send_ahead(self) -> None:
        """Send what is held while the caller goes on; only one such sending is under way, so the order stays."""
        self._arrived()
        self._ahead, self._changes, self._held = self._changes, {}, 0
        thread = ThreadPoolExecutor(1)  # its own each time: a process that forks takes no thread along
        self._sending = thread.submit(self._post, self._begin(), list(self._ahead.values()))
        thread.shutdown(wait=False)

    def _arrived(self) -> None:
        """Wait for what is being sent ahead; raises what became of it, and then it is held again."""
        if self._sending is None:
            return
        sending, self._sending = self._sending, None
        ahead, self._ahead = self._ahead, {}
        wait([sending])
        if sending.exception() is not None:
            self._changes = ahead | self._changes
            self._held = sum(len(change.source or b"") for change in self._changes.values())
        else:
            self._note_sent(ahead)
        sending.result()

    def _post(self, standing: Standing, changes: list[Change]) -> None:
        if not changes:
            return
        for target in standing.targets:
            fitting = changes if target.current else [_fitting(change, target) for change in changes]
            self._sender.send(self._generations.alias_of(target, standing), fitting)

    def _note_sent(self, changes: dict[str, Change]) -> None:
        self._sent |= {key: Change(key, change.version, change.item, None) for key, change in changes.items()}


def _keys(told: dict[str, Any]) -> list[tuple[str, int]]:
    return [(hit["_id"], hit["_version"]) for hit in told["hits"]["hits"]]


def _fitting(change: Change, target: Generation) -> Change:
    """The change for an index of an older form: the fields that it knows."""
    if change.source is None:
        return change
    known = {name: value for name, value in json.loads(change.source).items() if name in target.fields}
    return Change(change.key, change.version, change.item, json.dumps(known, ensure_ascii=False).encode())
