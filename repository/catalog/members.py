"""Member libraries: their names, where their reading rooms are, and what access their items get by default."""

import re
from ipaddress import ip_network

from repository.db.ledger import Ledger
from repository.domain.access import AccessLevel, Role, Visitor
from repository.domain.errors import N_, AccessRefused, WrongUse
from repository.domain.records import Library
from repository.domain.vietnamese import clean

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
MOST_RANGES = 100


class Members:
    """Use cases of administrators around libraries."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def put(self, visitor: Visitor, library: Library) -> Library:
        """Add the library or change the one of that code; its address ranges come back in their shortest form. Raises
        WrongUse naming the field that makes no sense."""
        if not visitor.may(Role.ADMIN):
            raise AccessRefused(N_("Chỉ quản trị viên được quản lý thư viện."))
        name = clean(library.name).strip()
        if not _CODE.fullmatch(library.code):
            raise WrongUse(N_("Mã thư viện chỉ gồm chữ cái không dấu, chữ số, dấu chấm, gạch; nhiều nhất 40 ký tự."))
        if not name or len(name) > 300:
            raise WrongUse(N_("Tên thư viện phải có từ 1 đến 300 ký tự."))
        if library.default_access is AccessLevel.EMBARGO:
            raise WrongUse(N_("Mức “tạm giữ” cần ngày mở của từng tài liệu nên không thể là mức mặc định."))
        kept = Library(library.code, name, library.default_access, _tidy(library.address_ranges))
        with self._ledger.write() as work:
            work.libraries.put(kept)
            work.journal.record(
                visitor.user or "?", "library", kept.code,
                access=kept.default_access.value, ranges=" ".join(kept.address_ranges),
            )  # fmt: skip
        return kept


def _tidy(ranges: tuple[str, ...]) -> tuple[str, ...]:
    if len(ranges) > MOST_RANGES:
        raise WrongUse(N_("Nhiều nhất {most} dải địa chỉ."), most=MOST_RANGES)
    return tuple(dict.fromkeys(_network(text) for text in ranges))


def _network(text: str) -> str:
    try:
        network = ip_network(text.strip(), strict=False)
    except ValueError as error:
        raise WrongUse(
            N_("“{text}” không phải là địa chỉ mạng; hãy viết như 192.168.1.0/24."), text=text.strip()[:60]
        ) from error
    if network.prefixlen == 0:
        raise WrongUse(N_("Dải “{text}” gồm mọi địa chỉ trên mạng; hãy ghi dải của thư viện."), text=str(network))
    return str(network)
