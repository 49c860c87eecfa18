"""The empty table that staff fill in to describe a batch, in either language."""

import csv
import io

import openpyxl
from flask import Response, request
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from app.language import LANGUAGES, current
from app.staff.room import blueprint
from repository.catalog import sheet_words
from repository.domain.access import AccessLevel
from repository.domain.records import Kind

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_COLUMN_WIDTH, _WIDE = 16, {"title": 36, "summary": 40, "file": 24}


@blueprint.get("/batch-template.csv")
def template_csv() -> Response:
    """The table as CSV, in UTF-8 with a byte order mark, which Excel needs."""
    text = io.StringIO()
    csv.writer(text).writerows(_rows(_language()))
    return _attached("\ufeff" + text.getvalue(), "text/csv", "batch.csv")


@blueprint.get("/batch-template.xlsx")
def template_xlsx() -> Response:
    """The table as a workbook; every cell is text, so that Excel changes no code or date."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in _rows(_language()):
        sheet.append(row)
    for at, name in enumerate(sheet_words.HEADINGS, 1):
        letter = get_column_letter(at)
        sheet.column_dimensions[letter].width = _WIDE.get(name, _COLUMN_WIDTH)
        sheet.cell(1, at).font = Font(bold=True)
        for line in range(1, 500):
            sheet.cell(line, at).number_format = "@"
    sheet.freeze_panes = "A2"
    kept = io.BytesIO()
    book.save(kept)
    return _attached(kept.getvalue(), XLSX, "batch.xlsx")


def _language() -> str:
    asked = request.args.get("lang", "")
    return asked if asked in LANGUAGES else current()


def _rows(language: str) -> list[list[str]]:
    """Headings, a document by pages, one by folder, and one row that describes a whole item."""
    english = language == "en"
    said = 1 if english else 0
    kinds, levels = sheet_words.KINDS, sheet_words.ACCESS
    tongue = sheet_words.LANGUAGES["vie"][said]
    examples: list[dict[str, str]] = [
        {
            "file": "DC0012_*.tif", "code": "DC0012", "title": "Địa chí tỉnh Lạng Sơn", "author": "Nguyễn Văn A",
            "kind": kinds[Kind.GAZETTEER][said], "place": "Lạng Sơn", "date_text": "1945-1954",
            "publisher": "Nxb. Sử học", "language": tongue, "subjects": "Địa lý; Lịch sử; Phong tục",
            "access": levels[AccessLevel.PUBLIC][said],
        },
        {
            "file": "huong-uoc-dong-tac", "code": "HU0003", "title": "Hương ước làng Đông Tác",
            "kind": kinds[Kind.VILLAGE_CONVENTION][said], "place": "Hà Nội", "date_text": "[19–?]",
            "language": tongue, "access": levels[AccessLevel.ONSITE][said],
        },
        {
            "code": "LS0101", "title": "Lịch sử Đảng bộ xã (sơ thảo)", "kind": kinds[Kind.LOCAL_HISTORY][said],
            "date_text": "1993", "access": levels[AccessLevel.EMBARGO][said], "embargo_until": "02/09/2030",
        },
    ]  # fmt: skip
    headings = [english_one if english else own for own, english_one, _more in sheet_words.HEADINGS.values()]
    return [headings, *([example.get(name, "") for name in sheet_words.HEADINGS] for example in examples)]


def _attached(body: str | bytes, mimetype: str, name: str) -> Response:
    answer = Response(body, mimetype=mimetype)
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer
