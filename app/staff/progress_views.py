"""Live figures of a batch, and the report on it."""

import csv
import io

from flask import Response, jsonify, render_template

from app.language import translate
from app.reader.labels import grouped
from app.staff.room import blueprint
from app.staff.words import _, decimal, duration, finding_name, state_name
from app.visitors import current_visitor, services
from repository.domain.batches import BatchState, Progress, Report

Figures = dict[str, str | int | float | None]
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def figures(progress: Progress) -> Figures:
    """Numbers for programs and, under `…_text`, the words for people."""
    finished = progress.pages_done + progress.pages_set_aside
    return {
        "state": progress.state.value,
        "state_text": state_name(progress.state),
        "files_received": progress.files_received,
        "files_waiting": progress.files_waiting,
        "pages_total": progress.pages_total,
        "pages_done": progress.pages_done,
        "pages_set_aside": progress.pages_set_aside,
        "pages_per_second": progress.pages_per_second,
        "seconds_left": progress.seconds_left,
        "finished": finished,
        "pages_text": _("%(done)s / %(total)s trang", done=grouped(finished), total=grouped(progress.pages_total)),
        "files_text": _("%(count)s tệp đã nhận", count=grouped(progress.files_received)),
        "waiting_text": _("%(count)s tệp chờ mở", count=grouped(progress.files_waiting))
        if progress.files_waiting
        else "",
        "aside_text": _("%(count)s trang để riêng", count=grouped(progress.pages_set_aside))
        if progress.pages_set_aside
        else "",
        "speed_text": _("%(speed)s trang/giây", speed=decimal(progress.pages_per_second, 2))
        if progress.pages_per_second and progress.state in (BatchState.RECEIVING, BatchState.WORKING)
        else "",
        "left_text": _("còn khoảng %(time)s", time=duration(progress.seconds_left))
        if progress.seconds_left is not None and finished < progress.pages_total
        else "",
    }


@blueprint.get("/batches/<batch_id>/progress.json")
def progress(batch_id: str) -> Response:
    """How far the batch is, for the page's script."""
    return jsonify(figures(services().progressing.progress(current_visitor(), batch_id)))


@blueprint.get("/batches/<batch_id>/report")
def report(batch_id: str) -> str:
    """What became of the batch."""
    found = services().progressing.report(current_visitor(), batch_id)
    kinds = list(dict.fromkeys(finding.kind for finding in found.findings))
    grouped_findings = [(kind, [each for each in found.findings if each.kind == kind]) for kind in kinds]
    return render_template("staff/report.html", report=found, findings=grouped_findings)


@blueprint.get("/batches/<batch_id>/report.csv")
def report_csv(batch_id: str) -> Response:
    """The report as a table that Excel opens."""
    found = services().progressing.report(current_visitor(), batch_id)
    text = io.StringIO()
    writer = csv.writer(text)
    for row in _rows(found):
        writer.writerow([_harmless(cell) for cell in row])
    answer = Response("\ufeff" + text.getvalue(), mimetype="text/csv")
    answer.headers.set("Content-Disposition", "attachment", filename=f"bao-cao-{found.batch.id}.csv")
    return answer


def _rows(report: Report) -> list[tuple[str, str, str]]:
    batch = report.batch
    rows = [
        (_("Mục"), _("Tệp, trang hoặc dãy"), _("Nội dung")),
        (_("Lô"), batch.title, state_name(batch.state)),
        (_("Số tệp dự kiến"), "", _("không báo trước") if report.expected is None else str(report.expected)),
        (_("Số tệp nhận được"), "", str(report.received)),
        (_("Số trang nhập xong"), "", str(report.pages_ingested)),
        (_("Số tệp bị từ chối"), "", str(len(report.refused))),
        (_("Số tệp trùng"), "", str(len(report.duplicates))),
        (_("Thời gian"), "", duration(report.seconds)),
    ]
    rows += [
        (finding_name("refused"), file.name, translate(file.reason) if file.reason else "") for file in report.refused
    ]
    rows += [(finding_name(each.kind), each.where, translate(each.reason)) for each in report.findings]
    return rows


def _harmless(cell: str) -> str:
    """The cell with a quote before what a spreadsheet would run as a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
