"""“Hàng việc”: what is owed, who works, and what will not go on by itself."""

from dataclasses import dataclass

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import outages
from app.api.health import workers_of
from app.language import translate
from app.staff.room import attempt, blueprint
from app.staff.words import _
from app.visitors import current_visitor, services
from repository.catalog.operating import TRIES
from repository.domain.access import Role
from repository.domain.batches import StepName
from repository.domain.errors import N_, DiachiError, WrongUse
from repository.domain.jobs import Depth, Priority
from repository.jobs.port import DeadLetter

PRIORITIES = {
    Priority.READER: N_("Bạn đọc đang chờ"),
    Priority.CORRECTION: N_("Sửa và làm lại"),
    Priority.BATCH: N_("Lô số hóa"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A class of work with how many jobs wait and how many are in somebody's hands."""

    name: str
    waiting: int
    held: int


@blueprint.get("/queue")
def queue() -> str:
    """The queue: of the whole site for administrators, of their own library for other staff."""
    visitor = current_visitor()
    found = services().operating.waiting(visitor)
    letters, silence = _dead_letters() if visitor.may(Role.ADMIN) else ([], "")
    return render_template(
        "staff/queue.html",
        rows=_rows(found.depth),
        oldest=found.oldest,
        workers=workers_of(services(), ledger_answers=True),
        stuck=found.stuck,
        slow=found.slow,
        letters=letters,
        silence=silence,
        tries=TRIES,
    )


@blueprint.post("/queue/pages/<page_id>/again")
def page_again(page_id: str) -> ResponseReturnValue:
    """Do again, for a page set aside, the step at which it stopped and those after it."""

    def work() -> str:
        step = request.form.get("step", "")
        if step not in {*StepName}:
            raise WrongUse(N_("Hãy chọn bước cần làm lại."))
        services().intake.rerun(current_visitor(), StepName(step), page=page_id)
        return _("Trang được làm lại.")

    return attempt(work, url_for("staff.queue"))


@blueprint.post("/queue/files/<file_id>/again")
def file_again(file_id: str) -> ResponseReturnValue:
    """Look into a refused file once more."""

    def work() -> str:
        services().intake.retry(current_visitor(), file_id)
        return _("Tệp được mở lại.")

    return attempt(work, url_for("staff.queue"))


@blueprint.app_context_processor
def backup() -> dict[str, object]:
    """For the start page: whether to warn of a backup that is missing or old."""
    return {"backup_warning": backup_warning}


def backup_warning() -> str:
    """The warning, "" when the last good backup is young enough."""
    operating = services().operating
    if not operating.backup_wanted():
        return ""
    age = operating.backup_age()
    if age is None:
        return _("Kho chưa có bản sao lưu nào. Hãy đặt DIACHI_BACKUP_TO hoặc chạy: diachi backup THƯ-MỤC.")
    return _(
        "Bản sao lưu tốt gần nhất đã %(days)s ngày. Hãy kiểm tra đĩa sao lưu rồi chạy: diachi backup THƯ-MỤC.",
        days=age.days,
    )


def _rows(depth: list[Depth]) -> list[Row]:
    return [
        Row(
            _(PRIORITIES[priority]),
            sum(each.jobs for each in depth if each.priority is priority and not each.held),
            sum(each.jobs for each in depth if each.priority is priority and each.held),
        )
        for priority in Priority
    ]


def _dead_letters() -> tuple[list[DeadLetter], str]:
    """Letters of the queue that nobody could read; else why they cannot be shown."""
    letters = services().queue
    if letters is None:
        return [], ""
    try:
        return letters.dead(), ""
    except DiachiError as error:
        outages.heard(error)
        return [], translate(error)
