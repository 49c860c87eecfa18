"""`diachi ingest`: a batch from files and folders, watched until every page is searchable or set aside."""

from pathlib import Path

import click

from app.cli.batch_report import conclude
from app.cli.handing_in import find, send
from app.cli.site import Site, operator, password_in
from app.cli.watching import watch
from app.cli.workers import working
from repository.domain.access import AccessLevel

LEVELS = [level.value for level in AccessLevel if level is not AccessLevel.EMBARGO]


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
    found = find(paths)
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
                visitor, title or paths[0].resolve().name, code, expected_files=found.expected(), publish=publish,
                access=AccessLevel(access) if access else None, item=item,
            )  # fmt: skip
        click.echo(f"Lô {batch.id}: {len(found.files)} tệp", err=True)
        not_taken = [*found.not_taken, *send(services, visitor, batch.id, found.files, password)]
        services.intake.close(visitor, batch.id)
        gone = watch(services, visitor, batch.id, workers)
    return conclude(services, visitor, batch.id, as_json, gone=gone, not_taken=not_taken)
