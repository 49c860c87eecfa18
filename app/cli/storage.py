"""`diachi storage`: buckets and keys of the production profile, and the lawful withdrawal of a master."""

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.site import Site, operator, password_in
from repository.domain.errors import N_, WrongUse

if TYPE_CHECKING:
    from config.settings import Settings
    from repository.storage.minio_client import MinioKey

SHORTEST_NAME, LONGEST_NAME, SHORTEST_SECRET = 3, 20, 8  # MinIO's own limits


@click.group()
def storage() -> None:
    """Kho lưu trữ: dựng, kiểm tra, rút bản gốc số / object storage: set up, check, withdraw a master."""


@storage.command()
@click.option("--admin-user", required=True, help="Người quản trị MinIO / MinIO administrator.")
@click.option("--admin-password-file", required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.pass_obj
def setup(site: Site, admin_user: str, admin_password_file: Path) -> int:
    """Tạo ngăn chứa, khóa và quyền trong MinIO; chạy lại bao nhiêu lần cũng được / make buckets, keys and rights."""
    from repository.storage.minio_client import MinioConnection
    from repository.storage.minio_rights import Buckets
    from repository.storage.minio_setup import Wanted, set_up

    settings = _production(site)
    admin = MinioConnection(_key(settings, admin_user, password_in(admin_password_file)))
    wanted = Wanted(
        Buckets(settings.minio_bucket_prefix), settings.minio_retention_days, _application(settings),
        _custodian(settings),
    )  # fmt: skip
    for sentence in set_up(admin, wanted):
        click.echo(sentence)
    if wanted.custodian is None:
        click.echo("Chưa đặt khóa của người giữ kho (DIACHI_MINIO_CUSTODIAN_ACCESS_KEY): chưa ai rút được bản gốc số.")
    return 0


@storage.command()
@click.pass_obj
def check(site: Site) -> int:
    """Xem các ngăn chứa và quyền của khóa có đúng như phải có / are buckets and rights as they should be?"""
    from repository.storage.minio_check import problems
    from repository.storage.minio_client import MinioConnection
    from repository.storage.minio_rights import Buckets

    settings = _production(site)
    buckets = Buckets(settings.minio_bucket_prefix)
    found = problems(MinioConnection(_application(settings)), buckets, settings.minio_retention_days)
    for sentence in found:
        click.echo(sentence)
    if not found:
        click.echo(
            f"{buckets.masters} giữ phiên bản, khóa {settings.minio_retention_days} ngày; khóa của chương trình không "
            f"xóa được phiên bản, không bỏ được hạn giữ, không đổi được ngăn chứa; {buckets.derivatives} và "
            f"{buckets.text} sẵn sàng."
        )
    return 1 if found else 0


@storage.command()
@click.argument("key")
@click.option("--reason", required=True, help="Căn cứ để rút / why.")
@click.option("--yes", is_flag=True, help="Không hỏi lại / do not ask.")
@click.pass_obj
def withdraw(site: Site, key: str, reason: str, yes: bool) -> int:
    """Xóa hẳn một bản gốc số theo luật hoặc thỏa thuận / delete a master for ever, by law or contract.

    KEY là mã SHA-256 của tệp. Ảnh hiển thị và văn bản của trang vẫn còn: hãy gỡ tài liệu trước.
    """
    settings = site.settings()
    eraser = None
    if settings.production:
        from repository.storage.minio_client import MinioConnection
        from repository.storage.minio_rights import Buckets
        from repository.storage.minio_versions import MinioVersions

        custodian = _custodian(settings)
        if custodian is None:
            raise WrongUse(
                N_("Máy này không có khóa của người giữ kho nên không rút được bản gốc số; hãy đặt "
                   "DIACHI_MINIO_CUSTODIAN_ACCESS_KEY và DIACHI_MINIO_CUSTODIAN_SECRET_KEY_FILE.")
            )  # fmt: skip
        eraser = MinioVersions(MinioConnection(custodian), Buckets(settings.minio_bucket_prefix).masters)
    if not yes:
        click.confirm(f"Xóa hẳn bản gốc số {key}? Việc này không lấy lại được.", abort=True)
    services = site.open()
    with closing(services.ledger):
        erased = services.masters.withdraw(key, reason, operator(settings.library_code).user or "?", eraser)
    click.echo(f"Đã rút bản gốc số {key} ({erased} phiên bản).")
    return 0


@storage.command()
@click.argument("key")
@click.option("--reason", required=True, help="Căn cứ để nhận lại / why.")
@click.pass_obj
def readmit(site: Site, key: str, reason: str) -> int:
    """Cho nhận lại một bản gốc số đã rút / let a withdrawn master come in again."""
    services = site.open()
    with closing(services.ledger):
        services.masters.readmit(key, reason, operator(services.settings.library_code).user or "?")
    click.echo(f"Bản gốc số {key} được nhận lại khi có người nộp tệp.")
    return 0


def _production(site: Site) -> "Settings":
    settings = site.settings()
    if not settings.production:
        raise WrongUse(N_("Lệnh này chỉ dùng ở chế độ production (DIACHI_PROFILE=production)."))
    return settings


def _application(settings: "Settings") -> "MinioKey":
    return _own(settings, settings.minio_access_key, settings.minio_secret_key.get_secret_value())


def _custodian(settings: "Settings") -> "MinioKey | None":
    if not settings.minio_custodian_access_key:
        return None
    return _own(settings, settings.minio_custodian_access_key, settings.minio_custodian_secret_key.get_secret_value())


def _own(settings: "Settings", name: str, secret: str) -> "MinioKey":
    if not SHORTEST_NAME <= len(name) <= LONGEST_NAME or len(secret) < SHORTEST_SECRET:
        raise WrongUse(
            N_("Khóa MinIO “{name}” phải có tên dài từ {shortest} đến {longest} ký tự và mật khẩu từ {secret} ký tự; "
               "hãy xem lại các thiết lập DIACHI_MINIO_*_KEY."),
            name=name, shortest=SHORTEST_NAME, longest=LONGEST_NAME, secret=SHORTEST_SECRET,
        )  # fmt: skip
    return _key(settings, name, secret)


def _key(settings: "Settings", name: str, secret: str) -> "MinioKey":
    from repository.storage.minio_client import MinioKey

    return MinioKey(settings.minio_endpoint, name, secret, settings.minio_tls, settings.minio_ca_file)
