"""`diachi user add`."""

from pathlib import Path

import click

from app.cli.site import Site, password_in
from repository.domain.access import Role
from repository.domain.records import User


@click.group()
def user() -> None:
    """Người dùng / users."""


@user.command()
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--password-file", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=True)
@click.option("--library", help="Mã thư viện / library code.")
@click.pass_obj
def add(site: Site, name: str, role: str, password_file: Path, library: str | None) -> int:
    """Thêm hoặc đổi một người dùng / add or change a user."""
    services = site.open()
    person = User(name, Role(role), library or services.settings.library_code)
    services.accounts.add("cli", person, password_in(password_file))
    click.echo(f"Đã ghi người dùng {name} ({role}).")
    return 0
