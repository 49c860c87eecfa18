"""The address of the list being shown, with one thing about it changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from flask import request

_KEPT = ("q", "library", "kind", "place", "from_year", "to_year", "sort", "group", "size")
_MOST_VALUES = 20


def with_changed(**changes: str | Iterable[str] | None) -> str:
    """This address with these arguments instead; None leaves one out. Back on the first page unless `page` is given."""
    pairs = fields(*changes)
    for name, change in changes.items():
        values = () if change is None else (change,) if isinstance(change, str) else change
        pairs.extend((name, value) for value in values)
    path = quote(request.script_root + request.path)
    return path + (f"?{urlencode(pairs)}" if pairs else "")


def fields(*left_out: str) -> list[tuple[str, str]]:
    """What this address asks for, as hidden fields of a form that asks for `left_out` itself."""
    return [
        (name, value)
        for name in _KEPT
        if name not in left_out
        for value in request.args.getlist(name)[:_MOST_VALUES]
        if value
    ]


@dataclass(frozen=True, slots=True)
class Pager:
    """Where one is in a long list, counted from 1, and the addresses around."""

    page: int
    last: int
    previous: str | None
    next: str | None
    first_shown: int
    last_shown: int


def pager(page: int, size: int, total: int) -> Pager:
    """The pager of a list of `total` entries, `size` a page."""
    last = max(1, -(-total // size))
    return Pager(
        page,
        last,
        with_changed(page=str(min(page - 1, last))) if page > 1 else None,
        with_changed(page=str(page + 1)) if page < last else None,
        min((page - 1) * size + 1, total),
        min(page * size, total),
    )
