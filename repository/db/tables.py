"""The ledger's tables. Nothing here that PostgreSQL cannot do."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Float,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from repository.db.moments import Moment, database_now

MOST = (1 << 31) - 1  # what a column of whole numbers holds; people may ask for more

# Ordered by code point on every database, as Python orders it: rank among an item's pages depends on it, and readers
# see the same lists.
ByteOrdered = Text().with_variant(Text(collation="C"), "postgresql")


def short_text(length: int) -> String:
    """What people or programs name things by. `length` is what is meant to be enough, and no database insists on it."""
    return String(length).with_variant(Text(collation="C"), "postgresql")


class Table(DeclarativeBase):
    """Root of the mapped tables."""

    type_annotation_map = {datetime: Moment, dict[str, Any]: JSON, list[str]: JSON}  # noqa: RUF012 - read by SQLAlchemy


class LibraryRow(Table):
    """A member library."""

    __tablename__ = "library"
    code: Mapped[str] = mapped_column(short_text(40), primary_key=True)
    name: Mapped[str] = mapped_column(short_text(300))
    default_access: Mapped[str] = mapped_column(String(20), default="public")
    address_ranges: Mapped[list[str]] = mapped_column(default=list)


class UserRow(Table):
    """A person who may sign in. `session_key` changes with the password, which ends older sessions."""

    __tablename__ = "user_account"
    name: Mapped[str] = mapped_column(short_text(100), primary_key=True)
    password_hash: Mapped[str] = mapped_column(String(300))
    session_key: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(20))
    library: Mapped[str] = mapped_column(short_text(40), ForeignKey("library.code"))
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=database_now())


class RecordRow(Table):
    """A bibliographic record: MARC is true, the other columns are drawn from it."""

    __tablename__ = "record"
    id: Mapped[str] = mapped_column(String(20), primary_key=True)
    library: Mapped[str] = mapped_column(short_text(40), ForeignKey("library.code"), index=True)
    marc: Mapped[bytes] = mapped_column(LargeBinary)
    title: Mapped[str] = mapped_column(ByteOrdered)
    kind: Mapped[str] = mapped_column(short_text(30), index=True)
    author: Mapped[str | None] = mapped_column(Text)
    place: Mapped[str | None] = mapped_column(short_text(300), index=True)
    year: Mapped[int | None] = mapped_column(index=True)
    date_text: Mapped[str | None] = mapped_column(short_text(200))
    publisher: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str] = mapped_column(short_text(20), default="vie")
    summary: Mapped[str | None] = mapped_column(Text)
    subjects: Mapped[list[str]] = mapped_column(default=list)
    rights: Mapped[str | None] = mapped_column(Text)
    source: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime] = mapped_column(default=database_now(), onupdate=database_now())


class ItemRow(Table):
    """A digitised document. It owes the index an update while `indexed_version` is behind `version`;
    until then, with `hidden`, no search may show it."""

    __tablename__ = "item"
    __table_args__ = (UniqueConstraint("library", "code"), Index("item_listing", "state", "access", "library"))
    id: Mapped[str] = mapped_column(String(20), primary_key=True)
    code: Mapped[str] = mapped_column(short_text(200))
    library: Mapped[str] = mapped_column(short_text(40), ForeignKey("library.code"))
    record_id: Mapped[str] = mapped_column(ForeignKey("record.id"), index=True)
    state: Mapped[str] = mapped_column(String(20), default="draft")
    access: Mapped[str] = mapped_column(String(20))
    embargo_until: Mapped[date | None]
    page_count: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=database_now())
    published_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    indexed_version: Mapped[int] = mapped_column(default=0)
    hidden: Mapped[bool] = mapped_column(default=False, index=True)
    record: Mapped[RecordRow] = relationship(lazy="joined", innerjoin=True)


class BatchRow(Table):
    """A digitisation batch."""

    __tablename__ = "batch"
    id: Mapped[str] = mapped_column(String(20), primary_key=True)
    library: Mapped[str] = mapped_column(short_text(40), ForeignKey("library.code"), index=True)
    title: Mapped[str] = mapped_column(short_text(300))
    state: Mapped[str] = mapped_column(String(20), index=True)
    created_by: Mapped[str] = mapped_column(short_text(100))
    created_at: Mapped[datetime] = mapped_column(default=database_now())
    finished_at: Mapped[datetime | None]
    expected_files: Mapped[int | None]
    publish: Mapped[bool] = mapped_column(default=False)
    access: Mapped[str | None] = mapped_column(String(20))
    item_code: Mapped[str | None] = mapped_column(short_text(200))


class FileRow(Table):
    """A file of a batch. `working` is the key of a decrypted copy; `password` waits for the next look, then goes."""

    __tablename__ = "batch_file"
    __table_args__ = (UniqueConstraint("batch_id", "name", "sha256"),)
    id: Mapped[str] = mapped_column(String(20), primary_key=True)
    batch_id: Mapped[str] = mapped_column(ForeignKey("batch.id"), index=True)
    name: Mapped[str] = mapped_column(ByteOrdered)
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    state: Mapped[str] = mapped_column(String(20), index=True)
    pages: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str | None] = mapped_column(Text)
    reason_params: Mapped[dict[str, Any] | None]
    needs_password: Mapped[bool] = mapped_column(default=False)
    password: Mapped[str | None] = mapped_column(Text)
    working: Mapped[str | None] = mapped_column(String(64))
    container: Mapped[bool] = mapped_column(default=False)
    duplicate_of: Mapped[str | None] = mapped_column(String(20))
    problems: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON)
    received_at: Mapped[datetime] = mapped_column(default=database_now())


class PageRow(Table):
    """A page. `sort_key` orders the pages of an item, `number` is its rank in that order from 1."""

    __tablename__ = "page"
    __table_args__ = (UniqueConstraint("file_id", "frame"), Index("page_order", "item_id", "number"))
    id: Mapped[str] = mapped_column(String(20), primary_key=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("item.id"))
    batch_id: Mapped[str] = mapped_column(ForeignKey("batch.id"), index=True)
    file_id: Mapped[str] = mapped_column(ForeignKey("batch_file.id"))
    frame: Mapped[int]
    number: Mapped[int]
    sort_key: Mapped[str] = mapped_column(ByteOrdered)
    label: Mapped[str] = mapped_column(short_text(100))
    state: Mapped[str] = mapped_column(String(20), default="working", index=True)
    approved: Mapped[bool] = mapped_column(default=False)
    image: Mapped[str | None] = mapped_column(String(64), index=True)
    image_frame: Mapped[int] = mapped_column(default=0)
    rotate: Mapped[int] = mapped_column(default=0)
    width: Mapped[int] = mapped_column(default=0)
    height: Mapped[int] = mapped_column(default=0)
    dpi: Mapped[int] = mapped_column(default=0)
    derivative: Mapped[str | None] = mapped_column(String(64))
    confidence: Mapped[float | None] = mapped_column(Float)
    blank: Mapped[bool] = mapped_column(default=False)
    few_pixels: Mapped[bool] = mapped_column(default=False)
    duplicate_of: Mapped[str | None] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(default=database_now())
    finished_at: Mapped[datetime | None]


class StepRow(Table):
    """One step of one page; `state` is a StepState, or READY (see `steps`). `fingerprint` names input and settings, so
    that a repeat can be told from new work."""

    __tablename__ = "step"
    page_id: Mapped[str] = mapped_column(ForeignKey("page.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    state: Mapped[str] = mapped_column(String(20), default="owed")
    attempts: Mapped[int] = mapped_column(default=0)
    runs: Mapped[int] = mapped_column(default=0)
    fingerprint: Mapped[str | None] = mapped_column(short_text(200))
    seconds: Mapped[float | None] = mapped_column(Float)
    reason: Mapped[str | None] = mapped_column(Text)
    reason_params: Mapped[dict[str, Any] | None]
    finished_at: Mapped[datetime | None]
    __table_args__ = (Index("step_owed", "name", "state"),)


class TextRow(Table):
    """A version of a page's text; `words` is packed by `packing`. None overwrites another, one is current. `copy` is
    the key of the same text as a file in the store of texts, and null while that is owed."""

    __tablename__ = "text_version"
    __table_args__ = (
        UniqueConstraint("page_id", "number"),
        Index("text_current", "page_id", "current"),
        Index("text_uncopied", "id", sqlite_where=text("copy IS NULL"), postgresql_where=text("copy IS NULL")),
    )
    id: Mapped[str] = mapped_column(String(20), primary_key=True)
    page_id: Mapped[str] = mapped_column(ForeignKey("page.id"))
    number: Mapped[int]
    source: Mapped[str] = mapped_column(String(20))
    engine: Mapped[str] = mapped_column(short_text(100))
    model: Mapped[str] = mapped_column(short_text(200))
    settings: Mapped[dict[str, Any]]
    words: Mapped[bytes] = mapped_column(LargeBinary)
    confidence: Mapped[float] = mapped_column(Float)
    fingerprint: Mapped[str] = mapped_column(short_text(200))
    made_by: Mapped[str] = mapped_column(short_text(100))
    made_at: Mapped[datetime] = mapped_column(default=database_now())
    current: Mapped[bool] = mapped_column(default=False)
    copy: Mapped[str | None] = mapped_column(String(64))


class EventRow(Table):
    """Who did what to what, when. Only ever added to."""

    __tablename__ = "event"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(default=database_now())
    who: Mapped[str] = mapped_column(short_text(100))
    what: Mapped[str] = mapped_column(short_text(50), index=True)
    subject: Mapped[str] = mapped_column(short_text(100), index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)


class UploadRow(Table):
    """A resumable upload under way; how far it got is the size of its file on disk."""

    __tablename__ = "upload"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    batch_id: Mapped[str] = mapped_column(ForeignKey("batch.id"), index=True)
    name: Mapped[str] = mapped_column(Text)
    length: Mapped[int] = mapped_column(BigInteger)
    user: Mapped[str] = mapped_column(short_text(100))
    created_at: Mapped[datetime] = mapped_column(default=database_now())
    file_id: Mapped[str | None] = mapped_column(String(20))


class SettingRow(Table):
    """A setting of the site that is made or changed while it runs."""

    __tablename__ = "setting"
    key: Mapped[str] = mapped_column(short_text(50), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
