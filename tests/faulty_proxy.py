"""A reverse proxy that hands requests on to a real server, and fails those that a test wants to fail."""

import http.client
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PIECE = 1 << 16
HOP_BY_HOP = {"connection", "transfer-encoding", "keep-alive"}


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer so instead of the server, the request's body read to its end."""

    status: int
    body: bytes = b""
    content_type: str = "application/xml"


@dataclass(frozen=True, slots=True)
class Cut:
    """Break the connection after so many bytes of the request's body."""

    after: int


Fault = Answer | Cut | None


class FaultyProxy:
    """Listens on `port`; `fault` is asked about every request (method, path with query), None hands it on.

    `asked` counts what it was asked, `failed` what it made fail."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.fault: Callable[[str, str], Fault] = lambda _method, _path: None
        self.failed = 0
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that was cut is what tests are about."""


def _handler(proxy: FaultyProxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_any(self) -> None:
            left = int(self.headers.get("Content-Length") or 0)
            if self.headers.get("Expect", "").lower() == "100-continue":
                self.send_response_only(100)
                self.end_headers()
            match proxy.fault(self.command, self.path):
                case Answer(status, body, content_type):
                    proxy.failed += 1
                    while left and (piece := self.rfile.read(min(left, PIECE))):
                        left -= len(piece)
                    self._answer(status, [("Content-Type", content_type)], body)
                case Cut(after):
                    proxy.failed += 1
                    self.rfile.read(min(left, after))
                    self._reset()
                case None:
                    self._hand_on(left)

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_any  # noqa: N815 - the library's names

        def _hand_on(self, left: int) -> None:
            server = http.client.HTTPConnection("127.0.0.1", proxy.target, timeout=60)
            try:
                server.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    if name.lower() not in HOP_BY_HOP | {"expect"}:
                        server.putheader(name, value)
                server.endheaders()
                while left and (piece := self.rfile.read(min(left, PIECE))):
                    server.send(piece)
                    left -= len(piece)
                answer = server.getresponse()
                body = answer.read()
                kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP]
                self._answer(answer.status, kept, body)
            except OSError:
                self._reset()
            finally:
                server.close()

        def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() != "content-length" or self.command == "HEAD":
                    self.send_header(name, value)
            if self.command != "HEAD":
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def _reset(self) -> None:
            self.close_connection = True
            with suppress(OSError):
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
