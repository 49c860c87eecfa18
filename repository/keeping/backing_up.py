"""A site's backup: one moment of its ledger, and every master that moment names."""

import json
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from sqlalchemy import Engine

from repository.db.dumping import Snapshot, shapes, snapshot
from repository.db.ledger import Ledger
from repository.domain.errors import N_, DiachiError, StoreFailed
from repository.keeping.copying import Copied, Tick, copy_objects
from repository.keeping.manifest import KeptObjects, KeptTable, Manifest, to_bytes
from repository.keeping.parts import Written, write_parts
from repository.keeping.places import Place, disk_named, manifest_name
from repository.keeping.rule import STAMP, Rule, kept
from repository.storage.port import ObjectStore

PLACES = "backup.places"
LAST_GOOD, LAST_TRY, LAST_ERROR = "backup.last_good", "backup.last_try", "backup.last_error"


@dataclass(frozen=True, slots=True)
class Source:
    """The site that is backed up. `engine` is the ledger's, with transactions that may stand still for long; `spool` a
    folder for temporary files; `settings` what it is set to, secrets aside."""

    ledger: Ledger
    engine: Engine
    masters: ObjectStore
    derivatives: ObjectStore
    spool: Path
    profile: str
    settings: dict[str, str] = field(default_factory=dict)


def back_up(
    source: Source, place: Place, tick: Tick, *, derivatives: bool = False, new: bool = False, rule: Rule | None = None
) -> Manifest:
    """Back the site up while it is in use. The ledger's snapshot comes first: a master is never changed, and one that
    the snapshot names stays in the store, so each can be copied afterwards. Only then is the manifest written, and
    only then do runs go that `rule` does not keep. Killed anywhere, the next run goes on with what is there.

    The ledger is told how it went. Raises StoreFailed, ServerUnreachable or WrongUse; earlier backups stay as they
    were. A master that the site itself cannot give does not stop it: the manifest says so and is not `whole`."""
    _tell(source.ledger, LAST_TRY, _now())
    try:
        manifest = _run(source, place, tick, derivatives, new)
        for old in _superseded(place, manifest, rule or Rule()):
            place.shelf.remove(manifest_name(old))
    except DiachiError as error:
        _tell(source.ledger, LAST_ERROR, str(error))
        raise
    if manifest.whole:
        _tell(source.ledger, LAST_GOOD, manifest.at.isoformat())
        _tell(source.ledger, LAST_ERROR, "")
    else:
        _tell(source.ledger, LAST_ERROR, str(incomplete(manifest)))
    return manifest


def incomplete(manifest: Manifest) -> StoreFailed:
    """What to say of a backup that lacks masters."""
    return StoreFailed(
        N_("Đã sao lưu, nhưng kho không đưa ra được {count} bản gốc số (như {key}); hãy chạy diachi verify."),
        count=manifest.objects.missing_count, key=(*manifest.objects.missing, "?")[0],
    )  # fmt: skip


def _run(source: Source, place: Place, tick: Tick, derivatives: bool, new: bool) -> Manifest:
    site = _claim(source.ledger, place, new)
    begun = datetime.now(UTC)
    name = f"{begun.strftime(STAMP)}-{secrets.token_hex(3)}"
    with disk_named(source.spool):
        names = tempfile.TemporaryFile("w+", dir=source.spool)  # noqa: SIM115 - closed below
    with names, disk_named(Path(place.name)):
        with snapshot(source.engine) as moment:
            revision = moment.revision
            tables, written = _keep_ledger(moment, place.objects, source.spool, tick)
            _note_names(moment, names, derivatives)
        names.seek(0)
        objects, copied = _keep_objects(source, place, names, tick)
        manifest = Manifest(
            snapshot=name, site=site, at=begun, ended_at=datetime.now(UTC), revision=revision, profile=source.profile,
            tables=tuple(tables), objects=objects, settings=source.settings,
            new_objects=copied.new + sum(each.new_objects for each in written),
            new_size=copied.new_size + sum(each.new_size for each in written),
        )  # fmt: skip
        place.shelf.put(manifest_name(name), to_bytes(manifest))
    return manifest


def _claim(ledger: Ledger, place: Place, new: bool) -> str:
    """Make sure that the place is this site's; gives the site's id."""
    with ledger.write() as work:
        site = work.journal.site_id()
        places: list[str] = json.loads(work.journal.setting(PLACES) or "[]")
    place.belong_to(site, known=place.name in places, new=new)
    if place.name not in places:
        _tell(ledger, PLACES, json.dumps([*places, place.name]))
    return site


def _keep_ledger(
    moment: Snapshot, objects: ObjectStore, spool: Path, tick: Tick
) -> tuple[list[KeptTable], list[Written]]:
    tables, all_written = [], []
    for shape in shapes():
        written = write_parts(_ticking(moment.lines(shape), tick), objects, spool)
        tables.append(KeptTable(shape.table, shape.columns, written.rows, written.digest_text, tuple(written.parts)))
        all_written.append(written)
    return tables, all_written


def _ticking(lines: Iterator[str], tick: Tick) -> Iterator[str]:
    for line in lines:
        tick()
        yield line


def _note_names(moment: Snapshot, names: IO[str], derivatives: bool) -> None:
    """What the moment names, a line each: letter, key, bytes or `-`."""
    for key, size in moment.masters():
        names.write(f"m {key} {'-' if size is None else size}\n")
    if derivatives:
        for key in moment.derivatives():
            names.write(f"d {key} -\n")


def _keep_objects(source: Source, place: Place, names: IO[str], tick: Tick) -> tuple[KeptObjects, Copied]:
    copied, counts = Copied(), {"m": 0, "d": 0}

    def lines() -> Iterator[str]:
        for said in names:
            letter, key, size = said.split()
            store = source.masters if letter == "m" else source.derivatives
            known = None if size == "-" else int(size)
            before = copied.missing_count
            with disk_named(Path(place.name)):
                arrived = list(copy_objects([(key, known)], store, place.objects, copied, tick))
            for found, found_size in arrived:
                counts[letter] += 1
                yield f"{letter} {found} {found_size}"
            if copied.missing_count > before and (letter == "d" or _withdrawn(source.ledger, key)):
                copied.missing_count -= 1
                copied.missing[:] = [name for name in copied.missing if name != key]

    written = write_parts(lines(), place.objects, source.spool)
    copied.new += written.new_objects
    copied.new_size += written.new_size
    return (
        KeptObjects(
            counts["m"], counts["d"], copied.size, tuple(written.parts), copied.missing_count, tuple(copied.missing)
        ),
        copied,
    )


def _withdrawn(ledger: Ledger, key: str) -> bool:
    """Whether a master was lawfully taken away since the snapshot."""
    with ledger.read() as work:
        row = work.masters.get(key)
    return row is not None and row.withdrawn


def _superseded(place: Place, manifest: Manifest, rule: Rule) -> list[str]:
    """Runs that the rule does not keep; none while the newest run lacks masters that an older one may have."""
    if not manifest.whole:
        return []
    names = place.snapshots()
    return sorted(set(names) - kept(names, rule) - {manifest.snapshot})


def _tell(ledger: Ledger, key: str, value: str) -> None:
    with ledger.write() as work:
        work.journal.set(key, value)


def _now() -> str:
    return datetime.now(UTC).isoformat()
