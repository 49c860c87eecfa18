"""Objects from one store into another, each verified by its SHA-256 on the way."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

from repository.catalog.masters import Masters
from repository.db.ledger import Ledger
from repository.domain.errors import ObjectMissing, StoreFailed
from repository.storage.measuring import digest_of
from repository.storage.port import ObjectStore, StoredObject, is_key

FEW = 20
Tick = Callable[[], None]


class Receiving(Protocol):
    """What a store must be able to do to take objects in; see `ObjectStore`."""

    def exists(self, key: str) -> bool:
        """Whether it is there."""
        ...

    def size(self, key: str) -> int:
        """Its bytes."""
        ...

    def put(self, stream: BinaryIO, expected: str | None = None) -> StoredObject:
        """Keep it."""
        ...


class NewMasters:
    """Masters of a site that is being filled. Where the store keeps versions, one is there only when the ledger knows
    its version."""

    def __init__(self, ledger: Ledger, masters: Masters) -> None:
        self._ledger = ledger
        self._masters = masters

    def exists(self, key: str) -> bool:
        """Whether it is there."""
        if self._masters.versions is not None:
            with self._ledger.read() as work:
                row = work.masters.get(key)
            if row is None or row.version is None:
                return False
        return self._masters.exists(key)

    def size(self, key: str) -> int:
        """Its bytes."""
        return self._masters.size(key)

    def put(self, stream: BinaryIO, expected: str | None = None) -> StoredObject:
        """Keep it, and its version in the ledger."""
        return self._masters.put(stream, expected)


@dataclass(slots=True)
class Copied:
    """What became of the objects that were to be in the other store: `there` of them are, `size` bytes in all, of which
    `new` and `new_size` came now. `missing` names the first FEW that could not be given."""

    there: int = 0
    size: int = 0
    new: int = 0
    new_size: int = 0
    missing_count: int = 0
    missing: list[str] = field(default_factory=list)

    def miss(self, key: str) -> None:
        """Note one that could not be given."""
        self.missing_count += 1
        if len(self.missing) < FEW:
            self.missing.append(key)


def copy_objects(
    named: Iterable[tuple[str, int | None]], source: ObjectStore, target: Receiving, copied: Copied, tick: Tick
) -> Iterator[tuple[str, int]]:
    """Bring each object (key, bytes or None) into `target`; gives key and bytes of those that are there then. One that
    is there in the right size is believed. One that `source` does not have or gives wrong is noted as missing. `tick`
    is called before each, and may raise to stop. Broken off, it can be done again.

    Raises StoreFailed or ServerUnreachable when a store cannot be used at all."""
    for key, size in named:
        tick()
        if not is_key(key):
            continue
        found = _there(target, key, size)
        if found is None:
            found = _copy(key, source, target)
            if found is None:
                copied.miss(key)
                continue
            copied.new += 1
            copied.new_size += found
        copied.there += 1
        copied.size += found
        yield key, found


def _there(target: Receiving, key: str, size: int | None) -> int | None:
    if not target.exists(key):
        return None
    found = target.size(key)
    return found if size in (None, found) else None


def _copy(key: str, source: ObjectStore, target: Receiving) -> int | None:
    """The bytes that were copied; None when the source has none or others than the key says."""
    try:
        stream = source.open(key)
    except ObjectMissing:
        return None
    with stream:
        try:
            return target.put(stream, key).size
        except StoreFailed:
            if _sound(source, key):
                raise
            return None


def _sound(source: ObjectStore, key: str) -> bool:
    """Whether the source still gives what the key says: it was not the cause. A server that does not answer raises."""
    try:
        with source.open(key) as stream:
            return digest_of(stream)[0] == key
    except StoreFailed:
        return False
