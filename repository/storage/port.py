"""The object store port: bytes kept under the SHA-256 of their content."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol


@dataclass(frozen=True, slots=True)
class StoredObject:
    """`key` is the SHA-256 of the content in lower-case hexadecimal, `size` its bytes; `version` is the store's
    own name for these very bytes, where it keeps versions."""

    key: str
    size: int
    version: str | None = None


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """One entry in the history of a key: bytes, or (`marker`) a note that the object was deleted. `latest` is what a
    reader gets who names no version."""

    version: str
    size: int
    marker: bool
    latest: bool
    stored_at: datetime | None


class Versions(Protocol):
    """What a store can do that keeps every version of an object."""

    def of(self, key: str) -> list[StoredVersion]:
        """The history of a key, newest first; empty when there is none."""
        ...

    def current(self, key: str) -> str | None:
        """The version that a reader gets who names none; None when that is a delete marker or nothing."""
        ...

    def restore(self, key: str, version: str) -> str:
        """Make that version's bytes what a reader gets who names none, by a copy inside the server; nothing is
        deleted. Gives the copy's version."""
        ...

    def erase(self, key: str) -> int:
        """Delete every version and marker of a key for ever, retention or not; gives how many. Raises StoreFailed for
        credentials that have no right to."""
        ...


class ObjectStore(Protocol):
    """What every adapter must do.

    An object is whole under its key or not there at all, whatever is killed when. Storing the same content again
    changes nothing. A content is never replaced by another. A missing key raises ObjectMissing; a full disk or a
    transfer that breaks raises StoreFailed and leaves nothing behind; a server that does not answer raises
    ServerUnreachable.
    """

    @property
    def versions(self) -> Versions | None:
        """The histories of objects, where the store keeps them."""
        ...

    def put(self, stream: BinaryIO, expected: str | None = None) -> StoredObject:
        """Keep the stream's bytes, read in bounded pieces; safe on disk when this returns.

        Raises StoreFailed when `expected` is another SHA-256 than the content's."""
        ...

    def put_file(self, path: Path) -> StoredObject:
        """Keep a local file's bytes. The file itself stays where it is."""
        ...

    def open(self, key: str, version: str | None = None) -> BinaryIO:
        """The object as a seekable binary stream; with `version`, those very bytes, whatever was put or deleted
        since."""
        ...

    def local(self, key: str, version: str | None = None) -> AbstractContextManager[Path]:
        """The object as a local file that must not be written to, for programs that want a path."""
        ...

    def size(self, key: str) -> int:
        """The object's bytes."""
        ...

    def exists(self, key: str, version: str | None = None) -> bool:
        """Whether the object is there."""
        ...

    def delete(self, key: str) -> None:
        """Take the object away; one that is not there already is well."""
        ...

    def keys(self) -> Iterator[str]:
        """Every key, in no order."""
        ...

    def ping(self) -> None:
        """Raises ServerUnreachable (or StoreFailed, for a folder) when nothing can be kept or read now."""
        ...


def is_key(text: str) -> bool:
    """Whether the text can be an object's key."""
    return len(text) == 64 and set(text) <= set("0123456789abcdef")
