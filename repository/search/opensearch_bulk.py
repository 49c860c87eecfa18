"""Sending changes to OpenSearch in bulk, no faster than it takes them, until each is in."""

import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from repository.domain.errors import DiachiError
from repository.search.opensearch_connection import Busy, Connection, cause_of

MOST_BYTES, FEWEST_BYTES = 8 << 20, 64 << 10  # of one request
PATIENCE = 15.0  # seconds without a single change taken
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 4.0
_ANSWER = 60.0
_TRIED_AGAIN = (429, 502, 503, 504)
_KEPT_ALREADY, _GONE_ALREADY = 409, 404


@dataclass(frozen=True, slots=True)
class Change:
    """A document to put (its `source`) or to remove (None). One of a lower `version` than the index holds is passed
    over: somebody who knew more has been there."""

    key: str
    version: int
    item: str | None
    source: bytes | None

    def lines(self, alias: str) -> bytes:
        """The change as the bulk request has it."""
        action = "delete" if self.source is None else "index"
        head = (
            f'{{"{action}":{{"_index":"{alias}","_id":{json.dumps(self.key)},'
            f'"version":{self.version},"version_type":"external_gte"}}}}\n'
        ).encode()
        return head if self.source is None else head + self.source + b"\n"


class BulkSender:
    """Sends changes; what the server is too busy for is sent again, in smaller requests after longer pauses."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._bytes = MOST_BYTES

    def send(self, alias: str, changes: Sequence[Change]) -> None:
        """Until every change is in. Raises when the server refuses one, takes none for PATIENCE seconds or is gone;
        then some changes are in and others not, and all may be sent again."""
        waiting = list(changes)
        pause, patient_until = FIRST_PAUSE, time.monotonic() + PATIENCE
        while waiting:
            left: list[Change] = []
            refusal: DiachiError | None = None
            for batch in self._batches(alias, waiting):
                if refusal is not None:  # spare a busy server the rest for now
                    left.extend(batch)
                    continue
                refused, refusal = self._sent(alias, batch)
                left.extend(refused)
            if refusal is None:
                self._bytes = min(self._bytes * 2, MOST_BYTES)
                return
            now = time.monotonic()
            if len(left) < len(waiting):
                pause, patient_until = FIRST_PAUSE, now + PATIENCE
            elif now + pause > patient_until:
                raise refusal
            waiting = left
            self._bytes = max(self._bytes // 2, FEWEST_BYTES)
            time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - only so that several do not come at once
            pause = min(pause * 2, LONGEST_PAUSE)

    def _batches(self, alias: str, changes: Sequence[Change]) -> Iterator[list[Change]]:
        batch: list[Change] = []
        size = 0
        for change in changes:
            length = len(change.source or b"") + 200
            if batch and size + length > self._bytes:
                yield batch
                batch, size = [], 0
            batch.append(change)
            size += length
        if batch:
            yield batch

    def _sent(self, alias: str, batch: list[Change]) -> tuple[list[Change], DiachiError | None]:
        """The changes to send again, and why."""
        try:
            answer = self._connection.ask(
                "POST",
                "/_bulk",
                b"".join([change.lines(alias) for change in batch]),
                params={
                    "require_alias": "true",
                    "timeout": "10s",
                    "filter_path": "errors,items.*.status,items.*.error.type,items.*.error.reason",
                },
                timeout=_ANSWER,
            )
        except Busy as error:
            return batch, error
        if not answer["errors"]:
            return [], None
        return self._refused(batch, answer["items"])

    def _refused(
        self, batch: list[Change], items: Sequence[dict[str, dict[str, Any]]]
    ) -> tuple[list[Change], DiachiError | None]:
        again: list[Change] = []
        refusal: DiachiError | None = None
        for change, item in zip(batch, items, strict=True):
            told = next(iter(item.values()))
            error = told.get("error")
            if error is None or told["status"] == _KEPT_ALREADY:
                continue
            kind, reason = cause_of(error)
            blocked = kind == "cluster_block_exception"
            if told["status"] not in _TRIED_AGAIN or blocked:
                raise self._connection.failed(kind, f"{change.key}: {reason}")
            again.append(change)
            refusal = self._connection.busy(f"{told['status']} {kind}: {reason}")
        return again, refusal
