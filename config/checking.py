"""What may be wrong with a site's settings and servers beyond a setting's form, each as a sentence with what to do."""

import os
import ssl
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from config.keeping import is_bucket
from config.settings import Settings
from repository.domain.errors import N_, DiachiError, ServerUnreachable, WrongUse

ROOM = 2 << 30  # bytes free below which a site is warned
LONGEST = 15.0  # seconds that all checks of servers together may take


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `error` says what and what to do, in its own kind (WrongUse: the settings, exit code 2;
    ServerUnreachable, StoreFailed: a server, 3). With `fatal` the site would not work at all."""

    error: DiachiError
    fatal: bool

    @property
    def exit_code(self) -> int:
        """How a command ends that cannot go on."""
        return WrongUse.exit_code if isinstance(self.error, WrongUse) else ServerUnreachable.exit_code


def check_settings(settings: Settings) -> list[Problem]:
    """Everything that is wrong, on this machine and then server by server; empty when all is well."""
    problems = [*_folders(settings), *_engine(settings), *_certificates(settings), *_secrets(settings)]
    if settings.production:
        problems += _servers(settings)
    return problems


def _folders(settings: Settings) -> Iterator[Problem]:
    places = [("DIACHI_DATA", settings.data)]
    if settings.backup_to and not is_bucket(settings.backup_to):
        places.append(("DIACHI_BACKUP_TO", Path(settings.backup_to)))
    for name, folder in places:
        there = next(each for each in (folder, *folder.absolute().parents) if each.exists())
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            yield _wrong(
                N_("{name}: không ghi được vào thư mục {path}; hãy sửa quyền của thư mục hoặc chọn nơi khác."),
                fatal=name == "DIACHI_DATA", name=name, path=str(folder),
            )  # fmt: skip
        elif name == "DIACHI_DATA" and (free := _free(there)) < ROOM:
            yield _wrong(
                N_("{name}: đĩa chứa {path} chỉ còn {free} MB; hãy giải phóng chỗ trước khi nhập tài liệu."),
                fatal=False, name=name, path=str(folder), free=free >> 20,
            )  # fmt: skip


def _free(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def _engine(settings: Settings) -> Iterator[Problem]:
    try:
        asked = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True, timeout=20, check=False)
        known = set(asked.stdout.split()) | set(asked.stderr.split())
    except (OSError, subprocess.TimeoutExpired):
        yield _wrong(N_("Chưa cài Tesseract trên máy này; hãy cài gói tesseract-ocr."), fatal=settings.workers > 0)
        return
    for language in settings.languages.split("+"):
        if language not in known:
            yield _wrong(
                N_("DIACHI_LANGUAGES: Tesseract trên máy này không có mô hình “{language}”; hãy cài gói "
                   "tesseract-ocr-{language} hoặc chép {language}.traineddata vào thư mục tessdata."),
                fatal=settings.workers > 0, language=language,
            )  # fmt: skip


def _certificates(settings: Settings) -> Iterator[Problem]:
    for field in ("minio_ca_file", "opensearch_ca_file", "redis_ca_file"):
        path: Path | None = getattr(settings, field)
        if path is None:
            continue
        try:
            ssl.create_default_context(cafile=str(path))
        except (OSError, ssl.SSLError) as error:
            yield _wrong(
                N_("DIACHI_{name}: {path} không phải tệp chứng chỉ PEM đọc được ({problem})."),
                fatal=True, name=field.upper(), path=str(path), problem=str(error)[:200],
            )  # fmt: skip


def _secrets(settings: Settings) -> Iterator[Problem]:
    wanted = {"minio_secret_key": settings.minio_access_key, "opensearch_password": settings.opensearch_user}
    for field, user in wanted.items():
        if settings.production and user and not getattr(settings, field).get_secret_value():
            yield _wrong(
                N_("Chưa có DIACHI_{name}; hãy đặt nó, hoặc DIACHI_{name}_FILE trỏ tới tệp chứa nó."),
                fatal=True, name=field.upper(),
            )  # fmt: skip


def _servers(settings: Settings) -> list[Problem]:
    from config import checking_servers  # its clients are needed only here

    checks: dict[str, Callable[[Settings], list[DiachiError]]] = {
        "PostgreSQL": checking_servers.postgresql,
        "MinIO": checking_servers.minio,
        "OpenSearch": checking_servers.opensearch,
        "Redis": checking_servers.redis,
    }
    together = ThreadPoolExecutor(len(checks))
    asked = [(name, together.submit(check, settings)) for name, check in checks.items()]
    found = []
    for name, answer in asked:
        try:
            errors = answer.result(LONGEST)
        except DiachiError as error:
            errors = [error]
        except TimeoutError:
            errors = [ServerUnreachable(N_("{server} không trả lời trong {seconds} giây."), server=name,
                                        seconds=int(LONGEST))]  # fmt: skip
        found += [Problem(error, _fatal(name, error)) for error in errors]
    together.shutdown(wait=False, cancel_futures=True)
    return found


def _fatal(server: str, error: DiachiError) -> bool:
    """Without its ledger a site cannot even start. Another server that is away may come back, and readers are served
    without it; what is set wrongly will not mend by itself."""
    return server == "PostgreSQL" or isinstance(error, WrongUse)


def _wrong(template: str, /, *, fatal: bool, **params: str | int) -> Problem:
    return Problem(WrongUse(template, **params), fatal)
