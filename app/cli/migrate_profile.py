"""`diachi migrate-profile`: a live site from one machine to the four servers, or back."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.site import Site
from repository.domain.sizes import spoken

if TYPE_CHECKING:
    from config.keeping import Profile
    from config.settings import Settings
    from repository.db.ledger import Ledger
    from repository.keeping import filling
    from repository.keeping.moving import Leaving, Moved

ASIDE = "ledger.moving.sqlite"
LOOK_SECONDS = 0.5


@click.command("migrate-profile")
@click.option("--to", "profile", type=click.Choice(["embedded", "production"]), required=True)
@click.option("--replace", is_flag=True, help="Ghi đè dữ liệu cũ của chính kho này / over older data of this site.")
@click.option("--index-later", is_flag=True, help="Để kho tự dựng chỉ mục khi chạy / leave the index to the site.")
@click.option("--no-wait", is_flag=True, help="Kho còn chạy thì thôi, không đợi / do not wait for the site to stop.")
@click.pass_obj
def migrate_profile(site: Site, profile: "Profile", replace: bool, index_later: bool, no_wait: bool) -> int:
    """Chuyển kho sang chế độ khác / move the site to the other profile.

    Chép gần hết khi kho đang chạy; rồi đợi kho dừng để chép nốt và so từng bảng. Bị ngắt thì chạy lại đúng lệnh ấy.
    """
    from config.keeping import leaving_of, settings_for, site_of
    from config.services import open_ledger
    from repository.keeping.moving import claim, copy_while_in_use, site_id
    from repository.keeping.turn import turn

    here, there = site.settings(), settings_for(profile, site.folder)
    if here.profile == profile:
        return _there_already(here)
    ledger = open_ledger(here)
    leaving = leaving_of(here, ledger)
    target = site_of(there, f"sqlite:///{there.data / ASIDE}" if profile == "embedded" else "")
    try:
        with turn(ledger, here.data) as tick:
            identity = site_id(ledger)
            claim(identity, target, replace=replace)
            masters, derivatives = copy_while_in_use(leaving, target, tick)
            click.echo(
                f"Đã chép {masters.there} bản gốc số ({spoken(masters.size)}) và {derivatives.there} ảnh hiển thị."
            )
            moved = _finish(ledger, leaving, identity, target, there, index=not index_later, wait=not no_wait)
    finally:
        _close(target)
        leaving.engine.dispose()
        ledger.close()
    _tell(moved, profile)
    return 0


def _finish(
    ledger: "Ledger", leaving: "Leaving", identity: str, target: "filling.Site", there: "Settings", *,
    index: bool, wait: bool,
) -> "Moved":  # fmt: skip
    """The last pass, with nobody in the old ledger until the site is set to its new profile."""
    from repository.db.dumping import SiteInUse, snapshot_alone
    from repository.keeping.moving import finish

    asked = False
    while True:
        ledger.close()
        leaving.engine.dispose()
        try:
            with snapshot_alone(leaving.engine) as moment:
                moved = finish(leaving, moment, identity, target, index=index)
                _close(target)
                _switch(there)
                return moved
        except SiteInUse:
            if not wait:
                raise
            if not asked:
                click.echo("Hãy dừng kho (Ctrl+C ở cửa sổ đang chạy, hoặc systemctl stop diachi); lệnh này đợi.")
            asked = True
            time.sleep(LOOK_SECONDS)


def _switch(there: "Settings") -> None:
    """Set the site to its new profile. A new SQLite file takes its place only now, the older one is kept beside it."""
    from config.env_file import set_in_env_file
    from config.keeping import patient_engine
    from repository.keeping.moving import arrived

    if not there.production:
        _into_place(there.data)
    set_in_env_file(there.data / "diachi.env", {"DIACHI_PROFILE": there.profile})
    engine = patient_engine(there)
    arrived(engine)
    engine.dispose()


def _into_place(data: Path) -> None:
    ledger = data / "ledger.sqlite"
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    if ledger.exists():
        for ending in ("-wal", "-shm", ""):
            old = data / f"ledger.sqlite{ending}"
            if old.exists():
                old.rename(data / f"ledger-{stamp}.sqlite{ending}")
    (data / ASIDE).rename(ledger)


def _there_already(here: "Settings") -> int:
    click.echo(f"Kho đã ở chế độ {here.profile}.")
    return 0


def _close(target: "filling.Site") -> None:
    target.index.close()
    target.ledger.close()
    target.engine.dispose()


def _tell(moved: "Moved", profile: str) -> None:
    click.echo(f"{'bảng':<14} {'nơi cũ':>10} {'nơi mới':>10}")
    for table in moved.tables:
        click.echo(f"{table.table:<14} {table.here:>10} {table.there:>10}  {'khớp' if table.same else 'LỆCH'}")
    click.echo(
        f"Bản gốc số: {moved.masters.there} ({spoken(moved.masters.size)}), mã kiểm tra khớp. "
        f"Ảnh hiển thị: {moved.derivatives.there}. Chỉ mục: {moved.documents} mục."
    )
    if moved.owed:
        click.echo(f"{moved.owed} việc sẽ được làm lại khi kho chạy.")
    click.echo(f"Đã đặt DIACHI_PROFILE={profile}. Hãy khởi động lại kho; dữ liệu ở nơi cũ vẫn nguyên.")
    if os.environ.get("DIACHI_PROFILE", profile) != profile:
        click.echo("Biến môi trường DIACHI_PROFILE đang là chế độ cũ và thắng diachi.env: hãy sửa nó.", err=True)
