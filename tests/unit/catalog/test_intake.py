"""Files come in: kept, owed, grouped, refused with a reason."""

import io
import unicodedata
import zipfile
from datetime import timedelta
from pathlib import Path

import pikepdf
import pytest
from people import ADMIN, APPROVER, OTHER_STAFF, PASSER_BY, STAFF
from shared_data import SHARED

from config.services import Services
from repository.catalog.intake import tidy_name
from repository.catalog.placing import Placing
from repository.db.pages import NewPage
from repository.domain.access import AccessLevel, ItemState
from repository.domain.batches import BatchFile, BatchState, FileState
from repository.domain.errors import AccessRefused, NotFound, WrongUse
from repository.domain.jobs import JobKind
from repository.domain.records import AccessSetting, Item

PAGE_0, PAGE_5 = SHARED / "ocr-dev" / "001.jpg", SHARED / "ocr-dev" / "005.tif"


def look_into_all(site: Services, tmp_path: Path) -> None:
    """Do every file job that is owed, as a worker would."""
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    while True:
        with site.ledger.write() as work:
            job = work.jobs.claim("test", (JobKind.FILE,), timedelta(minutes=1))
        if job is None:
            return
        site.unpacking.look_into(job, scratch)


def receive(site: Services, batch: str, **files: bytes | Path) -> dict[str, BatchFile]:
    kept = {}
    for name, content in files.items():
        data = content.read_bytes() if isinstance(content, Path) else content
        kept[name] = site.intake.receive(STAFF, batch, name, io.BytesIO(data))
    return kept


def states(site: Services, batch: str) -> dict[str, FileState]:
    return {file.name: file.state for file in site.intake.files(STAFF, batch)}


def test_a_received_file_is_kept_under_its_checksum_and_owed(site: Services) -> None:
    batch = site.intake.open_batch(STAFF, "Lô 1")
    file = receive(site, batch.id, **{"a.jpg": PAGE_0})["a.jpg"]
    assert site.masters.size(file.sha256) == PAGE_0.stat().st_size
    with site.ledger.read() as work:
        assert work.jobs.owed(JobKind.FILE, file.id)


def test_the_same_file_again_in_a_batch_is_the_same_file(site: Services) -> None:
    batch = site.intake.open_batch(STAFF, "Lô 1")
    first = receive(site, batch.id, **{"a.jpg": PAGE_0})["a.jpg"]
    assert receive(site, batch.id, **{"a.jpg": PAGE_0})["a.jpg"] == first


def test_file_names_group_pages_into_items_in_natural_order(site: Services, tmp_path: Path) -> None:
    batch = site.intake.open_batch(STAFF, "Lô 1")
    receive(
        site, batch.id, **{"DC0012_10.tif": PAGE_5, "DC0012_2.jpg": PAGE_0, "DC0013_1.tif": SHARED / "ocr-dev/017.tif"}
    )
    look_into_all(site, tmp_path)
    with site.ledger.read() as work:
        items = {item.code: item for item in work.items.get_many(work.pages.items_of_batch(batch.id)).values()}
        files = {file.id: file.name for file in work.files.of_batch(batch.id)}
        order = [files[page.file] for page in work.pages.of_item(items["DC0012"].id, approved_only=False)]
    assert sorted(items) == ["DC0012", "DC0013"]
    assert order == ["DC0012_2.jpg", "DC0012_10.tif"]
    assert items["DC0012"].page_count == 2
    assert items["DC0012"].rights.state is ItemState.DRAFT


def test_a_sheet_describes_items_whether_it_comes_first_or_last(site: Services, tmp_path: Path) -> None:
    sheet = "tệp,mã tài liệu,nhan đề,loại,năm\nx1.jpg,DC9,Địa chí Lạng Sơn,gazetteer,1999\n".encode("utf-8-sig")
    for name, order in (("trước", ["batch.csv", "x1.jpg"]), ("sau", ["x1.jpg", "batch.csv"])):
        batch = site.intake.open_batch(STAFF, name)
        page = PAGE_0 if name == "trước" else SHARED / "ocr-dev" / "003.jpg"
        content: dict[str, bytes | Path] = {"batch.csv": sheet.replace(b"DC9", name.encode()), "x1.jpg": page}
        for each in order:
            receive(site, batch.id, **{each: content[each]})
            look_into_all(site, tmp_path)
        with site.ledger.read() as work:
            (item_id,) = work.pages.items_of_batch(batch.id)
            item = work.items.get(item_id)
        assert item is not None
        assert (item.code, item.title, item.record.description.year) == (name, "Địa chí Lạng Sơn", 1999)
        assert "Địa chí Lạng Sơn".encode() in item.record.marc


def only_item(site: Services, batch: str) -> Item:
    with site.ledger.read() as work:
        (item_id,) = work.pages.items_of_batch(batch)
        item = work.items.get(item_id)
    assert item is not None
    return item


def test_a_sheet_is_looked_into_before_the_files_that_came_before_it(site: Services) -> None:
    batch = site.intake.open_batch(STAFF, "Lô 1")
    files = receive(site, batch.id, **{"x1.jpg": PAGE_0, "batch.csv": "tệp,mã\nx1.jpg,DC9\n".encode()})
    with site.ledger.write() as work:
        job = work.jobs.claim("test", (JobKind.FILE,), timedelta(minutes=1))
    assert job is not None
    assert job.subject == files["batch.csv"].id


def test_a_file_is_not_placed_by_an_older_table_than_the_batch_has(site: Services, tmp_path: Path) -> None:
    """Two workers: one asked for the table, then the other took a table in."""
    batch = site.intake.open_batch(STAFF, "Lô 1")
    placing = Placing(site.ledger, site.masters)
    before = placing.table(batch.id)
    receive(site, batch.id, **{"batch.csv": "tệp,mã tài liệu,nhan đề\nx1.jpg,DC9,Địa chí\n".encode()})
    look_into_all(site, tmp_path)
    with site.ledger.write() as work:
        assert placing.place(work, batch, before, "x1.jpg") is None
        place = placing.place(work, batch, placing.table(batch.id), "x1.jpg")
        assert place is not None
        item = work.items.get(place.item)
    assert item is not None
    assert item.record.description.title == "Địa chí"


@pytest.mark.parametrize(
    "row", ["x_1.jpg,M1,hạn chế,", "x_1.jpg,X,hạn chế,", ",x,hạn chế,", "x_1.jpg,,hạn chế,", "x_1.jpg,x,,01/01/2090"]
)
def test_a_sheet_that_comes_after_the_pages_closes_what_it_says_is_closed(
    site: Services, tmp_path: Path, row: str
) -> None:
    """Workers may look into a page before the table that came with it."""
    batch = site.intake.open_batch(APPROVER, "Lô", publish=True)
    receive(site, batch.id, **{"x_1.jpg": PAGE_0})
    look_into_all(site, tmp_path)
    assert only_item(site, batch.id).rights.level is AccessLevel.PUBLIC
    receive(site, batch.id, **{"batch.csv": f"tệp,mã tài liệu,quyền truy cập,ngày mở\n{row}\n".encode("utf-8-sig")})
    look_into_all(site, tmp_path)
    level = AccessLevel.EMBARGO if "2090" in row else AccessLevel.RESTRICTED
    assert only_item(site, batch.id).rights.level is level


def test_a_sheet_does_not_open_what_an_approver_closed(site: Services, tmp_path: Path) -> None:
    batch = site.intake.open_batch(STAFF, "Lô")
    receive(site, batch.id, **{"x_1.jpg": PAGE_0})
    look_into_all(site, tmp_path)
    site.publishing.set_access(APPROVER, only_item(site, batch.id).id, AccessSetting(AccessLevel.RESTRICTED))
    receive(site, batch.id, **{"batch.csv": "tệp,mã tài liệu,quyền truy cập\n,x,công khai\n".encode("utf-8-sig")})
    look_into_all(site, tmp_path)
    assert only_item(site, batch.id).rights.level is AccessLevel.RESTRICTED


def test_a_file_named_after_another_librarys_item_does_not_get_into_it(site: Services, tmp_path: Path) -> None:
    first = site.intake.open_batch(STAFF, "Lô")
    receive(site, first.id, **{"x_1.jpg": PAGE_0})
    look_into_all(site, tmp_path)
    theirs = only_item(site, first.id)
    second = site.intake.open_batch(OTHER_STAFF, "Lô khác")
    site.intake.receive(OTHER_STAFF, second.id, f"{theirs.id}_1.tif", io.BytesIO(PAGE_5.read_bytes()))
    look_into_all(site, tmp_path)
    assert only_item(site, second.id).rights.library == OTHER_STAFF.library
    assert only_item(site, first.id).page_count == 1


def test_bytes_that_came_before_are_not_taken_in_again(site: Services, tmp_path: Path) -> None:
    first = site.intake.open_batch(STAFF, "Lô 1")
    receive(site, first.id, **{"DC1_1.jpg": PAGE_0})
    look_into_all(site, tmp_path)
    second = site.intake.open_batch(STAFF, "Lô 2")
    receive(site, second.id, **{"DC2_7.jpg": PAGE_0})
    look_into_all(site, tmp_path)
    report = site.progressing.report(STAFF, second.id)
    assert [file.name for file in report.duplicates] == ["DC2_7.jpg"]
    assert "DC1, trang 1" in str(report.findings[0].reason)
    assert report.items == ()


def test_a_report_does_not_name_another_librarys_item(site: Services, tmp_path: Path) -> None:
    first, second = site.intake.open_batch(STAFF, "Lô"), site.intake.open_batch(OTHER_STAFF, "Lô khác")
    receive(site, first.id, **{"mật_1.jpg": PAGE_0})
    site.intake.receive(OTHER_STAFF, second.id, "y_1.tif", io.BytesIO(PAGE_5.read_bytes()))
    look_into_all(site, tmp_path)
    with site.ledger.write() as work:
        (theirs,) = work.pages.of_batch(first.id)
        (ours,) = work.pages.of_batch(second.id)
        work.pages.add(NewPage(ours.item, second.id, ours.file, 1, "z", "", duplicate_of=theirs.id))
    (finding,) = site.progressing.report(OTHER_STAFF, second.id).findings
    assert str(finding.reason) == "Trùng ảnh với một trang của thư viện TV."


def test_missing_numbers_are_reported(site: Services, tmp_path: Path) -> None:
    batch = site.intake.open_batch(STAFF, "Lô 1")
    pages = [SHARED / "ocr-dev" / f"{number:03d}.jpg" for number in (1, 2, 3)]
    receive(site, batch.id, **{"DC1_1.jpg": pages[0], "DC1_2.jpg": pages[1], "DC1_5.jpg": pages[2]})
    look_into_all(site, tmp_path)
    found = [finding for finding in site.progressing.report(STAFF, batch.id).findings if finding.kind == "gap"]
    assert [str(finding.reason) for finding in found] == ["Thiếu số 3–4 trong dãy DC1."]


def test_missing_numbers_of_files_without_a_name_are_those_of_the_batch(site: Services, tmp_path: Path) -> None:
    batch = site.intake.open_batch(STAFF, "Lô 1")
    receive(site, batch.id, **{"scan1.jpg": PAGE_0, "scan3.tif": PAGE_5})
    look_into_all(site, tmp_path)
    found = [finding for finding in site.progressing.report(STAFF, batch.id).findings if finding.kind == "gap"]
    assert [(finding.where, str(finding.reason)) for finding in found] == [("Lô 1", "Thiếu số 2 trong dãy Lô 1.")]


def test_many_missing_numbers_are_one_line(site: Services) -> None:
    batch = site.intake.open_batch(STAFF, "Lô 1")
    receive(site, batch.id, **{f"DC1_{number}.jpg": b"%d" % number for number in (1, 2, 18, 24, 26, 900)})
    (found,) = site.progressing.report(STAFF, batch.id).findings
    assert str(found.reason) == "Thiếu số 3–17, 19–23, 25, 27–899 trong dãy DC1."


def test_rows_whose_file_never_came_are_told_once_the_batch_is_closed(site: Services, tmp_path: Path) -> None:
    batch = site.intake.open_batch(STAFF, "Lô 1")
    table = "file,title\nDC1_1.jpg,Một\nDC1_*.tif,Hai\nDC9,Ba\n".encode()
    receive(site, batch.id, **{"batch.csv": table, "DC1_1.jpg": PAGE_0})
    look_into_all(site, tmp_path)
    assert site.progressing.report(STAFF, batch.id).findings == ()
    site.intake.close(STAFF, batch.id)
    found = site.progressing.report(STAFF, batch.id).findings
    assert [finding.reason.params["file"] for finding in found] == ["DC1_*.tif", "DC9"]
    assert str(found[0].reason) == "Dòng 3 nêu “DC1_*.tif” nhưng lô không nhận được tệp nào như thế."


def test_a_zip_gives_its_members_and_refuses_those_that_would_escape(site: Services, tmp_path: Path) -> None:
    target = tmp_path / "lô.zip"
    with zipfile.ZipFile(target, "w") as archive:
        archive.write(PAGE_0, "DC5/0001.jpg")
        archive.write(PAGE_5, unicodedata.normalize("NFD", "DC5/trang ảnh 📜 2.tif"))
        archive.writestr("../../etc/cron.d/x", b"* * * * * root")
        archive.writestr("DC5/ghi chú.txt", "không phải ảnh")
    batch = site.intake.open_batch(STAFF, "Lô zip")
    receive(site, batch.id, **{"lô.zip": target})
    look_into_all(site, tmp_path)
    found = states(site, batch.id)
    assert sorted(found.values()) == [FileState.REFUSED, FileState.REFUSED, FileState.TAKEN, FileState.TAKEN]
    assert "lô/DC5/trang ảnh 📜 2.tif" in found
    assert all(unicodedata.is_normalized("NFC", name) for name in found)


def test_an_encrypted_pdf_waits_for_its_password_and_then_needs_it_no_more(site: Services, tmp_path: Path) -> None:
    batch = site.intake.open_batch(STAFF, "Lô khóa")
    source = SHARED / "hard" / "pikepdf" / "graph-encrypted.pdf"
    file = receive(site, batch.id, **{"khóa.pdf": source})["khóa.pdf"]
    look_into_all(site, tmp_path)
    (refused,) = site.progressing.report(STAFF, batch.id).refused
    assert refused.needs_password
    site.intake.unlock(STAFF, file.id, "sai")
    look_into_all(site, tmp_path)
    assert states(site, batch.id) == {"khóa.pdf": FileState.REFUSED}
    site.intake.unlock(STAFF, file.id, "user")
    look_into_all(site, tmp_path)
    assert states(site, batch.id) == {"khóa.pdf": FileState.TAKEN}
    with site.ledger.read() as work:
        secrets = work.files.secrets(file.id)
    assert secrets.password is None
    assert secrets.working is not None
    with site.masters.local(secrets.working) as path, pikepdf.open(path) as pdf:
        assert len(pdf.pages) >= 1


def test_a_refused_file_stays_downloadable_for_staff_of_its_library_only(site: Services, tmp_path: Path) -> None:
    batch = site.intake.open_batch(STAFF, "Lô hỏng")
    file = receive(site, batch.id, **{"hỏng.pdf": b"day khong phai PDF"})["hỏng.pdf"]
    look_into_all(site, tmp_path)
    assert states(site, batch.id) == {"hỏng.pdf": FileState.REFUSED}
    with site.intake.original(STAFF, file.id)[1] as stream:
        assert stream.read() == b"day khong phai PDF"
    for other in (OTHER_STAFF, PASSER_BY):
        with pytest.raises(AccessRefused):
            site.intake.original(other, file.id)


def test_only_approvers_open_batches_that_publish(site: Services) -> None:
    with pytest.raises(AccessRefused):
        site.intake.open_batch(STAFF, "Lô", publish=True)
    assert site.intake.open_batch(APPROVER, "Lô", publish=True).publish


def test_staff_see_only_their_librarys_batches(site: Services) -> None:
    batch = site.intake.open_batch(STAFF, "Lô")
    with pytest.raises(AccessRefused):
        site.intake.batch(OTHER_STAFF, batch.id)
    with pytest.raises(AccessRefused):
        site.intake.open_batch(OTHER_STAFF, "Lô", library="TV")
    assert site.intake.batches(OTHER_STAFF)[0] == 0
    assert site.intake.batches(ADMIN)[0] == 1
    with pytest.raises(NotFound):
        site.intake.batch(STAFF, "không có")


def test_a_closed_batch_takes_no_more_files(site: Services) -> None:
    batch = site.intake.open_batch(STAFF, "Lô")
    site.intake.close(STAFF, batch.id)
    with pytest.raises(WrongUse):
        receive(site, batch.id, **{"a.jpg": b"x"})


def test_a_cancelled_batch_owes_nothing_and_resumes_from_the_ledger(site: Services, tmp_path: Path) -> None:
    batch = site.intake.open_batch(STAFF, "Lô")
    receive(site, batch.id, **{"DC1_1.jpg": PAGE_0})
    look_into_all(site, tmp_path)
    file = receive(site, batch.id, **{"DC1_2.tif": PAGE_5})["DC1_2.tif"]
    site.intake.cancel(STAFF, batch.id)
    with site.ledger.read() as work:
        assert work.jobs.count() == 0
    site.intake.resume(STAFF, batch.id)
    with site.ledger.read() as work:
        assert work.jobs.count() == 2
        assert work.jobs.owed(JobKind.FILE, file.id)
    assert site.intake.batch(STAFF, batch.id).state is BatchState.WORKING


@pytest.mark.parametrize(
    ("name", "tidy"),
    [
        ("../../etc/passwd", "etc/passwd"),
        ("C:\\quét\\0001.tif", "C:/quét/0001.tif"),
        (unicodedata.normalize("NFD", "hương ước.tif"), "hương ước.tif"),
        ("/a//./b.tif", "a/b.tif"),
        ("", "khong-ten"),
        ("\x00\x07a.tif", "a.tif"),
    ],
)
def test_names_are_made_tidy(name: str, tidy: str) -> None:
    assert tidy_name(name) == tidy
