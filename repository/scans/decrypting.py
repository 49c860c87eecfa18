"""A readable copy of an encrypted PDF, so that its password need not be kept."""

from pathlib import Path

import pikepdf

from repository.domain.errors import N_, PasswordNeeded


def decrypt(path: Path, passwords: tuple[str, ...], target: Path) -> Path:
    """Write the PDF at `path` without encryption to `target` and give that back; raises PasswordNeeded."""
    for password in passwords:
        try:
            with pikepdf.open(path, password=password) as pdf:
                pdf.save(target, encryption=False, deterministic_id=True)
        except pikepdf.PasswordError:
            continue
        return target
    raise PasswordNeeded(N_("Tệp PDF có mật khẩu; hãy nhập mật khẩu ở trang của lô rồi thử lại."))
