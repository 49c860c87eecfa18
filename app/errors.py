"""Errors of the house as answers: one table from error to status, a friendly page for people, JSON for programs."""

import errno
import logging
import secrets
from dataclasses import dataclass

from flask import Flask, Response, current_app, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException

from app import outages, web_metrics
from app.language import current, translate
from repository.domain.errors import (
    N_,
    AccessRefused,
    DiachiError,
    EngineFailed,
    InputRefused,
    LeaseLost,
    NotFound,
    QueryRejected,
    ServerUnreachable,
    StoreFailed,
    WrongUse,
)

log = logging.getLogger(__name__)

# The first kind that an error is an instance of decides.
_STATUS: tuple[tuple[type[DiachiError], int], ...] = (
    (NotFound, 404),
    (AccessRefused, 403),
    (QueryRejected, 400),
    (WrongUse, 400),
    (InputRefused, 422),
    (LeaseLost, 409),
    (StoreFailed, 503),
    (ServerUnreachable, 503),
    (EngineFailed, 500),
)
_SENTENCES = {
    400: N_("Yêu cầu này không đúng dạng; hãy quay lại và thử lần nữa."),
    401: N_("Hãy đăng nhập để xem trang này."),
    403: N_("Bạn không được phép xem trang này."),
    404: N_("Không có trang nào ở địa chỉ này; hãy kiểm tra lại địa chỉ hoặc tìm từ trang chủ."),
    405: N_("Địa chỉ này không nhận thao tác vừa gửi."),
    413: N_("Nội dung gửi lên quá lớn; hãy chia nhỏ rồi gửi lại."),
    429: N_("Có quá nhiều yêu cầu trong thời gian ngắn; hãy chờ một phút rồi thử lại."),
}
_INTERNAL = N_("Máy chủ gặp lỗi ngoài dự kiến; hãy thử lại, nếu vẫn lỗi thì báo cho thư viện mã sự cố bên dưới.")
_PROGRAM_PATHS = ("/api/", "/iiif/", "/healthz", "/readyz", "/metrics")


@dataclass(frozen=True, slots=True)
class Problem:
    """What the visitor is told. `incident` finds the same failure in the log; empty when nothing failed. `part` names
    what is down, when it is known; `bare`: not even the visitor is known, so that the page must do without."""

    status: int
    message: str
    incident: str = ""
    part: str = ""
    bare: bool = False


def init(app: Flask) -> None:
    """Answer every error of this application."""
    app.register_error_handler(DiachiError, _known)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unknown)


def status_of(error: DiachiError) -> int:
    """The HTTP status that says what `error` says."""
    if isinstance(error, StoreFailed) and getattr(error.__cause__, "errno", None) == errno.ENOSPC:
        return 507
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def for_programs() -> bool:
    """Whether the request came to a door for programs, which read JSON."""
    return request.path.startswith(_PROGRAM_PATHS)


def _known(error: DiachiError) -> ResponseReturnValue:
    status = status_of(error)
    if outages.is_outage(error):
        return _outage(error, status)
    incident = _logged(error) if status >= 500 else ""
    return _answer(Problem(status, translate(error), incident), _retry(status))


def _outage(error: DiachiError, status: int) -> ResponseReturnValue:
    """Staff are told which server and what to do about it, readers what they can do meanwhile."""
    incident, part = new_incident(), outages.heard(error)
    web_metrics.failed(error)
    log.warning("incident %s: %s %s: %s", incident, request.method, request.path, error)
    staff = request.blueprint == "staff" and part != "ledger"
    told = translate(error) if staff else outages.sentence_for_readers(part)
    return _answer(Problem(status, told, incident, part, bare=part == "ledger"), _retry(status))


def _retry(status: int) -> dict[str, str]:
    return {"Retry-After": str(outages.RETRY_SECONDS)} if status == 503 else {}


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None or error.code is None or error.code < 400:
        return error.get_response()
    sentence = _SENTENCES.get(error.code, _SENTENCES[400] if error.code < 500 else _INTERNAL)
    incident = _logged(error) if error.code >= 500 else ""
    headers = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    return _answer(Problem(error.code, _(sentence), incident), headers)


def _unknown(error: Exception) -> ResponseReturnValue:
    return _answer(Problem(500, _(_INTERNAL), _logged(error)))


def _logged(error: Exception) -> str:
    incident = new_incident()
    web_metrics.failed(error)
    log.error("incident %s: %s %s: %s", incident, request.method, request.path, error, exc_info=error)
    return incident


def new_incident() -> str:
    """A code that finds a failure in the log."""
    return secrets.token_hex(4)


def _answer(problem: Problem, headers: dict[str, str] | None = None) -> ResponseReturnValue:
    body: Response | str
    if for_programs():
        told: dict[str, object] = {"message": problem.message, "status": problem.status}
        if problem.incident:
            told["incident"] = problem.incident
        if problem.part:
            told["part"] = problem.part
        if headers and "Retry-After" in headers:
            told["retry_after"] = int(headers["Retry-After"])
        body = jsonify(error=told)
    else:
        body = _bare_page(problem) if problem.bare else _page(problem)
    return body, problem.status, {"Cache-Control": "no-store", **(headers or {})}


def _page(problem: Problem) -> str:
    try:
        return render_template("error.html", problem=problem)
    except DiachiError as error:  # what the layout shows of the visitor could not be had either
        log.warning("incident %s: page without a frame: %s", problem.incident, error)
        return _bare_page(problem)


def _bare_page(problem: Problem) -> str:
    """A page that needs neither ledger nor session."""
    page = current_app.jinja_env.get_template("down.html")
    site = current_app.extensions["services"].settings.site_name
    return page.render(problem=problem, site_name=site, language=current())
