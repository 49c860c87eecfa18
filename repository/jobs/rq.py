"""The queue on Redis, in RQ's own form: a list a priority, a hash a letter.

A letter is a job's id and token as JSON. Whoever can write to Redis must not thereby run code here: nothing that comes
from it is unpickled, and no function is called by the name that a letter gives; a name other than ours makes the letter
a dead one."""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue as RedisList
from rq.exceptions import DequeueTimeout, DeserializationError
from rq.job import Job
from rq.queue import EnqueueData
from rq.serializers import JSONSerializer

from repository.domain.errors import N_, ServerUnreachable
from repository.domain.jobs import Priority, WindowJob
from repository.jobs.port import DeadLetter, Letter

log = logging.getLogger(__name__)

DO = "ingest.delivery.do"
ANSWER_SECONDS = 3.0  # longer than anybody waits for a letter in one go
DAY = 24 * 3600
NAMES = {Priority.READER: "reader", Priority.CORRECTION: "correction", Priority.BATCH: "batch"}


class RqQueue:
    """The queue port on a Redis server; connects when first asked. `prefix` sets this site's queues apart."""

    def __init__(self, url: str, prefix: str, password: str | None = None, ca_file: Path | None = None) -> None:
        self._redis = _client(url, password, ca_file)
        self._prefix = prefix
        self._lists = {
            priority: RedisList(f"{prefix}-{name}", connection=self._redis, serializer=JSONSerializer)
            for priority, name in NAMES.items()
        }

    def deliver(self, jobs: Sequence[WindowJob]) -> None:
        """Put letters into the queue; see the port. A letter that nobody takes is gone after a day."""
        with _answering(), self._redis.pipeline() as pipeline:
            for priority, into in self._lists.items():
                datas = [
                    self._written(job) for job in {job.id: job for job in jobs if job.priority is priority}.values()
                ]
                if datas:
                    into.enqueue_many(datas, pipeline=pipeline)
            pipeline.execute()

    def present(self) -> frozenset[int]:
        """Ids of the jobs whose letters wait; see the port."""
        with _answering(), self._redis.pipeline(transaction=False) as pipeline:
            for each in self._lists.values():
                pipeline.lrange(each.key, 0, -1)
            names = [name.decode("utf-8", "replace") for found in pipeline.execute() for name in found]
        return frozenset(job for job in map(self._job, names) if job is not None)

    def take(self, seconds: int) -> Letter | None:
        """The next letter; see the port. `seconds` below ANSWER_SECONDS; a dead letter counts as none."""
        with _answering():
            try:
                taken = RedisList.dequeue_any(
                    list(self._lists.values()), seconds, self._redis, serializer=JSONSerializer
                )
            except DequeueTimeout:
                return None
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                log.warning("letter %s cannot be read: %s", getattr(error, "job_id", "?"), type(error).__name__)
                return None
            return self._open(*taken) if taken else None

    def depth(self) -> Mapping[Priority, int]:
        """How many letters wait; see the port."""
        with _answering(), self._redis.pipeline(transaction=False) as pipeline:
            for each in self._lists.values():
                pipeline.llen(each.key)
            return dict(zip(self._lists, pipeline.execute(), strict=True))

    def dead(self) -> list[DeadLetter]:
        """Letters that no worker could make anything of, in the last seven days."""
        found = []
        with _answering():
            for each in self._lists.values():
                names = each.failed_job_registry.get_job_ids()
                jobs = Job.fetch_many(names, self._redis, serializer=JSONSerializer)
                found += [DeadLetter(job.id, str(job.meta.get("reason", "?"))) for job in jobs if job]
        return found

    def forget(self, job: int) -> None:
        """Take the job's letters out; see the port."""
        name = self._name(job)
        with _answering(), self._redis.pipeline() as pipeline:
            for each in self._lists.values():
                pipeline.lrem(each.key, 0, name)
            pipeline.delete(Job.key_for(name))
            pipeline.execute()

    def ping(self) -> None:
        """Whether the server answers; see the port."""
        with _answering():
            self._redis.ping()

    def close(self) -> None:
        """Give back every connection."""
        self._redis.close()

    def _written(self, job: WindowJob) -> EnqueueData:
        return RedisList.prepare_data(
            DO, args=[job.id, job.token], job_id=self._name(job.id), ttl=DAY, result_ttl=0, failure_ttl=7 * DAY,
            timeout=-1, description=f"job {job.id}",
        )  # fmt: skip

    def _open(self, job: Job, came_by: RedisList) -> Letter | None:
        """Read the letter and throw its envelope away: from here on the ledger knows."""
        priority = next(each for each, queue in self._lists.items() if queue.key == came_by.key)
        try:
            number, token = _contents(job)
        except ValueError as error:
            self._bury(job, came_by, str(error))
            return None
        self._redis.delete(job.key)
        return Letter(number, token, priority)

    def _bury(self, job: Job, came_by: RedisList, reason: str) -> None:
        log.warning("dead letter %s: %s", job.id, reason)
        job.meta = {"reason": reason}
        job.save_meta()  # type: ignore[no-untyped-call]
        came_by.failed_job_registry.add(job, ttl=7 * DAY)

    def _name(self, job: int) -> str:
        return f"{self._prefix}-{job}"

    def _job(self, name: str) -> int | None:
        number = name.removeprefix(f"{self._prefix}-")
        return int(number) if number.isdecimal() else None


def _contents(job: Job) -> tuple[int, int]:
    """Job id and token; raises ValueError for what is not a letter of ours."""
    try:
        name, args = job.func_name, list(job.args)
    except (DeserializationError, TypeError, ValueError) as error:
        raise ValueError("not JSON in RQ's form") from error
    if name != DO:
        raise ValueError(f"asks for {name!r:.80}, which is not called from here")
    if len(args) != 2 or not all(type(each) is int for each in args):
        raise ValueError(f"carries {json.dumps(args):.80} instead of a job and its token")
    return args[0], args[1]


def _client(url: str, password: str | None, ca_file: Path | None) -> Redis:
    options: dict[str, object] = {"ssl_ca_certs": str(ca_file)} if ca_file and url.startswith("rediss:") else {}
    return Redis.from_url(
        url, password=password or None, socket_timeout=ANSWER_SECONDS, socket_connect_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 1), health_check_interval=30, **options,
    )  # fmt: skip


@contextmanager
def _answering() -> Iterator[None]:
    """Redis refusing or not answering is one error of ours; a password is in none of its messages."""
    try:
        yield
    except (RedisError, OSError) as error:
        raise ServerUnreachable(
            N_("Máy chủ {server} không trả lời ({cause}); hãy kiểm tra máy chủ ấy và các thiết lập DIACHI_REDIS_…."),
            server="Redis", cause=type(error).__name__,
        ) from error  # fmt: skip
