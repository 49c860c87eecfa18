"""What a list or a search is asked for, read from a query string that anybody may have written."""

from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from repository.domain.errors import N_, WrongUse
from repository.domain.records import Kind
from repository.domain.search import Filters, Sort
from repository.domain.vietnamese import clean

Arguments = MultiDict[str, str]
MOST_HITS = 100  # on one page of results
LAST_PAGE = 1_000_000
LAST_YEAR = 9999
_MOST_VALUES = 20
_LONGEST_VALUE = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """A search or list as asked for: `page` counts from 1, `size` is 1 to MOST_HITS."""

    query: str
    filters: Filters
    sort: Sort
    page: int
    size: int
    group: bool


def read(arguments: Arguments, *, strict: bool = False, size: int = 20) -> Asked:
    """Understand `q library kind place from_year to_year sort page size group`.

    Programs are told what is wrong (`strict`: WrongUse); for people a value that makes no sense is left out."""
    reader = _Reader(arguments, strict)
    kinds = reader.values("kind")
    if strict:
        for kind in kinds:
            reader.one_of("kind", kind, tuple(Kind))
    filters = Filters(
        library=reader.values("library"),
        kind=tuple(kind for kind in kinds if kind in {*Kind}),
        place=reader.values("place"),
        from_year=reader.number("from_year", None, 1, LAST_YEAR),
        to_year=reader.number("to_year", None, 1, LAST_YEAR),
    )
    sort = reader.one_of("sort", arguments.get("sort", ""), ("", *Sort)) or Sort.RELEVANCE
    group = reader.one_of("group", arguments.get("group", ""), ("", "page", "item")) == "item"
    return Asked(
        query=clean(arguments.get("q", "")).strip(),
        filters=filters,
        sort=Sort(sort),
        page=reader.number("page", 1, 1, LAST_PAGE) or 1,
        size=reader.number("size", size, 1, MOST_HITS) or size,
        group=group,
    )


class _Reader:
    """Reads single values, strictly or forgivingly."""

    def __init__(self, arguments: Arguments, strict: bool) -> None:
        self._arguments = arguments
        self._strict = strict

    def number(self, name: str, default: int | None, low: int, high: int) -> int | None:
        text = self._arguments.get(name, "").strip()
        if not text:
            return default
        if text.isascii() and text.isdigit() and low <= int(text[:20]) <= high:
            return int(text[:20])
        if self._strict:
            raise WrongUse(
                N_("Tham số {name} phải là số nguyên từ {low} đến {high}, không phải “{value}”."),
                name=name, low=low, high=high, value=text[:40],
            )  # fmt: skip
        return high if text.isascii() and text.isdigit() and int(text[:20]) > high else default

    def values(self, name: str) -> tuple[str, ...]:
        cleaned = (clean(value).strip()[:_LONGEST_VALUE] for value in self._arguments.getlist(name)[:_MOST_VALUES])
        return tuple(dict.fromkeys(value for value in cleaned if value))

    def one_of(self, name: str, value: str, known: tuple[str, ...]) -> str:
        if value in known:
            return value
        if self._strict:
            raise WrongUse(
                N_("Tham số {name} không nhận giá trị “{value}”; các giá trị được nhận: {known}."),
                name=name, value=value[:40], known=", ".join(str(one) for one in known if one),
            )  # fmt: skip
        return ""
