"""What became of a batch, as the commands print it, and the exit code that says so."""

import json
from typing import TYPE_CHECKING

import click

from app.cli.handing_in import NotTaken
from app.cli.main import code_of
from repository.domain.access import Visitor
from repository.domain.batches import Report
from repository.domain.errors import DiachiError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from config.services import Services


def conclude(
    services: "Services", visitor: Visitor, batch: str, as_json: bool, *,
    gone: DiachiError | None = None, not_taken: "Sequence[NotTaken]" = (),
) -> int:  # fmt: skip
    """Print the report; gives the exit code: 0 when all is well, 1 when some input was not taken, else that of what
    is wrong with the index."""
    report = services.progressing.report(visitor, batch)
    if gone is not None:
        click.echo(
            f"{gone}\nMọi trang đã đọc đều được giữ lại nhưng chưa tìm thấy được. Khi chỉ mục dùng được trở lại, kho "
            f"đang chạy tự đưa chúng vào; nếu không có tiến trình nào chạy: diachi batch resume {batch}",
            err=True,
        )
    show_report(report, as_json, not_taken)
    if gone is not None:
        return code_of(gone)
    return 1 if not_taken or report.refused or set_aside(report) or lacking(report) else 0


def set_aside(report: Report) -> int:
    """How many pages of the batch were set aside."""
    return sum(finding.kind == "set_aside" for finding in report.findings)


def lacking(report: Report) -> int:
    """How many files the batch still waits for, as far as that was said."""
    return max((report.expected or 0) - report.received, 0)


def show_report(report: Report, as_json: bool, not_taken: "Sequence[NotTaken]" = ()) -> None:
    """Print what became of the batch, for people or as one JSON object on the last line."""
    if as_json:
        click.echo(json.dumps(_as_json(report, not_taken), ensure_ascii=False))
        return
    click.echo(f"Lô {report.batch.id} “{report.batch.title}”: {report.batch.state.value}")
    click.echo(f"  nhận {report.received} tệp, nhập {report.pages_ingested} trang, {report.seconds:.0f} giây")
    if missing := lacking(report):
        click.echo(f"  THIẾU {missing} tệp: lô định nhận {report.expected}")
    for each in not_taken:
        click.echo(f"  không nhận  {each.name}: {each.reason}")
    for file in report.refused:
        click.echo(f"  từ chối  {file.name}: {file.reason}")
    for finding in report.findings:
        click.echo(f"  lưu ý  {finding.where}: {finding.reason}")
    click.echo(f"  tài liệu: {', '.join(report.items) or '—'}")


def _as_json(report: Report, not_taken: "Sequence[NotTaken]") -> dict[str, object]:
    def found(kind: str) -> list[dict[str, str]]:
        return [{"where": each.where, "reason": str(each.reason)} for each in report.findings if each.kind == kind]

    return {
        "batch": report.batch.id,
        "state": report.batch.state.value,
        "expected": report.expected,
        "received": report.received,
        "pages_ingested": report.pages_ingested,
        "refused": [
            *({"file": each.name, "reason": str(each.reason)} for each in not_taken),
            *({"file": file.name, "reason": str(file.reason)} for file in report.refused),
        ],
        "duplicates": [{"file": each["where"], "reason": each["reason"]} for each in found("duplicate")],
        "gaps": found("gap"),
        "blank": found("blank"),
        "few_pixels": found("few_pixels"),
        "low_confidence": found("low_confidence"),
        "set_aside": found("set_aside"),
        "sheet": found("sheet"),
        "items": list(report.items),
        "seconds": report.seconds,
    }
