"""Secrets given as files, as container platforms give them: `DIACHI_X_FILE` names the file that holds `DIACHI_X`."""

import os
from pathlib import Path

from dotenv import dotenv_values
from pydantic import SecretStr
from pydantic_settings import BaseSettings

from repository.domain.errors import N_, WrongUse

PREFIX = "DIACHI_"


def secrets_from_files(settings: type[BaseSettings], env_file: Path) -> dict[str, SecretStr]:
    """The secrets of `settings` that are named by a file, by field name. The variable itself, when it is set, wins.

    Raises WrongUse when a named file cannot be read."""
    given = {**dotenv_values(env_file), **os.environ}
    found = {}
    for field, info in settings.model_fields.items():
        variable = f"{PREFIX}{field.upper()}"
        path = given.get(f"{variable}_FILE")
        if info.annotation is SecretStr and path and not given.get(variable):
            found[field] = _read(f"{variable}_FILE", Path(path))
    return found


def _read(variable: str, path: Path) -> SecretStr:
    try:
        return SecretStr(path.read_text("utf-8-sig").strip())
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(
            N_("Thiết lập {name}: không đọc được tệp {path}; hãy kiểm tra đường dẫn và quyền đọc."),
            name=variable, path=str(path),
        ) from error  # fmt: skip
