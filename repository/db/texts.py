"""Versions of pages' text in the ledger."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from repository.db.ids import new_id
from repository.db.packing import pack, unpack
from repository.db.tables import TextRow
from repository.domain.columns import PageColumns
from repository.domain.pages import PageText, Reading
from repository.domain.records import TextVersion

CORRECTION, OCR = "correction", "ocr"

_columns = TextRow.__table__.c
_CURRENT_WORDS = select(_columns.page_id, _columns.words).where(
    _columns.page_id.in_(bindparam("ids", expanding=True)), _columns.current.is_(True)
)
_CURRENT_IDS = select(_columns.page_id, _columns.id).where(
    _columns.page_id.in_(bindparam("ids", expanding=True)), _columns.current.is_(True)
)
_EARLIER = (
    select(_columns.id, _columns.number, _columns.source, _columns.current, _columns.fingerprint)
    .where(_columns.page_id == bindparam("page"))
    .order_by(_columns.number)
)


@dataclass(frozen=True, slots=True)
class UncopiedText:
    """A version with its text, of which no file was made yet."""

    version: TextVersion
    text: PageText


class Texts:
    """Reads and writes text versions."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, page_id: str, source: str, text: PageText, fingerprint: str, made_by: str) -> TextVersion:
        """A new version. It becomes the current one, unless a person's correction stands and this is not one.

        An engine's version with the fingerprint of an older one is that one: reading twice changes nothing."""
        self._session.flush()
        earlier = self._session.execute(_EARLIER, {"page": page_id}).all()
        for same in earlier:
            if source == OCR and same.fingerprint == fingerprint:
                return version_of(self._session.get_one(TextRow, same.id))
        stands = source == OCR and any(each.current and each.source == CORRECTION for each in earlier)
        row = TextRow(
            id=new_id(), page_id=page_id, number=max((each.number for each in earlier), default=0) + 1, source=source,
            engine=text.reading.engine, model=text.reading.model, settings=dict(text.reading.settings),
            words=pack(text), confidence=text.confidence, fingerprint=fingerprint, made_by=made_by,
            current=not earlier,
        )  # fmt: skip
        self._session.add(row)
        self._session.flush()
        if earlier and not stands:
            self.make_current(row.page_id, row.id)
        return version_of(row)

    def make_current(self, page_id: str, version_id: str) -> None:
        """Let one version be the page's text."""
        self._session.execute(
            update(TextRow).where(TextRow.page_id == page_id).values(current=TextRow.id == version_id)
        )
        self._session.expire_all()

    def versions(self, page_id: str) -> list[TextVersion]:
        """A page's versions, oldest first."""
        rows = self._session.scalars(select(TextRow).where(TextRow.page_id == page_id).order_by(TextRow.number))
        return [version_of(row) for row in rows]

    def current(self, page_ids: Sequence[str]) -> dict[str, PageText]:
        """The current text of each page that has one."""
        rows = self._session.scalars(
            select(TextRow).where(TextRow.page_id.in_(list(page_ids)), TextRow.current.is_(True))
        )
        return {row.page_id: _text(row) for row in rows}

    def current_ids(self, page_ids: Sequence[str]) -> dict[str, str]:
        """The id of the current version of each page that has one."""
        self._session.flush()
        return {row.page_id: row.id for row in self._session.execute(_CURRENT_IDS, {"ids": page_ids})}

    def current_columns(self, page_ids: Sequence[str]) -> dict[str, PageColumns]:
        """The current words of each page that has a text, in the form that is cheapest to bring back."""
        self._session.flush()  # which bare columns do not bring about by themselves
        rows = self._session.execute(_CURRENT_WORDS, {"ids": page_ids})
        return {page_id: unpack(words) for page_id, words in rows}

    def uncopied(self, limit: int) -> list[UncopiedText]:
        """Versions whose file is owed to the store of texts, in no order."""
        rows = self._session.scalars(select(TextRow).where(TextRow.copy.is_(None)).limit(limit))
        return [UncopiedText(version_of(row), _text(row)) for row in rows]

    def copied(self, keys: Mapping[str, str]) -> None:
        """Note the files of versions: keys by version id."""
        for version, key in keys.items():
            self._session.execute(update(TextRow).where(TextRow.id == version).values(copy=key))

    def copies(self, page_ids: Sequence[str]) -> dict[str, str]:
        """The keys of the files of all versions of these pages, by version id; those owed are not among them."""
        found = select(TextRow.id, TextRow.copy).where(TextRow.page_id.in_(list(page_ids)), TextRow.copy.is_not(None))
        return {version: key for version, key in self._session.execute(found) if key is not None}

    def owe_copies(self, versions: Iterable[str]) -> None:
        """Owe these versions' files again."""
        self._session.execute(update(TextRow).where(TextRow.id.in_(list(versions))).values(copy=None))


def version_of(row: TextRow) -> TextVersion:
    """A row as the value that crosses rooms."""
    return TextVersion(
        row.id, row.page_id, row.number, row.source, row.engine, row.model, dict(row.settings), row.confidence,
        row.made_by, row.made_at, row.current,
    )  # fmt: skip


def _text(row: TextRow) -> PageText:
    return unpack(row.words).page_text(Reading(row.engine, row.model, dict(row.settings)))
