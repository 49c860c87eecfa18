"""Masters as the ledger knows them."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class StoredMaster:
    """A master by its key (SHA-256), the store's `version` of it, and `size` in bytes. `checked_at`: when its bytes
    were last read again and right. One that was lawfully withdrawn says when and why."""

    key: str
    version: str | None
    size: int
    stored_at: datetime
    checked_at: datetime | None = None
    withdrawn_at: datetime | None = None
    withdrawn_reason: str | None = None

    @property
    def withdrawn(self) -> bool:
        return self.withdrawn_at is not None


@dataclass(frozen=True, slots=True)
class Fixity:
    """How well the masters are looked after: how many there are, their bytes, how many were never checked since they
    came, and how many seconds ago the longest unchecked of the others was (None: none was ever checked)."""

    masters: int
    size: int
    unchecked: int
    oldest_check: float | None
