"""The batch's table of metadata (`batch.csv`, `batch.xlsx`): which file belongs to which item, and what the item is."""

import re
from dataclasses import dataclass, fields
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from repository.catalog import sheet_words as words
from repository.catalog.sheet_table import MOST_BYTES, read_table
from repository.domain.access import AccessLevel
from repository.domain.batches import Reason
from repository.domain.errors import N_, InputRefused
from repository.domain.folding import clean
from repository.domain.records import Kind

HEADINGS_WITHIN = 10  # rows: a table may begin with its own title
LONGEST_CELL, LONGEST_SUMMARY = 600, 2_400  # letters: a MARC field holds 9,999 bytes, a record 99,999
MOST_PROBLEMS = 200
_YEAR = re.compile(r"(?<!\d)(9\d\d|1\d{3}|20\d\d)(?!\d)")
_DAY_FIRST = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})")
_YEAR_FIRST = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row. `file` is a name, a path, a pattern (`DC0012_*.tif`) or a folder, empty when the row describes the item
    `code` as a whole; None is an empty cell. `year` is the first plain year in `date_text`."""

    number: int
    file: str = ""
    code: str | None = None
    order: int | None = None
    title: str | None = None
    author: str | None = None
    kind: Kind | None = None
    place: str | None = None
    year: int | None = None
    date_text: str | None = None
    publisher: str | None = None
    language: str | None = None
    subjects: tuple[str, ...] = ()
    summary: str | None = None
    rights: str | None = None
    source: str | None = None
    access: AccessLevel | None = None
    embargo_until: date | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """The table's rows, and what in it could not be used, for the batch report."""

    rows: tuple[SheetRow, ...]
    problems: tuple[Reason, ...] = ()


def is_sheet(name: str) -> bool:
    """Whether a file of this name in a batch is its table: `batch.csv` or `batch.xlsx`, in any folder."""
    return PurePosixPath(clean(name).replace("\\", "/")).name.casefold() in ("batch.csv", "batch.xlsx")


def parse_sheet(path: Path, name: str) -> Sheet:
    """The table in the file at `path`, called `name` in its batch; see `read_sheet`."""
    with path.open("rb") as file:
        return read_sheet(name, file.read(MOST_BYTES + 1))


def read_sheet(name: str, data: bytes) -> Sheet:
    """The table in `data`. A cell that makes no sense becomes a problem, the others are used; an access level that
    cannot be understood closes the item rather than opening it. Raises InputRefused when there is no table."""
    table = read_table(name, data)
    problems = [Reason(N_("Bảng không ghi dạng UTF-8; hãy xem lại dấu tiếng Việt."))] if table.guessed else []
    columns, first = _headings(name, table.rows, problems)
    rows = []
    for number, cells in table.rows[first:]:
        parts = {column: clean(cells[at]).strip() for at, column in columns.items() if at < len(cells)}
        row = _Row(number, {column: text for column, text in parts.items() if text}, problems).read()
        if row is not None:
            rows.append(row)
    return Sheet(tuple(rows), tuple(problems[:MOST_PROBLEMS]))


def match(sheet: Sheet, file_name: str) -> SheetRow | None:
    """The row for a file of the batch: by whole path, else by name, name without its ending, pattern, or folder."""
    name = path_key(file_name)
    path = PurePosixPath(name)
    rows = [(path_key(row.file), row) for row in sheet.rows if row.file]
    folders = [str(folder) for folder in path.parents if str(folder) != "."]
    tests = (
        lambda wanted: wanted == name,
        lambda wanted: f"/{name}".endswith(f"/{wanted}"),
        lambda wanted: f"/{name.removesuffix(path.suffix)}".endswith(f"/{wanted}"),
        lambda wanted: fnmatchcase(name if "/" in wanted else path.name, wanted),
        lambda wanted: any(f"/{folder}".endswith(f"/{wanted}") for folder in folders),
    )
    for test in tests:
        for wanted, row in rows:
            if test(wanted):
                return row
    return None


def of_item(sheet: Sheet, code: str) -> SheetRow | None:
    """All that the table says of an item: the row for the whole item first, then its files' rows fill what is empty."""
    wanted = code.casefold()
    rows = [row for row in sheet.rows if row.code is not None and row.code.casefold() == wanted]
    if not rows:
        return None
    rows.sort(key=lambda row: row.file != "")
    merged = {
        field.name: next((value for row in rows if (value := getattr(row, field.name))), getattr(rows[0], field.name))
        for field in fields(SheetRow)
        if field.name not in ("file", "order")
    }
    # a level and its date belong together
    closing = next((row for row in rows if row.access), rows[0])
    merged |= {"access": closing.access, "embargo_until": closing.embargo_until}
    return SheetRow(**merged)


def path_key(name: str) -> str:
    """A path as files and rows are compared by it."""
    parts = [part.strip() for part in clean(name).replace("\\", "/").split("/")]
    return "/".join(part for part in parts if part not in ("", ".", "..")).casefold()


def _headings(name: str, rows: list[tuple[int, list[str]]], problems: list[Reason]) -> tuple[dict[int, str], int]:
    """Which column is where, and the index of the first row below the headings."""
    for index, (_, cells) in enumerate(rows[:HEADINGS_WITHIN]):
        columns: dict[int, str] = {}
        unknown: list[str] = []
        for at, cell in enumerate(cells):
            column = words.column(cell)
            if column is not None and column not in columns.values():
                columns[at] = column
            elif cell:
                unknown.append(clean(cell)[:80])
        if {"file", "code"} & set(columns.values()):
            problems += [Reason(N_("Cột “{column}” không được dùng."), {"column": each}) for each in unknown]
            return columns, index + 1
    raise InputRefused(
        N_("Bảng {name} không có cột “Tệp” hay “Mã tài liệu”; hãy dùng bảng mẫu tải ở trang lô số hóa."), name=name
    )


class _Row:
    """Reads the cells of one row, noting those that make no sense."""

    def __init__(self, number: int, cells: dict[str, str], problems: list[Reason]) -> None:
        self._number = number
        self._cells = cells
        self._problems = problems

    def read(self) -> SheetRow | None:
        """The row; None for one that names neither a file nor an item."""
        if not self._cells:
            return None
        code = self._text("code")
        file = self._text("file") or ""
        if not file and code is None:
            self._note(N_("Dòng {row}: thiếu cả “Tệp” và “Mã tài liệu”, không dùng được."))
            return None
        date_text = self._text("date_text")
        year = _YEAR.search(date_text) if date_text else None
        access, until = self._access()
        return SheetRow(
            self._number, file, code[:200] if code else None, self._order(), self._text("title"),
            self._text("author"), self._kind(), (self._text("place") or "")[:300] or None,
            int(year[1]) if year else None, date_text[:200] if date_text else None, self._text("publisher"),
            self._language(), self._subjects(), self._text("summary"), self._text("rights"), self._text("source"),
            access, until,
        )  # fmt: skip

    def _text(self, column: str) -> str | None:
        text = self._cells.get(column)
        longest = LONGEST_SUMMARY if column == "summary" else LONGEST_CELL
        if text is not None and len(text) > longest:
            self._note(N_("Dòng {row}, cột “{column}”: quá dài, đã cắt bớt."), column)
            return text[:longest]
        return text

    def _order(self) -> int | None:
        text = self._cells.get("order")
        if text is None:
            return None
        if re.fullmatch("[0-9]{1,7}", text):
            return int(text)
        self._note(N_("Dòng {row}, cột “{column}”: “{text}” không phải là số."), "order")
        return None

    def _kind(self) -> Kind | None:
        text = self._cells.get("kind")
        kind = words.kind(text) if text else None
        if text and kind is None:
            self._note(N_("Dòng {row}, cột “{column}”: không có loại tài liệu “{text}”."), "kind")
        return kind

    def _language(self) -> str | None:
        text = self._cells.get("language")
        language = words.language(text) if text else None
        if text and language is None:
            self._note(N_("Dòng {row}, cột “{column}”: không rõ ngôn ngữ “{text}”."), "language")
        return language

    def _subjects(self) -> tuple[str, ...]:
        parts = (part.strip() for part in (self._text("subjects") or "").split(";"))
        return tuple(dict.fromkeys(part for part in parts if part))

    def _access(self) -> tuple[AccessLevel | None, date | None]:
        """The level with its date; whatever is unclear closes the item until staff decide."""
        text, until = self._cells.get("access"), self._until()
        dated = "embargo_until" in self._cells
        level = words.access(text) if text else None
        if text and level is None:
            self._note(N_("Dòng {row}, cột “{column}”: không hiểu “{text}”, tạm để mức “hạn chế”."), "access")
            return AccessLevel.RESTRICTED, None
        if dated and level in (None, AccessLevel.PUBLIC):
            level = AccessLevel.EMBARGO
        if level is AccessLevel.EMBARGO and until is None:
            self._note(N_("Dòng {row}: mức “tạm giữ” cần có “Ngày mở”, tạm để mức “hạn chế”."))
            return AccessLevel.RESTRICTED, None
        return level, until if level is AccessLevel.EMBARGO else None

    def _until(self) -> date | None:
        text = self._cells.get("embargo_until")
        if text is None:
            return None
        day_first, year_first = _DAY_FIRST.fullmatch(text), _YEAR_FIRST.fullmatch(text)
        try:
            if day_first:
                return date(int(day_first[3]), int(day_first[2]), int(day_first[1]))
            if year_first:
                return date(int(year_first[1]), int(year_first[2]), int(year_first[3]))
        except ValueError:
            pass  # a day that no calendar has: noted below like any other text
        self._note(
            N_("Dòng {row}, cột “{column}”: “{text}” không phải là ngày; hãy viết như 30/04/2030."), "embargo_until"
        )
        return None

    def _note(self, template: str, column: str | None = None) -> None:
        params: dict[str, str | int | float] = {"row": self._number}
        if column is not None:
            params |= {"column": words.HEADINGS[column][0], "text": self._cells[column][:80]}
        self._problems.append(Reason(template, params))
