"""What backup, restore and moving work on, as the settings say."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dotenv import dotenv_values
from pydantic import SecretStr
from sqlalchemy import Engine

from config.adapters import open_index, open_stores
from config.secret_files import PREFIX
from config.settings import Settings, load_settings
from repository.db.engine import make_engine
from repository.db.ledger import Ledger
from repository.domain.errors import N_, WrongUse
from repository.keeping.backing_up import Source
from repository.keeping.filling import Site
from repository.keeping.moving import Leaving
from repository.keeping.places import Place, open_folder
from repository.storage.folder import FolderStore
from repository.storage.port import ObjectStore

Profile = Literal["embedded", "production"]
BUCKET = re.compile(r"(?:s3|minio)://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/?")
NEEDED = ("DATABASE_URL", "MINIO_ENDPOINT", "MINIO_ACCESS_KEY", "MINIO_SECRET_KEY", "OPENSEARCH_URLS", "REDIS_URL")
# What a site is set to on its own machine and servers; elsewhere it is something else.
OF_A_MACHINE = (
    "profile", "data", "workers", "proxies", "trusted_hosts", "public_url", "log_format", "cache_bytes", "database_",
    "minio_", "opensearch_", "redis_", "backup_",
)  # fmt: skip


def is_bucket(where: str) -> bool:
    """Whether a place for backups is a bucket and no folder."""
    return "://" in where


def open_place(settings: Settings, where: str, *, make: bool) -> Place:
    """A place for backups: a folder, or `s3://bucket` on the server of the settings `backup_minio_*`; with `make` one
    that is not there is made. Raises WrongUse, StoreFailed or ServerUnreachable."""
    if not is_bucket(where):
        return open_folder(Path(where).absolute(), make=make)
    found = BUCKET.fullmatch(where)
    if found is None:
        raise WrongUse(N_("Nơi sao lưu {place} không hợp lệ; hãy viết một thư mục, hoặc s3://tên-ngăn."), place=where)
    names = ("backup_minio_endpoint", "backup_minio_access_key", "backup_minio_secret_key")
    missing = [f"{PREFIX}{name.upper()}" for name in names if not _set(settings, name)]
    if missing:
        raise WrongUse(N_("Sao lưu vào MinIO cần thêm thiết lập {names}."), names=", ".join(missing))
    from repository.keeping.bucket import open_bucket
    from repository.storage.minio_client import MinioKey

    key = MinioKey(
        settings.backup_minio_endpoint, settings.backup_minio_access_key,
        settings.backup_minio_secret_key.get_secret_value(), settings.backup_minio_tls, settings.backup_minio_ca_file,
    )  # fmt: skip
    settings.scratch_folder.mkdir(parents=True, exist_ok=True)
    return open_bucket(key, found[1], settings.scratch_folder, make=make)


def patient_engine(settings: Settings, url: str = "") -> Engine:
    """The ledger's engine, with transactions that may stand still while a slow disk is written to."""
    return make_engine(url or settings.ledger_url, settings.database_password.get_secret_value(), idle_seconds=0)


def source_of(settings: Settings, ledger: Ledger, masters: ObjectStore, derivatives: ObjectStore) -> Source:
    """The site as something to back up."""
    settings.scratch_folder.mkdir(parents=True, exist_ok=True)
    return Source(
        ledger, patient_engine(settings), masters, derivatives, settings.scratch_folder, settings.profile,
        told(settings),
    )  # fmt: skip


def leaving_of(settings: Settings, ledger: Ledger) -> Leaving:
    """The site as something that moves."""
    settings.scratch_folder.mkdir(parents=True, exist_ok=True)
    stores = open_stores(settings, ledger)
    masters: ObjectStore = stores.masters if settings.production else FolderStore(settings.data / "masters")
    return Leaving(patient_engine(settings), masters, stores.derivatives, settings.scratch_folder)


def site_of(settings: Settings, ledger_url: str = "") -> Site:
    """The site as something to fill; its ledger may have no tables yet."""
    for folder in (settings.data, settings.scratch_folder, settings.uploads_folder):
        folder.mkdir(parents=True, exist_ok=True)
    url = ledger_url or settings.ledger_url
    ledger = Ledger(make_engine(url, settings.database_password.get_secret_value()))
    stores = open_stores(settings, ledger)
    return Site(
        patient_engine(settings, url), ledger, stores.masters, stores.derivatives, stores.texts, open_index(settings)
    )


def settings_for(profile: Profile | None, data: Path) -> Settings:
    """The settings of a site in `data`, in that profile whatever the site is in now. Raises WrongUse naming every
    setting that the production profile lacks."""
    given = {**dotenv_values(data / "diachi.env"), **os.environ}
    chosen = profile or given.get(f"{PREFIX}PROFILE") or "embedded"
    if chosen == "production":
        names = [f"{PREFIX}{name}" for name in NEEDED]
        missing = [name for name in names if not given.get(name) and not given.get(f"{name}_FILE")]
        if missing:
            raise WrongUse(
                N_("Chế độ production còn thiếu thiết lập {names}; hãy ghi vào diachi.env hay biến môi trường."),
                names=", ".join(missing),
            )
    before = os.environ.get(f"{PREFIX}PROFILE")
    os.environ[f"{PREFIX}PROFILE"] = chosen
    try:
        return load_settings(data)
    finally:
        if before is None:
            del os.environ[f"{PREFIX}PROFILE"]
        else:
            os.environ[f"{PREFIX}PROFILE"] = before


@dataclass(frozen=True, slots=True)
class ToldSettings:
    """Variables of a backed up site: those that hold anywhere, and those of its machine, for people to look at."""

    anywhere: dict[str, str]
    there: dict[str, str]


def told(settings: Settings) -> dict[str, str]:
    """What the site was set to by somebody, as variables; no secrets."""
    found = {}
    for name in sorted(settings.model_fields_set - {"data", "profile"}):
        value = getattr(settings, name)
        if not isinstance(value, SecretStr) and not name.endswith("access_key") and value not in ("", None, ()):
            found[f"{PREFIX}{name.upper()}"] = ",".join(value) if isinstance(value, tuple) else str(value)
    return found


def sorted_out(variables: dict[str, str]) -> ToldSettings:
    """The variables of a manifest, by whether they hold on another machine."""
    there = {
        name: value for name, value in variables.items() if name.removeprefix(PREFIX).lower().startswith(OF_A_MACHINE)
    }
    return ToldSettings({name: value for name, value in variables.items() if name not in there}, there)


def _set(settings: Settings, name: str) -> bool:
    value = getattr(settings, name)
    return bool(value.get_secret_value() if isinstance(value, SecretStr) else value)
