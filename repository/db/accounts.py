"""Users in the ledger."""

import secrets
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from repository.db.tables import UserRow
from repository.domain.access import Role
from repository.domain.records import User


@dataclass(frozen=True, slots=True)
class Credentials:
    """What sign-in compares: `password_hash` is argon2's, `session_key` stands in every session of this password."""

    user: User
    password_hash: str
    session_key: str


class Accounts:
    """Reads and writes users."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def credentials(self, name: str) -> Credentials | None:
        """The user of that name with what sign-in needs."""
        row = self._session.get(UserRow, name)
        return Credentials(_user(row), row.password_hash, row.session_key) if row else None

    def all(self) -> list[User]:
        """Every user, by name."""
        return [_user(row) for row in self._session.scalars(select(UserRow).order_by(UserRow.name))]

    def count(self) -> int:
        """How many users there are."""
        return self._session.scalar(select(func.count()).select_from(UserRow)) or 0

    def put(self, user: User, password_hash: str | None) -> None:
        """Add the user or change the one of that name; None keeps the password, anything else ends their sessions."""
        row = self._session.get(UserRow, user.name)
        if row is None:
            row = UserRow(name=user.name, password_hash="", session_key="")
            self._session.add(row)
        row.role, row.library, row.active = user.role.value, user.library, user.active
        if password_hash is not None:
            row.password_hash, row.session_key = password_hash, secrets.token_hex(16)


def _user(row: UserRow) -> User:
    return User(row.name, Role(row.role), row.library, row.active)
