"""Every master against its checksum, by the version that the ledger names; and what hides one from others."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice

from repository.catalog.verifying_found import Verified
from repository.db.ledger import Ledger
from repository.domain.errors import ObjectMissing
from repository.domain.masters import StoredMaster
from repository.storage.measuring import digest_of
from repository.storage.port import ObjectStore

NOTED_AT_ONCE = 100


class MasterCheck:
    """Looks at masters and tells `found` what is wrong with them.

    In a versioned store the ledger's version stays the original whatever is put on top of it. A reader who names no
    version would get what is on top: another content, or a delete marker. With `repair` a copy of the right version is
    put on top of that; nothing is deleted, so the application's key can do it. Where the ledger's own version is gone
    but another one has the right bytes, the ledger is told of that one."""

    def __init__(self, ledger: Ledger, store: ObjectStore, repair: bool, quick: bool, found: Verified) -> None:
        self._ledger = ledger
        self._store = store
        self._repair = repair
        self._quick = quick
        self._found = found
        self._right: list[str] = []

    def all(self, older_than: timedelta | None) -> None:
        """Look at every master of the ledger, or at those not found right for `older_than`."""
        since = None if older_than is None else datetime.now(UTC) - older_than
        with self._listed() as rows:
            for row in rows:
                if row.withdrawn:
                    self._check_withdrawn(row)
                elif since is None or row.checked_at is None or row.checked_at < since:
                    self._check(row)
        self._note_right()

    def unknown(self, key: str) -> None:
        """Look at a master that pages or files name and the ledger has no row of: it came in before there were any.
        Found right, it gets one."""
        self._found.masters += 1
        version = self._store.versions.current(key) if self._store.versions is not None else None
        content = self._content(key, version)
        if content is None:
            self._found.add(f"Mất bản gốc số {key}.", mended=False)
        elif content[0] != key:
            self._tell_changed(key, content[0])
        else:
            with self._ledger.write(alone=False) as work:
                work.masters.put(key, version, content[1])
                work.masters.checked(key)

    @contextmanager
    def _listed(self) -> Iterator[Iterator[StoredMaster]]:
        """The ledger's masters as of one moment, by way of a temporary file: reading them all takes longer than a
        transaction may last, and a million of them more memory than there may be."""
        with tempfile.TemporaryFile("w+") as listing:
            with self._ledger.read() as work:
                for row in work.masters.all():
                    listing.write(_line(row))
            listing.seek(0)
            yield map(_row, listing)

    def _check(self, row: StoredMaster) -> None:
        self._found.masters += 1
        if self._quick:
            digest = row.key if self._store.exists(row.key, row.version) else None
        else:
            digest = self._digest(row.key, row.version)
        if digest != row.key:
            self._seek_elsewhere(row, digest)
        else:
            if not self._quick:
                self._right.append(row.key)
            self._check_on_top(row)
        if len(self._right) >= NOTED_AT_ONCE:
            self._note_right()

    def _check_withdrawn(self, row: StoredMaster) -> None:
        self._found.withdrawn += 1
        when = row.withdrawn_at.date().isoformat() if row.withdrawn_at else "?"
        versions = self._store.versions
        if any(not each.marker for each in versions.of(row.key)) if versions else self._store.exists(row.key):
            self._found.add(f"Bản gốc số {row.key} đã ghi là rút ngày {when} nhưng nội dung vẫn còn.", mended=False)
        else:
            self._found.note(f"Bản gốc số {row.key} đã rút ngày {when}: {row.withdrawn_reason}.")

    def _check_on_top(self, row: StoredMaster) -> None:
        versions = self._store.versions
        if versions is None or row.version is None:
            return
        top = versions.current(row.key)
        if top == row.version or (top is not None and self._digest(row.key, top) == row.key):
            return
        if self._repair:
            versions.restore(row.key, row.version)
        hidden = "một dấu xóa" if top is None else f"một nội dung khác (phiên bản {top})"
        self._found.add(f"Bản gốc số {row.key} bị che bởi {hidden}.", self._repair, "Đã đưa bản đúng trở lại.")

    def _seek_elsewhere(self, row: StoredMaster, digest: str | None) -> None:
        """The ledger's version is gone, or its bytes have another `digest`: is there a version with the right ones?"""
        versions = self._store.versions
        for each in versions.of(row.key) if versions is not None else ():
            if not each.marker and each.version != row.version and self._digest(row.key, each.version) == row.key:
                if self._repair:
                    with self._ledger.write(alone=False) as work:
                        work.masters.put(row.key, each.version, row.size)
                wrong = "Mất phiên bản" if digest is None else "Đã bị thay đổi: phiên bản"
                self._found.add(
                    f"{wrong} {row.version} của bản gốc số {row.key}; phiên bản {each.version} có đúng nội dung.",
                    self._repair,
                    "Sổ cái đã ghi phiên bản ấy.",
                )
                return
        if digest is None:
            self._found.add(f"Mất bản gốc số {row.key}.", mended=False)
        else:
            self._tell_changed(row.key, digest)

    def _tell_changed(self, key: str, digest: str) -> None:
        self._found.add(f"Bản gốc số {key} đã bị thay đổi (mã kiểm tra nay là {digest}).", mended=False)

    def _digest(self, key: str, version: str | None) -> str | None:
        content = self._content(key, version)
        return content[0] if content is not None else None

    def _content(self, key: str, version: str | None) -> tuple[str, int] | None:
        """SHA-256 and size of what the store gives; None when it has nothing."""
        try:
            with self._store.open(key, version) as stream:
                return digest_of(stream)
        except ObjectMissing:
            return None

    def _note_right(self) -> None:
        if self._right:
            with self._ledger.write(alone=False) as work:
                for key in self._right:
                    work.masters.checked(key)
            self._right.clear()


def _line(row: StoredMaster) -> str:
    times = [moment.isoformat() if moment else None for moment in (row.stored_at, row.checked_at, row.withdrawn_at)]
    return json.dumps([row.key, row.version, row.size, *times, row.withdrawn_reason]) + "\n"


def _row(line: str) -> StoredMaster:
    key, version, size, *rest = json.loads(line)
    stored, checked, withdrawn = (datetime.fromisoformat(each) if each else None for each in islice(rest, 3))
    return StoredMaster(key, version, size, stored or datetime.min, checked, withdrawn, rest[3])
