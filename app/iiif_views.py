"""The doors for IIIF viewers: Image API 3.0 and 2.1, Presentation API 3.0, Content Search 2.0 and 1.0.

Every request asks for access anew; what is not open to all is never stored by a browser or a proxy.
"""

import hashlib
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

import orjson
from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from app.language import translate
from app.visitors import current_visitor, public_url, services
from iiif.collections import PART, items_collection, parted_collection, top_collection
from iiif.content_search import CONTEXT_1, CONTEXT_2, Answer, Match, annotation_list, annotation_page
from iiif.image import render
from iiif.image_info import CONTEXT, PROFILE_LINK, info_json
from iiif.image_request import ImageSize, NotOffered, Version, canonical, parse
from iiif.labels import kind_label, library_label
from iiif.presentation import PRESENTATION_CONTEXT, Node, Shown, image_service, manifest
from repository.catalog.finding import Hit
from repository.domain.access import Visitor
from repository.domain.errors import N_, AccessRefused, DiachiError, NotFound
from repository.domain.records import Kind, Page
from repository.domain.search import Filters, Sort

blueprint = Blueprint("iiif", __name__, url_prefix="/iiif")

_IMAGE_SECONDS = 3600
_DOCUMENT_SECONDS = 60
_SEARCH_SIZE, _SEARCH_PARTS = 100, 100
# Changed when the encoder's settings change, so that a browser asks again for pictures it holds.
_ENCODING = "1"
_PASSER_BY = Visitor()
Found = TypeVar("Found")


@blueprint.after_request
def allow_other_sites(response: Response) -> Response:
    """Let viewers on any site read what a passer-by may read (Image API 3.0 §8, CORS)."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = "ETag, Link"
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Headers"] = "Accept, Authorization, If-Modified-Since, If-None-Match"
    return response


@blueprint.errorhandler(AccessRefused)
def closed(error: AccessRefused) -> Response:
    """A passer-by may sign in, whoever has signed in may not."""
    return _refusal(error, 403 if current_visitor().user else 401)


@blueprint.errorhandler(NotOffered)
def not_offered(error: NotOffered) -> Response:
    """A request that makes sense but is not served here (Image API 3.0 §7)."""
    return _refusal(error, 501)


def _refusal(error: DiachiError, status: int) -> Response:
    told = {"error": {"message": translate(error), "status": status}}
    response = Response(orjson.dumps(told), status, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/image/3/<path:rest>", defaults={"version": 3})
@blueprint.get("/image/2/<path:rest>", defaults={"version": 2})
def image(version: Version, rest: str) -> AnyResponse:
    """Image API: the base URI, `info.json`, or a picture.

    Servers hand the path over decoded, so that an escaped slash in an identifier looks like a real one: whatever stands
    before the last segments is the identifier, and one with a slash in it is simply unknown.
    """
    segments = rest.split("/")
    if segments[-1] == "info.json":
        return _info(version, "/".join(segments[:-1]))
    if len(segments) > 4:
        return _picture(version, "/".join(segments[:-4]), segments[-4:])
    page_id = rest.rstrip("/")
    _seen(lambda visitor: services().reading.page(visitor, page_id))
    return redirect(f"{image_service(public_url(), page_id, version)}/info.json", 303)


def _info(version: Version, page_id: str) -> Response:
    page, public = _seen(lambda visitor: services().reading.page(visitor, page_id))
    if not page.derivative:
        raise NotFound(N_("Trang {page} chưa có ảnh để xem."), page=page_id)
    service = image_service(public_url(), page_id, version)
    info = info_json(version, service, ImageSize(page.width, page.height))
    return _document(info, CONTEXT[version], public, plain_by_default=version == 2)


def _picture(version: Version, page_id: str, segments: list[str]) -> Response:
    with ExitStack() as stack:
        (path, page), public = _seen(
            lambda visitor: stack.enter_context(services().reading.derivative(visitor, page_id))
        )
        size = ImageSize(page.width, page.height)
        region, scaling, rotation, last = segments
        asked = parse(version, region, scaling, rotation, last, size)
        service = image_service(public_url(), page_id, version)
        response = Response()
        response.set_etag(_mark(f"{_ENCODING} {page.derivative} {canonical(3, asked, size)}"))
        response.last_modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        response.headers["Link"] = (
            f'<{service}/{canonical(version, asked, size)}>;rel="canonical",<{PROFILE_LINK[version]}>;rel="profile"'
        )
        _keep_for(response, _IMAGE_SECONDS, public)
        response.make_conditional(request)
        if response.status_code != 304:
            data, response.mimetype = render(path, asked)
            response.set_data(data)
        return response


@blueprint.get("/presentation/3/<item_id>/manifest")
def item_manifest(item_id: str) -> Response:
    """Presentation API: one item with its pages in reading order."""
    visitor, base = current_visitor(), public_url()
    volume = services().reading.volume(visitor, item_id)
    text_url = partial(_text_url, f"{base}/items/{volume.item.id}/pages/")
    document = manifest(volume.item, volume.leaves, volume.library, base, text_url=text_url, searchable=True)
    # Staff may see pages that others do not, so only a passer-by's manifest is anybody's.
    return _document(document, PRESENTATION_CONTEXT, volume.public and visitor.user is None)


@blueprint.get("/search/2/<item_id>", defaults={"version": 2})
@blueprint.get("/search/1/<item_id>", defaults={"version": 1})
def item_search(item_id: str, version: int) -> Response:
    """Content Search inside one item; the hits of an answer come in the item's reading order."""
    visitor = current_visitor()
    item = services().reading.item(visitor, item_id)
    query = request.args.get("q", "").strip()
    part = min(max(1, request.args.get("page", 1, type=int)), _SEARCH_PARTS)
    hits: tuple[Hit, ...] = ()
    parts = 1
    if query:
        found = services().finding.search(visitor, query, Filters(item=item.id), page=part, size=_SEARCH_SIZE)
        hits, parts = found.hits, max(1, -(-found.total // _SEARCH_SIZE))
    matches = [_match(hit.page, hit) for hit in hits if hit.page is not None and hit.boxes]
    matches.sort(key=lambda match: match.page.number)
    ignored = tuple(name for name in ("motivation", "date", "user") if name in request.args)
    answer = Answer(item.id, query, matches, part, parts, ignored)
    if version == 2:
        return _document(annotation_page(answer, public_url()), CONTEXT_2, public=False)
    return _document(annotation_list(answer, public_url()), CONTEXT_1, public=False, plain_by_default=True)


def _match(page: Page, hit: Hit) -> Match:
    marks = [index for index, (_, marked) in enumerate(hit.snippet) if marked]
    first = marks[0] if marks else len(hit.snippet)
    texts = [text for text, _ in hit.snippet]
    exact = texts[first] if marks else ""
    return Match(page, hit.boxes, "".join(texts[:first]), exact, "".join(texts[first + 1 :]))


@blueprint.get("/presentation/3/collection/<name>")
@blueprint.get("/presentation/3/collection/<name>/<int(max=100000):part>")
def item_collection(name: str, part: int | None = None) -> Response:
    """Presentation API: `top`, `library:<code>` or `kind:<kind>`; long ones in numbered parts.

    Lists what a passer-by may see, whoever asks, so that one answer serves all.
    """
    return _document(_collection(name, part), PRESENTATION_CONTEXT, public=True)


def _collection(name: str, part: int | None) -> Node:
    reading, base = services().reading, public_url()
    grouping, _, value = name.partition(":")
    if name == "top" and part is None:
        kinds = {count.value for count in reading.shelf(_PASSER_BY, limit=1).facets.get("kind", ())}
        return top_collection(reading.libraries(), [kind for kind in Kind if kind in kinds], base)
    if grouping == "library":
        label, filters = library_label(reading.library(value)), Filters(library=(value,))
    elif grouping == "kind" and value in {*Kind}:
        label, filters = kind_label(Kind(value)), Filters(kind=(value,))
    else:
        raise NotFound(N_("Không có bộ sưu tập «{name}»."), name=name)
    offset = ((part or 1) - 1) * PART
    shelf = reading.shelf(_PASSER_BY, filters, Sort.TITLE, max(0, offset), PART)
    if part is not None and not 0 <= offset < shelf.total:
        raise NotFound(N_("Bộ sưu tập «{name}» không có phần {part}."), name=name, part=part)
    if part is None and shelf.total > PART:
        return parted_collection(name, label, shelf.total, base)
    return items_collection(name, label, shelf.items, base, part)


def _text_url(pages: str, page: Shown) -> str:
    return f"{pages}{page.number}/text"


def _seen(ask: Callable[[Visitor], Found]) -> tuple[Found, bool]:
    """What the visitor asks for, and whether a passer-by may see it too, so that caches may keep it.

    Asked as a passer-by first: most of what is asked for is open to all."""
    try:
        return ask(_PASSER_BY), True
    except (NotFound, AccessRefused):
        return ask(current_visitor()), False


def _document(content: Node, context: str, public: bool, *, plain_by_default: bool = False) -> Response:
    """A JSON-LD document in the media type the client prefers (Image API 3.0 §5.1, Presentation API 3.0 §6.2)."""
    names = (name.partition(";")[0] for name, _ in request.accept_mimetypes)
    known = next((name for name in names if name in ("application/json", "application/ld+json")), None)
    plain = known == "application/json" or (known is None and plain_by_default)
    content_type = "application/json" if plain else f'application/ld+json;profile="{context}"'
    data = orjson.dumps(content)
    response = Response(data, content_type=content_type)
    response.set_etag(_mark(content_type + hashlib.sha256(data).hexdigest()))
    response.vary.add("Accept")
    _keep_for(response, _DOCUMENT_SECONDS, public)
    response.make_conditional(request)
    return response


def _keep_for(response: Response, seconds: int, public: bool) -> None:
    response.headers["Cache-Control"] = f"public, max-age={seconds}" if public else "private, no-store"


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
