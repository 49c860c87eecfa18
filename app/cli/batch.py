"""`diachi batch`: look at a batch, stop it, go on with it."""

import click

from app.cli.batch_report import conclude, show_report
from app.cli.site import Site, operator
from app.cli.watching import watch
from app.cli.workers import working


@click.group()
def batch() -> None:
    """Xem, dừng, chạy tiếp một lô / a batch."""


@batch.command()
@click.argument("batch_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def show(site: Site, batch_id: str, as_json: bool) -> int:
    """Báo cáo của lô / the batch's report."""
    services = site.open()
    show_report(services.progressing.report(operator(""), batch_id), as_json)
    return 0


@batch.command()
@click.argument("batch_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def resume(site: Site, batch_id: str, as_json: bool) -> int:
    """Làm tiếp những gì lô còn nợ / do what the batch still owes."""
    services = site.open()
    visitor = operator("")
    services.intake.resume(visitor, batch_id)
    with working(services.settings) as workers:
        gone = watch(services, visitor, batch_id, workers)
    return conclude(services, visitor, batch_id, as_json, gone=gone)


@batch.command()
@click.argument("batch_id", metavar="ID")
@click.pass_obj
def cancel(site: Site, batch_id: str) -> int:
    """Dừng lô; những gì đã làm được giữ lại / stop the batch, keep what is done."""
    site.open().intake.cancel(operator(""), batch_id)
    return 0
