"""The front door and the shelves."""

from flask import render_template, request

from app.reader.addresses import fields, pager
from app.reader.asked import read
from app.reader.facets import facets
from app.reader.pictures import Picture, thumbnail
from app.reader.room import blueprint
from app.visitors import current_visitor, services
from repository.domain.access import Visitor
from repository.domain.records import Item
from repository.domain.search import FacetCount, Filters

NEWEST = 12
ON_A_SHELF = 24


@blueprint.get("/")
def home() -> str:
    """The search box, what is new, and ways in by kind and place."""
    visitor = current_visitor()
    shelf = services().reading.shelf(visitor, limit=NEWEST)
    items = list(shelf.items)
    return render_template(
        "reader/home.html",
        total=shelf.total,
        items=items,
        covers=covers(visitor, items),
        kinds=shelf.facets.get("kind", ()),
        places=shelf.facets.get("place", ())[:18],
        years=_span(shelf.facets.get("year", ())),
        libraries=services().reading.libraries(),
        place_count=len(shelf.facets.get("place", ())),
    )


@blueprint.get("/items")
def browse() -> str:
    """Items by kind, place, library and year."""
    visitor = current_visitor()
    asked = read(request.args, size=ON_A_SHELF)
    shelf = services().reading.shelf(visitor, asked.filters, asked.sort, (asked.page - 1) * asked.size, asked.size)
    items = list(shelf.items)
    return render_template(
        "reader/browse.html",
        asked=asked,
        shelf=shelf,
        items=items,
        covers=covers(visitor, items),
        facets=facets(shelf.facets, asked.filters),
        narrowed=asked.filters != Filters(),
        fields=fields,
        pager=pager(asked.page, asked.size, shelf.total),
    )


def covers(visitor: Visitor, items: list[Item]) -> dict[str, Picture]:
    """A picture of each item's first page, by item id."""
    pages = services().reading.first_pages(visitor, items)
    pictures = {item_id: thumbnail(page, 240) for item_id, page in pages.items()}
    return {item_id: picture for item_id, picture in pictures.items() if picture is not None}


def _span(years: tuple[FacetCount, ...]) -> tuple[int, int] | None:
    known = [int(year.value) for year in years if year.value.isdigit()]
    return (min(known), max(known)) if known else None
