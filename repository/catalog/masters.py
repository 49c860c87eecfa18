"""Masters: the object store with the ledger's word on which version of each is the one that came in."""

import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

from repository.db.ledger import Ledger
from repository.domain.errors import N_, InputRefused, NotFound, ObjectMissing
from repository.domain.masters import StoredMaster
from repository.storage.measuring import measured
from repository.storage.port import ObjectStore, StoredObject, Versions


class Masters:
    """An object store (see the port) over another one. What is put is noted in the ledger; reading without a version
    reads the ledger's, so neither a shadowing upload nor a delete marker changes what readers and workers get."""

    def __init__(self, ledger: Ledger, store: ObjectStore, spool: Path | None = None) -> None:
        self._ledger = ledger
        self._store = store
        self._spool = spool or Path(tempfile.gettempdir())

    @property
    def versions(self) -> Versions | None:
        """The store's histories; see the port."""
        return self._store.versions

    def put(self, stream: BinaryIO, expected: str | None = None) -> StoredObject:
        """Keep the stream's bytes and note them in the ledger; see the port. What the ledger knows and the store still
        has in that version is not sent again. Raises InputRefused for a master that was lawfully withdrawn.

        Not to be called inside a unit of work: it opens its own."""
        if self._store.versions is None:
            kept = self._store.put(stream, expected)  # only now the key is known
            try:
                return self._note(kept)
            except InputRefused:
                self._store.delete(kept.key)
                raise
        with measured(stream, self._spool) as source:
            known = self._known(source.key)
            if known is not None and expected in (None, source.key):
                return known
            return self._note(self._store.put(source.stream, expected or source.key))

    def put_file(self, path: Path) -> StoredObject:
        """Keep a local file's bytes; see `put`."""
        with path.open("rb") as stream:
            return self.put(stream)

    def open(self, key: str, version: str | None = None) -> BinaryIO:
        """The master as a stream; see the port."""
        return self._store.open(key, version or self._version(key))

    def local(self, key: str, version: str | None = None) -> AbstractContextManager[Path]:
        """The master as a local file; see the port."""
        return self._store.local(key, version or self._version(key))

    def size(self, key: str) -> int:
        """The master's bytes; see the port."""
        known = self._row(key)
        return known.size if known is not None else self._store.size(key)

    def exists(self, key: str, version: str | None = None) -> bool:
        """Whether the store has the version that the ledger names; see the port."""
        try:
            return self._store.exists(key, version or self._version(key))
        except ObjectMissing:
            return False

    def delete(self, key: str) -> None:
        """Take the object away; nothing in the site does that to a master (see `withdraw`), and on MinIO the
        application's key may not."""
        self._store.delete(key)

    def keys(self) -> Iterator[str]:
        """Every key in the store; see the port."""
        return self._store.keys()

    def ping(self) -> None:
        """Whether the store answers; see the port."""
        self._store.ping()

    def withdraw(self, key: str, reason: str, who: str, eraser: Versions | None = None) -> int:
        """Take a master away for ever, by law or contract, and note why; gives how many versions went. `eraser` holds
        the custodian's credentials where the store keeps versions. The ledger says so only once the bytes are gone;
        broken off, it can be called again. Raises NotFound for a key that the ledger never had."""
        with self._ledger.write() as work:
            if work.masters.get(key) is None:
                raise NotFound(N_("Sổ cái không có bản gốc số {key}."), key=key[:80])
            work.masters.withdraw(key, reason)
            erased = 1 if eraser is None else eraser.erase(key)
            if eraser is None:
                self._store.delete(key)
            work.journal.record(who, "withdraw_master", key, reason=reason, versions=erased)
        return erased

    def readmit(self, key: str, reason: str, who: str) -> None:
        """Let a withdrawn master come in again. Raises NotFound for one that was not withdrawn."""
        with self._ledger.write() as work:
            row = work.masters.get(key)
            if row is None or not row.withdrawn:
                raise NotFound(N_("Bản gốc số {key} không nằm trong số đã rút."), key=key[:80])
            work.masters.put(key, None, row.size)
            work.journal.record(who, "readmit_master", key, reason=reason)

    def _note(self, kept: StoredObject) -> StoredObject:
        row = self._admitted(kept.key)
        if row is None or row.version != kept.version:
            with self._ledger.write(alone=False) as work:
                work.masters.put(kept.key, kept.version, kept.size)
        return kept

    def _known(self, key: str) -> StoredObject | None:
        """The master as the ledger has it, when the store has that version still."""
        row = self._admitted(key)
        if row is None or row.version is None or not self._store.exists(key, row.version):
            return None
        return StoredObject(key, row.size, row.version)

    def _admitted(self, key: str) -> StoredMaster | None:
        row = self._row(key)
        if row is not None and row.withdrawn:
            raise InputRefused(
                N_("Tệp này đã bị rút khỏi kho ({reason}) nên không nhận lại; nếu được phép, hãy chạy diachi storage "
                   "readmit {key} rồi nộp lại."),
                reason=row.withdrawn_reason or "", key=key,
            )  # fmt: skip
        return row

    def _version(self, key: str) -> str | None:
        row = self._row(key)
        if row is not None and row.withdrawn:
            raise ObjectMissing(
                N_("Bản gốc số {key} đã bị rút khỏi kho: {reason}."), key=key, reason=row.withdrawn_reason or ""
            )
        return row.version if row is not None else None

    def _row(self, key: str) -> StoredMaster | None:
        with self._ledger.read() as work:
            return work.masters.get(key)
