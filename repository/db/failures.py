"""The database's failures as errors of the house: the only place that knows them."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from repository.domain.errors import N_, DiachiError, ServerUnreachable, StoreFailed

POSTGRESQL = "PostgreSQL"
# Classes of SQLSTATE, and single codes, by what they mean for us.
_AWAY = ("08", "57P", "53300", "25P03", "28", "3D000")
_FULL = ("53100", "53200", "58")
_BUSY = ("55P03", "57014", "40001", "40P01")
_REFUSED = ("42501", "25006")  # no right to it; a standby, or set to be only read

_SQLITE_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_SQLITE_FULL = {sqlite3.SQLITE_FULL}
_SQLITE_FAULT = {
    sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_PERM,
}  # fmt: skip


@contextmanager
def failures_named() -> Iterator[None]:
    """Raises ServerUnreachable for a database that is not there or went away in mid-work, StoreFailed for one that
    cannot keep anything, refuses us the right or is kept waiting too long (a deadlock included); what else the
    database objects to is a fault of the program, and stays as it is.

    Nothing was written when this raises, save one case: the connection broke while a commit was under way, and nobody
    can tell. Whatever is done again must therefore do nothing the second time, as everything fenced by a job does."""
    try:
        yield
    except NoConnectionFree as error:
        raise StoreFailed(
            N_("Quá nhiều yêu cầu cùng lúc: không còn kết nối nào tới sổ cái. Hãy thử lại sau ít phút.")
        ) from error
    except DBAPIError as error:
        named = _of_sqlite(error) if isinstance(error.orig, sqlite3.Error) else _of_postgresql(error)
        if named is None:
            raise
        raise named from error


def _of_postgresql(error: DBAPIError) -> DiachiError | None:
    code = getattr(error.orig, "sqlstate", None)
    if code is not None and code.startswith(_BUSY):
        return StoreFailed(
            N_("{server} đang bận quá lâu với việc khác nên thao tác này đã dừng; hãy thử lại sau ít phút."),
            server=POSTGRESQL,
        )
    if code is not None and code.startswith(_FULL):
        return StoreFailed(
            N_("{server} không ghi được ({problem}). Hãy giải phóng đĩa hoặc bộ nhớ của máy chủ đó rồi thử lại."),
            server=POSTGRESQL, problem=_said(error),
        )  # fmt: skip
    if code is not None and code.startswith(_REFUSED):
        return StoreFailed(
            N_(
                "{server} không cho người dùng đã đặt làm việc cần làm ({problem}). Cơ sở dữ liệu phải thuộc về người "
                "dùng ấy (ALTER DATABASE … OWNER TO …) và phải ghi được."
            ),
            server=POSTGRESQL, problem=_said(error),
        )  # fmt: skip
    lost = error.connection_invalidated or (code is None and type(error.orig).__name__ in _WITHOUT_CODE)
    if lost or (code is not None and code.startswith(_AWAY)):
        return ServerUnreachable(
            N_(
                "Không liên lạc được với {server} ({problem}). Hãy kiểm tra máy chủ {server} và các thiết lập "
                "DIACHI_DATABASE_…; dữ liệu đã ghi vẫn còn, có thể thử lại khi máy chủ chạy."
            ),
            server=POSTGRESQL, problem=_said(error),
        )  # fmt: skip
    return None


_WITHOUT_CODE = {"OperationalError", "InterfaceError", "ConnectionTimeout"}


def _said(error: DBAPIError) -> str:
    """The server's own words, without address and user: they are shown to people."""
    lines = str(error.orig).strip().splitlines() or ["?"]
    last = lines[0] if len(lines) < 2 or "failed: " in lines[0] else lines[-1]
    said = re.split(r"failed: |FATAL: |ERROR: ", last)[-1].strip()
    return re.sub(r'"[^"]*"', "…", said)[:200] or "?"


def _of_sqlite(error: DBAPIError) -> DiachiError | None:
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    if code in _SQLITE_BUSY:
        return StoreFailed(N_("Sổ cái đang bận quá lâu với việc khác; hãy thử lại sau ít phút."))
    if code in _SQLITE_FULL:
        return StoreFailed(N_("Đĩa chứa sổ cái đã đầy nên không ghi được; hãy giải phóng chỗ trống rồi thử lại."))
    if code in _SQLITE_FAULT:
        return StoreFailed(
            N_("Không đọc hay ghi được tệp sổ cái ({problem}); hãy kiểm tra đĩa và quyền của thư mục dữ liệu."),
            problem=str(error.orig),
        )
    return None
