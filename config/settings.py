"""Settings of a site: one typed object, from the environment and from `diachi.env` in the data folder."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from repository.domain.errors import N_, WrongUse

PREFIX = "DIACHI_"


class Settings(BaseSettings):
    """Everything that may differ between sites. Each field is set by the environment variable `DIACHI_` and its name in
    capitals, or by that line in `diachi.env`; the environment wins."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    data: Path = Field(description="folder for everything the site keeps")
    public_url: str = Field("", description="address by which readers reach the site, when it is not host and port")
    workers: int = Field(default_factory=lambda: max(os.cpu_count() or 1, 1), ge=1, le=256)
    site_name: str = "Thư viện địa chí"
    library_code: str = "TV"
    library_name: str = "Thư viện"
    languages: str = Field("vie", description="Tesseract models, joined by +")
    max_pixels: int = Field(200_000_000, gt=0)
    max_pages_per_file: int = Field(5_000, gt=0)
    max_file_bytes: int = Field(4 << 30, gt=0)
    ocr_seconds: int = Field(180, gt=0, description="how long the engine may take for a page")
    proxies: int = Field(0, ge=0, description="how many trusted proxies stand in front")
    trusted_hosts: Annotated[tuple[str, ...], NoDecode] = ()

    @field_validator("trusted_hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @property
    def database_url(self) -> str:
        """Where the ledger lies."""
        return f"sqlite:///{self.data / 'ledger.sqlite'}"

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


def load_settings(data: Path | None = None) -> Settings:
    """The settings of the site whose data lie in `data` (or where DIACHI_DATA says); raises WrongUse naming the
    variable that is wrong."""
    folder = data or Path(os.environ.get(f"{PREFIX}DATA", "data"))
    try:
        return Settings(data=folder.absolute(), _env_file=folder / "diachi.env")  # type: ignore[call-arg]
    except ValidationError as error:
        first = error.errors()[0]
        name = f"{PREFIX}{'_'.join(str(part) for part in first['loc'][:1]).upper()}"
        raise WrongUse(N_("Thiết lập {name} không hợp lệ: {problem}."), name=name, problem=str(first["msg"])) from error
