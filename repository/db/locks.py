"""Locks of PostgreSQL that end with the unit of work. SQLite has one writer at a time and needs none."""

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from repository.db.engine import is_postgresql

_OF_US = 7310
_ALONE = text(f"SELECT pg_advisory_xact_lock({_OF_US}0001)")
_TOGETHER = text(f"SELECT pg_advisory_xact_lock_shared({_OF_US}0001)")
_ONE_AFTER_ANOTHER = text(f"SELECT pg_advisory_xact_lock({_OF_US}, hashtext(:what))")


def wait_for_writers(session: Session | Connection, alone: bool = True) -> None:
    """Until no writer is at work, or with `alone=False` none that is alone; then hold the others up in the same way."""
    session.execute(_ALONE if alone else _TOGETHER)


def one_after_another(session: Session, what: str) -> None:
    """Until nobody else that named the same thing is at work."""
    if is_postgresql(session.get_bind()):
        session.execute(_ONE_AFTER_ANOTHER, {"what": what})
