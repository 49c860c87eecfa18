"""A page's text corrected line by line beside its picture."""

import re

import pytest
from people import ADMIN
from reading_room import ReadingRoom
from staff_desk import Desk, add_people

from repository.domain.records import Description


@pytest.fixture
def room(tmp_path):
    room = ReadingRoom(tmp_path)
    yield room
    room.close()


@pytest.fixture
def page(room):
    item = room.add_item("DC1", Description("Làng"), [["Huơng ước làng", "lập năm 1910"], ["Trang hai"]])
    return room.services.reading.page_at(ADMIN, item, 1).id


@pytest.fixture
def staff(room, page):
    add_people(room.services, "TN")
    desk = Desk(room.services)
    desk.sign_in("canbo")
    return desk


def save(desk, page, version, *lines):
    return desk.client.post(
        f"/staff/pages/{page}/correct", data={"csrf_token": desk.token(), "version": version, "line": list(lines)}
    )


def test_every_line_stands_beside_a_cut_of_the_page_that_can_be_fetched(staff, page):
    form = staff.get(f"/staff/pages/{page}/correct").text
    assert re.findall(r'name="line" value="([^"]*)"', form) == ["Huơng ước làng", "lập năm 1910"]
    cuts = re.findall(r'<img src="(/iiif/[^"]+)" width="(\d+)" height="(\d+)"', form)
    assert len(cuts) == 2
    answer = staff.get(cuts[0][0])
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")


def test_what_was_typed_becomes_the_text_and_the_old_text_is_kept(staff, page):
    assert save(staff, page, "1", "Hương ước làng", "lập năm 1910").status_code == 303
    text = staff.services.reading.text(ADMIN, page)
    assert text.text == "Hương ước làng\nlập năm 1910"
    form = staff.get(f"/staff/pages/{page}/correct").text
    assert "Sửa tay" in form
    assert [version.source for version in staff.services.correcting.versions(page)] == ["ocr", "correction"]


def test_what_somebody_else_saved_meanwhile_is_not_overwritten_unseen(staff, page):
    save(staff, page, "1", "Hương ước làng", "lập năm 1910")
    answer = save(staff, page, "1", "Hương ước LÀNG", "lập năm 1911")
    assert answer.status_code == 409
    assert "Người khác vừa sửa" in answer.text
    assert "Hương ước LÀNG" in answer.text, "what was typed is not lost"
    assert len(staff.services.correcting.versions(page)) == 2


def test_lines_cannot_be_left_out(staff, page):
    answer = save(staff, page, "1", "Hương ước làng")
    assert answer.status_code == 400
    assert "Số dòng phải giữ nguyên" in answer.text


def test_a_step_is_done_again_for_one_page(staff, page):
    staff.post(f"/staff/pages/{page}/rerun", step="recognise")
    assert "Sẽ làm lại 1 trang." in staff.get(f"/staff/pages/{page}/correct").text
    staff.post(f"/staff/pages/{page}/rerun", step="nonsense")
    assert "Hãy chọn bước" in staff.get(f"/staff/pages/{page}/correct").text
