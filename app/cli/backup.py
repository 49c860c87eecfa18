"""`diachi backup`: a copy of the site on another disk or another MinIO, while the site is in use."""

from contextlib import closing
from typing import TYPE_CHECKING

import click

from app.cli.site import Site
from repository.domain.errors import N_, DiachiError, WrongUse
from repository.domain.sizes import spoken

if TYPE_CHECKING:
    from config.services import Services
    from repository.keeping.copying import Tick
    from repository.keeping.manifest import Manifest
    from repository.keeping.places import Place


@click.command()
@click.argument("place", metavar="DIR", required=False)
@click.option("--new", is_flag=True, help="Ổ mới, thay cho ổ trước / another disk in the place of the last one.")
@click.option("--derivatives", is_flag=True, help="Cả ảnh hiển thị (làm lại được) / images for readers too.")
@click.option("--prune", is_flag=True, help="Bỏ những gì không bản nào còn giữ / free what no kept backup names.")
@click.option("--verify", is_flag=True, help="Đọc lại toàn bộ bản sao lưu / read the whole backup again.")
@click.option("--list", "listing", is_flag=True, help="Chỉ liệt kê các bản đang có / only list what there is.")
@click.pass_obj
def backup(
    site: Site, place: str | None, new: bool, derivatives: bool, prune: bool, verify: bool, listing: bool
) -> int:
    """Sao lưu kho vào DIR (thư mục, hoặc s3://ngăn) / back the site up.

    Không ghi DIR thì dùng thiết lập DIACHI_BACKUP_TO. Mã kết thúc: 0 trọn vẹn, 1 có thiếu hay hỏng, 2 dùng sai,
    3 máy chủ không trả lời.
    """
    from config.keeping import open_place

    settings = site.settings()
    where = place or settings.backup_to
    if not where:
        raise WrongUse(N_("Hãy ghi thư mục sao lưu: diachi backup DIR, hoặc đặt DIACHI_BACKUP_TO."))
    if listing:
        return _list(open_place(settings, where, make=False))
    services = site.open()
    with closing(services.ledger):
        services.masters.ping()  # tells quickly when nobody is there
        try:
            opened = open_place(settings, where, make=True)
        except DiachiError as error:
            with services.ledger.write() as work:
                work.journal.set("backup.last_error", str(error))
            raise
        return _back_up(services, opened, new=new, derivatives=derivatives, prune=prune, verify=verify)


def _back_up(services: "Services", place: "Place", *, new: bool, derivatives: bool, prune: bool, verify: bool) -> int:
    from config.keeping import source_of
    from repository.keeping.backing_up import back_up, incomplete
    from repository.keeping.turn import turn

    source = source_of(services.settings, services.ledger, services.masters, services.derivatives)
    with turn(services.ledger, services.settings.data) as tick:
        manifest = back_up(source, place, tick, derivatives=derivatives, new=new)
        click.echo(_line(manifest))
        click.echo(f"Mới chép lần này: {manifest.new_objects} đối tượng, {spoken(manifest.new_size)}.")
        if not manifest.whole:
            click.echo(str(incomplete(manifest)), err=True)
        wrong = _verify(place, tick) if verify else 0
        if prune and not wrong:
            _prune(place, tick)
    return 0 if manifest.whole and not wrong else 1


def _verify(place: "Place", tick: "Tick") -> int:
    from repository.keeping.checking import check

    found = check(place, tick)
    for problem in found.problems:
        click.echo(problem, err=True)
    click.echo(
        f"Đã đọc lại {found.snapshots} bản, {found.objects} đối tượng, {spoken(found.size)}: {found.wrong} hỏng."
    )
    return found.wrong


def _prune(place: "Place", tick: "Tick") -> None:
    from repository.keeping.checking import prune

    gone = prune(place, tick)
    click.echo(f"Đã bỏ {gone.objects} đối tượng không bản nào còn giữ, {spoken(gone.size)}.")


def _list(place: "Place") -> int:
    wrong = 0
    for snapshot in place.snapshots():
        try:
            click.echo(_line(place.manifest(snapshot)))
        except DiachiError as problem:
            wrong += 1
            click.echo(str(problem), err=True)
    return 1 if wrong else 0


def _line(manifest: "Manifest") -> str:
    return (
        f"{manifest.snapshot}: {manifest.rows('item')} tài liệu, {manifest.rows('page')} trang, "
        f"{manifest.objects.masters} bản gốc số, {spoken(manifest.size)}"
        + ("." if manifest.whole else f", THIẾU {manifest.objects.missing_count} bản gốc số.")
    )
