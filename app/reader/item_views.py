"""An item: what it is, its pages, how to cite and to take it along."""

from flask import Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.reader.addresses import pager
from app.reader.asked import read
from app.reader.citing import citation
from app.reader.pictures import Picture, thumbnail
from app.reader.room import blueprint
from app.visitors import current_visitor, public_url, services
from iiif.presentation import manifest_url
from repository.catalog.access import allows, visibility
from repository.domain.access import Visitor
from repository.domain.records import Item, Page

PAGES_SHOWN = 60
_LAST_NUMBER = 10**9


@blueprint.get("/items/<item_id>")
def item(item_id: str) -> Response:
    """The item's description and its pages as small pictures."""
    visitor = current_visitor()
    found = services().reading.item(visitor, item_id)
    pages = services().reading.pages(visitor, item_id)
    around = pager(min(read(request.args).page, -(-len(pages) // PAGES_SHOWN) or 1), PAGES_SHOWN, len(pages))
    start = (around.page - 1) * PAGES_SHOWN
    library = services().reading.library(found.rights.library)
    address = public_url() + url_for("reader.item", item_id=item_id)
    shown: list[tuple[Page, Picture | None]] = [(page, thumbnail(page)) for page in pages[start : start + PAGES_SHOWN]]
    return closed_unless_public(
        found,
        render_template(
            "reader/item.html",
            item=found,
            about=found.record.description,
            library=library,
            pages=shown,
            page_total=len(pages),
            cover=next((picture for page in pages if (picture := thumbnail(page, 500))), None),
            first=pages[0] if pages else None,
            pager=around,
            citation=citation(found, library.name, address),
            manifest=manifest_url(public_url(), item_id),
        ),
    )


@blueprint.get("/items/<item_id>/pages")
def go_to_page(item_id: str) -> AnyResponse:
    """The page whose number was typed, or the nearest there is."""
    pages = services().reading.pages(current_visitor(), item_id)
    typed = request.args.get("n", "").strip()
    wanted = min(int(typed[:10]), _LAST_NUMBER) if typed.isascii() and typed.isdigit() else 1
    if not pages:
        return redirect(url_for("reader.item", item_id=item_id), 303)
    nearest = min(pages, key=lambda page: abs(page.number - wanted))
    asked = read(request.args).query or None
    return redirect(url_for("reader.page", item_id=item_id, number=nearest.number, q=asked), 303)


@blueprint.get("/items/<item_id>/text")
def item_text(item_id: str) -> Response:
    """The whole text, pages parted by form feeds."""
    visitor = current_visitor()
    found = services().reading.item(visitor, item_id)
    texts = services().reading.item_texts(visitor, item_id)
    return text_file(found, "\f".join(text.text if text else "" for _, text in texts), f"{found.code}.txt")


def text_file(of: Item, text: str, name: str) -> Response:
    """A text of the item as a file to keep."""
    response = closed_unless_public(of, text + "\n")
    response.mimetype = "text/plain"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def closed_unless_public(of: Item, body: str) -> Response:
    """An answer that nobody keeps unless the item is anybody's."""
    response = make_response(body)
    if not is_public(of):
        response.headers["Cache-Control"] = "private, no-store"
    return response


def is_public(of: Item) -> bool:
    """Whether a passer-by may see the item."""
    return allows(visibility(Visitor(), ()), of.rights)


def numbered(visitor: Visitor, item_id: str, number: int) -> Page:
    """Page `number` of the item, however large a number was asked for."""
    return services().reading.page_at(visitor, item_id, min(number, _LAST_NUMBER))
