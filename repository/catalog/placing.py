"""Which item a file's pages belong to, and where in it: by the batch's sheet, else by the file's name."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath

from repository.catalog.marc import marc_of
from repository.catalog.sheet import Sheet, SheetRow, match, of_item, parse_sheet
from repository.db.ledger import Ledger, Work
from repository.domain.access import AccessLevel, ItemState
from repository.domain.batches import Batch, BatchFile, FileState
from repository.domain.records import AccessSetting, Description, Item, Kind
from repository.scans.naming import group
from repository.storage.port import ObjectStore


@dataclass(frozen=True, slots=True)
class Table:
    """A batch's table of metadata, and the id of the file that it came in; None when there is none."""

    file: str | None
    sheet: Sheet


@dataclass(frozen=True, slots=True)
class Place:
    """An item's id and a text by which its files sort in reading order."""

    item: str
    sort_key: str


class Placing:
    """Finds, or makes, the item that a file belongs to."""

    def __init__(self, ledger: Ledger, masters: ObjectStore) -> None:
        self._ledger = ledger
        self._masters = masters

    def table(self, batch_id: str) -> Table:
        """The batch's newest table of metadata, an empty one when there is none."""
        with self._ledger.read() as work:
            file = _newest(work, batch_id)
        return Table(file.id, self._parsed(file.sha256, file.name)) if file else Table(None, Sheet((), ()))

    @lru_cache(maxsize=16)  # noqa: B019 - one per process, as long-lived as the process
    def _parsed(self, sha256: str, name: str) -> Sheet:
        with self._masters.local(sha256) as path:
            return parse_sheet(path, name)

    def place(self, work: Work, batch: Batch, table: Table, name: str) -> Place | None:
        """The item for a file of the batch, made when the library has none of that code; None when another table was
        taken in since `table` was asked for: it knew nothing of this file, so the file has to know of it. Others who
        place pages in the same item wait until this unit of work ends."""
        newest = _newest(work, batch.id)
        if table.file != (newest.id if newest else None):
            return None
        sheet = table.sheet
        row = match(sheet, name)
        code = _code(batch, row, name)
        work.items.take_turn(batch.library, code)
        item = _known(work, batch, code) or _add_item(work, batch, code, of_item(sheet, code) or row)
        if item.code != code:  # the file names it by its id
            work.items.take_turn(batch.library, item.code)
        return Place(item.id, _sort_key(row, name))


def apply_sheet(work: Work, batch: Batch, sheet: Sheet) -> None:
    """Describe the batch's items as the sheet says, and move pages that came before it to where they belong."""
    said = {row.code: of_item(sheet, row.code) or row for row in sheet.rows if row.code}
    placed: dict[str, str] = {}
    for file in work.files.of_batch(batch.id):
        row = match(sheet, file.name)
        if row is None or file.state is not FileState.TAKEN:
            continue
        code = _code(batch, row, file.name)
        about = said.setdefault(code, row)
        item = _known(work, batch, code) or _add_item(work, batch, code, about)
        for page in work.pages.of_file(file.id):
            if page.item != item.id:
                placed[page.item] = item.id
            work.pages.move(page.id, item.id, f"{_sort_key(row, file.name)}/{page.frame:06d}")
        work.items.recount(item.id)
        work.items.touch(item.id)
    for left in placed:
        work.items.remove_if_empty(left)
    for code, about in said.items():
        described = _known(work, batch, code)
        if described is not None:
            _describe(work, described, about)
            _access_told_late(work, batch, described, about)


def _newest(work: Work, batch_id: str) -> BatchFile | None:
    sheets = work.files.sheets(batch_id)
    return sheets[-1] if sheets else None


def _known(work: Work, batch: Batch, code: str) -> Item | None:
    """The item of that code or id, in the batch's own library: a name or a table must not reach into another's."""
    item = work.items.by_code(batch.library, code) or work.items.get(code)
    return item if item is not None and item.rights.library == batch.library else None


def _add_item(work: Work, batch: Batch, code: str, row: SheetRow | None) -> Item:
    description = _description(code, row)
    access = _access(row, _given_level(work, batch))
    item = work.items.add(batch.library, code, marc_of(description), description, access)
    work.journal.record(batch.created_by, "add_item", item.id, code=code, batch=batch.id)
    if batch.publish:
        work.items.set_state(item.id, ItemState.PUBLISHED)
        work.journal.record(batch.created_by, "publish", item.id, batch=batch.id)
    found = work.items.get(item.id)
    return found or item


def _given_level(work: Work, batch: Batch) -> AccessLevel:
    """The level of the batch's items of which its table says nothing."""
    library = work.libraries.get(batch.library)
    default = library.default_access if library else AccessLevel.RESTRICTED
    return AccessLevel(batch.access) if batch.access else default


def _access(row: SheetRow | None, otherwise: AccessLevel) -> AccessSetting:
    level = (row.access if row else None) or otherwise
    return AccessSetting(level, row.embargo_until if row and level is AccessLevel.EMBARGO else None)


def _access_told_late(work: Work, batch: Batch, item: Item, row: SheetRow) -> None:
    """Give an item whose pages came before the table the level that the table says. Only this batch's own items, and
    not those that an approver has opened or set otherwise meanwhile, save to close them."""
    wanted = _access(row, item.rights.level)
    if row.access is None or wanted == AccessSetting(item.rights.level, item.rights.embargo_until):
        return
    given = _given_level(work, batch)
    untouched = item.rights.level is given and (batch.publish or not item.published)
    closes = item.rights.level is AccessLevel.PUBLIC or row.access is AccessLevel.RESTRICTED
    own = all(page.batch == batch.id for page in work.pages.of_item(item.id, approved_only=False))
    if own and (untouched or closes):
        work.items.set_access(item.id, wanted)
        work.journal.record(batch.created_by, "access", item.id, level=wanted.level.value, batch=batch.id)


def _describe(work: Work, item: Item, row: SheetRow) -> None:
    if not row.title:
        return
    description = _description(item.code, row)
    if description != item.record.description:
        work.items.describe(item.id, marc_of(description), description)


def _description(code: str, row: SheetRow | None) -> Description:
    if row is None:
        return Description(title=code)
    return Description(
        title=row.title or code, kind=row.kind or Kind.BOOK, author=row.author, place=row.place, year=row.year,
        date_text=row.date_text, publisher=row.publisher, language=row.language or "vie", summary=row.summary,
        subjects=row.subjects, rights=row.rights, source=row.source,
    )  # fmt: skip


def _code(batch: Batch, row: SheetRow | None, name: str) -> str:
    if batch.item_code:
        return batch.item_code
    if row is not None and row.code:
        return row.code
    code, _ = group(name)
    return (code or batch.title)[:200]


def _sort_key(row: SheetRow | None, name: str) -> str:
    """Text that sorts as people read: the sheet's order first, then the path, numbers by value."""
    order = f"{row.order:08d}" if row is not None and row.order is not None else "99999999"
    path = PurePosixPath(name.casefold())
    natural = re.sub(r"[0-9]+", lambda run: f"{len(run[0].lstrip('0')):03d}{run[0].lstrip('0')}", str(path))
    return f"{order}/{natural}"
