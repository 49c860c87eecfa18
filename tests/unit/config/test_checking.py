"""Settings whose form is right but which cannot work: each is named, with what to do."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from servers import free_port

from config.checking import check_settings
from config.settings import Settings
from repository.db.engine import make_engine
from repository.db.migrate import upgrade
from repository.domain.errors import StoreFailed


def told(settings: Settings) -> list[tuple[bool, int, str]]:
    return [(each.fatal, each.exit_code, str(each.error)) for each in check_settings(settings)]


def test_nothing_is_wrong_with_a_plain_site(tmp_path):
    assert [each for each in told(Settings(data=tmp_path / "new" / "site")) if "MB" not in each[2]] == []


def test_a_language_that_tesseract_does_not_have(tmp_path):
    (fatal, code, sentence), *_more = told(Settings(data=tmp_path, languages="vie+xyz"))
    assert (fatal, code) == (True, 2)
    assert "“xyz”" in sentence
    assert "DIACHI_LANGUAGES" in sentence


def test_a_web_server_alone_does_not_need_the_language(tmp_path):
    assert not any(fatal for fatal, _code, _sentence in told(Settings(data=tmp_path, languages="xyz", workers=0)))


def test_a_data_folder_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("")
    found = told(Settings(data=tmp_path / "file"))
    assert any(fatal and "DIACHI_DATA" in sentence for fatal, _code, sentence in found)


def test_a_certificate_file_without_a_certificate(tmp_path):
    wrong = tmp_path / "ca.pem"
    wrong.write_text("not a certificate")
    found = told(Settings(data=tmp_path, minio_ca_file=wrong))
    assert any(fatal and code == 2 and "DIACHI_MINIO_CA_FILE" in sentence for fatal, code, sentence in found)


def test_servers_that_are_not_there(tmp_path):
    nowhere = f"127.0.0.1:{free_port()}"
    found = told(
        Settings(
            data=tmp_path, profile="production", database_url=f"postgresql+psycopg://u@{nowhere}/d",
            minio_endpoint=nowhere, minio_access_key="a", minio_secret_key="bbbbbbbb",
            opensearch_urls=f"http://{nowhere}", redis_url=f"redis://{nowhere}/0",
        )
    )  # fmt: skip
    for server, is_fatal in (("PostgreSQL", True), ("MinIO", False), ("OpenSearch", False), ("Redis", False)):
        assert [(fatal, code) for fatal, code, sentence in found if server in sentence] == [(is_fatal, 3)], server
    assert "bbbbbbbb" not in str(found)


@pytest.mark.service
def test_wrong_secrets_are_told_apart_from_silence(tmp_path, servers, own_name):
    settings = servers.settings(own_name)
    found = told(
        Settings(
            data=tmp_path, profile="production", database_url=settings["DIACHI_DATABASE_URL"],
            database_password="sai-mật-khẩu", minio_endpoint=settings["DIACHI_MINIO_ENDPOINT"],
            minio_access_key="nobody", minio_secret_key="sai-mật-khẩu", redis_url=settings["DIACHI_REDIS_URL"],
            redis_password="sai-mật-khẩu", opensearch_urls=settings["DIACHI_OPENSEARCH_URLS"],
        )
    )  # fmt: skip
    assert {sentence.split()[0]: code for fatal, code, sentence in found if fatal and "MB" not in sentence} == {
        "Không": 3, "MinIO": 2, "Redis": 2,
    }  # fmt: skip
    assert "password authentication failed" in str(found)
    assert "sai-mật-khẩu" not in str(found)


@pytest.mark.service
def test_an_empty_database_of_somebody_else(tmp_path, servers, own_name):
    settings = servers.settings(own_name)
    servers.postgres._sql("postgres", f"ALTER DATABASE {own_name} OWNER TO postgres")
    given = Settings(
        data=tmp_path, profile="production", database_url=settings["DIACHI_DATABASE_URL"],
        database_password=servers.postgres.password, minio_endpoint=settings["DIACHI_MINIO_ENDPOINT"],
        minio_access_key="nobody", minio_secret_key="sai-mật-khẩu", redis_url=settings["DIACHI_REDIS_URL"],
        opensearch_urls=settings["DIACHI_OPENSEARCH_URLS"],
    )  # fmt: skip
    about = [(fatal, code) for fatal, code, sentence in told(given) if "ALTER DATABASE … OWNER TO …" in sentence]
    assert about == [(True, 2)]
    engine = make_engine(given.database_url, servers.postgres.password)
    with pytest.raises(StoreFailed, match="ALTER DATABASE … OWNER TO …"):
        upgrade(engine)
    servers.postgres._sql("postgres", f"ALTER DATABASE {own_name} OWNER TO diachi")
    assert not [sentence for _, _, sentence in told(given) if "PostgreSQL" in sentence]
    engine.dispose()


@pytest.fixture
def closed_door() -> Iterator[str]:
    """The address of a server that lets nobody in."""

    class Closed(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(401)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_said: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Closed) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_wrong_password_of_opensearch_will_not_mend_by_itself(tmp_path, closed_door):
    nowhere = f"127.0.0.1:{free_port()}"
    found = told(
        Settings(
            data=tmp_path, profile="production", database_url=f"postgresql+psycopg://u@{nowhere}/d",
            minio_endpoint=nowhere, minio_access_key="a", minio_secret_key="bbbbbbbb", opensearch_urls=closed_door,
            opensearch_user="diachi", opensearch_password="sai-mật-khẩu", redis_url=f"redis://{nowhere}/0",
        )
    )  # fmt: skip
    about = [(fatal, code) for fatal, code, sentence in found if "DIACHI_OPENSEARCH_PASSWORD_FILE" in sentence]
    assert about == [(True, 2)]
    assert "sai-mật-khẩu" not in str(found)


def test_a_bucket_for_backups_is_no_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s3:").write_text("no folder can be made here")
    found = told(Settings(data=tmp_path / "site", backup_to="s3://sao-luu"))
    assert [sentence for _, _, sentence in found if "DIACHI_BACKUP_TO" in sentence] == []
