"""A batch's table as rows of text, whatever program saved it: CSV in any usual encoding, or XLSX."""

import csv
import io
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from repository.catalog.sheet_words import column
from repository.domain.errors import N_, InputRefused

MOST_BYTES = 32 << 20
MOST_UNPACKED = 256 << 20
MOST_ROWS = 100_000
MOST_COLUMNS = 100
MOST_NUMBER = 1 << 20  # rows that a worksheet can have
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
Rows = list[tuple[int, list[str]]]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text with the number that each has in its program; `guessed` when the encoding was only guessed."""

    rows: Rows
    guessed: bool = False


def read_table(name: str, data: bytes) -> Table:
    """The table in `data`, told by its content. Raises InputRefused when there is none."""
    if len(data) > MOST_BYTES:
        raise InputRefused(N_("Bảng {name} quá lớn; hãy chia thành nhiều lô."), name=name)
    if data.startswith(_OLD_EXCEL):
        raise InputRefused(N_("Bảng {name} ở dạng Excel cũ (.xls); hãy lưu lại thành .xlsx hoặc .csv."), name=name)
    if data.startswith(b"PK\x03\x04"):
        table = Table(_xlsx(name, data))
    else:
        text, guessed = _decoded(name, data)
        table = Table(_used(_csv(name, text)), guessed)
    if len(table.rows) > MOST_ROWS:
        raise InputRefused(N_("Bảng {name} có quá {most} dòng; hãy chia thành nhiều lô."), name=name, most=MOST_ROWS)
    return table


def _used(rows: Iterator[tuple[int, list[str]]]) -> Rows:
    """The rows that are not empty, one more than are allowed at most."""
    return list(islice(((number, cells) for number, cells in rows if any(cells)), MOST_ROWS + 1))


def _decoded(name: str, data: bytes) -> tuple[str, bool]:
    """The text, and whether its encoding was guessed."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return _strict(name, data, encoding), False
    if b"\0" in data[:200]:
        little = data[1:200:2].count(0) >= data[0:200:2].count(0)
        return _strict(name, data, "utf-16-le" if little else "utf-16-be"), True
    try:
        return data.decode("utf-8"), False
    except UnicodeDecodeError:
        return _strict(name, data, "cp1258"), True


def _strict(name: str, data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputRefused(
            N_("Không đọc được chữ trong bảng {name}; hãy lưu lại dạng “CSV UTF-8” hoặc .xlsx."), name=name
        ) from error


def _csv(name: str, text: str) -> Iterator[tuple[int, list[str]]]:
    lines = list(io.StringIO(text.lstrip("\ufeff"), newline=""))
    skipped = 0
    if lines and lines[0].lower().startswith("sep="):  # Excel's own first line
        lines, skipped = lines[1:], 1
    reader = csv.reader(lines, delimiter=_delimiter(lines))
    try:
        for cells in reader:
            yield reader.line_num + skipped, [cell.strip() for cell in cells[:MOST_COLUMNS]]
    except csv.Error as error:
        raise InputRefused(
            N_("Bảng {name} hỏng ở dòng {row}; hãy mở bằng Excel hoặc LibreOffice và lưu lại."),
            name=name, row=reader.line_num + skipped,
        ) from error  # fmt: skip


def _delimiter(lines: list[str]) -> str:
    """The one under which the first lines show most known headings."""

    def known(delimiter: str) -> int:
        return max(
            (sum(column(cell) is not None for cell in line.replace('"', "").split(delimiter)) for line in lines[:10]),
            default=0,
        )

    return max(",;\t", key=known)


def _xlsx(name: str, data: bytes) -> Rows:
    broken = InputRefused(N_("Không mở được bảng {name}; hãy mở bằng Excel và lưu lại dạng .xlsx."), name=name)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            unpacked = sum(member.file_size for member in packed.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise broken from error
    if unpacked > MOST_UNPACKED:
        raise InputRefused(N_("Bảng {name} quá lớn; hãy chia thành nhiều lô."), name=name)
    try:
        # openpyxl warns of every Excel feature it does not know, none of which matters for reading cells
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _cells(data)
    except Exception as error:  # openpyxl lets through whatever its XML and ZIP readers raise
        raise broken from error


def _cells(data: bytes) -> Rows:
    import openpyxl  # only for workbooks: it takes half a second to load

    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    try:
        sheet = next(each for each in book.worksheets if each.sheet_state == "visible")
        sheet.reset_dimensions()
        rows = islice(sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True), MOST_NUMBER)
        return _used((number, [_as_text(value) for value in values]) for number, values in enumerate(rows, 1))
    finally:
        book.close()


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
