"""Files of a batch: what came in, as it came in, and another try for those that were refused."""

from pathlib import PurePosixPath

from flask import Response, jsonify, request, send_file, url_for
from flask.typing import ResponseReturnValue

from app.staff.room import attempt, blueprint, number_of, uploading
from app.staff.words import _
from app.visitors import current_visitor, services
from repository.domain.errors import N_, WrongUse


@blueprint.get("/batches/<batch_id>/files.json")
def batch_files(batch_id: str) -> Response:
    """Name and size of every file that is wholly here, so that a browser need not send it again."""
    visitor = current_visitor()
    waiting = uploading().waiting(visitor, batch_id)
    here = {(file.name, file.size) for file in services().intake.files(visitor, batch_id)}
    here |= uploading().whole(visitor, batch_id)
    return jsonify(
        files=[{"name": name, "size": size} for name, size in sorted(here)],
        unfinished=[{"name": arrived.upload.name, "size": arrived.upload.length} for arrived in waiting],
    )


@blueprint.post("/batches/<batch_id>/expect")
def expect(batch_id: str) -> ResponseReturnValue:
    """Note how many files the sender means to send."""
    services().intake.expect(current_visitor(), batch_id, number_of(request.form.get("files")))
    return "", 204


@blueprint.get("/files/<file_id>/original")
def original(file_id: str) -> Response:
    """A file as it came in: always as a download, for what is inside may be anything."""
    file, stream = services().intake.original(current_visitor(), file_id)
    answer = send_file(
        stream,
        mimetype="application/octet-stream",
        as_attachment=True,
        download_name=PurePosixPath(file.name).name,
        etag=False,
        max_age=0,
    )
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


@blueprint.post("/files/<file_id>/unlock")
def unlock(file_id: str) -> ResponseReturnValue:
    """Look into an encrypted file with the password that was typed."""

    def work() -> str:
        password = request.form.get("password", "")
        if not password:
            raise WrongUse(N_("Hãy nhập mật khẩu của tệp."))
        services().intake.unlock(current_visitor(), file_id, password[:1000])
        return _("Đang mở tệp bằng mật khẩu vừa nhập.")

    return attempt(work, _batch_of(file_id))


@blueprint.post("/files/<file_id>/retry")
def retry(file_id: str) -> ResponseReturnValue:
    """Look into a refused file once more."""

    def work() -> str:
        services().intake.retry(current_visitor(), file_id)
        return _("Tệp được mở lại.")

    return attempt(work, _batch_of(file_id))


def _batch_of(file_id: str) -> str:
    file = services().intake.file(current_visitor(), file_id)
    return url_for("staff.batch", batch_id=file.batch)
