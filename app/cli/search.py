"""`diachi search`."""

import json

import click

from app.api.answers import search_answer
from app.cli.site import Site, operator
from repository.domain.search import Sort


@click.command()
@click.argument("query")
@click.option("--json", "as_json", is_flag=True, help="Dòng cuối là JSON / last line is JSON.")
@click.option("--page", default=1, type=click.IntRange(1))
@click.option("--size", default=20, type=click.IntRange(1, 100))
@click.pass_obj
def search(site: Site, query: str, as_json: bool, page: int, size: int) -> int:
    """Tìm trong toàn văn / search the full text."""
    services = site.open()
    found = services.finding.search(operator(""), query, None, Sort.RELEVANCE, page, size)
    if as_json:
        click.echo(json.dumps(search_answer(found, services.settings.public_url.rstrip("/")), ensure_ascii=False))
        return 0
    click.echo(f"{found.total} kết quả")
    for hit in found.hits:
        where = f"trang {hit.page.number}" if hit.page else "biểu ghi"
        text = "".join(f"[{part}]" if marked else part for part, marked in hit.snippet)
        click.echo(f"{hit.item.title} ({hit.item.id}), {where}: {' '.join(text.split())}")
    return 0
