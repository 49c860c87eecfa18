"""Rows that a unit of work has in hand, when bare statements change them behind its back."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy.orm import Session


def read_again(
    session: Session, kind: type, keys: Iterable[object] | None = None, columns: Sequence[str] | None = None
) -> None:
    """Let those rows of a table be read again when they are next asked for: of these primary keys (default: every row
    of the table), these columns (default: all)."""
    known: Iterable[Any]
    if keys is None:
        known = [row for row in session.identity_map.values() if isinstance(row, kind)]
    else:
        known = (session.identity_map.get(session.identity_key(kind, key)) for key in keys)
    for row in known:
        if row is not None:
            session.expire(row, columns)
