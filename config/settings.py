"""Settings of a site: one typed object, from the environment and from `diachi.env` in the data folder."""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from config.secret_files import PREFIX, secrets_from_files
from repository.domain.errors import N_, WrongUse

Names = Annotated[tuple[str, ...], NoDecode]
NO_SECRET = SecretStr("")


class Settings(BaseSettings):
    """Everything that may differ between sites. Each field is set by the environment variable `DIACHI_` and its name in
    capitals, or by that line in `diachi.env`; the environment wins. A secret may come from a file instead: then the
    variable's name ends in `_FILE` and its value is the path."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    profile: Literal["embedded", "production"] = "embedded"
    data: Path = Field(description="folder for everything the site keeps on this machine")
    public_url: str = Field("", description="address by which readers reach the site, when it is not host and port")
    workers: int = Field(default_factory=lambda: max(os.cpu_count() or 1, 1), ge=0, le=256)
    site_name: str = "Thư viện địa chí"
    library_code: str = "TV"
    library_name: str = "Thư viện"
    languages: str = Field("vie", description="Tesseract models, joined by +")
    max_pixels: int = Field(200_000_000, gt=0)
    max_pages_per_file: int = Field(5_000, gt=0)
    max_file_bytes: int = Field(4 << 30, gt=0)
    ocr_seconds: int = Field(180, gt=0, description="how long the engine may take for a page")
    lease_seconds: int = Field(600, ge=2, description="how long a worker may be silent before its job is given away")
    proxies: int = Field(0, ge=0, description="how many trusted proxies stand in front")
    trusted_hosts: Names = ()
    log_format: Literal["text", "json"] = "text"
    metrics_token: SecretStr = Field(NO_SECRET, description="opens /metrics to other machines, as a bearer token")

    database_url: str = Field("", description="PostgreSQL, without its password; empty: SQLite in the data folder")
    database_password: SecretStr = NO_SECRET

    minio_endpoint: str = Field("", description="host:port")
    minio_tls: bool = False
    minio_ca_file: Path | None = None
    minio_access_key: str = ""
    minio_secret_key: SecretStr = NO_SECRET
    minio_bucket_prefix: str = Field("diachi", pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")
    minio_retention_days: int = Field(3650, gt=0, description="how long a master cannot be deleted, from its arrival")
    minio_custodian_access_key: str = Field("", description="only where masters are lawfully withdrawn")
    minio_custodian_secret_key: SecretStr = NO_SECRET
    cache_bytes: int = Field(2 << 30, ge=0, description="local copies of objects kept on this machine at most")

    opensearch_urls: Names = Field((), description="nodes, as https://host:9200, parted by commas")
    opensearch_user: str = ""
    opensearch_password: SecretStr = NO_SECRET
    opensearch_ca_file: Path | None = None
    opensearch_index: str = Field("diachi", pattern=r"^[a-z0-9][a-z0-9_-]{0,60}$")
    opensearch_shards: int = Field(1, ge=1, le=64)
    opensearch_replicas: int = Field(0, ge=0, le=8)

    redis_url: str = Field("", description="redis://host:port/0, or rediss:// for TLS; without its password")
    redis_password: SecretStr = NO_SECRET
    redis_ca_file: Path | None = None
    redis_prefix: str = Field("diachi", description="what the queues' names begin with")

    backup_to: str = Field("", description="folder (a USB disk's) or s3://bucket for the nightly backup; empty: none")
    backup_at: str = Field("02:30", pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="local time")
    backup_prune: bool = Field(False, description="the nightly backup also frees what no kept backup names")
    backup_minio_endpoint: str = Field("", description="host:port of the MinIO that backup_to means by s3://")
    backup_minio_tls: bool = False
    backup_minio_ca_file: Path | None = None
    backup_minio_access_key: str = ""
    backup_minio_secret_key: SecretStr = NO_SECRET

    @field_validator("trusted_hosts", "opensearch_urls", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("database_url")
    @classmethod
    def _a_database(cls, value: str) -> str:
        if value and not value.startswith("postgresql+psycopg://"):
            raise ValueError("phải bắt đầu bằng postgresql+psycopg://")
        return value

    @field_validator("opensearch_urls")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(not url.startswith(("http://", "https://")) for url in value):
            raise ValueError("mỗi địa chỉ phải bắt đầu bằng http:// hoặc https://")
        return value

    @field_validator("redis_url")
    @classmethod
    def _an_address(cls, value: str) -> str:
        if value and not value.startswith(("redis://", "rediss://")):
            raise ValueError("phải bắt đầu bằng redis:// hoặc rediss://")
        return value

    @field_validator("minio_ca_file", "opensearch_ca_file", "redis_ca_file", "backup_minio_ca_file", mode="before")
    @classmethod
    def _none(cls, value: object) -> object:
        return value or None

    @field_validator("minio_ca_file", "opensearch_ca_file", "redis_ca_file", "backup_minio_ca_file")
    @classmethod
    def _a_file(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError(f"không có tệp {value}")
        return value

    @model_validator(mode="after")
    def _servers_named(self) -> "Settings":
        if self.profile == "production":
            for name in ("database_url", "minio_endpoint", "minio_access_key", "opensearch_urls", "redis_url"):
                if not getattr(self, name):
                    raise ValueError(f"chế độ production cần {PREFIX}{name.upper()}")
        return self

    @property
    def production(self) -> bool:
        """Whether the four servers are used."""
        return self.profile == "production"

    @property
    def ledger_url(self) -> str:
        """Where the ledger lies; the password is not in it."""
        return self.database_url if self.production else f"sqlite:///{self.data / 'ledger.sqlite'}"

    @property
    def index_folder(self) -> Path:
        """Where the full-text index lies."""
        return self.data / "index"

    @property
    def uploads_folder(self) -> Path:
        """Where uploads lie until they are whole."""
        return self.data / "uploads"

    @property
    def scratch_folder(self) -> Path:
        """Where workers put what they need only while they work."""
        return self.data / "scratch"

    @property
    def cache_folder(self) -> Path:
        """Where local copies of objects lie."""
        return self.data / "cache"


def load_settings(data: Path | None = None) -> Settings:
    """The settings of the site whose data lie in `data` (or where DIACHI_DATA says); raises WrongUse naming the
    variable that is wrong."""
    folder = data or Path(os.environ.get(f"{PREFIX}DATA", "data"))
    try:
        secrets = secrets_from_files(Settings, folder / "diachi.env")
        return Settings(data=folder.absolute(), _env_file=folder / "diachi.env", **secrets)  # type: ignore[call-arg, arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = f"{PREFIX}{'_'.join(str(part) for part in first['loc'][:1]).upper()}" if first["loc"] else "diachi.env"
        problem = str(first["msg"]).removeprefix("Value error, ")
        raise WrongUse(N_("Thiết lập {name} không hợp lệ: {problem}."), name=name, problem=problem) from error
