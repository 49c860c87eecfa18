"""Log lines: what each tells, in both forms, and what none may ever tell."""

import io
import json
import logging
import os
import threading
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr
from reading_room import ReadingRoom

from app.factory import create_app
from config.logging_setup import MASK, Masked, start_logging
from config.settings import Settings
from repository.domain.jobs import JobKind
from repository.domain.records import Description
from repository.domain.tracing import about, doing, marks, sane, trace

SECRET = 'mật-khẩu "rất" bí mật'


@pytest.fixture
def lines(tmp_path):
    """Starts logging in a form, gives the lines so far; the root logger is as before afterwards, but for a handler that
    a command run in this process may have left."""
    root = logging.getLogger()
    before, level = [each for each in root.handlers if not isinstance(each.formatter, Masked)], root.level
    stream = io.StringIO()

    def start(form: str = "json", role: str = "web") -> io.StringIO:
        settings = Settings(data=tmp_path, log_format=form, minio_secret_key=SecretStr(SECRET))
        start_logging(settings, role, stream=stream)
        return stream

    yield start
    for handler in root.handlers[:]:
        if isinstance(handler.formatter, Masked):
            root.removeHandler(handler)
    assert root.handlers == before
    root.setLevel(level)
    logging.captureWarnings(capture=False)


def told(stream: io.StringIO) -> list[dict]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_json_line_says_who_when_and_about_what(lines):
    stream = lines(role="worker")
    with about(trace="abc123", job="7", page="p1", batch="b1"):
        logging.getLogger("ingest.worker").warning("bước %s chậm", "mở ảnh")
    line = told(stream)[0]
    assert line["message"] == "bước mở ảnh chậm"
    assert (line["level"], line["logger"], line["role"], line["pid"]) == (
        "WARNING", "ingest.worker", "worker", os.getpid(),
    )  # fmt: skip
    assert (line["trace"], line["job"], line["page"], line["batch"]) == ("abc123", "7", "p1", "b1")
    assert line["host"]
    assert line["time"].startswith("20")


def test_a_text_line_says_the_same(lines):
    stream = lines("text")
    with about(trace="abc123"):
        logging.getLogger("app").warning("chậm")
    assert " web[" in stream.getvalue()
    assert "WARNING app: chậm trace=abc123" in stream.getvalue()


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_secret_is_blotted_out_wherever_it_stands(lines, form):
    stream = lines(form)
    log = logging.getLogger("x")
    log.warning("mở bằng %s", SECRET)
    try:
        raise RuntimeError(f"refused: {SECRET}")
    except RuntimeError:
        log.exception("hỏng")
    assert "bí mật" not in stream.getvalue()
    assert stream.getvalue().count(MASK) >= 2


def test_an_error_nobody_caught_is_logged(lines):
    stream = lines()

    def fail() -> None:
        raise ValueError("không ai bắt")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    line = told(stream)[-1]
    assert line["level"] == "CRITICAL"
    assert "không ai bắt" in line["exc_info"]


def test_marks_end_with_their_block():
    with about(trace="one", page=None):
        assert dict(marks()) == {"trace": "one"}
        with about(page="p"):
            assert dict(marks()) == {"trace": "one", "page": "p"}
        assert trace() == "one"
    assert trace() is None


@pytest.mark.parametrize(
    ("given", "is_sane"),
    [("abc-1.2_3", True), ("", False), ("x" * 65, False), ("a\nb", False), ("<b>", False), ("đ", False)],
)
def test_which_ids_from_outside_are_taken(given, is_sane):
    assert sane(given) is is_sane


class TestFromWebToWorker:
    @pytest.fixture
    def client(self, tmp_path) -> FlaskClient:
        self.room = ReadingRoom(tmp_path / "site")
        self.room.add_item("DC1", Description("Sách"), [["một trang"]])
        yield create_app(self.room.services).test_client()
        self.room.close()

    def test_an_answer_carries_the_id_it_was_given_or_a_new_one(self, client):
        assert client.get("/", headers={"X-Request-ID": "proxy-77"}).headers["X-Request-ID"] == "proxy-77"
        made = client.get("/", headers={"X-Request-ID": "<script>"}).headers["X-Request-ID"]
        assert sane(made)
        assert made != client.get("/").headers["X-Request-ID"]

    def test_a_line_for_each_request_without_what_was_looked_for(self, client, lines):
        stream = lines()
        client.get("/search?q=chuyen+rieng&lang=vi", headers={"X-Request-ID": "r1"})
        client.get("/healthz")
        line = next(line for line in told(stream) if line["logger"] == "access")
        assert (line["status"], line["route"], line["trace"]) == (200, "/search", "r1")
        assert line["milliseconds"] > 0
        assert "rieng" not in stream.getvalue()
        assert "healthz" not in stream.getvalue()

    def test_a_job_keeps_the_id_and_its_worker_takes_it_up(self, client):
        ledger = self.room.services.ledger
        with about(trace="r2"), ledger.write() as work:
            work.jobs.enqueue(JobKind.FILE, "f1", "b1")
        with ledger.write() as work:
            job = work.jobs.claim("w", [JobKind.FILE], timedelta(seconds=60))
        assert job is not None
        with doing(job):
            assert dict(marks()) == {"trace": "r2", "job": str(job.id), "batch": "b1", "file": "f1"}
            with ledger.write() as work:
                work.jobs.enqueue(JobKind.PAGE, "p1", "b1")
        with ledger.write() as work:
            page = work.jobs.claim("w", [JobKind.PAGE], timedelta(seconds=60))
        assert page is not None
        assert page.trace == "r2"
