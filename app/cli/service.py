"""`diachi install-service`: the site comes up by itself after a power cut."""

import getpass
import os
import subprocess
import sys
from pathlib import Path

import click

from app.cli.site import Site
from repository.domain.errors import N_, WrongUse

UNIT = Path("/etc/systemd/system/diachi.service")
TEMPLATE = """[Unit]
Description=diachi
After=network-online.target
Wants=network-online.target

[Service]
User={user}
WorkingDirectory={root}
ExecStart="{diachi}" --data "{data}" serve --host {host} --port {port} {public}
Restart=always
RestartSec=3
KillMode=mixed
TimeoutStopSec=40

[Install]
WantedBy=multi-user.target
"""


@click.command("install-service")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8080, show_default=True, type=click.IntRange(1, 65535))
@click.option("--public-url", default="")
@click.option("--user", help="Người dùng hệ thống chạy dịch vụ / system user.")
@click.option("--print", "only_print", is_flag=True, help="Chỉ in tệp dịch vụ / only print the unit.")
@click.pass_obj
def install_service(site: Site, host: str, port: int, public_url: str, user: str | None, only_print: bool) -> int:
    """Cài dịch vụ systemd để trang tự chạy lại sau khi mất điện / install a systemd service."""
    unit = TEMPLATE.format(
        user=user or os.environ.get("SUDO_USER") or getpass.getuser(),
        root=Path.cwd(), diachi=Path(sys.argv[0]).absolute(), data=site.settings().data, host=host, port=port,
        public=f'--public-url "{public_url}"' if public_url else "",
    )  # fmt: skip
    if only_print:
        click.echo(unit)
        return 0
    if os.geteuid() != 0:
        raise WrongUse(N_("Cần quyền quản trị máy: hãy chạy lại lệnh này với sudo."))
    UNIT.write_text(unit)
    for arguments in (["daemon-reload"], ["enable", "--now", UNIT.name]):
        done = subprocess.run(["systemctl", *arguments], check=False)
        if done.returncode:
            raise WrongUse(N_("systemctl {verb} không chạy được; tệp dịch vụ đã ghi ở {path}."),
                           verb=arguments[0], path=str(UNIT))  # fmt: skip
    click.echo(f"Đã cài và chạy dịch vụ: {UNIT}")
    return 0
