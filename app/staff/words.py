"""Names of states, levels, roles and steps, and figures, as staff read them."""

from datetime import datetime
from enum import StrEnum

from flask_babel import gettext

from app.language import current
from repository.domain.access import AccessLevel, ItemState, Role
from repository.domain.batches import BatchState, FileState, StepName
from repository.domain.errors import N_

_STATES: dict[StrEnum, str] = {
    BatchState.RECEIVING: N_("Đang nhận tệp"),
    BatchState.WORKING: N_("Đang xử lý"),
    BatchState.DONE: N_("Đã xong"),
    BatchState.CANCELLED: N_("Đã dừng"),
    FileState.RECEIVED: N_("Chờ xử lý"),
    FileState.TAKEN: N_("Đã nhận vào"),
    FileState.REFUSED: N_("Bị từ chối"),
    FileState.DUPLICATE: N_("Trùng"),
    FileState.SHEET: N_("Bảng mô tả"),
    ItemState.DRAFT: N_("Chưa công bố"),
    ItemState.PUBLISHED: N_("Đã công bố"),
}
_ACCESS = {
    AccessLevel.PUBLIC: N_("Công khai"),
    AccessLevel.NETWORK: N_("Mạng thành viên"),
    AccessLevel.ONSITE: N_("Tại chỗ"),
    AccessLevel.EMBARGO: N_("Tạm giữ đến ngày"),
    AccessLevel.RESTRICTED: N_("Hạn chế sử dụng"),
}
_ROLES = {
    Role.READER: N_("Bạn đọc"),
    Role.STAFF: N_("Cán bộ số hóa"),
    Role.APPROVER: N_("Người duyệt"),
    Role.ADMIN: N_("Quản trị viên"),
}
STEPS = {
    StepName.OPEN: N_("Mở ảnh (và mọi bước sau)"),
    StepName.DERIVATIVE: N_("Làm ảnh xem (và các bước sau)"),
    StepName.CLEAN: N_("Làm sạch ảnh (và các bước sau)"),
    StepName.RECOGNISE: N_("Nhận dạng chữ (và lập chỉ mục)"),
    StepName.INDEX: N_("Chỉ lập chỉ mục tìm kiếm"),
}
FINDINGS = {
    "refused": N_("Bị từ chối"),
    "duplicate": N_("Trùng lặp"),
    "gap": N_("Thiếu số"),
    "blank": N_("Trang trắng"),
    "few_pixels": N_("Ảnh quá nhỏ"),
    "low_confidence": N_("Độ tin cậy thấp"),
    "set_aside": N_("Trang để riêng"),
    "sheet": N_("Bảng mô tả"),
}


def _(sentence: str, **gaps: object) -> str:
    """The sentence in the language of the request."""
    return str(gettext(sentence, **gaps))


def state_name(state: StrEnum) -> str:
    """A batch's, file's or item's state."""
    return _(_STATES[state])


def access_name(level: AccessLevel | str) -> str:
    """An access level."""
    return _(_ACCESS[AccessLevel(level)])


def role_name(role: Role) -> str:
    """A user's role."""
    return _(_ROLES[role])


def step_name(step: StepName) -> str:
    """A step that can be done again."""
    return _(STEPS[step])


def finding_name(kind: str) -> str:
    """A kind of finding in a report."""
    return _(FINDINGS[kind]) if kind in FINDINGS else kind


def duration(seconds: float) -> str:
    """A length of time in the two largest units that matter."""
    whole = round(seconds)
    if whole < 60:
        return _("%(seconds)s giây", seconds=whole)
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return _("%(minutes)s phút %(seconds)s giây", minutes=minutes, seconds=rest)
    hours, rest = divmod(minutes, 60)
    return _("%(hours)s giờ %(minutes)s phút", hours=hours, minutes=rest)


def decimal(value: float, digits: int = 1) -> str:
    """A number with the decimal mark of the language."""
    written = f"{value:.{digits}f}"
    return written if current() == "en" else written.replace(".", ",")


def file_size(size: int) -> str:
    """A file's size."""
    for unit, factor in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if size >= factor:
            return f"{decimal(size / factor)} {unit}"
    return f"{size} B"


def local_time(at: datetime | None) -> str:
    """A moment by the server's clock, day first."""
    return at.astimezone().strftime("%H:%M %d/%m/%Y") if at else ""
