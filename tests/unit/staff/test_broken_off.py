"""Uploads that end in the middle: the site is killed between two steps, or the sender never comes back."""

import os
import time

import pytest
from people import ADMIN

from app.staff.room import uploading
from repository.domain.errors import StoreFailed


@pytest.fixture
def staff(desk_of):
    return desk_of("canbo")


@pytest.fixture
def batch(staff):
    return staff.open_batch()


def left_on_disk(staff):
    return list(staff.services.settings.uploads_folder.iterdir())


class FullStore:
    """Masters on a full disk, as when the server dies between the last byte and the batch."""

    def put(self, stream):
        raise StoreFailed("Đĩa đầy.")


@pytest.fixture
def whole_but_not_taken(staff, batch, monkeypatch):
    """An upload whose every byte is on disk and that its batch never got."""
    place = staff.create(batch, "a.tif", 4).headers["Location"]
    with monkeypatch.context() as patched:
        patched.setattr(staff.services.intake, "_masters", FullStore())
        assert staff.patch(place, 0, b"abcd").status_code == 503
    assert taken(staff, batch) == []
    return place


def taken(staff, batch):
    return [file.name for file in staff.services.intake.files(ADMIN, batch)]


def test_asking_how_far_it_is_completes_it(staff, batch, whole_but_not_taken):
    assert staff.tus("HEAD", whole_but_not_taken).headers["Upload-Offset"] == "4"
    assert taken(staff, batch) == ["a.tif"]
    assert left_on_disk(staff) == []


def test_the_next_start_of_the_site_completes_it(staff, batch, whole_but_not_taken):
    uploading(staff.services).sweep()
    assert taken(staff, batch) == ["a.tif"]


def test_closing_the_batch_completes_it(staff, batch, whole_but_not_taken):
    staff.post(f"/staff/batches/{batch}/close")
    assert taken(staff, batch) == ["a.tif"]


def test_killed_after_the_batch_took_it_nothing_is_taken_twice(staff, batch, whole_but_not_taken):
    with staff.services.settings.uploads_folder.joinpath(whole_but_not_taken.rsplit("/", 1)[1]).open("rb") as bytes_:
        staff.services.intake.receive(ADMIN, batch, "a.tif", bytes_)
    assert staff.patch(whole_but_not_taken, 4, b"").status_code == 204
    assert taken(staff, batch) == ["a.tif"]
    assert staff.tus("HEAD", whole_but_not_taken).headers["Upload-Offset"] == "4"


def test_what_nobody_went_on_with_for_a_week_is_forgotten(staff, batch):
    place = staff.create(batch, "a.tif", 100).headers["Location"]
    fresh = staff.create(batch, "b.tif", 100).headers["Location"]
    (old,) = [path for path in left_on_disk(staff) if path.name in place]
    os.utime(old, (time.time() - 8 * 24 * 3600,) * 2)
    uploading(staff.services).sweep()
    assert staff.tus("HEAD", place).status_code == 404
    assert staff.tus("HEAD", fresh).status_code == 200


def test_closing_asks_about_files_that_are_only_half_here(staff, batch):
    staff.patch(staff.create(batch, "nửa.tif", 100).headers["Location"], 0, b"x")
    staff.post(f"/staff/batches/{batch}/close")
    page = staff.get(f"/staff/batches/{batch}").text
    assert "Còn 1 tệp gửi dở" in page
    assert "nửa.tif" in page
    staff.post(f"/staff/batches/{batch}/close", anyway="on")
    assert "Đang xử lý" in staff.get(f"/staff/batches/{batch}").text
    assert left_on_disk(staff) == []
