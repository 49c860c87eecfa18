"""The upload door: tus 1.0.0, core protocol with creation, expiration and termination
(https://tus.io/protocols/resumable-upload)."""

import base64
import binascii
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import wraps
from typing import BinaryIO, cast

from flask import Response, request, url_for

from app.errors import status_of
from app.language import translate
from app.outages import RETRY_SECONDS, heard, is_outage
from app.staff.room import blueprint, uploading
from app.visitors import current_visitor, services
from repository.catalog.uploading import KEPT_SECONDS, Arrived, UploadBusy, WrongOffset
from repository.domain.errors import N_, DiachiError, WrongUse

log = logging.getLogger(__name__)

VERSION = "1.0.0"
CHUNK_TYPE = "application/offset+octet-stream"
_LONGEST = 1 << 50


def tus(view: Callable[..., Response]) -> Callable[..., Response]:
    """A view that speaks tus: right version only, errors as one plain sentence, nothing cached."""

    @wraps(view)
    def speaking(**names: str) -> Response:
        if request.headers.get("Tus-Resumable") != VERSION:
            return _answer(412, {"Tus-Version": VERSION})
        try:
            return view(**names)
        except DiachiError as error:
            headers = {"Content-Type": "text/plain; charset=utf-8"}
            if is_outage(error):
                log.warning("upload: %s", error)
                heard(error)
                headers["Retry-After"] = str(RETRY_SECONDS)
            return _answer(_status(error), headers, translate(error))

    return speaking


@blueprint.route("/uploads/", methods=["OPTIONS"], provide_automatic_options=False)
@blueprint.route("/uploads/<upload_id>", methods=["OPTIONS"], provide_automatic_options=False)
def upload_options(upload_id: str = "") -> Response:
    """What this server can do."""
    return _answer(
        204,
        {
            "Tus-Version": VERSION,
            "Tus-Extension": "creation,expiration,termination",
            "Tus-Max-Size": str(services().settings.max_file_bytes),
        },
    )


@blueprint.post("/uploads/")
@tus
def create_upload() -> Response:
    """Creation: a promise of so many bytes under a name."""
    length, told = request.headers.get("Upload-Length", ""), _metadata(request.headers.get("Upload-Metadata", ""))
    if not _is_number(length):
        raise WrongUse(N_("Thiếu độ dài của tệp (Upload-Length)."))
    name = told.get("relativePath") or told.get("filename") or ""
    if not name or not told.get("batch"):
        raise WrongUse(N_("Thiếu tên tệp hoặc lô trong Upload-Metadata."))
    arrived = uploading().begin(current_visitor(), told["batch"], name, int(length))
    place = url_for("staff.upload", upload_id=arrived.upload.id)
    return _answer(201, {"Location": place, **_where(arrived)})


@blueprint.route("/uploads/<upload_id>", methods=["HEAD", "PATCH", "DELETE", "POST"], provide_automatic_options=False)
@tus
def upload(upload_id: str) -> Response:
    """How far an upload is (HEAD), more bytes for it (PATCH), or an end to it (DELETE)."""
    method = request.method
    if method == "POST":  # for clients that can send only this
        method = request.headers.get("X-HTTP-Method-Override", "").upper()
    if method == "HEAD":
        arrived = uploading().look(current_visitor(), upload_id)
        return _answer(200, {**_where(arrived), "Upload-Length": str(arrived.upload.length)})
    if method == "PATCH":
        return _append(upload_id)
    if method == "DELETE":
        uploading().abandon(current_visitor(), upload_id)
        return _answer(204, {})
    return _answer(405, {"Allow": "HEAD, PATCH, DELETE, OPTIONS"})


def _append(upload_id: str) -> Response:
    offset = request.headers.get("Upload-Offset", "")
    if request.mimetype != CHUNK_TYPE:
        return _answer(415, {})
    if not _is_number(offset):
        raise WrongUse(N_("Thiếu vị trí bắt đầu của đoạn (Upload-Offset)."))
    arrived = uploading().look(current_visitor(), upload_id)
    if request.content_length and int(offset) + request.content_length > arrived.upload.length:
        return _answer(413, {})
    arrived = uploading().append(current_visitor(), upload_id, int(offset), cast(BinaryIO, request.stream))
    return _answer(204, _where(arrived))


def _where(arrived: Arrived) -> dict[str, str]:
    headers = {"Upload-Offset": str(arrived.offset)}
    if arrived.upload.file is None:
        until = datetime.now(UTC) + timedelta(seconds=KEPT_SECONDS)
        headers["Upload-Expires"] = format_datetime(until, usegmt=True)
    return headers


def _status(error: DiachiError) -> int:
    if isinstance(error, UploadBusy):
        return 423
    return 409 if isinstance(error, WrongOffset) else status_of(error)


def _answer(status: int, headers: dict[str, str], body: str = "") -> Response:
    return Response(body, status, {"Tus-Resumable": VERSION, "Cache-Control": "no-store", **headers})


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 16 and int(text) < _LONGEST


def _metadata(header: str) -> dict[str, str]:
    """Upload-Metadata: pairs of a key and a value in Base64, parted by commas. Raises WrongUse for anything else."""
    found: dict[str, str] = {}
    for pair in header.split(",") if header.strip() else ():
        key, _blank, value = pair.strip().partition(" ")
        try:
            found[key] = base64.b64decode(value, validate=True).decode("utf-8")
        except (binascii.Error, ValueError) as error:
            raise WrongUse(N_("Upload-Metadata không đọc được ở “{key}”."), key=key[:40]) from error
    return found
