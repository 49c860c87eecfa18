"""`diachi restore`: a site from its backup, into an empty one."""

from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.site import Site, operator
from repository.domain.errors import N_, StoreFailed, WrongUse
from repository.domain.sizes import spoken

if TYPE_CHECKING:
    from config.keeping import Profile
    from config.settings import Settings
    from repository.keeping.manifest import Manifest
    from repository.keeping.places import Place
    from repository.keeping.restoring import Restored


@click.command()
@click.argument("backup")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Thư mục dữ liệu mới / new data folder.")
@click.option("--snapshot", help="Bản nào; không ghi: bản mới nhất / which run; default: the newest.")
@click.option("--to", "profile", type=click.Choice(["embedded", "production"]), help="Chế độ của kho mới / profile.")
@click.pass_obj
def restore(site: Site, backup: str, data: Path | None, snapshot: str | None, profile: "Profile | None") -> int:
    """Dựng lại kho từ bản sao lưu BACKUP vào một kho trống / bring a site back from its backup, into an empty one.

    Bị ngắt giữa chừng thì chạy lại đúng lệnh ấy để làm tiếp.
    """
    from config.env_file import set_in_env_file
    from config.keeping import open_place, settings_for, site_of, sorted_out
    from repository.keeping.restoring import restore as bring_back

    folder = (data or site.folder).absolute()
    settings = settings_for(profile, folder)
    place = open_place(settings, backup, make=False)
    manifest = _chosen(place, snapshot)
    click.echo(f"Bản {manifest.snapshot}: {manifest.rows('page')} trang, {spoken(manifest.size)}.")
    with _nobody_works(settings):
        target = site_of(settings)
        who = operator(settings.library_code).user or "?"
        try:
            restored = bring_back(place, manifest, target, who, lambda: None)
        finally:
            target.index.close()
            target.ledger.close()
            target.engine.dispose()
        told = sorted_out(manifest.settings)
        set_in_env_file(folder / "diachi.env", {**told.anywhere, "DIACHI_PROFILE": settings.profile}, told.there)
    return _tell(restored)


def _chosen(place: "Place", snapshot: str | None) -> "Manifest":
    if snapshot is not None:
        return place.manifest(snapshot)
    newest = place.newest()
    if newest is None:
        raise WrongUse(N_("Trong {place} chưa có bản sao lưu nào hoàn tất."), place=place.name)
    return place.manifest(newest)


def _tell(restored: "Restored") -> int:
    rows = restored.tables
    click.echo(
        f"Đã khôi phục: {rows.get('item', 0)} tài liệu, {rows.get('page', 0)} trang, "
        f"{rows.get('text_version', 0)} bản văn bản, {rows.get('user_account', 0)} tài khoản, "
        f"{rows.get('event', 0)} dòng nhật ký; {restored.masters.there} bản gốc số "
        f"({spoken(restored.masters.size)}), {restored.derivatives.there} ảnh hiển thị."
    )
    if restored.owed:
        click.echo(f"{restored.owed} việc sẽ được làm lại (ảnh hiển thị…) khi kho chạy.")
    if restored.whole:
        return 0
    click.echo(
        f"THIẾU {restored.masters.missing_count} bản gốc số (như {restored.masters.missing[0]}). Sửa ổ đĩa sao lưu rồi "
        "chạy lại lệnh này để lấy thêm, hoặc chạy kho với những gì đã có.",
        err=True,
    )
    return 1


@contextmanager
def _nobody_works(settings: "Settings") -> Iterator[None]:
    """Hold the data folder's lock, so that no supervisor begins work on a site that is half there."""
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        lock = (settings.data / "workers.lock").open("w")
    except OSError as error:
        raise StoreFailed(
            N_("Không ghi được vào thư mục dữ liệu {folder}: {cause}."),
            folder=str(settings.data), cause=error.strerror or "?",
        ) from error  # fmt: skip
    with lock:
        try:
            flock(lock, LOCK_EX | LOCK_NB)
        except BlockingIOError as error:
            raise WrongUse(
                N_("Kho ở {folder} đang chạy; hãy khôi phục vào một thư mục khác."), folder=str(settings.data)
            ) from error
        yield
