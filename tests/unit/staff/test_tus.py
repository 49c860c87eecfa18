"""The upload door speaks tus 1.0.0: core, creation, expiration, termination."""

import fcntl
import io
from email.utils import parsedate_to_datetime

import pytest
from people import ADMIN, STAFF
from staff_desk import metadata

from app.staff.room import uploading
from repository.domain.errors import InputRefused

CHUNK = "application/offset+octet-stream"
BODY = bytes(range(256)) * 40


@pytest.fixture
def staff(desk_of):
    return desk_of("canbo")


@pytest.fixture
def batch(staff):
    return staff.open_batch()


def in_batch(staff, batch):
    return [(each["name"], each["size"]) for each in staff.get(f"/staff/batches/{batch}/files.json").json["files"]]


def content(staff, batch):
    """The bytes of the batch's only file."""
    (file,) = staff.services.intake.files(ADMIN, batch)
    _, stream = staff.services.intake.original(ADMIN, file.id)
    with stream:
        return stream.read()


def left_on_disk(staff):
    return list(staff.services.settings.uploads_folder.iterdir())


def test_options_tell_what_the_server_can(staff):
    answer = staff.client.options("/staff/uploads/")
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert set(answer.headers["Tus-Extension"].split(",")) == {"creation", "expiration", "termination"}
    assert int(answer.headers["Tus-Max-Size"]) == staff.services.settings.max_file_bytes


def test_a_file_comes_in_by_chunks(staff, batch):
    made = staff.create(batch, "tập 1/DC0012_0001.tif", len(BODY))
    assert made.status_code == 201
    assert made.headers["Upload-Offset"] == "0"
    assert parsedate_to_datetime(made.headers["Upload-Expires"])
    place = made.headers["Location"]
    first = staff.patch(place, 0, BODY[:4000])
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "4000")
    seen = staff.tus("HEAD", place)
    assert (seen.status_code, seen.headers["Upload-Offset"], seen.headers["Upload-Length"]) == (200, "4000", "10240")
    assert seen.headers["Cache-Control"] == "no-store"
    assert in_batch(staff, batch) == []
    assert staff.patch(place, 4000, BODY[4000:]).headers["Upload-Offset"] == "10240"
    assert in_batch(staff, batch) == [("tập 1/DC0012_0001.tif", len(BODY))]
    assert content(staff, batch) == BODY
    assert left_on_disk(staff) == []


def test_every_answer_names_the_version_and_a_request_without_it_is_turned_away(staff, batch):
    assert staff.create(batch, "a", 1).headers["Tus-Resumable"] == "1.0.0"
    answer = staff.tus("POST", "/staff/uploads/", Tus_Resumable="0.2.2", Upload_Length="1")
    assert (answer.status_code, answer.headers["Tus-Version"]) == (412, "1.0.0")


def test_bytes_at_another_place_are_refused(staff, batch):
    place = staff.create(batch, "a.tif", 100).headers["Location"]
    assert staff.patch(place, 5, b"x").status_code == 409
    staff.patch(place, 0, b"x" * 10)
    assert staff.patch(place, 0, b"x" * 10).status_code == 409
    assert staff.tus("HEAD", place).headers["Upload-Offset"] == "10"


def test_a_chunk_of_another_type_is_refused(staff, batch):
    place = staff.create(batch, "a.tif", 100).headers["Location"]
    assert staff.patch(place, 0, b"x", Content_Type="application/octet-stream").status_code == 415


@pytest.mark.parametrize("offset", ["", "-1", "x", "1.0", "²"])
def test_an_offset_that_is_no_number_is_refused(staff, batch, offset):
    place = staff.create(batch, "a.tif", 100).headers["Location"]
    answer = staff.tus(
        "PATCH",
        place,
        b"x",
        Content_Type="application/offset+octet-stream",
        Upload_Offset=offset.encode("utf-8").decode("latin-1"),
    )
    assert answer.status_code == 400


@pytest.mark.parametrize("length", ["", "-1", "x", "99999999999999999999"])
def test_a_length_that_is_no_number_is_refused(staff, batch, length):
    answer = staff.tus(
        "POST", "/staff/uploads/", Upload_Length=length, Upload_Metadata=metadata(batch=batch, filename="a")
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "told", ["", "batch", "batch !!!", metadata(batch="x").replace("batch", "filename"), "filename /w=="]
)
def test_metadata_that_names_no_file_or_batch_is_refused(staff, told):
    assert staff.tus("POST", "/staff/uploads/", Upload_Length="1", Upload_Metadata=told).status_code == 400


def test_more_bytes_than_promised_are_refused_and_none_of_them_kept(staff, batch):
    place = staff.create(batch, "a.tif", 100).headers["Location"]
    assert staff.patch(place, 0, b"x" * 101).status_code == 413
    assert staff.tus("HEAD", place).headers["Upload-Offset"] == "0"


def test_more_bytes_than_promised_in_a_stream_without_a_length_are_cut_off(staff, batch):
    place = staff.create(batch, "a.tif", 100).headers["Location"]
    with pytest.raises(InputRefused, match="nhiều byte hơn"):
        uploading(staff.services).append(STAFF, place.rsplit("/", 1)[1], 0, io.BytesIO(b"x" * 101))
    assert staff.tus("HEAD", place).headers["Upload-Offset"] == "0"


def test_a_file_larger_than_the_site_takes_is_refused_before_a_byte_is_sent(staff, batch):
    answer = staff.create(batch, "a.tif", staff.services.settings.max_file_bytes + 1)
    assert answer.status_code == 422
    assert "lớn hơn mức 4" in answer.text


def test_an_empty_file_is_whole_at_once(staff, batch):
    made = staff.create(batch, "rỗng.tif", 0)
    assert made.status_code == 201
    assert in_batch(staff, batch) == [("rỗng.tif", 0)]


def test_what_arrived_before_the_line_broke_is_kept(staff, batch):
    class Broken(io.BytesIO):
        """A connection that is cut after 300,000 bytes."""

        def read(self, size: int | None = -1) -> bytes:
            if self.tell() >= 300_000:
                raise ConnectionResetError
            return super().read(size)

    place = staff.create(batch, "a.tif", 1_000_000).headers["Location"]
    with pytest.raises(ConnectionResetError):
        uploading(staff.services).append(STAFF, place.rsplit("/", 1)[1], 0, Broken(b"y" * 1_000_000))
    offset = int(staff.tus("HEAD", place).headers["Upload-Offset"])
    assert 300_000 <= offset < 1_000_000
    assert staff.patch(place, offset, b"y" * (1_000_000 - offset)).status_code == 204
    assert content(staff, batch) == b"y" * 1_000_000


def test_two_senders_of_one_upload_do_not_mix(staff, batch):
    place = staff.create(batch, "a.tif", 100).headers["Location"]
    with (staff.services.settings.uploads_folder / place.rsplit("/", 1)[1]).open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        answer = staff.patch(place, 0, b"x" * 10)
        assert answer.status_code == 423
        assert "đang được gửi" in answer.text
    assert staff.patch(place, 0, b"x" * 10).status_code == 204


def test_an_upload_can_be_given_up(staff, batch):
    place = staff.create(batch, "a.tif", 100).headers["Location"]
    staff.patch(place, 0, b"x" * 10)
    assert staff.tus("DELETE", place).status_code == 204
    assert left_on_disk(staff) == []
    assert staff.tus("HEAD", place).status_code == 404
    assert staff.patch(place, 10, b"x").status_code == 404


def test_methods_may_be_named_in_a_header(staff, batch):
    place = staff.create(batch, "a.tif", 4).headers["Location"]
    answer = staff.tus(
        "POST",
        place,
        b"abcd",
        X_HTTP_Method_Override="PATCH",
        Upload_Offset="0",
        Content_Type="application/offset+octet-stream",
    )
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, "4")


def test_uploads_need_a_session_and_its_token(desk, staff, batch):
    place = staff.create(batch, "a.tif", 100).headers["Location"]
    assert desk.tus("HEAD", place).status_code == 401
    assert desk.create(batch, "a.tif", 100).status_code == 401
    assert staff.tus("DELETE", place, X_CSRFToken="x").status_code == 400


def test_staff_of_another_library_reach_neither_batch_nor_upload(staff, batch, desk_of):
    place = staff.create(batch, "a.tif", 100).headers["Location"]
    other = desk_of("ban")
    assert other.create(batch, "a.tif", 100).status_code == 403
    assert other.tus("HEAD", place).status_code == 403
    assert other.patch(place, 0, b"x").status_code == 403
    assert other.tus("DELETE", place).status_code == 403
    assert staff.tus("HEAD", place).headers["Upload-Offset"] == "0"


def test_a_closed_batch_takes_no_uploads(staff, batch):
    staff.post(f"/staff/batches/{batch}/close")
    answer = staff.create(batch, "a.tif", 100)
    assert answer.status_code == 400
    assert "đã đóng" in answer.text


def test_names_cannot_leave_the_batch(staff, batch):
    staff.send(batch, "../../etc/../ảnh\x00.tif", b"z")
    assert in_batch(staff, batch) == [("etc/ảnh.tif", 1)]
