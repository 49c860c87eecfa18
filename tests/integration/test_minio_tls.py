"""MinIO over TLS: trusted by a CA file of the library's own, refused without it."""

import io
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from minio_site import MinioSite, set_up_site
from servers import Minio as MinioServer

from repository.domain.errors import ServerUnreachable, StoreFailed

pytestmark = pytest.mark.service


class OverTls(MinioServer):
    """MinIO with a certificate of its own."""

    def command(self) -> list[str]:
        return [*super().command(), "--certs-dir", str(self.folder / "certs")]

    def ready(self) -> bool:
        asked = ["openssl", "s_client", "-connect", f"127.0.0.1:{self.port}", "-brief"]
        return subprocess.run(asked, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 0


def openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def authority(folder: Path, name: str) -> Path:
    """A new certificate authority; its key lies beside it."""
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", f"/CN={name}", "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt")  # fmt: skip
    return folder / f"{name}.crt"


def certificate(folder: Path, ca: Path, into: Path) -> None:
    """A certificate for 127.0.0.1, as MinIO wants it named."""
    into.mkdir(parents=True)
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=minio",
            "-keyout", into / "private.key", "-out", folder / "request")  # fmt: skip
    openssl("x509", "-req", "-days", "2", "-in", folder / "request", "-CA", ca, "-CAkey", ca.with_suffix(".key"),
            "-CAcreateserial", "-extfile", folder / "names", "-out", into / "public.crt")  # fmt: skip


@pytest.fixture
def site(tmp_path: Path) -> Iterator[MinioSite]:
    ca = authority(tmp_path, "thu-vien")
    certificate(tmp_path, ca, tmp_path / "server" / "certs")
    server = OverTls(tmp_path / "server")
    server.start()
    yield set_up_site(server, "secured", tmp_path, ca)
    server.stop()


def test_tls_with_the_librarys_own_authority(site: MinioSite, tmp_path: Path) -> None:
    content = os.urandom(20 << 20)
    for store in (site.masters(), site.store(site.buckets.derivatives)):
        store.ping()
        kept = store.put(io.BytesIO(content))
        with store.open(kept.key, kept.version) as stream:
            assert stream.read() == content
    other = authority(tmp_path, "ke-khac")
    for untrusted in (replace(site.wanted.application, ca_file=other), replace(site.wanted.application, ca_file=None)):
        store = site.store(site.buckets.masters, key=untrusted)
        for attempt in (store.ping, lambda store=store: store.put(io.BytesIO(b"x"))):  # type: ignore[misc]
            with pytest.raises(ServerUnreachable, match="Không tin được chứng chỉ TLS"):
                attempt()
    unsecured = replace(site.wanted.application, tls=False, ca_file=None)
    with pytest.raises(StoreFailed) as refused:
        site.store(site.buckets.masters, key=unsecured).put(io.BytesIO(b"x"))
    assert "MinIO (127.0.0.1" in str(refused.value)
