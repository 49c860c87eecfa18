"""`diachi reindex` and `diachi verify`."""

import json
import time
from contextlib import closing
from datetime import timedelta

import click

from app.cli.site import Site
from app.cli.workers import working
from repository.catalog.verifying import verify_site


@click.command()
@click.pass_obj
def reindex(site: Site) -> int:
    """Dựng lại chỉ mục toàn văn từ văn bản đã lưu / rebuild the full-text index from stored text."""
    services = site.open()
    services.indexing.rebuild()
    with working(services.settings) as workers:
        while services.indexing.owing():
            workers.ensure()
            time.sleep(0.2)
    click.echo("Đã dựng lại chỉ mục.")
    return 0


@click.command()
@click.option("--repair", is_flag=True, help="Sửa những gì sửa được / mend what can be.")
@click.option(
    "--older-than",
    type=click.IntRange(0),
    metavar="DAYS",
    help="Chỉ đọc lại bản gốc số chưa kiểm trong số ngày này / only masters not checked for that long.",
)
@click.option("--quick", is_flag=True, help="Chỉ xem còn hay mất, không đọc lại / whether masters are there, unread.")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def verify(site: Site, repair: bool, older_than: int | None, quick: bool, as_json: bool) -> int:
    """So sổ cái với kho lưu trữ, chỉ mục và hàng đợi / compare ledger, stores, index and queue."""
    services = site.open()
    with closing(services.ledger):
        found = verify_site(
            services.ledger, services.masters, services.derivatives, services.texts, services.index, repair,
            queue=services.queue, quick=quick,
            older_than=timedelta(days=older_than) if older_than is not None else None,
        )  # fmt: skip
    if as_json:
        click.echo(json.dumps(found.as_dict(), ensure_ascii=False))
        return 1 if found.left else 0
    for sentence in (*found.notes, *found.problems):
        click.echo(sentence)
    if found.more:
        click.echo(f"… và {found.more} điểm lệch nữa.")
    count = len(found.problems) + found.more
    click.echo(f"Đã kiểm {found.masters} bản gốc số, {found.pages} trang; {count} điểm lệch.")
    return 1 if found.left else 0
