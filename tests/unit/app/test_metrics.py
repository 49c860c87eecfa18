"""`/metrics`: what Prometheus reads, who may read it, and that the dashboard asks for nothing else."""

import json
import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from reading_room import ReadingRoom

from app.factory import create_app
from repository.domain.batches import Reason, StepName
from repository.domain.jobs import JobKind, Priority
from repository.domain.records import Description

ROOT = Path(__file__).parents[3]


@pytest.fixture
def room(tmp_path):
    room = ReadingRoom(tmp_path)
    yield room
    room.close()


@pytest.fixture
def busy(room):
    """A site on which every figure has something to count."""
    item = room.add_item("DC1", Description("Địa chí"), [["một trang"], ["hai trang"]])
    with room.services.ledger.write() as work:
        first, second = work.pages.of_item(item, approved_only=False)
        for page in (first, second):
            work.steps.owe_all(page.id)
        work.steps.done(first.id, StepName.RECOGNISE, 3.0)
        work.steps.set_aside(second.id, StepName.OPEN, Reason("Ảnh {name} hỏng.", {"name": "x.jpg"}))
        work.pages.set_state(second.id, "set_aside")
        file, _new = work.files.add(first.batch, "hong.pdf", 3, "b" * 64)
        work.files.set_refused(file.id, Reason("Tệp {name} hỏng.", {"name": "hong.pdf"}))
        work.jobs.enqueue(JobKind.PAGE, first.id, first.batch, Priority.READER)
        work.masters.checked(first.image)
        work.journal.set("backup.last_good", "2026-01-02T03:04:05+00:00")
        work.workers.beat("worker-0", "worker", "elsewhere", 1, None)
    return room


def scraped(client):
    answer = client.get("/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_counts_what_the_ledger_knows(busy):
    client = create_app(busy.services).test_client()
    client.get("/")
    found = scraped(client)
    assert found["diachi_queue_jobs", ("priority", "reader"), ("state", "waiting")] == 1
    assert found["diachi_pages", ("state", "set_aside")] == 1
    assert found["diachi_set_aside_pages", ("reason", "Ảnh {name} hỏng."), ("step", "open")] == 1
    assert found["diachi_refused_files", ("reason", "Tệp {name} hỏng.")] == 1
    assert found["diachi_step_seconds_sum", ("step", "recognise")] == 3.0
    assert found["diachi_step_seconds_bucket", ("le", "2.5"), ("step", "recognise")] == 0
    assert found["diachi_step_seconds_bucket", ("le", "5.0"), ("step", "recognise")] == 1
    assert found["diachi_masters",] == 2
    assert found["diachi_masters_unchecked",] == 1
    assert found["diachi_fixity_age_seconds",] < 60
    assert found["diachi_workers", ("kind", "worker")] == 1
    assert found["diachi_index_owed", ("what", "pages")] == 2
    assert found["diachi_server_up", ("part", "ledger"), ("server", "SQLite")] == 1
    assert found["diachi_backup_age_seconds",] > 0
    assert found["diachi_http_request_seconds_count", ("method", "GET"), ("route", "/"), ("status", "2xx")] >= 1


def test_no_item_page_or_reader_has_a_label_of_its_own(busy):
    client = create_app(busy.services).test_client()
    client.get("/search?q=bí+mật")
    client.get("/items/khong-co-tai-lieu-nay")
    told = client.get("/metrics").text
    assert "mật" not in told
    assert "khong-co-tai-lieu-nay" not in told
    assert "x.jpg" not in told


def test_is_for_this_machine_alone_or_whoever_has_the_token(room):
    app = create_app(room.services)
    assert app.test_client().get("/metrics", environ_overrides={"REMOTE_ADDR": "203.0.113.9"}).status_code == 403
    assert app.test_client().get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 403
    object.__setattr__(room.services.settings, "metrics_token", SecretStr("thẻ-đọc-số-liệu"))
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}
    for token, status in (("thẻ-đọc-số-liệu", 200), ("sai", 403), ("", 403)):
        headers = {"Authorization": f"Bearer {token}".encode().decode("latin-1")}
        answer = app.test_client().get("/metrics", environ_overrides=elsewhere, headers=headers)
        assert answer.status_code == status


def test_figures_are_not_counted_at_every_scrape(busy):
    client = create_app(busy.services).test_client()
    before = scraped(client)
    with busy.services.ledger.write() as work:
        work.jobs.enqueue(JobKind.PAGE, "another", "batch", Priority.READER)
    assert scraped(client)["diachi_queue_jobs", ("priority", "reader"), ("state", "waiting")] == 1
    assert before["diachi_masters",] == 2


def test_the_dashboard_asks_only_for_metrics_that_exist(busy):
    client = create_app(busy.services).test_client()
    client.get("/items/khong-co")
    exported = {name for name, *_labels in scraped(client)} | {"diachi_http_errors_total"}
    dashboard = json.loads((ROOT / "docker/grafana/dashboard.json").read_text(encoding="utf-8"))
    asked = {
        name
        for panel in dashboard["panels"]
        for target in panel.get("targets", [])
        for name in re.findall(r"\bdiachi_\w+", target["expr"])
    }
    assert len(asked) > 12
    assert asked - exported == set()
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))
