"""Libraries, users, bibliographic records and digitised items as plain values."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from repository.domain.access import AccessLevel, ItemState, Rights, Role


class Kind(StrEnum):
    """Kinds of local-studies document."""

    BOOK = "book"
    EXTRACT = "extract"
    SERIAL = "serial"
    GAZETTEER = "gazetteer"
    LOCAL_HISTORY = "local_history"
    MAP = "map"
    PHOTO = "photo"
    ROYAL_DECREE = "royal_decree"
    DEITY_LEGEND = "deity_legend"
    VILLAGE_CONVENTION = "village_convention"
    GENEALOGY = "genealogy"
    LAND_REGISTER = "land_register"
    POLL_REGISTER = "poll_register"
    INSCRIPTION = "inscription"
    RUBBING = "rubbing"
    INSCRIBED_OBJECT = "inscribed_object"
    ARCHIVAL_DOC = "archival_doc"
    THESIS = "thesis"
    PROCEEDINGS = "proceedings"
    REPORT = "report"
    FIELD_NOTES = "field_notes"


@dataclass(frozen=True, slots=True)
class Library:
    """A member library. `address_ranges` are CIDR texts from which its reading rooms come."""

    code: str
    name: str
    default_access: AccessLevel = AccessLevel.PUBLIC
    address_ranges: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class User:
    name: str
    role: Role
    library: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class Description:
    """The columns pulled out of a record for search, lists and forms. `year` is the first of a range."""

    title: str
    kind: Kind = Kind.BOOK
    author: str | None = None
    place: str | None = None
    year: int | None = None
    date_text: str | None = None
    publisher: str | None = None
    language: str = "vie"
    summary: str | None = None
    subjects: tuple[str, ...] = ()
    rights: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """A bibliographic record: the MARC 21 bytes (ISO 2709, UTF-8) are true, `description` is drawn from them."""

    id: str
    library: str
    marc: bytes
    description: Description
    version: int = 1


@dataclass(frozen=True, slots=True)
class Item:
    """One digitised document. `code` is the library's own mark for it (`DC0012`), unique in the library;
    `id` is ours: opaque, stable, never reused."""

    id: str
    code: str
    record: Record
    rights: Rights
    page_count: int
    created_at: datetime
    published_at: datetime | None = None

    @property
    def title(self) -> str:
        return self.record.description.title

    @property
    def published(self) -> bool:
        return self.rights.state is ItemState.PUBLISHED


@dataclass(frozen=True, slots=True)
class Page:
    """One page of an item. `number` counts from 1 in reading order.

    `image` is the key of the object that holds the page's image, `frame` which of its frames; `derivative` the key of
    the pyramid, None until made. `width`, `height` are master pixels, 0 until the page was opened. `rotate` is the
    clockwise turn in degrees that brings the image upright. Readers see a page once it is `approved`.
    """

    id: str
    item: str
    number: int
    label: str
    image: str | None
    frame: int
    width: int
    height: int
    dpi: int
    derivative: str | None
    confidence: float | None = None
    blank: bool = False
    set_aside: bool = False
    rotate: int = 0
    file: str = ""
    batch: str = ""
    approved: bool = False
    few_pixels: bool = False
    duplicate_of: str | None = None


@dataclass(frozen=True, slots=True)
class Leaf:
    """The part of a Page that IIIF viewers are told, each field as there: a thousand are read at a time."""

    id: str
    number: int
    label: str
    width: int
    height: int
    derivative: str | None
    blank: bool


@dataclass(frozen=True, slots=True)
class TextVersion:
    """One version of a page's text; `source` is `ocr` or `correction`; one of a page's versions is current."""

    id: str
    page: str
    number: int
    source: str
    engine: str
    model: str
    settings: dict[str, str | int | float | bool]
    confidence: float
    made_by: str
    made_at: datetime
    current: bool


@dataclass(frozen=True, slots=True)
class Event:
    """Who did what to what, when."""

    at: datetime
    who: str
    what: str
    subject: str
    detail: dict[str, str | int | float | bool | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AccessSetting:
    """An access level with its date, as staff or the command line sets it."""

    level: AccessLevel
    embargo_until: date | None = None
