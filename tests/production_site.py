"""A site of the production profile on real servers, in real processes."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from live_site import DIACHI, LiveSite
from servers_here import Servers

from config.services import Services, build_services
from config.settings import Settings


def new_site(servers: Servers, name: str, data: Path, **more: str) -> LiveSite:
    """A site whose database, buckets, index and queues are called `name`, made but not started."""
    env = servers.settings(name) | {"DIACHI_WORKERS": "2"} | more
    set_up_storage(servers, env, data)
    return LiveSite(data, env=env)


def set_up_storage(servers: Servers, env: Mapping[str, str], data: Path) -> None:
    """Buckets and keys, as an operator makes them."""
    command = [DIACHI, "--data", data, "storage", "setup", "--admin-user", servers.minio.root_user,
               "--admin-password-file", servers.minio.folder / "root-password"]  # fmt: skip
    subprocess.run(command, check=True, env={**os.environ, **env}, stdout=subprocess.DEVNULL)


def settings_from(data: Path, env: Mapping[str, str]) -> Settings:
    """The settings that a process with these variables would load."""
    values: dict[str, str] = {}
    for name, value in env.items():
        field = name.removeprefix("DIACHI_").lower()
        if field.endswith("_file") and field.removesuffix("_file") in Settings.model_fields:
            values[field.removesuffix("_file")] = Path(value).read_text()
        else:
            values[field] = value
    return Settings(data=data, **values)  # type: ignore[arg-type]


def opened(site: LiveSite) -> Services:
    """The site, opened from the test's own process, as any command would."""
    return build_services(settings_from(site.data, site.env))


@contextmanager
def running(site: LiveSite) -> Iterator[LiveSite]:
    """The site, started, while the block lasts."""
    site.start()
    yield site
    site.stop()


@contextmanager
def open_while(site: LiveSite) -> Iterator[Services]:
    """The site, `opened` while the block lasts."""
    services = opened(site)
    yield services
    services.ledger.close()
