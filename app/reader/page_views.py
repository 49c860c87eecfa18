"""A page in the viewer, its text beside it, and both to take along."""

from dataclasses import dataclass

from flask import Response, render_template, request, send_file, url_for

from app import outages
from app.language import translate
from app.reader.asked import read
from app.reader.citing import citation
from app.reader.hit_pages import HitPages, hit_pages
from app.reader.item_views import closed_unless_public, is_public, numbered, text_file
from app.reader.marking import MarkedText, marked_text
from app.reader.pictures import densest, full_size, reading_size
from app.reader.room import blueprint
from app.visitors import current_visitor, public_url, services
from iiif.presentation import manifest_url
from repository.domain.access import Visitor
from repository.domain.errors import DiachiError, NotFound, QueryRejected
from repository.domain.pages import Box
from repository.domain.records import Item, Page
from repository.scans.pyramid import TILE, level_count
from repository.scans.sniff import MediaType, sniff

_SUFFIXES = {
    MediaType.JPEG: ".jpg",
    MediaType.PNG: ".png",
    MediaType.TIFF: ".tif",
    MediaType.JP2: ".jp2",
    MediaType.PDF: ".pdf",
}


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Addresses of the pages before and after, None at either end."""

    previous: str | None
    next: str | None


@blueprint.get("/items/<item_id>/pages/<int:number>")
def page(item_id: str, number: int) -> Response:
    """The page image with hits boxed, its text with hits marked, and the ways on from here."""
    visitor = current_visitor()
    found = numbered(visitor, item_id, number)
    item = services().reading.item(visitor, item_id)
    query = read(request.args).query
    text, refusal = _marked(visitor, found, query)
    library = services().reading.library(item.rights.library)
    address = public_url() + url_for("reader.page", item_id=item_id, number=number)
    picture = reading_size(found)
    return closed_unless_public(
        item,
        render_template(
            "reader/page.html",
            item=item,
            page=found,
            query=query,
            text=text,
            refusal=refusal,
            picture=picture,
            full=full_size(found) if picture else "",
            viewer=_viewer_data(found, text, _region(found, request.args.get("region", ""))) if picture else None,
            hits_around=_hits_around(visitor, found, query) if query and not refusal else None,
            notices=list(filter(None, map(outages.reader_notice, ("derivatives", *(["index"] if query else []))))),
            around=_neighbours(visitor, item, number, query),
            citation=citation(item, library.name, address, found),
            manifest=manifest_url(public_url(), item_id),
        ),
    )


@blueprint.get("/items/<item_id>/pages/<int:number>/text")
def page_text(item_id: str, number: int) -> Response:
    """The page's text as a file."""
    visitor = current_visitor()
    found = numbered(visitor, item_id, number)
    text = services().reading.text(visitor, found.id)
    item = services().reading.item(visitor, item_id)
    return text_file(item, text.text if text else "", f"{item.code}-{number:04}.txt")


@blueprint.get("/items/<item_id>/pages/<int:number>/original")
def page_original(item_id: str, number: int) -> Response:
    """The master file of the page, byte for byte as it came in."""
    visitor = current_visitor()
    found = numbered(visitor, item_id, number)
    item = services().reading.item(visitor, item_id)
    with services().reading.master(visitor, found.id) as (path, _page):
        kind = sniff(path)
        # Opened before the store may take the local copy away.
        stream = path.open("rb")
    name = f"{item.code}-{number:04}{_SUFFIXES.get(kind, '.bin')}"
    response = send_file(stream, mimetype=kind.value, as_attachment=True, download_name=name)
    response.headers["Cache-Control"] = "private, no-cache" if is_public(item) else "private, no-store"
    return response


def _marked(visitor: Visitor, page: Page, query: str) -> tuple[MarkedText | None, str]:
    text = services().reading.text(visitor, page.id)
    if text is None:
        return None, ""
    try:
        return marked_text(text, query), ""
    except QueryRejected as refused:
        return marked_text(text, ""), translate(refused)


def _hits_around(visitor: Visitor, page: Page, query: str) -> HitPages | None:
    """Matching pages around this one; None while the index is away: the page itself needs it not."""
    if outages.do_without("index"):
        return None
    try:
        return hit_pages(visitor, page.item, page.number, query)
    except DiachiError as error:
        if not outages.is_outage(error) or outages.is_of_the_ledger(error):
            raise
        outages.heard(error)
        return None


def _viewer_data(page: Page, text: MarkedText | None, region: Box | None) -> dict[str, object]:
    """What the viewer's script needs: the image as an IIIF service of this site, boxes in master pixels."""
    levels = level_count(page.width, page.height)
    boxes = text.boxes if text else ()
    return {
        "image": f"/iiif/image/3/{page.id}",
        "width": page.width,
        "height": page.height,
        "tile": TILE,
        "factors": [1 << level for level in range(levels)],
        "hits": [[box.x, box.y, box.w, box.h] for box in boxes],
        "first": densest(page, boxes) if boxes else 0,
        "region": [region.x, region.y, region.w, region.h] if region else None,
    }


def _region(page: Page, written: str) -> Box | None:
    """The part of the page that an address names as `x,y,w,h`; None when it names none."""
    parts = written[:60].split(",")
    if len(parts) != 4 or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    x, y, w, h = map(int, parts)
    w, h = min(w, page.width - x), min(h, page.height - y)
    return Box(x, y, w, h) if w > 0 and h > 0 else None


def _neighbours(visitor: Visitor, item: Item, number: int, query: str) -> Neighbours:
    last = max(item.page_count, number)
    before = _beside(visitor, item.id, number, -1) if number > 1 else None
    after = _beside(visitor, item.id, number, 1) if number < last else None
    return Neighbours(_address(before, query), _address(after, query))


def _beside(visitor: Visitor, item_id: str, number: int, step: int) -> Page | None:
    """The nearest page in that direction. Numbers have gaps where pages wait for approval."""
    try:
        return services().reading.page_at(visitor, item_id, number + step)
    except NotFound:
        pages = services().reading.pages(visitor, item_id)
        beyond = [page for page in pages if (page.number - number) * step > 0]
        return min(beyond, key=lambda page: abs(page.number - number), default=None)


def _address(page: Page | None, query: str) -> str | None:
    return url_for("reader.page", item_id=page.item, number=page.number, q=query or None) if page else None
