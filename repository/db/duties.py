"""Duties: what only one process of a site may do at a time, whichever machine it runs on."""

from datetime import timedelta
from typing import Any

from sqlalchemy import case, or_, select, update
from sqlalchemy.orm import Session

from repository.db.moments import database_count, database_in, database_now
from repository.db.service_tables import DutyRow
from repository.db.upserts import insert_into

LONGEST = timedelta(hours=1)

_duty: Any = DutyRow.__table__


class Duties:
    """Takes and gives back duties, by the database's clock."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def take(self, name: str, owner: str, span: timedelta) -> int | None:
        """Take the duty, or keep it, for `span` (an hour at most); None while somebody else has it.

        Gives a token that is higher each time the duty goes to another owner, also where the ledger was lost in between
        and an older one, or a new one, stands in its place: the index may hold what was written under the tokens of
        the lost one, and would not let it be replaced under lower ones. One statement, so that of two who ask at once
        one gets it."""
        new = insert_into(self._session, _duty)
        new = new.values(name=name, owner=owner, until=database_in(min(span, LONGEST)), token=database_count())
        wanted = new.excluded
        following = case((_duty.c.token < wanted.token, wanted.token), else_=_duty.c.token + 1)
        token = case((_duty.c.owner == wanted.owner, _duty.c.token), else_=following)
        found: int | None = self._session.scalar(
            new.on_conflict_do_update(
                index_elements=[_duty.c.name],
                set_={"owner": wanted.owner, "until": wanted.until, "token": token},
                where=or_(
                    _duty.c.owner.is_(None),
                    _duty.c.owner == wanted.owner,
                    _duty.c.until < database_now(),
                    _duty.c.until > database_in(LONGEST),  # nobody was given it for so long: the clock was set back
                ),
            ).returning(_duty.c.token)
        )
        return found

    def leave(self, name: str, owner: str) -> None:
        """Give the duty back, so that the next one may take it at once; nothing when another has it."""
        self._session.execute(
            update(_duty).where(_duty.c.name == name, _duty.c.owner == owner).values(owner=None, until=None)
        )

    def holder(self, name: str) -> str | None:
        """Who has the duty now."""
        found: str | None = self._session.scalar(
            select(_duty.c.owner).where(_duty.c.name == name, _duty.c.until >= database_now())
        )
        return found

    def token(self, name: str) -> int:
        """The token of whoever took the duty last; 0 when nobody ever did."""
        return self._session.scalar(select(_duty.c.token).where(_duty.c.name == name)) or 0
