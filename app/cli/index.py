"""`diachi reindex` and `diachi verify`."""

import json
import time

import click

from app.cli.site import Site
from app.cli.workers import working
from repository.catalog.verifying import verify_site


@click.command()
@click.pass_obj
def reindex(site: Site) -> int:
    """Dựng lại chỉ mục toàn văn từ văn bản đã lưu / rebuild the full-text index from stored text."""
    services = site.open()
    services.indexing.owe_everything()
    with working(services.settings) as workers:
        while services.indexing.owing():
            workers.ensure()
            time.sleep(0.2)
    click.echo("Đã dựng lại chỉ mục.")
    return 0


@click.command()
@click.option("--repair", is_flag=True, help="Sửa những gì sửa được / mend what can be.")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def verify(site: Site, repair: bool, as_json: bool) -> int:
    """So sổ cái với kho lưu trữ và chỉ mục / compare ledger, stores and index."""
    services = site.open()
    found = verify_site(services.ledger, services.masters, services.derivatives, services.index, repair)
    if as_json:
        click.echo(json.dumps(found.as_dict(), ensure_ascii=False))
    else:
        for problem in found.problems:
            click.echo(problem)
        click.echo(f"Đã kiểm {found.masters} bản gốc số, {found.pages} trang; {len(found.problems)} điểm lệch.")
    return 1 if found.left else 0
