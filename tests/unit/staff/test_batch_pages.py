"""Batches as staff see them: who may do what, the report, the tables to fill in."""

import csv
import io

import openpyxl
import pytest
from people import ADMIN

from app.staff.room import uploading
from repository.catalog.sheet import read_sheet
from repository.domain.access import AccessLevel, ItemState
from repository.domain.batches import BatchState, Reason
from repository.domain.records import AccessSetting, Description


@pytest.fixture
def staff(desk_of):
    return desk_of("canbo")


@pytest.fixture
def batch(staff):
    return staff.open_batch("Địa chí Lạng Sơn, đợt 1")


def state(desk, batch):
    return desk.services.intake.batch(ADMIN, batch).state


def refuse(desk, batch, reason, *, needs_password=False):
    """The batch's only file as a worker that cannot take it leaves it; gives its id."""
    (file,) = desk.services.intake.files(ADMIN, batch)
    with desk.services.ledger.write() as work:
        work.files.set_refused(file.id, reason, needs_password)
    return file.id


def test_a_batch_needs_a_title(staff):
    answer = staff.post("/staff/batches/new", title="  ")
    assert answer.status_code == 400
    assert "Hãy đặt tên" in answer.text


def test_what_an_approver_may_staff_cannot_even_by_a_forged_form(staff, desk_of):
    own = staff.post("/staff/batches/new", title="Lô", publish="on", library="BT").headers["Location"][-13:]
    made = staff.services.intake.batch(ADMIN, own)
    assert (made.publish, made.library) == (False, "TV")
    approved = desk_of("duyet").post("/staff/batches/new", title="Lô", publish="on", access="onsite")
    made = staff.services.intake.batch(ADMIN, approved.headers["Location"][-13:])
    assert (made.publish, made.access) == (True, "onsite")


def test_a_batch_is_for_its_own_library_and_for_administrators(batch, desk_of):
    other, admin = desk_of("ban"), desk_of("quantri")
    for page in ("", "/report", "/report.csv", "/progress.json", "/files.json"):
        assert other.get(f"/staff/batches/{batch}{page}").status_code == 403
        assert admin.get(f"/staff/batches/{batch}{page}").status_code == 200
    assert other.post(f"/staff/batches/{batch}/cancel").status_code == 403
    assert "Lạng Sơn" not in other.get("/staff/").text


def test_a_batch_is_closed_cancelled_and_resumed(staff, batch):
    for verb, after in (
        ("close", BatchState.WORKING),
        ("cancel", BatchState.CANCELLED),
        ("resume", BatchState.WORKING),
    ):
        assert staff.post(f"/staff/batches/{batch}/{verb}").headers["Location"] == f"/staff/batches/{batch}"
        assert state(staff, batch) is after


def test_progress_in_numbers_and_in_words(staff, batch):
    staff.send(batch, "a.tif", b"a")
    told = staff.get(f"/staff/batches/{batch}/progress.json").json
    assert (told["state"], told["files_received"], told["files_waiting"]) == ("receiving", 1, 1)
    assert told["state_text"] == "Đang nhận tệp"
    assert told["waiting_text"] == "1 tệp chờ mở"


def test_without_scripts_a_page_of_a_batch_at_work_loads_itself_anew(staff, batch):
    page = staff.get(f"/staff/batches/{batch}").text
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page


def test_a_file_comes_back_as_it_came_under_its_own_name_and_is_never_shown(staff, batch, desk_of):
    staff.send(batch, "tập 1/trang đầu.html", b"<script>alert(1)</script>")
    (file,) = staff.services.intake.files(ADMIN, batch)
    answer = staff.get(f"/staff/files/{file.id}/original")
    assert answer.data == b"<script>alert(1)</script>"
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert "trang%20%C4%91%E1%BA%A7u.html" in answer.headers["Content-Disposition"]
    answer.close()
    assert desk_of("ban").get(f"/staff/files/{file.id}/original").status_code == 403


def test_an_encrypted_file_is_opened_again_with_the_password_that_staff_type(staff, batch):
    staff.send(batch, "khóa.pdf", b"%PDF")
    file = refuse(staff, batch, Reason("Tệp có mật khẩu."), needs_password=True)
    assert f"/staff/files/{file}/unlock" in staff.get(f"/staff/batches/{batch}").text
    staff.post(f"/staff/files/{file}/unlock", password="bí mật")
    with staff.services.ledger.read() as work:
        assert work.files.secrets(file).password == "bí mật"
    assert staff.get(f"/staff/batches/{batch}/progress.json").json["files_waiting"] == 1


def test_the_report_names_what_was_refused_and_why(staff, batch):
    staff.send(batch, "DC_0001.tif", b"a")
    staff.post(f"/staff/batches/{batch}/expect", files="3")
    refuse(staff, batch, Reason("Tệp {name} hỏng.", {"name": "DC_0001.tif"}))
    page = staff.get(f"/staff/batches/{batch}/report").text
    assert "Tệp DC_0001.tif hỏng." in page
    table = staff.get(f"/staff/batches/{batch}/report.csv")
    assert table.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(table.data.decode("utf-8-sig"))))
    assert ["Số tệp dự kiến", "", "3"] in rows
    assert ["Số tệp nhận được", "", "1"] in rows
    assert ["Số tệp bị từ chối", "", "1"] in rows
    assert ["Bị từ chối", "DC_0001.tif", "Tệp DC_0001.tif hỏng."] in rows


def test_no_name_of_a_file_becomes_a_formula_in_the_report(staff, batch):
    staff.send(batch, "=HYPERLINK(1).tif", b"a")
    refuse(staff, batch, Reason("-2+3"))
    rows = list(csv.reader(io.StringIO(staff.get(f"/staff/batches/{batch}/report.csv").data.decode("utf-8-sig"))))
    assert ["Bị từ chối", "'=HYPERLINK(1).tif", "'-2+3"] in rows


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_tables_to_fill_in_are_understood_when_they_come_back(staff, language):
    text = staff.get(f"/staff/batch-template.csv?lang={language}").data
    book = staff.get(f"/staff/batch-template.xlsx?lang={language}").data
    assert text.startswith(b"\xef\xbb\xbf")
    sheets = [read_sheet("batch.csv", text), read_sheet("batch.xlsx", book)]
    assert sheets[0] == sheets[1]
    assert sheets[0].problems == ()
    assert [row.access for row in sheets[0].rows] == [AccessLevel.PUBLIC, AccessLevel.ONSITE, AccessLevel.EMBARGO]
    first = openpyxl.load_workbook(io.BytesIO(book)).worksheets[0].cell(1, 1).value
    assert first == {"vi": "Tệp", "en": "File"}[language]


def test_files_that_the_batch_has_are_told_zips_that_were_taken_apart_too(staff, batch):
    staff.send(batch, "quét.zip", b"PK")
    (file,) = staff.services.intake.files(ADMIN, batch)
    with staff.services.ledger.write() as work:
        work.files.set_container(file.id)
    assert staff.get(f"/staff/batches/{batch}/files.json").json["files"] == [{"name": "quét.zip", "size": 2}]
    assert uploading(staff.services).waiting(ADMIN, batch) == []


@pytest.fixture
def item(site):
    """An item of TV that is still a draft; gives its id."""
    with site.ledger.write() as work:
        return work.items.add("TV", "DC1", b"", Description("Làng"), AccessSetting(AccessLevel.PUBLIC)).id


def rights(site, item):
    with site.ledger.read() as work:
        return work.items.get(item).rights


def test_staff_see_a_draft_approvers_publish_and_withdraw_it(site, item, staff, desk_of):
    assert "Chưa công bố" in staff.get(f"/staff/items/{item}").text
    assert staff.post(f"/staff/items/{item}/publish").status_code == 403
    approver = desk_of("duyet")
    approver.post(f"/staff/items/{item}/publish")
    assert rights(site, item).state is ItemState.PUBLISHED
    approver.post(f"/staff/items/{item}/withdraw")
    assert rights(site, item).state is ItemState.DRAFT
    assert desk_of("ban").get(f"/staff/items/{item}").status_code == 404


def test_an_embargo_needs_its_date(site, item, desk_of):
    approver = desk_of("duyet")
    approver.post(f"/staff/items/{item}/access", level="embargo", until="")
    assert "cần có ngày mở" in approver.get(f"/staff/items/{item}").text
    approver.post(f"/staff/items/{item}/access", level="embargo", until="2030-13-01")
    assert "không phải là ngày" in approver.get(f"/staff/items/{item}").text
    approver.post(f"/staff/items/{item}/access", level="embargo", until="2030-12-01")
    assert rights(site, item).level is AccessLevel.EMBARGO
    assert str(rights(site, item).embargo_until) == "2030-12-01"
