"""The queue carries word of work: the most urgent first, little of it, and never anything that runs."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from rq import Queue as RedisList
from rq.serializers import JSONSerializer
from servers import Redis

from repository.domain.errors import ServerUnreachable
from repository.domain.jobs import Priority, WindowJob
from repository.jobs.port import Letter, Queue
from repository.jobs.rq import DAY, RqQueue

pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    here = Redis(tmp_path_factory.mktemp("redis"))
    here.start()
    yield here
    here.stop()


def queue_on(server: Redis, prefix: str = "site") -> RqQueue:
    return RqQueue(f"redis://127.0.0.1:{server.port}/0", prefix, server.password)


@pytest.fixture
def raw(server: Redis) -> Iterator[redis.Redis]:
    """The server itself, empty, as whoever breaks into it has it."""
    with redis.Redis(port=server.port, password=server.password) as connection:
        connection.flushall()
        yield connection


@pytest.fixture
def queue(server: Redis, raw: redis.Redis) -> Iterator[Queue]:
    opened = queue_on(server)
    yield opened
    opened.close()


def job(number: int, priority: Priority = Priority.BATCH, token: int = 0) -> WindowJob:
    return WindowJob(number, priority, "b", "TV", token)


def taken(queue: Queue) -> list[int]:
    found = []
    while letter := queue.take(1):
        found.append(letter.job)
    return found


def test_a_letter_is_a_job_and_its_token(queue: Queue) -> None:
    queue.deliver([job(7, token=3)])
    assert queue.take(1) == Letter(7, 3, Priority.BATCH)
    assert queue.take(1) is None


def test_a_reader_goes_before_a_correction_before_a_batch(queue: Queue) -> None:
    queue.deliver([job(1), job(2), job(3, Priority.CORRECTION), job(4, Priority.READER), job(5, Priority.CORRECTION)])
    assert queue.depth() == {Priority.READER: 1, Priority.CORRECTION: 2, Priority.BATCH: 2}
    assert taken(queue) == [4, 3, 5, 1, 2]


def test_a_letter_that_comes_while_somebody_waits_is_there_at_once(queue: Queue) -> None:
    queue.deliver([job(1)])
    started = time.monotonic()
    assert queue.take(2) is not None
    assert time.monotonic() - started < 0.5


def test_what_waits_is_present_and_what_was_taken_is_not(queue: Queue) -> None:
    queue.deliver([job(1), job(2, Priority.READER)])
    assert queue.present() == {1, 2}
    queue.take(1)
    assert queue.present() == {1}


def test_a_forgotten_job_is_not_delivered(queue: Queue) -> None:
    queue.deliver([job(1), job(2)])
    queue.forget(1)
    queue.forget(99)
    assert taken(queue) == [2]


def test_sites_on_one_server_do_not_see_each_other(server: Redis, queue: Queue) -> None:
    other = queue_on(server, "other")
    other.deliver([job(1)])
    assert queue.present() == frozenset()
    assert queue.take(1) is None
    assert taken(other) == [1]
    other.close()


def test_everything_lost_can_be_delivered_again(queue: Queue, raw: redis.Redis) -> None:
    queue.deliver([job(1)])
    raw.flushall()
    assert queue.present() == frozenset()
    queue.deliver([job(1)])
    assert taken(queue) == [1]


def test_the_server_holds_json_and_nothing_of_letters_that_were_taken(queue: Queue, raw: redis.Redis) -> None:
    queue.deliver([job(1, token=5)])
    [key] = raw.keys("rq:job:*")
    form = json.loads(_unpacked(raw.hget(key, "data")))
    assert form == ["ingest.delivery.do", None, [1, 5], {}]
    assert 0 < raw.ttl(key) <= DAY
    taken(queue)
    assert raw.keys("rq:job:*") == []


def test_a_letter_that_asks_for_another_function_is_dead_and_calls_nothing(
    queue: Queue, raw: redis.Redis, tmp_path: Path
) -> None:
    done = tmp_path / "done"
    theirs = RedisList("site-reader", connection=raw, serializer=JSONSerializer)
    theirs.enqueue("os.mkdir", str(done), job_id="site-666", on_success=None)
    queue.deliver([job(1)])
    assert queue.take(1) is None
    assert not done.exists()
    assert taken(queue) == [1]
    [dead] = queue.dead()
    assert dead.name == "site-666"
    assert "os.mkdir" in dead.reason


def test_a_pickled_letter_is_dead_and_is_not_opened(queue: Queue, raw: redis.Redis, tmp_path: Path) -> None:
    done = tmp_path / "done"
    theirs = RedisList("site-batch", connection=raw)  # RQ's own habit is pickle
    theirs.enqueue(Path.mkdir, done, job_id="site-667")
    assert queue.take(1) is None
    assert not done.exists()
    assert [dead.name for dead in queue.dead()] == ["site-667"]


@pytest.mark.parametrize("args", [[], [1], [1, 2, 3], ["1", 2], [True, 2], [None, None], [{"job": 1}, 2]])
def test_a_letter_without_a_job_and_a_token_is_dead(queue: Queue, raw: redis.Redis, args: list[object]) -> None:
    theirs = RedisList("site-batch", connection=raw, serializer=JSONSerializer)
    theirs.enqueue("ingest.delivery.do", args=args, job_id="site-1")
    assert queue.take(1) is None
    assert len(queue.dead()) == 1


def test_rubbish_in_the_list_does_not_stop_those_behind_it(queue: Queue, raw: redis.Redis) -> None:
    raw.rpush("rq:queue:site-reader", "nobody", "site-9", "site-x", b"\xff\xfe")
    raw.hset("rq:job:site-9", mapping={"data": b"\x80\x04", "created_at": "yesterday", "status": "?"})
    queue.deliver([job(1)])
    found = [queue.take(1) for _ in range(5)]
    assert [letter.job for letter in found if letter] == [1]
    assert queue.present() == frozenset()


def test_a_server_that_is_away_is_named_within_seconds_and_its_password_is_not(server: Redis, queue: Queue) -> None:
    queue.ping()
    server.freeze()
    started = time.monotonic()
    with pytest.raises(ServerUnreachable) as caught:
        queue.ping()
    server.thaw()
    assert time.monotonic() - started < 10
    assert "Redis" in str(caught.value)
    assert server.password not in f"{caught.value} {caught.value.__cause__}"
    queue.ping()


def test_a_wrong_password_is_told_without_it(server: Redis) -> None:
    queue = RqQueue(f"redis://127.0.0.1:{server.port}/0", "site", "not-the-password")
    with pytest.raises(ServerUnreachable) as caught:
        queue.deliver([job(1)])
    assert "not-the-password" not in f"{caught.value!r} {caught.value.__cause__!r} {queue!r}"
    queue.close()


def _unpacked(data: object) -> bytes:
    import zlib

    assert isinstance(data, bytes)
    return zlib.decompress(data)
