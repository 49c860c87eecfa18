"""INSERT … ON CONFLICT, which both databases spell the same and SQLAlchemy keeps apart."""

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session


def insert_into(session: Session, table: Table) -> sqlite.Insert:
    """An INSERT with `on_conflict_do_update` and `excluded`, for the session's database."""
    return insert_for(session.get_bind().dialect.name, table)


def insert_for(dialect: str, table: Table) -> sqlite.Insert:
    """The same for a database of that name."""
    if dialect == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)  # type: ignore[return-value]  # the methods used are the same
