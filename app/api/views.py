"""Doors for programs: search, items, pages and texts as JSON, described by OpenAPI; and the site's health."""

import json

from flask import Blueprint, Response, request

from app.api import health
from app.api.answers import search_answer
from app.api.description import openapi_document
from app.operators import is_operator
from app.outages import pings
from app.reader.asked import read
from app.visitors import current_visitor, public_url, services
from iiif.presentation import manifest_url
from repository.domain.pages import Box, PageText
from repository.domain.records import Item, Page

blueprint = Blueprint("api", __name__)
Json = dict[str, object]


@blueprint.get("/api/v1/search")
def search() -> Response:
    """One page of hits."""
    asked = read(request.args, strict=True)
    found = services().finding.search(
        current_visitor(), asked.query, asked.filters, asked.sort, asked.page, asked.size, asked.group
    )
    return _answer(search_answer(found, public_url()))


@blueprint.get("/api/v1/items/<item_id>")
def item(item_id: str) -> Response:
    """An item's description."""
    return _answer(_item(services().reading.item(current_visitor(), item_id)))


@blueprint.get("/api/v1/items/<item_id>/pages")
def item_pages(item_id: str) -> Response:
    """An item's pages in reading order."""
    pages = services().reading.pages(current_visitor(), item_id)
    return _answer({"item": item_id, "total": len(pages), "pages": [_page(page) for page in pages]})


@blueprint.get("/api/v1/pages/<page_id>/text")
def page_text(page_id: str) -> Response:
    """A page's words with their boxes; an empty list while the page was not read."""
    visitor = current_visitor()
    page = services().reading.page(visitor, page_id)
    return _answer(_text(page, services().reading.text(visitor, page_id)))


@blueprint.get("/api/v1/openapi.json")
def openapi() -> Response:
    """What this API serves, as OpenAPI 3.1."""
    return _answer(openapi_document(public_url()))


@blueprint.get("/healthz")
def healthz() -> Response:
    """Whether this process answers at all."""
    return _answer({"status": "ok"})


@blueprint.get("/readyz")
def readyz() -> Response:
    """Whether the site can serve readers at all, and what is missing: each server by name, each worker."""
    state = health.look(services(), pings())
    return _answer(state.as_json(is_operator()), 200 if state.ready else 503)


def _answer(body: Json, status: int = 200) -> Response:
    """JSON for this visitor alone: what they may see depends on who and where they are."""
    response = Response(
        json.dumps(body, ensure_ascii=False, separators=(",", ":")), status, mimetype="application/json"
    )
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _item(item: Item) -> Json:
    about = item.record.description
    return {
        "id": item.id,
        "code": item.code,
        "library": item.rights.library,
        "title": item.title,
        "kind": about.kind,
        "author": about.author,
        "place": about.place,
        "year": about.year,
        "date": about.date_text,
        "publisher": about.publisher,
        "language": about.language,
        "summary": about.summary,
        "subjects": list(about.subjects),
        "rights": about.rights,
        "source": about.source,
        "access": item.rights.level,
        "published": item.published,
        "page_count": item.page_count,
        "manifest": manifest_url(public_url(), item.id),
    }


def _page(page: Page) -> Json:
    return {
        "id": page.id,
        "number": page.number,
        "label": page.label,
        "width": page.width,
        "height": page.height,
        "dpi": page.dpi,
        "confidence": page.confidence,
        "image": f"{public_url()}/iiif/image/3/{page.id}" if page.derivative else None,
    }


def _text(page: Page, text: PageText | None) -> Json:
    words = text.words if text else ()
    return {
        "page_id": page.id,
        "item": page.item,
        "page": page.number,
        "width": page.width,
        "height": page.height,
        "engine": text.reading.engine if text else None,
        "text": text.text if text else None,
        "words": [
            {
                "text": word.text,
                "box": _box(word.box),
                "confidence": round(word.confidence, 1),
                "line": word.line,
                "block": word.block,
            }
            for word in words
        ],
    }


def _box(box: Box) -> list[int]:
    return [box.x, box.y, box.w, box.h]
