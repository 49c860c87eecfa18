"""A live site moved to other servers, or back: nearly all of it while it is in use, the rest while it stands still."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sqlalchemy import Engine

from repository.db.dumping import Shape, Snapshot, shapes, snapshot
from repository.db.journal import SITE
from repository.db.ledger import Ledger
from repository.db.loading import MASTERS, Loading, loading, prepare
from repository.db.migrate import NEWEST, upgrade
from repository.domain.errors import N_, StoreFailed, WrongUse
from repository.keeping.copying import Copied, NewMasters, Tick, copy_objects
from repository.keeping.filling import Counted, Site, clear_index, owe_what_is_missing, put_table, rebuild_index
from repository.storage.port import ObjectStore

MARK = "moving.site"


@dataclass(frozen=True, slots=True)
class Leaving:
    """The site that moves. `engine` is the ledger's, with transactions that may stand still for long; `masters` gives a
    master without asking the ledger where that can be locked."""

    engine: Engine
    masters: ObjectStore
    derivatives: ObjectStore
    spool: Path


@dataclass(frozen=True, slots=True)
class Compared:
    """A table on both sides: rows, and whether every one of them is the same."""

    table: str
    here: int
    there: int
    same: bool


@dataclass(frozen=True, slots=True)
class Moved:
    """What is in the other place now."""

    tables: tuple[Compared, ...]
    masters: Copied
    derivatives: Copied
    owed: int
    documents: int


def site_id(ledger: Ledger) -> str:
    """The site's own id, made when it is first asked for."""
    with ledger.write() as work:
        return work.journal.site_id()


def claim(site: str, target: Site, *, replace: bool) -> None:
    """Make the other place ready to take the site in. Raises WrongUse for one that holds anything, unless that is from
    a move of this very site that was broken off or, with `replace`, from an earlier time of it; and for an index that
    is another site's."""
    target.index.claim(site)
    prepare(target.engine, NEWEST)
    upgrade(target.engine)
    with loading(target.engine) as filling:
        if filling.setting(MARK) == site:
            return
        if filling.in_use() and not (replace and filling.setting(SITE) == site):
            raise WrongUse(
                N_(
                    "Nơi chuyển đến đã có dữ liệu. Hãy dùng cơ sở dữ liệu mới, trống; nếu đó là dữ liệu cũ của chính "
                    "kho này và bỏ được, hãy thêm --replace."
                )
            )
        filling.set(MARK, site)


def copy_while_in_use(leaving: Leaving, target: Site, tick: Tick) -> tuple[Copied, Copied]:
    """The first pass: what takes long, while people go on working. See `_copy_named`."""
    with ExitStack() as open_files:
        with snapshot(leaving.engine) as moment:
            names = _note_names(leaving, moment, open_files)
        return _copy_named(leaving, names, target, tick)


def finish(leaving: Leaving, moment: Snapshot, site: str, target: Site, *, index: bool) -> Moved:
    """The last pass, while nobody else is in the ledger: what came since, the ledger itself in one transaction, each
    table compared row by row on both sides, then the index (else it is left to the clerk). Begun again after it was
    killed, it does the same once more. Raises StoreFailed when anything is not the same there."""
    with ExitStack() as open_files:
        names = _note_names(leaving, moment, open_files)
        masters, derivatives = _copy_named(leaving, names, target, _nobody_waits)
    if masters.missing_count:
        raise StoreFailed(
            N_("Kho không đưa ra được {count} bản gốc số (như {key}) nên chưa chuyển; hãy chạy diachi verify trước."),
            count=masters.missing_count, key=masters.missing[0],
        )  # fmt: skip
    with loading(target.engine) as filling:
        filling.clear()
        tables = tuple(_move_table(moment, filling, shape) for shape in map(_without_version, shapes()))
        differing = [table.table for table in tables if not table.same]
        if differing:
            raise StoreFailed(
                N_("Sau khi chép, bảng {tables} ở hai nơi không giống nhau; kho cũ vẫn nguyên, hãy làm lại."),
                tables=", ".join(differing),
            )
        filling.settle()
        filling.set(MARK, site)
    clear_index(target)
    owed = owe_what_is_missing(target)
    rebuild_index(target, _nobody_waits) if index else _owe_index(target)
    return Moved(tables, masters, derivatives, owed, target.index.count())


def arrived(engine: Engine) -> None:
    """The site works with this ledger now: nothing is under way any more."""
    with loading(engine) as filling:
        filling.unset(MARK)


def _note_names(leaving: Leaving, moment: Snapshot, open_files: ExitStack) -> tuple[IO[str], IO[str]]:
    """What masters and what derivatives the moment names, in files that go with `open_files`."""
    masters, derivatives = (
        open_files.enter_context(tempfile.TemporaryFile("w+", dir=leaving.spool))  # noqa: SIM115 - closed with them
        for _ in range(2)
    )
    for key, size in moment.masters():
        masters.write(f"{key} {'-' if size is None else size}\n")
    for key in moment.derivatives():
        derivatives.write(f"{key} -\n")
    return masters, derivatives


def _copy_named(leaving: Leaving, names: tuple[IO[str], IO[str]], target: Site, tick: Tick) -> tuple[Copied, Copied]:
    """Bring masters and derivatives that are not there yet. Derivatives that cannot be had are made again later."""
    masters, derivatives = Copied(), Copied()
    _bring(names[0], leaving.masters, NewMasters(target.ledger, target.masters), masters, tick)
    _bring(names[1], leaving.derivatives, target.derivatives, derivatives, tick)
    return masters, derivatives


def _bring(names: IO[str], source: ObjectStore, into: NewMasters | ObjectStore, copied: Copied, tick: Tick) -> None:
    names.seek(0)
    for _ in copy_objects(_named(names), source, into, copied, tick):
        pass


def _named(names: IO[str]) -> Iterator[tuple[str, int | None]]:
    for line in names:
        key, size = line.split()
        yield key, None if size == "-" else int(size)


def _move_table(moment: Snapshot, filling: Loading, shape: Shape) -> Compared:
    """Move a table and read it back. Masters of old that have no row here have got one there: no difference."""
    keys = set[bytes]()

    def leaving() -> Iterator[str]:
        for line in moment.lines(shape):
            if shape.table == MASTERS:
                keys.add(_key(line))
            yield line

    here = put_table(filling, shape, leaving(), _nobody_waits)
    lines = filling.snapshot.lines(shape)
    if shape.table == MASTERS:
        lines = (line for line in lines if _key(line) in keys)
    there = Counted(lines, _nobody_waits)
    for _ in there:
        pass
    return Compared(shape.table, here.rows, there.rows, (here.rows, here.digest) == (there.rows, there.digest))


def _key(line: str) -> bytes:
    """A master's key: the first column of its table."""
    return bytes.fromhex(json.loads(line)[0])


def _without_version(shape: Shape) -> Shape:
    """What is the same in every store of masters."""
    if shape.table != MASTERS:
        return shape
    return Shape(shape.table, tuple(column for column in shape.columns if column[0] != "version"))


def _owe_index(target: Site) -> None:
    with target.ledger.write() as work:
        work.items.owe_everything()


def _nobody_waits() -> None:
    """Nobody else may want the turn in the last pass."""
