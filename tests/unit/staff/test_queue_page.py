"""“Hàng việc”: what is owed, who works, what nobody goes on with by itself, and whether backups are made."""

from datetime import UTC, datetime, timedelta

import pytest
from reading_room import ReadingRoom
from sqlalchemy import text
from staff_desk import Desk, add_people

from repository.catalog.operating import LAST_BACKUP
from repository.domain.batches import Reason, StepName, StepState
from repository.domain.jobs import JobKind, Priority
from repository.domain.records import Description, Library


@pytest.fixture
def room(tmp_path):
    room = ReadingRoom(tmp_path)
    with room.services.ledger.write() as work:
        work.libraries.put(Library("TV", "Thư viện tỉnh"))
        work.libraries.put(Library("BT", "Thư viện bạn"))
    add_people(room.services, "TN")
    yield room
    room.close()


@pytest.fixture
def stuck_page(room):
    """The id of a page that its worker gave up, in a library that is not BT."""
    item = room.add_item("DC1", Description("Địa chí"), [["một trang"]])
    with room.services.ledger.write() as work:
        page = work.pages.of_item(item, approved_only=False)[0]
        work.steps.owe_all(page.id)
        work.steps.set_aside(page.id, StepName.RECOGNISE, Reason("Bước {step} hỏng.", {"step": "nhận dạng"}))
        work.pages.set_state(page.id, "set_aside")
    return page.id


def at(room, name):
    desk = Desk(room.services)
    assert desk.sign_in(name).status_code == 303
    return desk


def test_a_page_set_aside_is_shown_with_its_reason_and_can_be_done_again(room, stuck_page):
    desk = at(room, "canbo")
    told = desk.get("/staff/queue").text
    assert "Bước nhận dạng hỏng." in told
    assert desk.post(f"/staff/queue/pages/{stuck_page}/again", step="recognise").status_code == 303
    with room.services.ledger.read() as work:
        assert work.steps.of(stuck_page)[StepName.RECOGNISE].state is StepState.OWED
        assert work.jobs.owed(JobKind.PAGE, stuck_page)
    assert "Bước nhận dạng hỏng." not in desk.get("/staff/queue").text


def test_staff_of_another_library_neither_see_nor_touch_it(room, stuck_page):
    desk = at(room, "ban")
    assert "Bước nhận dạng hỏng." not in desk.get("/staff/queue").text
    assert desk.post(f"/staff/queue/pages/{stuck_page}/again", step="recognise").status_code == 403
    assert "Bước nhận dạng hỏng." in at(room, "quantri").get("/staff/queue").text


def test_a_refused_file_is_shown_and_can_be_opened_again(room):
    with room.services.ledger.write() as work:
        batch = work.batches.add("TN", "Lô hỏng", "canbo")
        file, _new = work.files.add(batch.id, "hong.pdf", 3, "a" * 64)
        work.files.set_refused(file.id, Reason("Tệp PDF hỏng."))
    desk = at(room, "canbo")
    told = desk.get("/staff/queue").text
    assert "hong.pdf" in told
    assert "Tệp PDF hỏng." in told
    desk.post(f"/staff/queue/files/{file.id}/again")
    with room.services.ledger.read() as work:
        assert work.jobs.owed(JobKind.FILE, file.id)


def test_depth_and_workers_are_shown(room):
    with room.services.ledger.write() as work:
        batch = work.batches.add("TN", "Lô chờ", "canbo")
        for number in range(7):
            work.jobs.enqueue(JobKind.PAGE, f"page{number}", batch.id, Priority.CORRECTION)
        claimed = work.jobs.claim("w", [JobKind.PAGE], timedelta(seconds=60))
        assert claimed is not None
    told = at(room, "canbo").get("/staff/queue").text
    assert "<td>Sửa và làm lại</td><td>6</td><td>1</td>" in told
    assert "Không có tiến trình xử lý nào đang chạy" in told


@pytest.mark.parametrize(
    ("published_days", "backup_days", "warns"),
    [(None, None, ""), (1, None, ""), (8, None, "chưa có bản sao lưu"), (30, 2, ""), (30, 9, "đã 9 ngày")],
)
def test_staff_are_warned_of_a_missing_or_old_backup(room, published_days, backup_days, warns):
    if published_days is not None:
        item = room.add_item("DC1", Description("Địa chí"), [["một trang"]])
        published = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=published_days)
        with room.services.ledger.write() as work:
            work._session.execute(
                text("UPDATE item SET published_at = :at WHERE id = :id"),
                {"at": published.isoformat(sep=" "), "id": item},
            )
    if backup_days is not None:
        with room.services.ledger.write() as work:
            work.journal.set(LAST_BACKUP, (datetime.now(UTC) - timedelta(days=backup_days, hours=1)).isoformat())
    told = at(room, "canbo").get("/staff/").text
    if warns:
        assert warns in told
    else:
        assert "sao lưu" not in told
