"""The four servers of the production profile, for tests, benchmarks and trials."""

import os
import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import server_binaries as binaries
from server_process import HOST, AsPlainUser, Server, answers, connects, free_port, start_all, write_secret

__all__ = ["Minio", "OpenSearch", "Postgres", "Redis", "Server", "free_port", "start_all", "write_secret"]


class Postgres(AsPlainUser):
    """PostgreSQL with the database and the user `diachi`."""

    name = "PostgreSQL"
    stop_signal = signal.SIGINT

    def __init__(self, folder: Path, port: int = 0, lasting: bool = False) -> None:
        super().__init__(folder, port, lasting)
        self.password_file = folder / "password"

    @property
    def password(self) -> str:
        """Of the users diachi and postgres."""
        return self.password_file.read_text()

    def prepare(self) -> None:
        """initdb, once."""
        data = self.folder / "data"
        if (data / "PG_VERSION").exists():
            (data / "postmaster.pid").unlink(missing_ok=True)
            return
        write_secret(self.password_file)
        self.own(self.password_file)
        data.mkdir(mode=0o700, exist_ok=True)
        self.own(data)
        binaries_at = binaries.postgres_folder()
        subprocess.run(
            [binaries_at / "initdb", "--pgdata", data, "--username", "postgres", "--pwfile", self.password_file,
             "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8"],
            check=True, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **self.credentials(),
        )  # fmt: skip

    def command(self) -> list[str]:
        """In the foreground, TCP only."""
        options = {
            "listen_addresses": HOST,
            "unix_socket_directories": "",
            "max_connections": "200",
            "shared_buffers": "128MB",
        }
        chosen = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        return [
            str(binaries.postgres_folder() / "postgres"),
            "-D",
            str(self.folder / "data"),
            "-p",
            str(self.port),
            *chosen,
        ]

    def ready(self) -> bool:
        """Whether it takes questions (during recovery it refuses them)."""
        return connects(self.port) and self._sql("postgres", "SELECT 1", check=False).returncode == 0

    def wait(self) -> None:
        """Until it answers and has its user and database."""
        super().wait()
        if "diachi" not in self._sql("postgres", "SELECT rolname FROM pg_roles").stdout:
            self._sql("postgres", f"CREATE ROLE diachi LOGIN CREATEDB PASSWORD '{self.password}'")
            self._sql("postgres", "CREATE DATABASE diachi OWNER diachi")

    def create_database(self, name: str) -> None:
        """Another database of the user diachi."""
        self._sql("postgres", f"CREATE DATABASE {name} OWNER diachi")

    def settings(self) -> dict[str, str]:
        """See Server."""
        return {
            "DIACHI_DATABASE_URL": f"postgresql+psycopg://diachi@{HOST}:{self.port}/diachi",
            "DIACHI_DATABASE_PASSWORD_FILE": str(self.password_file),
        }

    def _sql(self, database: str, statement: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        psql = [str(binaries.postgres_folder() / "psql"), "-h", HOST, "-p", str(self.port), "-U", "postgres", "-XAtq",
                "-v", "ON_ERROR_STOP=1", "-d", database]  # fmt: skip
        env = {**os.environ, "PGPASSWORD": self.password, "PGCONNECT_TIMEOUT": "5"}
        return subprocess.run(  # a statement may hold a password, and everybody may read command lines
            psql, input=statement, env=env, capture_output=True, text=True, check=check, cwd=self.folder
        )


class Redis(Server):
    """Redis that keeps nothing on disk."""

    name = "Redis"

    @property
    def password(self) -> str:
        """Its password."""
        return (self.folder / "password").read_text()

    def prepare(self) -> None:
        """Its settings in a file, so that the password is on no command line."""
        write_secret(self.folder / "password")
        lines = [f"bind {HOST}", f"port {self.port}", 'save ""', "appendonly no", f"requirepass {self.password}"]
        settings = self.folder / "redis.conf"
        settings.touch(mode=0o600)
        settings.write_text("\n".join(lines) + "\n")

    def command(self) -> list[str]:
        """In the foreground."""
        return [str(binaries.redis()), str(self.folder / "redis.conf")]

    def ready(self) -> bool:
        """Whether it answers a ping."""
        try:
            with socket.create_connection((HOST, self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                answers = connection.makefile("rb")
                return [answers.readline(), answers.readline()] == [b"+OK\r\n", b"+PONG\r\n"]
        except OSError:
            return False

    def settings(self) -> dict[str, str]:
        """See Server."""
        return {
            "DIACHI_REDIS_URL": f"redis://{HOST}:{self.port}/0",
            "DIACHI_REDIS_PASSWORD_FILE": str(self.folder / "password"),
        }


class Minio(Server):
    """MinIO with its root user; the application's key is made by `diachi storage setup`."""

    name = "MinIO"
    root_user = "root-of-minio"

    @property
    def root_password(self) -> str:
        """Of the root user."""
        return (self.folder / "root-password").read_text()

    def prepare(self) -> None:
        """Passwords: root's and those that the two keys will have."""
        for name in ("root-password", "secret-key", "custodian-secret-key"):
            write_secret(self.folder / name)

    def environment(self) -> dict[str, str]:
        """Root's name and password."""
        return {
            "MINIO_ROOT_USER": self.root_user,
            "MINIO_ROOT_PASSWORD": self.root_password,
            "MINIO_BROWSER": "off",
            "MINIO_UPDATE": "off",
        }

    def command(self) -> list[str]:
        """One drive, one node."""
        return [
            str(binaries.minio()),
            "server",
            str(self.folder / "data"),
            "--address",
            f"{HOST}:{self.port}",
            "--quiet",
        ]

    def ready(self) -> bool:
        """Whether it reads and writes: `health/ready` says yes before it has opened its drives."""
        return answers(f"http://{HOST}:{self.port}/minio/health/cluster")

    def settings(self) -> dict[str, str]:
        """See Server."""
        return {
            "DIACHI_MINIO_ENDPOINT": f"{HOST}:{self.port}",
            "DIACHI_MINIO_ACCESS_KEY": "diachi-app",
            "DIACHI_MINIO_SECRET_KEY_FILE": str(self.folder / "secret-key"),
            "DIACHI_MINIO_CUSTODIAN_ACCESS_KEY": "diachi-custodian",
            "DIACHI_MINIO_CUSTODIAN_SECRET_KEY_FILE": str(self.folder / "custodian-secret-key"),
        }


class OpenSearch(AsPlainUser):
    """One OpenSearch node; `seeds` are the transport ports of a cluster's first nodes, this one's among them."""

    name = "OpenSearch"

    def __init__(
        self, folder: Path, port: int = 0, lasting: bool = False, heap: str = "1g", seeds: tuple[int, ...] = ()
    ) -> None:
        super().__init__(folder, port, lasting)
        self.heap, self.seeds = heap, seeds
        self.transport = free_port()
        self.options: dict[str, str] = {}

    def prepare(self) -> None:
        """A tree of links to the distribution, and this node's own settings."""
        home = self.folder / "home"
        if not home.exists():
            _link_tree(binaries.opensearch(), home)
        config = self.folder / "config"
        if not config.exists():
            shutil.copytree(home / "config", config)
            java = config / "jvm.options"  # no files beside the distribution: it belongs to another user
            java.write_text(re.sub(r"(?m)^(.*(logs/|-XX:HeapDumpPath))", r"#\1", java.read_text()))
        for folder in (config, self.folder / "data", self.folder / "logs"):
            folder.mkdir(exist_ok=True)
            self.own(folder)
        (config / "opensearch.yml").write_text("".join(f"{key}: {value}\n" for key, value in self._options().items()))

    def command(self) -> list[str]:
        """In the foreground."""
        return [str(self.folder / "home" / "bin" / "opensearch")]

    def environment(self) -> dict[str, str]:
        """Java, heap and folders."""
        return {
            "OPENSEARCH_JAVA_HOME": str(binaries.java_home()),
            "OPENSEARCH_JAVA_OPTS": f"-Xms{self.heap} -Xmx{self.heap}",
            "OPENSEARCH_PATH_CONF": str(self.folder / "config"),
            "OPENSEARCH_TMPDIR": str(self.folder / "logs"),
        }

    def ready(self) -> bool:
        """Whether the cluster has a manager and its primaries."""
        return answers(f"http://{HOST}:{self.port}/_cluster/health?wait_for_status=yellow&timeout=1s")

    def settings(self) -> dict[str, str]:
        """See Server."""
        return {"DIACHI_OPENSEARCH_URLS": f"http://{HOST}:{self.port}"}

    def _options(self) -> dict[str, str]:
        options = {
            "network.host": HOST,
            "http.port": str(self.port),
            "transport.port": str(self.transport),
            "path.data": str(self.folder / "data"),
            "path.logs": str(self.folder / "logs"),
            "cluster.routing.allocation.disk.threshold_enabled": "false",  # the machine's own disk is no matter here
        }
        if self.seeds:
            nodes = ", ".join(f'"{HOST}:{seed}"' for seed in self.seeds)
            options |= {"node.name": f"node-{self.transport}", "discovery.seed_hosts": f"[{nodes}]"}
            names = ", ".join(f'"node-{seed}"' for seed in self.seeds)
            options["cluster.initial_cluster_manager_nodes"] = f"[{names}]"
        else:
            options["discovery.type"] = "single-node"
        return options | self.options


def _link_tree(source: Path, target: Path) -> None:
    """Hard links where the file system allows, else copies: the plain user may not enter the caller's home."""
    try:
        shutil.copytree(source, target, copy_function=os.link)
    except (OSError, shutil.Error):
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target)
