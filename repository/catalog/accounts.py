"""Users: who may sign in and with what password."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from repository.db.accounts import Credentials
from repository.db.ledger import Ledger
from repository.domain.access import Role, Visitor
from repository.domain.errors import N_, AccessRefused, NotFound, WrongUse
from repository.domain.records import User

SHORTEST_PASSWORD = 10


@cache
def _nobody() -> str:
    """What an unknown user's password is compared with; made when first needed, since it takes long by intent."""
    return PasswordHasher().hash("nobody")


class Accounts:
    """Use cases of sign-in and of user administration."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._hasher = PasswordHasher()

    def sign_in(self, name: str, password: str) -> Credentials | None:
        """The user when name and password are right and the user is active, else None; takes as long either way."""
        with self._ledger.read() as work:
            known = work.accounts.credentials(name.strip())
        nobody = _nobody()  # also where the user is known: the first question must not take longer than others
        try:
            self._hasher.verify(known.password_hash if known else nobody, password)
        except (VerifyMismatchError, InvalidHashError):
            return None
        return known if known and known.user.active else None

    def session(self, name: str, session_key: str) -> User | None:
        """The user of a session, while it is active and the password is still the one it was opened with."""
        with self._ledger.read() as work:
            known = work.accounts.credentials(name)
        return known.user if known and known.user.active and known.session_key == session_key else None

    def add(self, by: str, user: User, password: str) -> None:
        """A new user, or another role, library and password for one; raises WrongUse for a short password."""
        if not user.name.strip() or len(user.name) > 100:
            raise WrongUse(N_("Tên người dùng phải có từ 1 đến 100 ký tự."))
        with self._ledger.write() as work:
            if work.libraries.get(user.library) is None:
                raise NotFound(N_("Không có thư viện nào mang mã “{code}”."), code=user.library)
            work.accounts.put(user, self._hash(password))
            work.journal.record(by, "user", user.name, role=user.role.value, library=user.library)

    def change(self, visitor: Visitor, user: User, password: str | None = None) -> None:
        """An administrator changes a user; None keeps the password."""
        if not visitor.may(Role.ADMIN):
            raise AccessRefused(N_("Chỉ quản trị viên được quản lý người dùng."))
        if user.name == visitor.user and (not user.active or user.role is not Role.ADMIN):
            raise WrongUse(N_("Không thể tự khóa hoặc tự hạ quyền của chính mình."))
        with self._ledger.write() as work:
            work.accounts.put(user, None if password is None else self._hash(password))
            work.journal.record(visitor.user or "?", "user", user.name, role=user.role.value, active=user.active)

    def change_own_password(self, name: str, old: str, new: str) -> Credentials:
        """A user's own new password; raises WrongUse when the old one is wrong."""
        known = self.sign_in(name, old)
        if known is None:
            raise WrongUse(N_("Mật khẩu hiện tại không đúng."))
        with self._ledger.write() as work:
            work.accounts.put(known.user, self._hash(new))
            work.journal.record(name, "password", name)
            fresh = work.accounts.credentials(name)
        assert fresh is not None  # noqa: S101 - it was put a line above
        return fresh

    def all(self) -> list[User]:
        """Every user."""
        with self._ledger.read() as work:
            return work.accounts.all()

    def none_yet(self) -> bool:
        """Whether the site has no user, as on its first start."""
        with self._ledger.read() as work:
            return work.accounts.count() == 0

    def _hash(self, password: str) -> str:
        if len(password) < SHORTEST_PASSWORD:
            raise WrongUse(N_("Mật khẩu phải có ít nhất {length} ký tự."), length=SHORTEST_PASSWORD)
        return self._hasher.hash(password)
