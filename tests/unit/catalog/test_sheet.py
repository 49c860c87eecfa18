"""The batch's table: what staff may write in it, and what becomes of cells that make no sense."""

import io
import unicodedata
from datetime import date, datetime

import openpyxl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from repository.catalog import sheet_words
from repository.catalog.sheet import Sheet, SheetRow, is_sheet, match, of_item, parse_sheet, read_sheet
from repository.catalog.sheet_awaiting import awaiting, never_came
from repository.domain.access import AccessLevel
from repository.domain.errors import InputRefused
from repository.domain.records import Kind

FULL = """Tệp,Mã tài liệu,Nhan đề,Tác giả,Loại,Địa danh,Năm,Nhà xuất bản,Ngôn ngữ,Chủ đề,Tóm tắt,Quyền truy cập,Ngày mở,Nguồn,Quyền,Thứ tự
DC0012_0001.tif,DC0012,Địa chí Lạng Sơn,Nguyễn Văn A,địa chí,Lạng Sơn,1945-1954,Nxb. Sử học,tiếng Việt,Lịch sử; Địa lý,Tóm lược,tạm giữ,30/4/2030,Hiến tặng,Thuộc về công chúng,7
"""  # noqa: E501


def rows(text: str, encoding: str = "utf-8") -> tuple[SheetRow, ...]:
    return read_sheet("batch.csv", text.encode(encoding)).rows


def problems(text: str) -> list[str]:
    return [str(problem) for problem in read_sheet("batch.csv", text.encode()).problems]


def workbook(*lines: tuple[object, ...]) -> bytes:
    book = openpyxl.Workbook()
    for line in lines:
        book.active.append(line)
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def test_every_column_is_read():
    assert rows(FULL) == (
        SheetRow(
            2, "DC0012_0001.tif", "DC0012", 7, "Địa chí Lạng Sơn", "Nguyễn Văn A", Kind.GAZETTEER, "Lạng Sơn", 1945,
            "1945-1954", "Nxb. Sử học", "vie", ("Lịch sử", "Địa lý"), "Tóm lược", "Thuộc về công chúng", "Hiến tặng",
            AccessLevel.EMBARGO, date(2030, 4, 30),
        ),
    )  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_any_usual_encoding_and_delimiter(encoding, delimiter):
    assert rows(FULL.replace(",", delimiter), encoding)[0].title == "Địa chí Lạng Sơn"


def test_semicolons_part_columns_when_the_headings_say_so():
    assert rows("Tệp;Nhan đề;Năm\na.tif;Non nước, làng xóm;1993\n")[0].title == "Non nước, làng xóm"
    assert rows("sep=;\nTệp;Nhan đề\na.tif;Làng\n")[0].number == 3


def test_windows_1258_is_read_and_noted():
    half_composed = unicodedata.normalize("NFC", "Mã;Nhan đề\nDC1;Việt Nam\n")
    # windows-1258 has letters with circumflex or horn, and the tones as marks of their own
    table = str.maketrans({"ã": "a\u0303", "ệ": "ê\u0323", "ề": "ê\u0300"})
    sheet = read_sheet("batch.csv", half_composed.translate(table).encode("cp1258"))
    assert sheet.rows[0].title == "Việt Nam"
    assert "UTF-8" in str(sheet.problems[0])


@pytest.mark.parametrize(
    "heading", ["TỆP", "tep", "File", " ten  tệp ", unicodedata.normalize("NFD", "Tệp"), "file_name"]
)
def test_headings_in_any_case_marks_and_language(heading):
    assert rows(f"{heading},Ghi chú\na.tif,x\n")[0].file == "a.tif"


def test_no_two_columns_share_a_heading():
    spelled = [(sheet_words.fold(word), name) for name, (vi, en, more) in sheet_words.HEADINGS.items() for word in (name, vi, en, *more)]  # noqa: E501 # fmt: skip
    assert len(dict(spelled)) == len(set(spelled))


def test_a_title_above_the_headings_is_passed_over():
    assert rows("DANH MỤC SỐ HÓA 2026,\n,\nMã tài liệu,Nhan đề\nDC1,Làng\n")[0] == SheetRow(4, code="DC1", title="Làng")


@pytest.mark.parametrize(
    ("text", "year"),
    [("1993", 1993), ("1945-1954", 1945), ("[19–?]", None), ("Bảo Đại 10 (1935)", 1935), ("30/4/1975", 1975),
     ("khoảng 1920", 1920), ("K.n.", None), ("12345", None)],
)  # fmt: skip
def test_the_date_is_kept_as_written_and_its_first_year_taken(text, year):
    row = rows(f"Mã,Năm\nDC1,{text}\n")[0]
    assert (row.date_text, row.year) == (text, year)


@pytest.mark.parametrize(
    ("word", "kind"),
    [("hương ước", Kind.VILLAGE_CONVENTION), ("HUONG UOC", Kind.VILLAGE_CONVENTION),
     ("royal_decree", Kind.ROYAL_DECREE), ("Royal decree", Kind.ROYAL_DECREE),
     ("Tạp chí", Kind.SERIAL), ("bản đồ", Kind.MAP)],
)  # fmt: skip
def test_kinds_by_code_or_name(word, kind):
    assert rows(f"Mã,Loại\nDC1,{word}\n")[0].kind is kind


def test_every_kind_and_level_has_words():
    assert set(sheet_words.KINDS) == set(Kind)
    assert set(sheet_words.ACCESS) == set(AccessLevel)


def test_a_bad_cell_names_its_row_and_column_and_the_others_are_used():
    text = "Mã,Loại,Thứ tự,Nhan đề,Ngôn ngữ\nDC1,con voi,mười,Làng,tiếng chim\n"
    assert rows(text)[0] == SheetRow(2, code="DC1", title="Làng")
    assert problems(text) == [
        "Dòng 2, cột “Thứ tự”: “mười” không phải là số.",
        "Dòng 2, cột “Loại”: không có loại tài liệu “con voi”.",
        "Dòng 2, cột “Ngôn ngữ”: không rõ ngôn ngữ “tiếng chim”.",
    ]


def test_unknown_columns_and_rows_without_a_name_are_noted():
    text = "Mã,Ghi chú,Nhan đề\nDC1,x,Làng\n,,Không mã\n"
    assert [row.code for row in rows(text)] == ["DC1"]
    assert problems(text) == [
        "Cột “Ghi chú” không được dùng.",
        "Dòng 3: thiếu cả “Tệp” và “Mã tài liệu”, không dùng được.",
    ]


@pytest.mark.parametrize(
    ("level", "until", "expected"),
    [
        ("công khai", "", (AccessLevel.PUBLIC, None)),
        ("Tại chỗ", "", (AccessLevel.ONSITE, None)),
        ("embargo", "2030-01-02", (AccessLevel.EMBARGO, date(2030, 1, 2))),
        ("", "2.1.2030", (AccessLevel.EMBARGO, date(2030, 1, 2))),
        ("", "", (None, None)),
        # unclear words close, never open
        ("cấm", "", (AccessLevel.RESTRICTED, None)),
        ("tạm giữ", "", (AccessLevel.RESTRICTED, None)),
        ("tạm giữ", "31/2/2030", (AccessLevel.RESTRICTED, None)),
        ("công khai", "sang năm", (AccessLevel.RESTRICTED, None)),
        ("hạn chế", "2030-01-02", (AccessLevel.RESTRICTED, None)),
    ],
)
def test_access(level, until, expected):
    row = rows(f"Mã,Quyền truy cập,Ngày mở\nDC1,{level},{until}\n")[0]
    assert (row.access, row.embargo_until) == expected


def test_workbook_cells_of_any_type():
    data = workbook(("Tệp", "Năm", "Ngày mở", "Thứ tự"), ("a.tif", 1993, datetime(2030, 1, 2), 3.0), (None, None))
    row = read_sheet("batch.xlsx", data).rows[0]
    assert (row.year, row.date_text, row.embargo_until, row.order) == (1993, "1993", date(2030, 1, 2), 3)


def test_a_sheet_is_read_from_its_file(tmp_path):
    kept = tmp_path / "00ff"
    kept.write_bytes("Mã\nDC1\n".encode())
    assert [row.code for row in parse_sheet(kept, "batch.csv").rows] == ["DC1"]


def test_a_text_longer_than_marc_holds_is_cut_and_noted():
    sheet = read_sheet("batch.csv", f"Mã,Nhan đề\nDC1,{'ệ' * 10_000}\n".encode())
    assert len(sheet.rows[0].title or "") == 600
    assert str(sheet.problems[0]) == "Dòng 2, cột “Nhan đề”: quá dài, đã cắt bớt."


def test_a_workbook_named_csv_is_still_a_workbook():
    assert read_sheet("batch.csv", workbook(("Mã",), ("DC1",))).rows[0].code == "DC1"


@pytest.mark.parametrize(
    ("data", "says"),
    [(b"", "không có cột"), (b"a,b\n1,2\n", "không có cột"), (b"PK\x03\x04rest", "Không mở được"),
     (b"\xd0\xcf\x11\xe0\xa1\xb1", ".xls"), (b"\xff\xfea", "CSV UTF-8"),
     (b"M\xc3\xa3\n\"x" + b"y" * 200_000, "hỏng ở dòng")],
)  # fmt: skip
def test_what_is_no_table_is_refused_with_advice(data, says):
    with pytest.raises(InputRefused, match=says):
        read_sheet("batch.csv", data)


@given(st.binary(max_size=400))
@example(b"\x00")
@example(b'M\xc3\xa3\n"')
@example(b"PK\x03\x04")
def test_any_bytes_give_a_sheet_or_a_refusal(data):
    try:
        assert isinstance(read_sheet("batch.csv", data), Sheet)
    except InputRefused:
        return


TEXT = st.text(max_size=40)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(TEXT, TEXT, TEXT, TEXT), max_size=5), st.sampled_from([",", ";", "\t"]), TEXT)
def test_any_cells_give_rows_in_nfc(cells, delimiter, name):
    head = delimiter.join(["Tệp", "Mã", "Năm", "Ngày mở"])
    body = "\n".join(delimiter.join(row) for row in cells)
    try:
        sheet = read_sheet("batch.csv", f"{head}\n{body}\n".encode("utf-8", "replace"))
    except InputRefused:
        return
    assert all(unicodedata.is_normalized("NFC", row.file) for row in sheet.rows)
    found = match(sheet, name)
    assert found is None or found in sheet.rows


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("DC0012_0001.tif", 2),
        ("dc0012_0001.TIF", 2),
        ("quét/DC0012_0001.tif", 2),
        ("DC0012_0099.tif", 3),
        ("hương ước/0001.jpg", 4),
        (unicodedata.normalize("NFD", "lô 1/hương ước/tập 2/0001.jpg"), 4),
        ("LichSu.pdf", 5),
        ("a/b/c.tif", 6),
        ("x/b/c.tif", None),
        ("ảnh [1].jpg", 7),
        ("khác.tif", None),
    ],
)
def test_rows_find_their_files(name, number):
    sheet = read_sheet(
        "batch.csv",
        "Tệp\nDC0012_0001.tif\nDC0012_*.tif\nHương ước\nLichSu\na\\b\\*.tif\nẢnh [1].jpg\n".encode(),
    )
    found = match(sheet, name)
    assert (found.number if found else None) == number


def test_an_item_is_described_by_its_own_row_and_then_by_its_files():
    sheet = read_sheet(
        "batch.csv",
        "Tệp,Mã,Nhan đề,Năm,Quyền truy cập\nb.tif,DC1,Tên ở tệp,1993,hạn chế\n,dc1,Tên ở mã,,\n".encode(),
    )
    item = of_item(sheet, "DC1")
    assert item is not None
    assert (item.title, item.year, item.access, item.file) == ("Tên ở mã", 1993, AccessLevel.RESTRICTED, "")
    assert of_item(sheet, "DC2") is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("batch.csv", True),
        ("lô 1/BATCH.XLSX", True),
        ("a\\batch.csv", True),
        ("batch.txt", False),
        ("mybatch.csv", False),
    ],
)
def test_only_the_agreed_names_are_tables(name, expected):
    assert is_sheet(name) is expected


def test_what_a_row_may_name_is_what_it_may_match() -> None:
    names = ["Lô/DC5/0001.JPG", "trang 2.tif", "a.b/c.png"]
    for named in ("0001.jpg", "DC5/0001.jpg", "lô/dc5/0001", "DC5", "lô/DC5", "trang 2", "trang*.tif", "*.png", "a.b",
                  "khác.tif", "5/0001.jpg", "DC6", "0001.tif", "x*.tif", "DC5/*.tif"):  # fmt: skip
        sheet = Sheet((SheetRow(2, file=named),))
        came = not never_came("t", awaiting("t", sheet), names)
        assert came == any(match(sheet, name) is not None for name in names), named


def test_many_rows_without_a_file_are_counted() -> None:
    sheet = Sheet(tuple(SheetRow(number, file=f"{number}.tif") for number in range(1, 301)))
    lost = never_came("t", awaiting("t", sheet), ["7.tif"])
    assert len(lost) == 201
    assert "và 99 dòng nữa" in str(lost[-1])
