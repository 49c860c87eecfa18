"""One stretch of a list that is already in memory, and the addresses of those around it."""

from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import urlencode

from flask import request

from app.reader.addresses import Pager
from app.staff.room import number_of

Entry = TypeVar("Entry")


def stretch(entries: Sequence[Entry], size: int) -> tuple[Sequence[Entry], Pager]:
    """The entries of the page that the address asks for."""
    around = pager_of(len(entries), size)
    start = (around.page - 1) * size
    return entries[start : start + size], around


def pager_of(total: int, size: int) -> Pager:
    """The pager of a list of `total` entries, `size` a page, keeping the address's other arguments."""
    last = max(1, -(-total // size))
    page = min(number_of(request.args.get("page")), last)
    return Pager(
        page,
        last,
        _at(page - 1) if page > 1 else None,
        _at(page + 1) if page < last else None,
        min((page - 1) * size + 1, total),
        min(page * size, total),
    )


def _at(page: int) -> str:
    kept = [(name, value) for name, value in request.args.items(multi=True) if name not in ("page", "lang")]
    return f"{request.path}?{urlencode([*kept, ('page', str(page))])}"
