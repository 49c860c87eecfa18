"""Asking OpenSearch over HTTP: several nodes, limits on every wait, its failures in the house's words."""

import logging
import os
import threading
from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from opensearchpy import OpenSearch
from opensearchpy.exceptions import (
    AuthenticationException,
    AuthorizationException,
    ConnectionError,
    ConnectionTimeout,
    ImproperlyConfigured,
    NotFoundError,
    OpenSearchException,
    SerializationError,
    SSLError,
    TransportError,
)

from repository.domain.errors import N_, DiachiError, QueryRejected, ServerUnreachable, StoreFailed

SERVER = "OpenSearch"
PATIENCE = 10.0  # seconds for one answer
_BUSY = (429, 502, 503, 504)
_TELLING = 300  # characters of the server's own words

logging.getLogger("opensearch").setLevel(logging.CRITICAL)  # it logs each try with a traceback; we raise what matters


class IndexMissing(StoreFailed):
    """The server answers, but the index or alias is not there."""


class NotLetIn(StoreFailed):
    """The server does not take the name or password, or gives no right to what was asked."""


class Busy(StoreFailed):
    """The server has too much to do, or is not ready; the same request may be sent again."""


class Connection:
    """The nodes of one cluster. A request that a node does not answer goes to the next; dead nodes are left in peace
    for a while. Safe to share between threads and after a fork. Its repr and its errors tell addresses, no secrets."""

    def __init__(self, urls: Sequence[str], user: str = "", password: str = "", ca_file: Path | None = None) -> None:
        self.where = ", ".join(_address(url) for url in urls)
        self._urls = list(urls)
        self._options: dict[str, Any] = {"timeout": PATIENCE, "dead_timeout": 5, "pool_maxsize": 32}
        if user:
            told = b64encode(f"{user}:{password}".encode()).decode()  # the client would take Latin letters only
            self._options["headers"] = {"authorization": f"Basic {told}"}
        if ca_file is not None:
            self._options |= {"ca_certs": str(ca_file), "verify_certs": True}
        self._lock = threading.Lock()
        self._clients: dict[bool, OpenSearch] = {}
        self._owner = 0

    def __repr__(self) -> str:
        return f"Connection({self.where})"

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        params: Mapping[str, Any] | None = None,
        timeout: float = PATIENCE,
        again: bool = True,
    ) -> Any:
        """The server's answer. A request that may not be sent twice is sent to one node only: `again` False.

        Raises IndexMissing, Busy, ServerUnreachable, StoreFailed, QueryRejected."""
        try:
            return self._client(again).transport.perform_request(
                method, path, params=dict(params or {}), body=body, timeout=timeout
            )
        except (OpenSearchException, SerializationError, ImproperlyConfigured) as error:
            raise self._failure(error) from error

    def close(self) -> None:
        """Close the connections; the next question opens new ones."""
        with self._lock:
            clients, self._clients = self._clients, {}
        for client in clients.values():
            client.close()

    def unreachable(self, reason: str) -> ServerUnreachable:
        """For who gets no answer."""
        return ServerUnreachable(
            N_(
                "{server} tại {where} không trả lời ({reason}). Hãy kiểm tra máy chủ đó còn chạy và còn nối mạng; "
                "việc dở sẽ tự làm tiếp khi có trả lời."
            ),
            server=SERVER,
            where=self.where,
            reason=reason,
        )

    def failed(self, kind: str, reason: str) -> DiachiError:
        """What an error of the server means to us, by its type and its own words."""
        told = f"{kind}: {reason}"[:_TELLING]
        if kind == "cluster_block_exception" and ("read-only" in reason or "flood" in reason):
            return StoreFailed(
                N_(
                    "{server} tại {where} không cho ghi vì đĩa gần đầy ({reason}). Hãy giải phóng đĩa của máy chủ đó; "
                    "khi đĩa có chỗ trở lại, việc ghi tự làm tiếp."
                ),
                server=SERVER,
                where=self.where,
                reason=told,
            )
        if "index_not_found" in kind or "alias" in kind:
            return IndexMissing(
                N_(
                    "Không có chỉ mục tìm kiếm trên {server} tại {where} ({reason}). Chỉ mục sẽ tự được dựng lại từ "
                    "văn bản đã lưu; hãy kiểm tra các tiến trình nền của kho đang chạy."
                ),
                server=SERVER,
                where=self.where,
                reason=told,
            )
        if "max_clause" in reason or "maxClauseCount" in reason or "too_many_clauses" in kind:
            return QueryRejected(
                N_("Phần đầu từ trước dấu * quá ngắn để dùng với NEAR. Hãy gõ thêm ít nhất một chữ cái.")
            )
        return StoreFailed(
            N_("{server} tại {where} từ chối việc được giao ({reason}). Hãy xem nhật ký của máy chủ đó."),
            server=SERVER,
            where=self.where,
            reason=told,
        )

    def busy(self, reason: str) -> Busy:
        """For who is told to come again later."""
        return Busy(
            N_("{server} tại {where} đang quá tải hoặc chưa sẵn sàng ({reason}). Hãy thử lại sau ít phút."),
            server=SERVER,
            where=self.where,
            reason=reason[:_TELLING],
        )

    def _client(self, again: bool) -> OpenSearch:
        with self._lock:
            if self._owner != os.getpid():
                self._owner, self._clients = os.getpid(), {}
            if again not in self._clients:
                retries = max(len(self._urls), 2) if again else 0
                self._clients[again] = OpenSearch(
                    self._urls,
                    max_retries=retries,
                    retry_on_timeout=again and len(self._urls) > 1,
                    retry_on_status=_BUSY[1:],
                    **self._options,
                )
            return self._clients[again]

    def _failure(self, error: Exception) -> DiachiError:
        match error:
            case SSLError():
                return self.unreachable(f"TLS: {error.error}"[:_TELLING])
            case ConnectionTimeout():
                return self.unreachable("quá thời gian chờ")
            case ConnectionError():
                return self.unreachable(str(error.error)[:_TELLING])
            case AuthenticationException() | AuthorizationException() if "block" not in str(error.error):
                return NotLetIn(
                    N_(
                        "{server} tại {where} không nhận tên hoặc mật khẩu đã đặt, hoặc không cho quyền ({reason}). "
                        "Hãy kiểm tra DIACHI_OPENSEARCH_USER và DIACHI_OPENSEARCH_PASSWORD_FILE."
                    ),
                    server=SERVER,
                    where=self.where,
                    reason=str(error.error)[:_TELLING],
                )
            case TransportError():
                kind, reason = _told(error)
                blocked = kind == "cluster_block_exception" and "read-only" in reason
                if error.status_code in _BUSY and not blocked:
                    return self.busy(f"{error.status_code} {kind}: {reason}")
                if isinstance(error, NotFoundError) and "not_found" not in kind:
                    kind = f"index_not_found {kind}"
                return self.failed(kind, reason)
        return self.failed(type(error).__name__, str(error))


def _told(error: TransportError) -> tuple[str, str]:
    """Type and reason of the first cause that the server names."""
    info = error.info if isinstance(error.info, dict) else {}
    said = info.get("error", {})
    if not isinstance(said, dict):
        return str(error.error), str(said)
    return cause_of(said)


def cause_of(said: Mapping[str, Any]) -> tuple[str, str]:
    """Type and reason at the root of an error that the server describes."""
    causes = said.get("failed_shards") or said.get("root_cause") or [said]
    cause = causes[0].get("reason", causes[0]) if isinstance(causes[0].get("reason"), dict) else causes[0]
    deepest = cause
    while isinstance(deepest.get("caused_by"), dict):
        deepest = deepest["caused_by"]
    reasons = " / ".join(dict.fromkeys(str(each.get("reason", "")) for each in (cause, deepest)))
    return str(cause.get("type", "")), reasons


def _address(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
