"""Work of the production profile on a real Redis, the ledger on SQLite and PostgreSQL: in turn, once, never lost."""

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from live_site import wait_until
from people import ADMIN
from PIL import Image
from rq import Queue as RedisList
from rq import SimpleWorker
from rq.serializers import JSONSerializer
from servers import Postgres, Redis
from sqlalchemy import insert
from stand_in_work import OnPostgres, StandIn, open_site, work_as

from config.services import Services
from config.settings import Settings
from ingest.clerk import Clerk
from ingest.feeder import FEWEST, Feeder
from ingest.worker import Worker
from ocr.clean_page import CleanPage
from repository.domain.batches import BatchState, StepName, StepState
from repository.domain.errors import EngineFailed, LeaseLost, ServerUnreachable
from repository.domain.jobs import JobKind, Priority
from repository.domain.pages import PageText
from repository.domain.records import Library
from repository.jobs.pool import fork
from repository.jobs.rq import DO, RqQueue

pytestmark = pytest.mark.service
KINDS = (JobKind.PAGE, JobKind.FILE)


class AwayAtFirst:
    """The masters of a server that does not answer the first `times`."""

    def __init__(self, store: object, times: int) -> None:
        self._store, self.times = store, times

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def local(self, key: str, version: str | None = None) -> object:
        if self.times:
            self.times -= 1
            raise ServerUnreachable("{server}", server="MinIO")
        return self._store.local(key, version)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    server = Redis(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with TemporaryDirectory(prefix="diachi-postgres-") as name:  # the server's user may not enter pytest's own folders
        Path(name).chmod(0o755)
        server = Postgres(Path(name) / "server")
        server.start()
        yield server
        server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path, own_name: str) -> Settings:
    if request.param == "sqlite":
        return Settings(data=tmp_path / "site")
    server = request.getfixturevalue("postgres")
    server.create_database(own_name)
    url = f"postgresql+psycopg://diachi@127.0.0.1:{server.port}/{own_name}"
    return OnPostgres(data=tmp_path / "site", database_url=url, database_password=server.password)


@pytest.fixture
def site(settings: Settings, redis: Redis) -> Iterator[Services]:
    services = open_site(settings, redis.port, redis.password)
    with services.ledger.write() as work:
        for code in ("TV", "BT"):
            work.libraries.put(Library(code, code))
    yield services
    assert services.queue is not None
    services.queue.close()
    services.ledger.close()


@pytest.fixture
def feeder(site: Services) -> Feeder:
    return new_feeder(site)


def new_feeder(site: Services, name: str = "feeder") -> Feeder:
    assert site.queue is not None
    return Feeder(site, site.queue, name)


def owe(site: Services, library: str, pages: int, priority: Priority = Priority.BATCH) -> str:
    """Jobs of a batch whose pages are gone: each is done as soon as it is looked at."""
    batch = site.intake.open_batch(ADMIN, library, library).id
    with site.ledger.write() as work:
        for number in range(pages):
            work.jobs.enqueue(JobKind.PAGE, f"{batch[:10]}{number:06d}", batch, priority)
    return batch


def hand_in(site: Services, folder: Path, pages: int) -> str:
    """A real batch of small pages."""
    folder.mkdir()
    batch = site.intake.open_batch(ADMIN, folder.name, "TV").id
    for number in range(pages):
        image = Image.effect_noise((300, 400), 60 + number)
        image.save(folder / f"T_{number + 1:03d}.png", dpi=(100, 100))
        with (folder / f"T_{number + 1:03d}.png").open("rb") as stream:
            site.intake.receive(ADMIN, batch, f"T_{number + 1:03d}.png", stream)
    site.intake.close(ADMIN, batch)
    return batch


def owed(site: Services, batch: str) -> int:
    with site.ledger.read() as work:
        return sum(each.batch == batch for each in work.jobs.window(10_000))


def count(site: Services) -> int:
    with site.ledger.read() as work:
        return work.jobs.count()


def each_step_once(site: Services, batch: str, pages: int) -> None:
    with site.ledger.read() as work:
        found = work.pages.of_batch(batch)
        assert len(found) == pages
        for page in found:
            steps = work.steps.of(page.id)
            read = [steps[name] for name in StepName if name is not StepName.INDEX]
            assert [(step.state, step.runs) for step in read] == [(StepState.DONE, 1)] * len(read)


def do_all(site: Services, feeder: Feeder, worker: Worker) -> None:
    until = time.monotonic() + 60
    while count(site) and time.monotonic() < until:
        feeder.feed()
        worker.work_once()
    assert count(site) == 0


def test_a_batch_goes_through_the_queue_to_its_end(site: Services, feeder: Feeder, tmp_path: Path) -> None:
    batch = hand_in(site, tmp_path / "lô", 3)
    do_all(site, feeder, Worker(site, StandIn(), "w"))
    while site.indexing.catch_up():
        pass
    site.finishing.finish_batches()
    each_step_once(site, batch, 3)
    assert site.progressing.progress(ADMIN, batch).state is BatchState.DONE


def test_the_queue_holds_a_short_window_however_much_is_owed(site: Services, feeder: Feeder) -> None:
    owe(site, "TV", 300)
    for _ in range(3):
        feeder.feed()
    assert site.queue is not None
    assert site.queue.depth()[Priority.BATCH] == FEWEST


def test_ten_pages_beside_a_thousand_of_another_library_have_their_share(site: Services, feeder: Feeder) -> None:
    big = owe(site, "TV", 1000)
    feeder.feed()
    small = owe(site, "BT", 10)
    worker = Worker(site, StandIn(), "w")
    while owed(site, small):
        feeder.feed()
        assert worker.work_once()
    assert 1000 - owed(site, big) <= FEWEST + 2 * 10 + 2


def test_a_reader_is_served_within_a_second_before_a_hundred_thousand_pages(
    site: Services, settings: Settings, redis: Redis
) -> None:
    owe_very_many(site, 100_000)
    fed = fork(lambda: new_feeder(open_site(settings, redis.port, redis.password), "feeder-of-its-own").run())
    queue = site.queue
    assert queue is not None
    wait_until(lambda: queue.depth()[Priority.BATCH] >= FEWEST, "a full window", 30)
    owe(site, "BT", 1, Priority.READER)
    asked = time.monotonic()
    wait_until(lambda: queue.depth()[Priority.READER], "the reader's letter", 30)
    assert time.monotonic() - asked < 1.0
    os.kill(fed, signal.SIGTERM)
    assert os.waitpid(fed, 0)[1] == 0
    letter = queue.take(1)
    assert letter is not None
    assert letter.priority is Priority.READER


def owe_very_many(site: Services, pages: int) -> None:
    from repository.db.service_tables import JobRow

    batch = site.intake.open_batch(ADMIN, "nhiều", "TV").id
    rows = [{"kind": "page", "subject": f"m{number:08d}", "batch_id": batch, "priority": 50} for number in range(pages)]
    with site.ledger.write() as work:
        work._session.execute(insert(JobRow), rows)


def test_a_lost_redis_is_filled_again(site: Services, feeder: Feeder, redis: Redis, tmp_path: Path) -> None:
    batch = hand_in(site, tmp_path / "mất", 4)
    worker = Worker(site, StandIn(), "w")
    feeder.feed()
    worker.work_once()
    redis.kill()
    redis.start()
    assert site.queue is not None
    assert site.queue.present() == frozenset()
    do_all(site, feeder, worker)
    each_step_once(site, batch, 4)


def test_while_redis_is_down_workers_go_on_from_the_ledger(
    site: Services, feeder: Feeder, redis: Redis, tmp_path: Path
) -> None:
    batch = hand_in(site, tmp_path / "chết", 4)
    worker = Worker(site, StandIn(), "w")
    feeder.feed()
    worker.work_once()
    redis.kill()
    with pytest.raises(ServerUnreachable):
        feeder.feed()
    while worker.work_once():
        pass
    redis.start()
    assert count(site) == 0
    each_step_once(site, batch, 4)


def test_a_letter_delivered_twice_is_done_once(site: Services, feeder: Feeder, tmp_path: Path) -> None:
    batch = hand_in(site, tmp_path / "hai", 3)
    queue = site.queue
    assert queue is not None
    workers = [Worker(site, StandIn(), name) for name in ("a", "b")]
    while count(site):
        with site.ledger.read() as work:
            window = work.jobs.window(16)
        queue.deliver(window)
        queue.deliver(window)
        for _ in window:
            for worker in workers:
                worker.work_once()
    each_step_once(site, batch, 3)


def test_letters_of_what_is_owed_no_more_are_taken_out(site: Services, feeder: Feeder) -> None:
    batch = owe(site, "TV", 5)
    feeder.feed()
    with site.ledger.write() as work:
        work.jobs.drop(batch)
    feeder.feed()
    assert site.queue is not None
    assert site.queue.present() == frozenset()


def test_a_server_that_is_away_costs_a_page_no_try(site: Services, feeder: Feeder, tmp_path: Path) -> None:
    batch = hand_in(site, tmp_path / "xa", 1)
    do_files(site, feeder)
    worker = Worker(replace(site, masters=AwayAtFirst(site.masters, 2)), StandIn(), "w")  # type: ignore[arg-type]
    feeder.feed()
    began = time.monotonic()
    worker.work_once()
    assert time.monotonic() - began >= 1.5, "it waits a while before it asks the server for anything again"
    with site.ledger.read() as work:
        [page] = work.pages.of_batch(batch)
        step = work.steps.of(page.id)[StepName.OPEN]
        assert (step.state, step.attempts, page.set_aside) == (StepState.OWED, 0, False)
    do_all(site, feeder, worker)
    each_step_once(site, batch, 1)


def test_what_fails_while_the_machine_stops_costs_a_page_no_try(site: Services, feeder: Feeder, tmp_path: Path) -> None:
    batch = hand_in(site, tmp_path / "tắt", 1)
    do_files(site, feeder)

    class KilledWithTheRest(StandIn):
        def read(self, page: CleanPage) -> PageText:
            worker._stop(signal.SIGTERM, None)
            raise EngineFailed("{what}", what="tín hiệu 15")

    worker = Worker(site, KilledWithTheRest(), "w")
    feeder.feed()
    worker.work_once()
    with site.ledger.read() as work:
        [page] = work.pages.of_batch(batch)
        step = work.steps.of(page.id)[StepName.RECOGNISE]
        assert (step.state, step.attempts) == (StepState.OWED, 0)
    do_all(site, feeder, Worker(site, StandIn(), "w"))
    each_step_once(site, batch, 1)


def do_files(site: Services, feeder: Feeder) -> None:
    worker = Worker(site, StandIn(), "files")
    feeder.feed()
    while site.queue is not None and site.queue.present():
        worker.work_once()


@pytest.mark.slow
def test_a_page_at_fault_is_tried_again_after_a_while_and_then_set_aside_where_staff_see_it(
    site: Services, feeder: Feeder, tmp_path: Path
) -> None:
    batch = hand_in(site, tmp_path / "hỏng", 1)
    do_files(site, feeder)
    started = time.monotonic()
    do_all(site, feeder, Worker(site, StandIn(failures=99), "w"))
    assert time.monotonic() - started > 0.75 * (2 + 4)
    report = site.progressing.report(ADMIN, batch)
    assert [str(each.reason) for each in report.findings if each.kind == "set_aside"] == ["hỏng"]


def test_who_works_and_at_what_is_in_the_ledger(site: Services, feeder: Feeder, tmp_path: Path) -> None:
    hand_in(site, tmp_path / "ai", 1)
    do_files(site, feeder)
    seen = []

    class Looking(StandIn):
        def read(self, page: CleanPage) -> PageText:
            with site.ledger.read() as work:
                seen.extend(work.workers.all())
            return super().read(page)

    do_all(site, feeder, Worker(site, Looking(), "w"))
    [worker] = [each for each in seen if each.name == "w"]
    assert (worker.kind, worker.pid, worker.doing is not None and worker.doing.split()[0]) == (
        "worker",
        os.getpid(),
        "page",
    )


def test_a_worker_that_lost_its_lease_writes_nothing(site: Services, feeder: Feeder, tmp_path: Path) -> None:
    batch = hand_in(site, tmp_path / "lâu", 1)
    do_files(site, feeder)

    class Frozen(StandIn):
        def read(self, page: CleanPage) -> PageText:
            with site.ledger.write() as work:
                assert work.jobs.free("frozen") == 1
            do_all(site, feeder, Worker(site, StandIn(), "other"))
            return super().read(page)

    feeder.feed()
    Worker(site, Frozen(), "frozen").work_once()
    each_step_once(site, batch, 1)
    with site.ledger.read() as work:
        [page] = work.pages.of_batch(batch)
        assert len(work.texts.versions(page.id)) == 1


def test_a_page_that_takes_longer_than_the_lease_stays_with_its_worker(
    site: Services, settings: Settings, redis: Redis, feeder: Feeder, tmp_path: Path
) -> None:
    hand_in(site, tmp_path / "chậm", 1)
    do_files(site, feeder)
    short = settings.model_copy(update={"lease_seconds": 2})
    slow = get_context("spawn").Process(target=work_as, args=(short, redis.port, redis.password, "slow", 5.0))
    slow.start()

    def at_work() -> bool:
        feeder.feed()
        with site.ledger.write() as work:
            assert work.jobs.free() == 0
            return work.jobs.held_by("slow") is not None

    wait_until(at_work, "the page to be in hand", 60)
    wait_until(lambda: not at_work(), "the page to be read", 60)
    slow.terminate()
    slow.join(30)
    assert count(site) == 0


def test_workers_told_to_stop_under_load_finish_what_they_hold(
    site: Services, settings: Settings, redis: Redis, feeder: Feeder, tmp_path: Path
) -> None:
    hand_in(site, tmp_path / "dừng", 8)
    do_files(site, feeder)
    feeder.feed()
    spawn = get_context("spawn")  # as where they start: what a library keeps for threads is not there after a fork
    workers = [
        spawn.Process(target=work_as, args=(settings, redis.port, redis.password, name, 0.5)) for name in ("a", "b")
    ]
    for worker in workers:
        worker.start()

    def both_at_work() -> bool:
        with site.ledger.read() as work:
            return all(work.jobs.held_by(name) for name in ("a", "b"))

    wait_until(both_at_work, "both to have a page in hand", 30)
    for worker in workers:
        worker.terminate()
    for worker in workers:
        worker.join(30)
    assert [worker.exitcode for worker in workers] == [0, 0]
    with site.ledger.write() as work:
        assert work.jobs.free("a") + work.jobs.free("b") == 0
        assert not {"a", "b"} & {each.name for each in work.workers.all()}
        assert work.jobs.count() < 8


def test_an_rq_worker_that_is_not_ours_can_do_the_work_too(
    site: Services, settings: Settings, feeder: Feeder, monkeypatch: pytest.MonkeyPatch
) -> None:
    if isinstance(settings, OnPostgres):
        return  # which site it is, such a worker learns from the environment: one ledger is enough to show it
    monkeypatch.setenv("DIACHI_DATA", str(settings.data))
    owe(site, "TV", 3)
    feeder.feed()
    assert isinstance(site.queue, RqQueue)
    queues = list(site.queue._lists.values())
    worker = SimpleWorker(queues, connection=site.queue._redis, serializer=JSONSerializer)
    worker.work(burst=True)
    assert count(site) == 0
    assert site.queue.dead() == []


def test_a_letter_that_nobody_can_read_is_listed(site: Services) -> None:
    queue = site.queue
    assert isinstance(queue, RqQueue)
    name = queue._lists[Priority.BATCH].name
    RedisList(name, connection=queue._redis, serializer=JSONSerializer).enqueue(DO, "x", job_id="lạ".encode().hex())
    assert Worker(site, StandIn(), "w").work_once() is False
    [dead] = queue.dead()
    assert dead.name == "lạ".encode().hex()


def test_of_two_who_want_a_duty_one_has_it_and_the_other_follows(site: Services) -> None:
    first, second = (new_feeder(site, name) for name in ("first", "second"))
    owe(site, "TV", 1)
    first._round()
    second._round()
    with site.ledger.read() as work:
        assert work.duties.holder("feeder") == "first"
    first._duty.leave()
    second._round()
    with site.ledger.read() as work:
        assert work.duties.holder("feeder") == "second"


def test_a_clerk_off_duty_writes_nothing(site: Services, feeder: Feeder, tmp_path: Path) -> None:
    hand_in(site, tmp_path / "chỉ mục", 1)
    do_all(site, feeder, Worker(site, StandIn(), "w"))
    with site.ledger.write() as work:
        work.duties.take("clerk", "another machine's", timedelta(seconds=60))
    Clerk(site, "ours")._round()
    assert site.index.count() == 0
    with site.ledger.write() as work:
        work.duties.leave("clerk", "another machine's")
    Clerk(site, "ours")._round()
    assert site.index.count() > 0


def test_another_machines_lease_is_not_freed_by_a_start_here(site: Services) -> None:
    owe(site, "TV", 1)
    with site.ledger.write() as work:
        job = work.jobs.claim("worker-0-elsewhere", KINDS, timedelta(minutes=5))
        assert job is not None
        assert work.jobs.free("worker-0-here") == 0
        work.jobs.hold(job)
        assert work.jobs.claim("worker-0-here", KINDS, timedelta(minutes=5)) is None
        with pytest.raises(LeaseLost):
            work.jobs.hold(replace(job, token=job.token + 1))
