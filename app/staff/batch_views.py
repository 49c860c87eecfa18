"""Batches: the list, a new one, one batch with what can be done to it."""

from collections import Counter

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from app.staff.paging import pager_of, stretch
from app.staff.progress_views import figures
from app.staff.room import attempt, blueprint, number_of, uploading
from app.staff.words import _
from app.visitors import current_visitor, services
from repository.domain.access import AccessLevel, Role
from repository.domain.batches import BatchState, FileState, StepName
from repository.domain.errors import N_, WrongUse

BATCHES_SHOWN, FILES_SHOWN = 20, 100
# an embargo needs a date, which the sheet or the item's own page gives
LEVELS_OF_BATCH = (AccessLevel.PUBLIC, AccessLevel.NETWORK, AccessLevel.ONSITE, AccessLevel.RESTRICTED)


@blueprint.get("/")
def batches() -> str:
    """The dashboard: every batch of the library with how far it is."""
    visitor = current_visitor()
    page = number_of(request.args.get("page"))
    total, found = services().intake.batches(visitor, (page - 1) * BATCHES_SHOWN, BATCHES_SHOWN)
    shown = [(batch, figures(services().progressing.progress(visitor, batch.id))) for batch in found]
    return render_template("staff/batches.html", batches=shown, total=total, pager=pager_of(total, BATCHES_SHOWN))


@blueprint.get("/batches/new")
def new_batch() -> str:
    """The form for a new batch."""
    return _new_batch("")


@blueprint.post("/batches/new")
def new_batch_send() -> ResponseReturnValue:
    """Open a batch and go to it."""
    visitor, form = current_visitor(), request.form
    if not form.get("title", "").strip():
        return _new_batch(_("Hãy đặt tên cho lô, ví dụ: “Địa chí Lạng Sơn, đợt 1”.")), 400
    level = form.get("access", "")
    batch = services().intake.open_batch(
        visitor,
        form["title"],
        form.get("library") if visitor.may(Role.ADMIN) else None,
        publish=visitor.may(Role.APPROVER) and "publish" in form,
        access=AccessLevel(level) if level in LEVELS_OF_BATCH else None,
    )
    return redirect(url_for("staff.batch", batch_id=batch.id), 303)


def _new_batch(problem: str) -> str:
    libraries = services().reading.libraries()
    own = current_visitor().library
    default = next((library.default_access for library in libraries if library.code == own), AccessLevel.PUBLIC)
    return render_template(
        "staff/new_batch.html", problem=problem, libraries=libraries, levels=LEVELS_OF_BATCH, default=default, own=own
    )


@blueprint.get("/batches/<batch_id>")
def batch(batch_id: str) -> str:
    """One batch: sending files, progress, what can be done, its files and items."""
    visitor, site = current_visitor(), services()
    found = site.intake.batch(visitor, batch_id)
    files = site.intake.files(visitor, batch_id)
    counts = Counter(file.state.value for file in files)
    show = request.args.get("show", "")
    chosen = [file for file in files if file.state.value == show] if show in {*FileState} else files
    shown, around = stretch(chosen, FILES_SHOWN)
    return render_template(
        "staff/batch.html",
        batch=found,
        figures=figures(site.progressing.progress(visitor, batch_id)),
        files=shown,
        file_total=len(files),
        pager=around,
        show=show,
        counts=[(state, counts[state.value]) for state in FileState if counts[state.value]],
        items=site.progressing.items(visitor, batch_id),
        unfinished=uploading().waiting(visitor, batch_id),
        receiving=found.state is BatchState.RECEIVING,
        active=found.state in (BatchState.RECEIVING, BatchState.WORKING),
    )


@blueprint.post("/batches/<batch_id>/close")
def close(batch_id: str) -> ResponseReturnValue:
    """No more files will come. Files that are only half here are asked about first."""

    def work() -> str:
        visitor = current_visitor()
        waiting = uploading().waiting(visitor, batch_id)
        if waiting and "anyway" not in request.form:
            raise WrongUse(
                N_("Còn {count} tệp gửi dở, ví dụ “{name}”; hãy chọn lại các tệp đó để gửi nốt, hoặc chọn “Vẫn đóng”."),
                count=len(waiting), name=waiting[0].upload.name,
            )  # fmt: skip
        services().intake.close(visitor, batch_id)
        uploading().clear(visitor, batch_id)
        return _("Đã đóng lô; khi xử lý xong mọi trang, lô chuyển sang “Đã xong”.")

    return attempt(work, _back(batch_id))


@blueprint.post("/batches/<batch_id>/cancel")
def cancel(batch_id: str) -> ResponseReturnValue:
    """Stop working on the batch."""

    def work() -> str:
        services().intake.cancel(current_visitor(), batch_id)
        return _("Đã dừng lô; các trang làm xong vẫn còn, bấm “Làm tiếp” để làm nốt.")

    return attempt(work, _back(batch_id))


@blueprint.post("/batches/<batch_id>/resume")
def resume(batch_id: str) -> ResponseReturnValue:
    """Go on with whatever is not done."""

    def work() -> str:
        services().intake.resume(current_visitor(), batch_id)
        return _("Lô được làm tiếp.")

    return attempt(work, _back(batch_id))


@blueprint.post("/batches/<batch_id>/publish")
def publish_batch(batch_id: str) -> ResponseReturnValue:
    """Publish every item of the batch."""

    def work() -> str:
        count = services().publishing.publish_batch(current_visitor(), batch_id)
        return str(ngettext("Đã công bố %(num)d tài liệu.", "Đã công bố %(num)d tài liệu.", count))

    return attempt(work, _back(batch_id))


@blueprint.post("/batches/<batch_id>/withdraw")
def withdraw_batch(batch_id: str) -> ResponseReturnValue:
    """Withdraw every item of the batch."""

    def work() -> str:
        count = services().publishing.withdraw_batch(current_visitor(), batch_id)
        return str(ngettext("Đã gỡ %(num)d tài liệu.", "Đã gỡ %(num)d tài liệu.", count))

    return attempt(work, _back(batch_id))


@blueprint.post("/batches/<batch_id>/rerun")
def rerun_batch(batch_id: str) -> ResponseReturnValue:
    """Do a step again for every page of the batch."""
    return attempt(lambda: rerun(batch=batch_id), _back(batch_id))


def rerun(**what: str) -> str:
    """Do the step that the form names again for a page, item or batch; tells how many pages that are."""
    step = request.form.get("step", "")
    if step not in {*StepName}:
        raise WrongUse(N_("Hãy chọn bước cần làm lại."))
    count = services().intake.rerun(current_visitor(), StepName(step), **what)
    return str(ngettext("Sẽ làm lại %(num)d trang.", "Sẽ làm lại %(num)d trang.", count))


def _back(batch_id: str) -> str:
    return url_for("staff.batch", batch_id=batch_id)
