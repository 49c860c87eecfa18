"""The servers' and the proxy's containers: their commands, settings files and health checks, with the real programs."""

import http.client
import shutil
import ssl
import subprocess
import tempfile
import threading
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg
import pytest
import redis
import server_binaries as binaries
from containers_here import DOCKER, Container, caddy, certificates_in, free_ports, secrets_in
from live_site import strips, wait_until
from production_site import set_up_storage
from servers import Postgres
from servers_here import Servers

from repository.jobs.rq import RqQueue
from repository.storage.minio_client import MinioConnection, MinioKey

ONE, SHARED_FILE, WORKERS = "compose.yaml", "compose.shared.yaml", "compose.workers.yaml"

pytestmark = [pytest.mark.service, pytest.mark.slow]


@pytest.fixture
def secrets(tmp_path: Path) -> dict[str, Path]:
    return secrets_in(tmp_path / "secrets")


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    return certificates_in(tmp_path / "certificates", "localhost", "127.0.0.1")


def text(path: Path) -> str:
    return path.read_text().strip()


@pytest.mark.parametrize("file", [ONE, SHARED_FILE])
def test_redis_wants_its_password_and_refuses_work_rather_than_forget_it(
    file: str, tmp_path: Path, secrets: dict[str, Path], certificates: Path
) -> None:
    plain, tls = free_ports(2)
    here = {**secrets, "6379": plain, "6380": tls, "/certificates": certificates, "bind *": "bind 127.0.0.1"}
    check = Container(ONE, "redis", {**here, "dir /tmp": f"dir {tmp_path}"})
    server = Container(file, "redis", {**here, "dir /tmp": f"dir {tmp_path}"})
    server.health = check.health  # type: ignore[method-assign]
    assert not check.is_well()
    with server.running(tmp_path / "redis") as process:
        password = text(secrets["/run/secrets/redis-password"])
        assert password not in " ".join(Path(f"/proc/{process.pid}/cmdline").read_text().split("\0"))
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=plain).ping()
        known = redis.Redis(port=plain, password=password)
        assert known.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
        assert known.config_get("save")["save"] == ""
        if file == SHARED_FILE:
            RqQueue(f"rediss://localhost:{tls}/0", "t", password, certificates / "ca.crt").ping()


def test_minio_takes_its_root_password_from_the_file(tmp_path: Path, secrets: dict[str, Path]) -> None:
    (port,) = free_ports(1)
    server = Container(
        ONE, "minio", {**secrets, ":9000": f"127.0.0.1:{port}", "9000": port, "/data": tmp_path / "data"}
    )
    assert not server.is_well()
    with server.running(tmp_path / "minio"):
        key = MinioKey(f"127.0.0.1:{port}", "diachi-root", text(secrets["/run/secrets/minio-root-password"]))
        assert MinioConnection(key).client().list_buckets() == []


@contextmanager
def database(file: str, secrets: Mapping[str, Path], certificates: Path) -> Iterator[int]:
    """The server of `file`, made and prepared as its image does it. Gives its port."""
    with tempfile.TemporaryDirectory(prefix="diachi-postgres-") as name:
        folder = Path(name)  # not one of pytest's: the plain user may not go in there
        owner = Postgres(folder)
        tls = folder / "certificates"
        shutil.copytree(certificates, tls)
        shutil.copy(secrets["/run/secrets/postgres-password"], folder / "pwfile")
        shutil.copy(DOCKER / "postgres/access.conf", folder)
        for path in (folder, tls, *tls.iterdir(), folder / "pwfile", folder / "access.conf"):
            owner.own(path)
        (port,) = free_ports(1)
        here = {"/certificates": tls, "/etc/postgresql-access.conf": folder / "access.conf", "5432": port}
        image = Container(ONE, "postgres", here)
        env = {**image.environment(), "PGHOST": str(folder), "PGPORT": str(port)}
        initdb = [binaries.postgres_folder() / "initdb", "-D", folder / "data", "-U", env["POSTGRES_USER"], "--pwfile",
                  folder / "pwfile", *env["POSTGRES_INITDB_ARGS"].split()]  # fmt: skip
        subprocess.run(initdb, check=True, capture_output=True, cwd=folder, **owner.credentials())
        script = folder / "10-diachi.sh"
        written = (DOCKER / "postgres/10-diachi.sh").read_text()
        there = "/run/secrets/database-password"
        script.write_text(written.replace(there, str(secrets[there])))
        command = [*Container(file, "postgres", here).command(), "-D", str(folder / "data"), "-p", str(port),
                   "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}"]  # fmt: skip
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, **owner.credentials())
        try:
            ready = [binaries.postgres_folder() / "pg_isready", "--quiet"]
            wait_until(lambda: subprocess.run(ready, env=env, check=False).returncode == 0, "PostgreSQL", 30)
            subprocess.run(["bash", script], check=True, env=env, stdout=subprocess.DEVNULL)
            assert image.is_well()
            yield port
        finally:
            process.terminate()
            process.wait()


@pytest.mark.parametrize("file", [ONE, SHARED_FILE])
def test_the_databases_user_is_its_owner_and_nothing_more(
    file: str, secrets: dict[str, Path], certificates: Path
) -> None:
    with database(file, secrets, certificates) as port:
        password = text(secrets["/run/secrets/database-password"])
        for how in ["prefer"] if file == ONE else ["prefer", f"verify-full sslrootcert={certificates / 'ca.crt'}"]:
            about = f"host=localhost port={port} user=diachi dbname=diachi password={password} sslmode={how}"
            with psycopg.connect(about) as connection:
                assert connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = 'diachi'").fetchone() == (
                    False,
                )
                connection.execute("CREATE TABLE mine (id int)")
                assert connection.pgconn.ssl_in_use == (file == SHARED_FILE)
                connection.rollback()
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(f"host=127.0.0.1 port={port} user=diachi dbname=diachi password=wrong").close()
        if file == SHARED_FILE:
            root = text(secrets["/run/secrets/postgres-password"])
            with psycopg.connect(f"host=localhost port={port} user=postgres password={root}") as connection:
                assert connection.execute(
                    "SELECT count(*) FROM pg_hba_file_rules WHERE error IS NOT NULL"
                ).fetchone() == (0,)


class _Upstream(BaseHTTPRequestHandler):
    """Says who it thinks is asking."""

    def do_GET(self) -> None:
        body = repr([self.headers.get(name) for name in ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host")])
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_arguments: object) -> None:
        pass


@contextmanager
def upstream(port: int) -> Iterator[None]:
    server = ThreadingHTTPServer(("127.0.0.1", port), _Upstream)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def proxy(folder: Path, tls: str, certificates: Path) -> Iterator[dict[str, int]]:
    names = ("HTTP_PORT", "HTTPS_PORT", "HEALTH_PORT", "UPSTREAM")
    ports = dict(zip(names, free_ports(4), strict=True))
    settings = folder / "caddy"
    shutil.copytree(DOCKER / "caddy", settings)
    site = settings / "Caddyfile"
    site.write_text(site.read_text().replace("/etc/caddy", str(settings)))
    here = {"/etc/caddy": settings, "8079": ports["HEALTH_PORT"]}
    service = Container(ONE, "proxy", here, {"SITE_HOST": "localhost", "TLS": tls})
    more = {name: str(port) for name, port in ports.items()} | {
        "UPSTREAM": f"127.0.0.1:{ports['UPSTREAM']}", "CERTIFICATES": str(certificates),
        "XDG_DATA_HOME": str(folder / "data"), "XDG_CONFIG_HOME": str(folder), "HOME": str(folder),
    }  # fmt: skip
    with service.running(folder, **more):
        wait_until(lambda: has_certificate(ports["HTTPS_PORT"]), "a certificate")
        yield ports


def has_certificate(port: int) -> bool:
    """Whether the proxy has what it needs to speak TLS as localhost: an authority answers in its own time."""
    try:
        ssl.get_server_certificate(("localhost", port), timeout=10)
    except ssl.SSLError:
        return False
    return True


def asked(port: int, ca_file: Path, path: str = "/", **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPSConnection(
        "localhost", port, timeout=40, context=ssl.create_default_context(cafile=str(ca_file))
    )
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body


@pytest.mark.parametrize("tls", ["local", "files"])
def test_the_proxy_speaks_tls_and_tells_the_site_who_asks(tls: str, tmp_path: Path, certificates: Path) -> None:
    for kind in ("crt", "key"):
        shutil.copy(certificates / f"servers.{kind}", certificates / f"site.{kind}")
    with proxy(tmp_path / "proxy", tls, certificates) as ports, upstream(ports["UPSTREAM"]):
        local_ca = tmp_path / "proxy/data/caddy/pki/authorities/local/root.crt"
        trusted = local_ca if tls == "local" else certificates / "ca.crt"
        status, body = asked(ports["HTTPS_PORT"], trusted, **{"X-Forwarded-For": "203.0.113.9"})
        assert (status, body) == (200, f"['127.0.0.1', 'https', 'localhost:{ports['HTTPS_PORT']}']")

        plain = http.client.HTTPConnection("localhost", ports["HTTP_PORT"], timeout=10)
        plain.request("GET", "/s?q=x")
        answer = plain.getresponse()
        assert answer.status == 308
        assert answer.headers["Location"] == "https://localhost/s?q=x"
        plain.close()


def test_readers_wait_while_the_web_container_is_replaced(tmp_path: Path, certificates: Path) -> None:
    with proxy(tmp_path / "proxy", "local", certificates) as ports, ExitStack() as later:
        ca_file = tmp_path / "proxy/data/caddy/pki/authorities/local/root.crt"
        timer = threading.Timer(1.0, lambda: later.enter_context(upstream(ports["UPSTREAM"])))
        timer.start()
        assert asked(ports["HTTPS_PORT"], ca_file)[0] == 200
        timer.join()


def test_the_proxy_settings_for_public_certificates_are_sound(tmp_path: Path) -> None:
    site = tmp_path / "Caddyfile"
    site.write_text((DOCKER / "caddy/Caddyfile").read_text().replace("/etc/caddy", str(DOCKER / "caddy")))
    env = {"SITE_HOST": "diachi.example", "TLS": "automatic", "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    command = [str(caddy()), "validate", "--adapter", "caddyfile", "--config", str(site)]
    subprocess.run(command, env=env, check=True, capture_output=True)


def test_a_worker_on_another_machine_reaches_every_server_over_tls(
    servers: Servers, own_name: str, tmp_path: Path, secrets: dict[str, Path], certificates: Path
) -> None:
    minio, opensearch, health, redis_plain, redis_tls = free_ports(5)
    own = servers.settings(own_name)
    set_up_storage(servers, own, tmp_path / "setup")
    secrets["/run/secrets/minio-secret-key"] = Path(own["DIACHI_MINIO_SECRET_KEY_FILE"])
    settings = DOCKER / "caddy"
    gateway = Container(
        SHARED_FILE, "gateway", {**secrets, "/etc/caddy": settings, "8079": health, "caddy ": f"{caddy()} "}
    )
    gateway_env = {
        "MINIO_PORT": str(minio), "OPENSEARCH_PORT": str(opensearch), "HEALTH_PORT": str(health),
        "MINIO_UPSTREAM": own["DIACHI_MINIO_ENDPOINT"], "CERTIFICATES": str(certificates),
        "OPENSEARCH_UPSTREAM": own["DIACHI_OPENSEARCH_URLS"].removeprefix("http://"),
        "XDG_DATA_HOME": str(tmp_path), "HOME": str(tmp_path),
    }  # fmt: skip
    queue_here = {**secrets, "6379": redis_plain, "6380": redis_tls, "bind *": "bind 127.0.0.1",
                  "/certificates": certificates, "dir /tmp": f"dir {tmp_path}"}  # fmt: skip
    queue = Container(SHARED_FILE, "redis", queue_here)
    queue.health = Container(ONE, "redis", queue_here).health  # type: ignore[method-assign]
    with (
        database(SHARED_FILE, secrets, certificates) as port,
        queue.running(tmp_path / "redis"),
        gateway.running(tmp_path / "gateway", **gateway_env),
    ):
        ca_file = certificates / "ca.crt"
        assert asked(opensearch, ca_file)[0] == 401
        known = b64encode(f"diachi:{text(secrets['/run/secrets/opensearch-password'])}".encode()).decode()
        assert asked(opensearch, ca_file, "/_cluster/health", Authorization=f"Basic {known}")[0] == 200
        here = {**secrets, ":5432": f":{port}", ":9000": f":{minio}", ":9200": f":{opensearch}",
                ":6380": f":{redis_tls}", "/certificates": certificates, "/data": tmp_path / "worker"}  # fmt: skip
        values = {"SERVERS_HOST": "localhost", "SITE_HOST": "diachi.example", "OCR_WORKERS": "1", "WORKER_HOST": "w"}
        worker = Container(WORKERS, "workers", here, values)
        apart = {key: own[key] for key in own if key.endswith(("_BUCKET_PREFIX", "_INDEX", "_PREFIX"))}
        data = {"DIACHI_DATA": str(tmp_path / "worker"), **apart}
        with worker.running(tmp_path / "worker", **data):
            strips(tmp_path / "scans", 1)
            env = {**worker.environment(), **data, "DIACHI_DATA": str(tmp_path / "elsewhere")}
            diachi = Container(ONE, "web", {}).command()[0]
            subprocess.run(
                [diachi, "ingest", "--publish", tmp_path / "scans"], env=env, check=True, capture_output=True
            )
            subprocess.run([diachi, "search", "không"], env=env, check=True, capture_output=True)
