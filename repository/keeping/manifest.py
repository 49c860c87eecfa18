"""What a run of the backup left: a manifest names every part by its SHA-256. What no manifest names is no backup."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from repository.domain.errors import N_, StoreFailed, WrongUse

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Part:
    """An object of the backup: `key` is its SHA-256, `size` its bytes; `rows` how many lines it holds, unpacked."""

    key: str
    size: int
    rows: int


@dataclass(frozen=True, slots=True)
class KeptTable:
    """A table of the ledger: its columns (name and kind), its rows in `parts` of gzip'd lines of JSON. `digest` is the
    sum of every line's SHA-256, which no order of lines changes."""

    name: str
    columns: tuple[tuple[str, str], ...]
    rows: int
    digest: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class KeptObjects:
    """What lies in the backup under its own SHA-256: `parts` list one object a line as letter (`m` master, `d`
    derivative), key, bytes. `missing` are masters that the ledger names and the site could not give (the first few)."""

    masters: int
    derivatives: int
    size: int
    parts: tuple[Part, ...]
    missing_count: int = 0
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """One run. `snapshot` is its name, which sorts by time; `at` the moment of which it tells; `new_objects` and
    `new_size` what this run had to copy."""

    snapshot: str
    site: str
    at: datetime
    ended_at: datetime
    revision: str
    profile: str
    tables: tuple[KeptTable, ...]
    objects: KeptObjects
    settings: dict[str, str] = field(default_factory=dict)
    new_objects: int = 0
    new_size: int = 0

    @property
    def whole(self) -> bool:
        """Whether every master that the ledger names is in it."""
        return not self.objects.missing_count

    @property
    def parts(self) -> list[Part]:
        """Every part but masters and derivatives."""
        return [part for table in self.tables for part in table.parts] + list(self.objects.parts)

    @property
    def size(self) -> int:
        """Bytes of all that it names."""
        return self.objects.size + sum(part.size for part in self.parts)

    def rows(self, table: str) -> int:
        """How many rows a table has."""
        return next((kept.rows for kept in self.tables if kept.name == table), 0)


def to_bytes(manifest: Manifest) -> bytes:
    """The manifest as it is written, with a checksum of itself."""
    said = asdict(manifest) | {
        "format": FORMAT, "at": manifest.at.isoformat(), "ended_at": manifest.ended_at.isoformat(),
    }  # fmt: skip
    return json.dumps({"sha256": _checksum(said), **said}, ensure_ascii=False, indent=1).encode()


def from_bytes(data: bytes, name: str) -> Manifest:
    """The manifest that was written. Raises StoreFailed when it was changed since, WrongUse for a newer program's."""
    try:
        said = json.loads(data)
        checksum, number = said.pop("sha256"), said["format"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(name) from error
    if isinstance(number, int) and number > FORMAT:
        raise WrongUse(
            N_("Bản sao lưu {name} do chương trình mới hơn ghi; hãy cập nhật chương trình rồi làm lại."), name=name
        )
    if _checksum(said) != checksum:
        raise _damaged(name)
    return _manifest(said)


def _manifest(said: dict[str, Any]) -> Manifest:
    said.pop("format")
    tables = tuple(
        KeptTable(
            table["name"], tuple((column, kind) for column, kind in table["columns"]), table["rows"], table["digest"],
            _parts(table["parts"]),
        )
        for table in said.pop("tables")
    )  # fmt: skip
    objects = said.pop("objects")
    kept = KeptObjects(**objects | {"parts": _parts(objects["parts"]), "missing": tuple(objects["missing"])})
    at, ended = (datetime.fromisoformat(said.pop(name)) for name in ("at", "ended_at"))
    return Manifest(**said, at=at, ended_at=ended, tables=tables, objects=kept)


def _parts(said: list[dict[str, Any]]) -> tuple[Part, ...]:
    return tuple(Part(**part) for part in said)


def _checksum(said: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _damaged(name: str) -> StoreFailed:
    return StoreFailed(
        N_("Tờ kê {name} của bản sao lưu đã bị hỏng hay bị sửa; hãy dùng bản khác (--snapshot)."), name=name
    )
