"""What the commands share: the site they work on, and who is working."""

import getpass
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from repository.domain.access import Role, Visitor
from repository.domain.errors import N_, WrongUse
from repository.domain.records import Library

if TYPE_CHECKING:
    from config.services import Services
    from config.settings import Settings


@dataclass(frozen=True, slots=True)
class Site:
    """The data folder given on the command line. What opens it is loaded only then, so that commands start quickly."""

    data: Path | None

    @property
    def folder(self) -> Path:
        """The data folder: the one given, else the one that DIACHI_DATA names, else `data`."""
        return (self.data or Path(os.environ.get("DIACHI_DATA", "data"))).absolute()

    def settings(self) -> "Settings":
        """The site's settings; raises WrongUse naming what is wrong."""
        from config.settings import load_settings

        return load_settings(self.data)

    def open(self) -> "Services":
        """The site's services; a new folder becomes a new site with one library."""
        from config.logging_setup import start_logging
        from config.services import build_services

        settings = self.settings()
        start_logging(settings, "command", logging.WARNING)
        services = build_services(settings)
        with services.ledger.read() as work:
            empty = not work.libraries.all()
        if empty:
            with services.ledger.write() as work:
                work.libraries.put(Library(settings.library_code, settings.library_name))
        return services


def operator(library: str) -> Visitor:
    """Whoever runs a command on the machine itself may do everything, under the name they are signed in by."""
    try:
        name = getpass.getuser()
    except OSError:
        name = str(os.getuid())
    return Visitor(user=f"{name}@cli", role=Role.ADMIN, library=library)


def password_in(path: Path) -> str:
    """The password that a file holds, its line end aside; Windows editors put a mark before it. Raises WrongUse for
    text in another encoding than UTF-8."""
    try:
        return path.read_text("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise WrongUse(
            N_("Tệp mật khẩu {name} không ghi dạng UTF-8; hãy lưu lại ở dạng đó."), name=path.name
        ) from error
