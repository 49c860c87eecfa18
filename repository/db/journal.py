"""Events (only ever added) and the settings that are made while the site runs."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from repository.db.ids import new_id
from repository.db.tables import EventRow, SettingRow
from repository.domain.records import Event

SITE = "site.id"
RESTORING = "restore.snapshot"  # stands while a site is brought back from its backup


class Journal:
    """Reads and writes events and settings."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def record(self, who: str, what: str, subject: str, **detail: str | int | float | bool | None) -> None:
        """Add an event at this moment: `what` is a verb such as `publish`, `subject` the id it was done to."""
        self._session.add(EventRow(who=who, what=what, subject=subject, detail=detail))

    def of(self, subject: str, limit: int = 100) -> list[Event]:
        """The events of a subject, newest first."""
        rows = self._session.scalars(
            select(EventRow).where(EventRow.subject == subject).order_by(EventRow.id.desc()).limit(limit)
        )
        return [Event(row.at, row.who, row.what, row.subject, row.detail) for row in rows]

    def setting(self, key: str) -> str | None:
        """A setting's value."""
        row = self._session.get(SettingRow, key)
        return row.value if row else None

    def set(self, key: str, value: str) -> None:
        """Keep a setting."""
        self._session.merge(SettingRow(key=key, value=value))

    def restoring(self) -> str | None:
        """The backup from which the site is being brought back; nobody works while there is one."""
        return self.setting(RESTORING)

    def site_id(self) -> str:
        """The site's own id, which its backups and its index carry; made when it is first asked for. Within a unit of
        work that is alone among writers."""
        site = self.setting(SITE)
        if site is None:
            site = new_id()
            self.set(SITE, site)
        return site
