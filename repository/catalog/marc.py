"""MARC 21 and the columns drawn from it. The MARC bytes are what is true."""

import re
from typing import TYPE_CHECKING

from repository.domain.records import Description, Kind

if TYPE_CHECKING:
    from pymarc import Record

_YEAR = re.compile(r"\b(1[0-9]{3}|20[0-9]{2})\b")
KIND_TAG, KIND_SOURCE = "655", "diachi"


def marc_of(description: Description) -> bytes:
    """A bibliographic record in ISO 2709, UTF-8, from what a batch sheet or a form tells.

    Kind in 655 ($2 diachi), place in 651, free subjects in 653, date as printed in 260$c (Library of Congress, MARC 21
    Format for Bibliographic Data)."""
    from pymarc import Record  # here and below only: its tables take a fifth of a second to load

    record = Record(force_utf8=True)
    _add(record, "041", "0", " ", a=description.language)
    _add(record, "100", "0", " ", a=description.author)
    _add(record, "245", "1" if description.author else "0", "0", a=description.title, c=description.author)
    date = description.date_text or (str(description.year) if description.year is not None else None)
    _add(record, "260", " ", " ", b=description.publisher, c=date)
    _add(record, "520", " ", " ", a=description.summary)
    _add(record, "540", " ", " ", a=description.rights)
    _add(record, "561", " ", " ", a=description.source)
    _add(record, "651", " ", "4", a=description.place)
    for subject in description.subjects:
        _add(record, "653", " ", " ", a=subject)
    _add(record, KIND_TAG, " ", "7", a=description.kind.value, **{"2": KIND_SOURCE})
    return bytes(record.as_marc())


def description_of(marc: bytes) -> Description:
    """The columns of a record: a missing title becomes an empty one, an unknown kind `book`."""
    from pymarc import Record

    record = Record(data=marc, to_unicode=True, force_utf8=True)
    date = _first(record, "260", "c") or _first(record, "264", "c")
    year = _YEAR.search(date or "")
    return Description(
        title=_first(record, "245", "a") or "",
        kind=_kind(record),
        author=_first(record, "100", "a"),
        place=_first(record, "651", "a"),
        year=int(year.group()) if year else None,
        date_text=date,
        publisher=_first(record, "260", "b") or _first(record, "264", "b"),
        language=_first(record, "041", "a") or "vie",
        summary=_first(record, "520", "a"),
        subjects=tuple(value for field in record.get_fields("653") for value in field.get_subfields("a")),
        rights=_first(record, "540", "a"),
        source=_first(record, "561", "a"),
    )


def _add(record: "Record", tag: str, first: str, second: str, **values: str | None) -> None:
    from pymarc import Field, Indicators, Subfield

    subfields = [Subfield(code, value) for code, value in values.items() if value]
    if any(subfield.code != "2" for subfield in subfields):
        record.add_field(Field(tag, Indicators(first, second), subfields))  # type: ignore[no-untyped-call]


def _first(record: "Record", tag: str, code: str) -> str | None:
    for field in record.get_fields(tag):
        for value in field.get_subfields(code):
            return str(value)
    return None


def _kind(record: "Record") -> Kind:
    known = {kind.value for kind in Kind}
    for field in record.get_fields(KIND_TAG):
        for value in field.get_subfields("a"):
            if value in known:
                return Kind(value)
    return Kind.BOOK
