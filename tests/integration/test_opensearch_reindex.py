"""The ledger's text in OpenSearch: taken up, lost and rebuilt, rebuilt while it serves, over TLS with a password."""

import http.client
import ssl
import subprocess
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from reading_room import ReadingRoom
from search_samples import drop_index, filled, found, own_index, page, search
from servers_here import Servers

from repository.catalog.indexing import Indexing
from repository.domain.errors import ServerUnreachable, StoreFailed
from repository.domain.records import Description
from repository.search.opensearch_connection import Connection
from repository.search.opensearch_index import OpenSearchIndex

pytestmark = pytest.mark.service
SPAN = timedelta(seconds=20)


class Shelf:
    """A reading room whose text is searched in OpenSearch; `clerk` is whoever writes the index."""

    def __init__(self, folder: Path, url: str) -> None:
        self.name, self.url = own_index(), url
        self.room = ReadingRoom(folder)
        self.index = OpenSearchIndex([url], self.name)
        self.clerk = Indexing(self.room.services.ledger, self.index)

    def add(self, code: str, *lines: str) -> str:
        return self.room.add_item(code, Description(f"Tập {code}"), [[line] for line in lines])

    def work(self) -> None:
        """What a clerk does in its rounds, until there is nothing left; every look is due."""
        self.clerk._looked = -1000.0
        while self.clerk.catch_up():
            pass
        self.clerk._looked = -1000.0
        self.clerk.catch_up()

    def finds(self, query: str) -> int:
        return search(OpenSearchIndex([self.url], self.name), query).total


@pytest.fixture
def shelf(servers: Servers, tmp_path: Path) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path / "site", servers.opensearch.settings()["DIACHI_OPENSEARCH_URLS"])
    shelf.add("A", "đình làng cổ", "chùa trên núi")
    shelf.add("B", "bến sông xưa")
    shelf.clerk.owe_everything()  # the room's own index has taken them up
    yield shelf
    drop_index(shelf.url, shelf.name)
    shelf.room.close()


def test_a_new_index_takes_up_what_the_ledger_owes(shelf: Shelf) -> None:
    shelf.work()
    assert not shelf.clerk.owing()
    assert (shelf.finds("đình"), shelf.finds("song"), shelf.finds("Tập")) == (1, 1, 2)
    assert shelf.index.count() == 5


def test_a_lost_index_is_noticed_and_rebuilt_while_the_clerk_works(shelf: Shelf) -> None:
    shelf.work()
    Connection([shelf.url]).ask("DELETE", f"/{shelf.name}-v*")
    with pytest.raises(StoreFailed):
        shelf.finds("đình")
    shelf.work()
    assert shelf.index.count() == 5
    assert shelf.finds("đình") == 1


def test_a_rebuild_serves_all_along_and_leaves_out_what_the_ledger_does_not_know(shelf: Shelf) -> None:
    shelf.work()
    filled(shelf.index, [page("không ai biết", "px", "unknown")])
    shelf.clerk.rebuild()
    assert shelf.clerk.owing()
    assert shelf.finds("đình") == shelf.finds("biết") == 1
    shelf.work()
    assert not shelf.clerk.owing()
    assert (shelf.finds("đình"), shelf.finds("biết")) == (1, 0)
    assert shelf.index.count() == 5


def test_what_the_ledger_does_not_know_is_removed_in_time_without_a_rebuild(shelf: Shelf) -> None:
    shelf.work()
    filled(shelf.index, [page("không ai biết", "px", "unknown")])
    shelf.clerk._tidied = -1000.0
    shelf.work()
    assert (shelf.finds("đình"), shelf.finds("biết")) == (1, 0)


def test_an_item_withdrawn_during_a_rebuild_is_in_neither(shelf: Shelf) -> None:
    shelf.work()
    with shelf.room.services.ledger.read() as work:
        item = work.items.by_code("TN", "A")
    assert item is not None
    shelf.clerk.rebuild()
    shelf.index.remove_item(item.id)
    shelf.index.commit()
    assert shelf.finds("đình") == 0
    shelf.index.finish_rebuild()
    assert shelf.finds("đình") == 0


def test_a_clerk_relieved_in_mid_write_changes_nothing(shelf: Shelf) -> None:
    """It reads the ledger, sleeps through its dismissal and a correction taken up by the next clerk, and wakes."""
    ledger = shelf.room.services.ledger
    with ledger.write() as work:
        work.duties.take("clerk", "first", SPAN)
    asleep, awake = threading.Event(), threading.Event()

    class Sleeper(OpenSearchIndex):
        def commit(self) -> None:
            asleep.set()
            awake.wait(30)
            super().commit()

    late = Indexing(ledger, Sleeper([shelf.url], shelf.name))
    OpenSearchIndex([shelf.url], shelf.name).begin_rebuild(lambda: None)
    thread = threading.Thread(target=late.catch_up)
    thread.start()
    assert asleep.wait(30)
    with ledger.write() as work:
        work.duties.leave("clerk", "first")
        work.duties.take("clerk", "second", SPAN)
        item = work.items.by_code("TN", "A")
        assert item is not None
        page_id = work.pages.of_item(item.id, approved_only=False)[0].id
        text = work.texts.current([page_id])[page_id]
        words = tuple(replace(word, text="miếu") if word.text == "đình" else word for word in text.words)
        work.texts.add(page_id, "correction", replace(text, words=words), "c", "ai đó")
        work.items.touch(item.id)
    shelf.work()
    awake.set()
    thread.join(30)
    assert (shelf.finds("miếu"), shelf.finds("đình")) == (1, 0)


# --- TLS ------------------------------------------------------------------------------------------------------------


def openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def authority(folder: Path, name: str) -> Path:
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", f"/CN={name}", "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt")  # fmt: skip
    return folder / f"{name}.crt"


@contextmanager
def tls_before(port: int, folder: Path, ca: Path, user: str, password: str) -> Iterator[int]:
    """A port that speaks TLS with a certificate of `ca`, lets one user in, and hands on to the server on `port`."""
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=opensearch",
            "-keyout", folder / "key", "-out", folder / "request")  # fmt: skip
    openssl("x509", "-req", "-days", "2", "-in", folder / "request", "-CA", ca, "-CAkey", ca.with_suffix(".key"),
            "-CAcreateserial", "-extfile", folder / "names", "-out", folder / "crt")  # fmt: skip
    wanted = f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, told, kind = 401, b"Unauthorized", "text/plain"
            if self.headers.get("Authorization") == wanted:
                inner = http.client.HTTPConnection("127.0.0.1", port)
                inner.request(self.command, self.path, body, {"Content-Type": self.headers["Content-Type"] or ""})
                answer = inner.getresponse()
                status, told, kind = answer.status, answer.read(), answer.getheader("Content-Type", "")
                inner.close()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        do_GET = do_POST = do_PUT = do_DELETE = any  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # who distrusts us hangs up
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "crt", folder / "key")
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield int(server.server_address[1])
    server.shutdown()
    server.server_close()


def test_tls_and_password(servers: Servers, tmp_path: Path) -> None:
    ca, other, name = authority(tmp_path, "thu-vien"), authority(tmp_path, "ke-khac"), own_index()
    with tls_before(servers.opensearch.port, tmp_path, ca, "kho", "mật khẩu: dài") as port:
        urls = [f"https://127.0.0.1:{port}"]
        index = OpenSearchIndex(urls, name, "kho", "mật khẩu: dài", ca)
        index.begin_rebuild(lambda: None)
        filled(index, [page("qua TLS")])
        assert found(index, "TLS") == ["p1"]
        index.ping()
        for untrusted in (other, None):
            stranger = OpenSearchIndex(urls, name, "kho", "mật khẩu: dài", untrusted)
            with pytest.raises(ServerUnreachable, match=r"TLS.*certificate verify failed"):
                stranger.ping()
        wrong = OpenSearchIndex(urls, name, "kho", "mật khẩu khác", ca)
        with pytest.raises(StoreFailed, match="DIACHI_OPENSEARCH_PASSWORD_FILE") as refused:
            wrong.ping()
        assert "mật khẩu khác" not in f"{refused.value!r} {wrong!r} {vars(refused.value)}"
        index.close()
    drop_index(servers.opensearch.settings()["DIACHI_OPENSEARCH_URLS"], name)
