"""`diachi ingest`: a batch from files and folders, watched until every page is searchable or set aside."""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.site import Site, operator, password_in
from app.cli.workers import Workers, working
from repository.catalog.sheet import is_sheet
from repository.domain.access import AccessLevel, Visitor
from repository.domain.batches import BatchState, Progress, Report
from repository.domain.errors import N_, ServerUnreachable, StoreFailed, WrongUse
from repository.scans.naming import natural_key

if TYPE_CHECKING:
    from config.services import Services

LEVELS = [level.value for level in AccessLevel if level is not AccessLevel.EMBARGO]
POLL, LOG_EVERY = 0.5, 5.0


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--library", help="Mã thư viện / library code.")
@click.option("--item", help="Mã tài liệu nhận mọi trang / the one item for all pages.")
@click.option("--title", help="Tên lô / title of the batch.")
@click.option(
    "--batch", "begun", metavar="ID", help="Gửi tiếp vào lô dở dang / go on with a batch that was broken off."
)
@click.option("--publish", is_flag=True, help="Công bố ngay / publish at once.")
@click.option("--access", type=click.Choice(LEVELS), help="Quyền truy cập / access level.")
@click.option("--password-file", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="Mật khẩu của PDF / password of encrypted PDFs.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Dòng cuối là JSON / last line is JSON.")
@click.pass_obj
def ingest(
    site: Site,
    paths: tuple[Path, ...],
    library: str | None,
    item: str | None,
    title: str | None,
    begun: str | None,
    publish: bool,
    access: str | None,
    password_file: Path | None,
    as_json: bool,
) -> int:
    """Nhập tệp và thư mục quét thành một lô / take scans in as a batch."""
    files = list(files_in(paths))
    password = password_in(password_file) if password_file else None
    with working(site.settings()) as workers:  # they load their code while this process loads its own
        services = site.open()
        code = library or services.settings.library_code
        visitor = operator(code)
        services.masters.ping()  # before there is a batch that could stay empty
        if begun is not None:
            batch = services.intake.batch(visitor, begun)
        else:
            batch = services.intake.open_batch(
                visitor, title or paths[0].resolve().name, code, expected_files=expected(files), publish=publish,
                access=AccessLevel(access) if access else None, item=item,
            )  # fmt: skip
        click.echo(f"Lô {batch.id}: {len(files)} tệp", err=True)
        send(services, visitor, batch.id, files, password)
        services.intake.close(visitor, batch.id)
        watch(services, visitor, batch.id, workers)
    report = services.progressing.report(visitor, batch.id)
    show_report(report, as_json)
    return 1 if report.refused or set_aside(report) or lacking(report) else 0


def send(
    services: "Services", visitor: Visitor, batch: str, files: list[tuple[Path, str]], password: str | None
) -> None:
    """Hand the files in; says how to go on where a server or a disk stops that. Those that are in are not sent again
    then: the same name and content is the same file."""
    try:
        for path, name in files:
            with path.open("rb") as stream:
                services.intake.receive(visitor, batch, name, stream, password)
    except (ServerUnreachable, StoreFailed, OSError):
        click.echo(
            f"Lô {batch} chưa nhận đủ tệp và vẫn mở. Khi sửa xong, gửi tiếp bằng chính lệnh này thêm --batch {batch}",
            err=True,
        )
        raise


def files_in(paths: tuple[Path, ...]) -> Iterator[tuple[Path, str]]:
    """Files with their names inside the batch: sheets first, then in natural order; hidden ones are left."""
    found: list[tuple[Path, str]] = []
    for path in paths:
        if path.is_dir():
            inside = (each for each in path.rglob("*") if each.is_file())
            found += [(each, str(each.relative_to(path))) for each in inside if not _hidden(each.relative_to(path))]
        elif path.exists():
            found.append((path, path.name))
        else:
            raise WrongUse(N_("Không có tệp hay thư mục “{path}”."), path=str(path))
    if not found:
        raise WrongUse(N_("Không có tệp nào trong “{path}”."), path=str(paths[0]))
    yield from sorted(found, key=lambda each: (not is_sheet(each[1]), natural_key(each[1])))


def expected(files: list[tuple[Path, str]]) -> int | None:
    """How many files the report should find received: tables are not counted there, a ZIP's members are, one by one."""
    if any(name.lower().endswith(".zip") for _, name in files):
        return None
    return sum(not is_sheet(name) for _, name in files)


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") or part in ("__MACOSX", "Thumbs.db") for part in path.parts)


def watch(services: "Services", visitor: Visitor, batch_id: str, workers: Workers) -> None:
    """Show progress until the batch is done or cancelled; keeps somebody working meanwhile."""
    show = _Line(sys.stderr.isatty())
    while True:
        progress = services.progressing.progress(visitor, batch_id)
        ended = progress.state in (BatchState.DONE, BatchState.CANCELLED)
        show.say(_line(progress), ended)
        if ended:
            break
        workers.ensure()
        time.sleep(POLL)


class _Line:
    """One line that is written over on a terminal; elsewhere a new one now and then, as a log wants it."""

    def __init__(self, live: bool) -> None:
        self._live = live
        self._next = 0.0

    def say(self, line: str, last: bool) -> None:
        if self._live:
            click.echo(f"\r{line}\x1b[K", err=True, nl=last)
        elif last or time.monotonic() >= self._next:
            click.echo(line, err=True)
            self._next = time.monotonic() + LOG_EVERY


def _line(progress: Progress) -> str:
    left = "" if progress.seconds_left is None else f", còn khoảng {_clock(progress.seconds_left)}"
    aside = f", {progress.pages_set_aside} trang để riêng" if progress.pages_set_aside else ""
    waiting = f", {progress.files_waiting} tệp chờ" if progress.files_waiting else ""
    speed = f"{progress.pages_per_second:.2f}".replace(".", ",")
    return f"{progress.pages_done}/{progress.pages_total} trang, {speed} trang/giây{left}{aside}{waiting}"


def _clock(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    return f"{hours} giờ {rest // 60} phút" if hours else f"{rest // 60} phút {rest % 60:02d} giây"


def set_aside(report: Report) -> int:
    """How many pages of the batch were set aside."""
    return sum(finding.kind == "set_aside" for finding in report.findings)


def lacking(report: Report) -> int:
    """How many files the batch still waits for, as far as that was said."""
    return max((report.expected or 0) - report.received, 0)


def show_report(report: Report, as_json: bool) -> None:
    """Print what became of the batch, for people or as one JSON object on the last line."""
    if as_json:
        click.echo(json.dumps(_as_json(report), ensure_ascii=False))
        return
    click.echo(f"Lô {report.batch.id} “{report.batch.title}”: {report.batch.state.value}")
    click.echo(f"  nhận {report.received} tệp, nhập {report.pages_ingested} trang, {report.seconds:.0f} giây")
    if missing := lacking(report):
        click.echo(f"  THIẾU {missing} tệp: lô định nhận {report.expected}")
    for file in report.refused:
        click.echo(f"  từ chối  {file.name}: {file.reason}")
    for finding in report.findings:
        click.echo(f"  lưu ý  {finding.where}: {finding.reason}")
    click.echo(f"  tài liệu: {', '.join(report.items) or '—'}")


def _as_json(report: Report) -> dict[str, object]:
    def found(kind: str) -> list[dict[str, str]]:
        return [{"where": each.where, "reason": str(each.reason)} for each in report.findings if each.kind == kind]

    return {
        "batch": report.batch.id,
        "state": report.batch.state.value,
        "expected": report.expected,
        "received": report.received,
        "pages_ingested": report.pages_ingested,
        "refused": [{"file": file.name, "reason": str(file.reason)} for file in report.refused],
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
