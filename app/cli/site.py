"""What the commands share: the site they work on, and who is working."""

import getpass
import os
from dataclasses import dataclass
from pathlib import Path

from config.services import Services, build_services
from config.settings import Settings, load_settings
from repository.domain.access import Role, Visitor
from repository.domain.records import Library


@dataclass(frozen=True, slots=True)
class Site:
    """The data folder given on the command line."""

    data: Path | None

    def settings(self) -> Settings:
        """The site's settings; raises WrongUse naming what is wrong."""
        return load_settings(self.data)

    def open(self) -> Services:
        """The site's services; a new folder becomes a new site with one library."""
        services = build_services(self.settings())
        with services.ledger.read() as work:
            empty = not work.libraries.all()
        if empty:
            with services.ledger.write() as work:
                settings = services.settings
                work.libraries.put(Library(settings.library_code, settings.library_name))
        return services


def operator(library: str) -> Visitor:
    """Whoever runs a command on the machine itself may do everything, under the name they are signed in by."""
    try:
        name = getpass.getuser()
    except OSError:
        name = str(os.getuid())
    return Visitor(user=f"{name}@cli", role=Role.ADMIN, library=library)
