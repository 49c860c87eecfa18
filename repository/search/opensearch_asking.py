"""Several searches in one request, each whole or not at all."""

import json
import time
from collections.abc import Sequence
from typing import Any

from repository.search.entries import hash64
from repository.search.opensearch_connection import Busy, Connection, cause_of

Body = dict[str, Any]
_PAUSES = (0.05, 0.2, 0.6, 1.5, 3.0)  # seconds before asking again: a copy of a shard takes over within these
_BUSY = (429, 502, 503, 504)
# What a node says of another one that just went away, whatever status it gives to that.
_GONE = frozenset({
    "node_disconnected_exception", "node_not_connected_exception", "node_closed_exception", "no_such_node_exception",
    "connect_transport_exception", "receive_timeout_transport_exception", "no_shard_available_action_exception",
    "search_context_missing_exception", "illegal_index_shard_state_exception", "shard_not_found_exception",
})  # fmt: skip


class Asking:
    """Asks the index behind `alias`. `question` is what the reader typed: the same question goes to the same copy of
    each shard, so that equal scores are equal on every page of hits."""

    def __init__(self, connection: Connection, alias: str, question: str, shards: int) -> None:
        self._connection = connection
        header: Body = {"index": alias, "preference": f"{hash64(question):x}", "allow_partial_search_results": False}
        if shards > 1:  # what counts as a rare word is then the same on every shard
            header["search_type"] = "dfs_query_then_fetch"
        self._header = json.dumps(header)

    def many(self, bodies: Sequence[Body]) -> list[dict[str, Any]]:
        """The answers in the order asked. Raises StoreFailed, ServerUnreachable, QueryRejected."""
        lines = "".join([f"{self._header}\n{json.dumps(body, ensure_ascii=False)}\n" for body in bodies]).encode()
        for pause in (*_PAUSES, None):
            try:
                return self._answers(lines)
            except Busy:
                if pause is None:
                    raise
                time.sleep(pause)
        raise AssertionError

    def one(self, body: Body) -> dict[str, Any]:
        """The answer."""
        return self.many([body])[0]

    def _answers(self, lines: bytes) -> list[dict[str, Any]]:
        told = self._connection.ask("POST", "/_msearch", lines)
        for answer in told["responses"]:
            if error := answer.get("error"):
                kind, reason = cause_of(error)
                if answer.get("status") in _BUSY or kind in _GONE:
                    raise self._connection.busy(f"{kind}: {reason}")
                raise self._connection.failed(kind, reason)
        found: list[dict[str, Any]] = told["responses"]
        return found


def total_of(answer: dict[str, Any]) -> int:
    """How many hits an answer tells of."""
    return int(answer["hits"]["total"]["value"])
