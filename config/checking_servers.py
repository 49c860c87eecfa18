"""The four servers asked whether they let us in, are new enough and hold what a site needs."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis
from redis.exceptions import AuthenticationError, RedisError
from sqlalchemy import text

from config.settings import Settings
from repository.db.engine import PING, make_engine
from repository.db.failures import failures_named
from repository.domain.errors import N_, DiachiError, ServerUnreachable, StoreFailed, WrongUse
from repository.search.opensearch_connection import Connection, NotLetIn
from repository.storage.minio_check import problems
from repository.storage.minio_client import MinioConnection, MinioKey
from repository.storage.minio_errors import said
from repository.storage.minio_rights import Buckets

OLDEST = {"PostgreSQL": (14,), "OpenSearch": (2, 10), "Redis": (6, 0)}
SECONDS = 3.0
_NEEDS_UTF8 = "UTF8"
_TABLES_OR_RIGHT = (
    "SELECT to_regclass('alembic_version') IS NOT NULL OR coalesce(has_schema_privilege(current_schema(), 'CREATE'), "
    "false)"
)


def postgresql(settings: Settings) -> list[DiachiError]:
    """Lets us in, is new enough, keeps UTF-8, has our tables or lets us make them."""
    engine = make_engine(settings.database_url, settings.database_password.get_secret_value())
    try:
        with failures_named(), engine.get_execution_options().get(PING, engine).connect() as connection:
            version = str(connection.scalar(text("SHOW server_version")))
            coding = str(connection.scalar(text("SHOW server_encoding")))
            may_begin = bool(connection.scalar(text(_TABLES_OR_RIGHT)))
    finally:
        engine.dispose()
    found = _too_old("PostgreSQL", version)
    if coding != _NEEDS_UTF8:
        found.append(WrongUse(N_("Cơ sở dữ liệu PostgreSQL ghi bằng mã {coding}; hãy tạo lại nó với ENCODING 'UTF8'."),
                              coding=coding))  # fmt: skip
    if not may_begin:
        found.append(
            WrongUse(
                N_("Cơ sở dữ liệu PostgreSQL còn trống mà người dùng trong DIACHI_DATABASE_URL không được tạo bảng ở "
                   "đó; hãy giao nó cho người dùng ấy: ALTER DATABASE … OWNER TO …")
            )
        )  # fmt: skip
    return found


def minio(settings: Settings) -> list[DiachiError]:
    """Lets us in, has the buckets, keeps every version of a master and lets nobody delete one."""
    key = MinioKey(settings.minio_endpoint, settings.minio_access_key, settings.minio_secret_key.get_secret_value(),
                   settings.minio_tls, settings.minio_ca_file)  # fmt: skip
    connection, buckets = MinioConnection(key), Buckets(settings.minio_bucket_prefix)
    try:
        with said(connection.endpoint, "HeadBucket", buckets.masters):  # tells quickly when nobody is there
            there = connection.client(patient=False).bucket_exists(buckets.masters)
    except StoreFailed as refused:
        raise WrongUse(refused.template, **refused.params) from refused
    if not there:
        return [WrongUse(N_("MinIO chưa có ngăn chứa {bucket}; hãy chạy diachi storage setup."),
                         bucket=buckets.masters)]  # fmt: skip
    told = problems(connection, buckets, settings.minio_retention_days)
    return [StoreFailed(N_("MinIO: {problem}"), problem=problem) for problem in told]


def opensearch(settings: Settings) -> list[DiachiError]:
    """Lets us in and is new enough."""
    connection = Connection(
        settings.opensearch_urls, settings.opensearch_user, settings.opensearch_password.get_secret_value(),
        settings.opensearch_ca_file,
    )  # fmt: skip
    try:
        answer = connection.ask("GET", "/", timeout=SECONDS)
    except NotLetIn as refused:
        raise WrongUse(refused.template, **refused.params) from refused
    finally:
        connection.close()
    version = answer.get("version", {}) if isinstance(answer, dict) else {}
    if version.get("distribution") != "opensearch":
        return [WrongUse(N_("DIACHI_OPENSEARCH_URLS trỏ tới một máy chủ không phải OpenSearch."))]
    return _too_old("OpenSearch", str(version.get("number", "0")))


def redis(settings: Settings) -> list[DiachiError]:
    """Lets us in and is new enough."""
    with _of_redis():
        options = {"ssl_ca_certs": str(settings.redis_ca_file)} if settings.redis_ca_file else {}
        client = Redis.from_url(
            settings.redis_url, password=settings.redis_password.get_secret_value() or None, socket_timeout=SECONDS,
            socket_connect_timeout=SECONDS, **options,
        )  # fmt: skip
        with client:
            version = str(client.info("server")["redis_version"])
    return _too_old("Redis", version)


@contextmanager
def _of_redis() -> Iterator[None]:
    try:
        yield
    except AuthenticationError as error:
        raise WrongUse(
            N_("Redis không nhận mật khẩu; hãy sửa DIACHI_REDIS_PASSWORD hoặc DIACHI_REDIS_PASSWORD_FILE.")
        ) from error
    except (RedisError, OSError) as error:
        raise ServerUnreachable(
            N_("Máy chủ {server} không trả lời ({cause}); hãy kiểm tra máy chủ ấy và các thiết lập DIACHI_REDIS_…."),
            server="Redis", cause=type(error).__name__,
        ) from error  # fmt: skip


def _too_old(server: str, version: str) -> list[DiachiError]:
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    oldest = OLDEST[server]
    if numbers >= oldest:
        return []
    wanted = ".".join(map(str, oldest))
    return [WrongUse(N_("{server} là bản {version}, quá cũ; cần từ bản {wanted}."), server=server, version=version[:40],
                     wanted=wanted)]  # fmt: skip
