"""Changing `diachi.env`, the file of a site's settings, without losing a line that people wrote there."""

import re
from collections.abc import Mapping
from pathlib import Path

from repository.domain.errors import N_, StoreFailed


def set_in_env_file(path: Path, values: Mapping[str, str], remarks: Mapping[str, str] | None = None) -> None:
    """Set variables, in their own lines where they have some, else at the end; `remarks` are added as comments where
    nothing speaks of them yet. The file is replaced whole. Raises StoreFailed when it cannot be written."""
    try:
        lines = path.read_text("utf-8-sig").splitlines() if path.exists() else []
        for name, value in values.items():
            line = f"{name}={_quoted(value)}"
            at = next((at for at, old in enumerate(lines) if re.match(rf"\s*(export\s+)?{name}\s*=", old)), None)
            if at is None:
                lines.append(line)
            else:
                lines[at] = line
        said = "\n".join(lines)
        lines += [f"# {name}={value}" for name, value in (remarks or {}).items() if f"{name}=" not in said]
        aside = path.with_name(f".{path.name}.new")
        aside.write_text("\n".join(lines) + "\n", encoding="utf-8")
        if path.exists():
            aside.chmod(path.stat().st_mode & 0o777)
        aside.replace(path)
    except OSError as error:
        raise StoreFailed(
            N_("Không ghi được tệp thiết lập {path}: {cause}."), path=str(path), cause=error.strerror or "?"
        ) from error


def _quoted(value: str) -> str:
    if re.fullmatch(r"[\w./:@,+-]*", value):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
