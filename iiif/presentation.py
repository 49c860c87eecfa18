"""An item as IIIF viewers read it: a Manifest of Presentation API 3.0, one Canvas a page.

Documents are built as plain dictionaries: a thousand pages must take milliseconds, which validated classes do not give.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from iiif.labels import LanguageMap, both, field_label, in_language, kind_label, language_label, library_label, unmarked
from repository.domain.records import Description, Item, Kind, Leaf, Library, Page
from repository.scans.pyramid import level_count

PRESENTATION_CONTEXT = "http://iiif.io/api/presentation/3/context.json"
Node = dict[str, Any]
Shown = Leaf | Page

_THUMBNAIL_SIDE = 400
_TEXT = field_label("text")
# What is not bound: viewers show it sheet by sheet, not as openings of a book.
_LOOSE = {
    Kind.MAP,
    Kind.PHOTO,
    Kind.ROYAL_DECREE,
    Kind.INSCRIPTION,
    Kind.RUBBING,
    Kind.INSCRIBED_OBJECT,
    Kind.ARCHIVAL_DOC,
}
_HAN = {"chi", "zho", "lzh"}
_HAN_TURNED = 1950  # books in Chinese characters ran right to left until about then
# The only rights statements that §3.1 `rights` may hold.
_RIGHTS = re.compile(r"https?://(creativecommons\.org/(?:licenses|publicdomain)/\S+|rightsstatements\.org/vocab/\S+)")


def image_service(base_url: str, page_id: str, version: int = 3) -> str:
    """The base URI of a page's Image API service."""
    return f"{base_url}/iiif/image/{version}/{page_id}"


def manifest_url(base_url: str, item_id: str) -> str:
    """The URI of an item's manifest."""
    return f"{base_url}/iiif/presentation/3/{item_id}/manifest"


def canvas_url(base_url: str, item_id: str, page_id: str) -> str:
    """The URI of a page's canvas; annotations point at it, it need not be dereferenced (§5.3)."""
    return f"{base_url}/iiif/presentation/3/{item_id}/canvas/{page_id}"


def collection_url(base_url: str, name: str, part: int | None = None) -> str:
    """The URI of a collection, or of one part of a long one."""
    return f"{base_url}/iiif/presentation/3/collection/{name}" + (f"/{part}" if part else "")


def manifest(
    item: Item,
    pages: Sequence[Shown],
    library: Library,
    base_url: str,
    *,
    text_url: Callable[[Shown], str] | None = None,
    searchable: bool = False,
) -> Node:
    """The manifest of `item` with the pages that have an image, in the order given.

    `base_url` is the site's public address without a trailing slash. `text_url` gives the address of a page's plain
    text; `searchable` announces the item's Content Search services.
    """
    about = item.record.description
    shown = [page for page in pages if page.derivative and page.width and page.height]
    document: Node = {
        "@context": PRESENTATION_CONTEXT,
        "id": manifest_url(base_url, item.id),
        "type": "Manifest",
        "label": in_language(about.language, about.title),
        "metadata": _metadata(item, library),
        "requiredStatement": {"label": field_label("holder"), "value": library_label(library)},
        "provider": [_provider(library, base_url)],
        "homepage": [_page_for_people(item, base_url)],
        "partOf": [_parent(f"library:{library.code}", library_label(library), base_url)],
        "viewingDirection": _direction(about),
        "behavior": ["paged" if about.kind not in _LOOSE and len(shown) > 1 else "individuals"],
        "items": [_canvas(item.id, page, base_url, text_url) for page in shown],
    }
    if about.summary:
        document["summary"] = in_language(about.language, about.summary)
    if rights := _rights_uri(about.rights):
        document["rights"] = rights
    cover = next((number for number, page in enumerate(shown) if not page.blank), None)
    if cover is not None:
        document["thumbnail"] = document["items"][cover]["thumbnail"]
    if searchable:
        document["service"] = _search_services(item.id, base_url)
    return document


def _metadata(item: Item, library: Library) -> list[Node]:
    about = item.record.description
    date = about.date_text or (str(about.year) if about.year else None)
    values: dict[str, LanguageMap | None] = {
        "author": unmarked(about.author) if about.author else None,
        "date": unmarked(date) if date else None,
        "place": {"vi": [about.place]} if about.place else None,
        "publisher": unmarked(about.publisher) if about.publisher else None,
        "kind": kind_label(about.kind),
        "subjects": {"vi": list(about.subjects)} if about.subjects else None,
        "language": language_label(about.language),
        "source": unmarked(about.source) if about.source else None,
        "rights": unmarked(about.rights) if about.rights and not _rights_uri(about.rights) else None,
        "code": unmarked(item.code),
        "holder": library_label(library),
    }
    return [{"label": field_label(name), "value": value} for name, value in values.items() if value]


def _rights_uri(text: str | None) -> str | None:
    """The rights URI in the form the specification asks for (http), or None when `text` is not one."""
    match = _RIGHTS.fullmatch(text or "")
    return f"http://{match[1]}" if match else None


def _direction(about: Description) -> str:
    old = about.year is None or about.year < _HAN_TURNED
    return "right-to-left" if about.language in _HAN and old else "left-to-right"


def _provider(library: Library, base_url: str) -> Node:
    listing = f"{base_url}/search?library={library.code}"
    home = {"id": listing, "type": "Text", "label": library_label(library), "format": "text/html"}
    return {
        "id": collection_url(base_url, f"library:{library.code}"),
        "type": "Agent",
        "label": library_label(library),
        "homepage": [home],
    }


def _page_for_people(item: Item, base_url: str) -> Node:
    return {
        "id": f"{base_url}/items/{item.id}",
        "type": "Text",
        "label": field_label("home"),
        "format": "text/html",
        "language": ["vi", "en"],
    }


def _parent(name: str, label: LanguageMap, base_url: str) -> Node:
    return {"id": collection_url(base_url, name), "type": "Collection", "label": label}


def _search_services(item_id: str, base_url: str) -> list[Node]:
    return [
        {"id": f"{base_url}/iiif/search/2/{item_id}", "type": "SearchService2"},
        {
            "@id": f"{base_url}/iiif/search/1/{item_id}",
            "@type": "SearchService1",
            "profile": "http://iiif.io/api/search/1/search",
        },
    ]


def _canvas(item_id: str, page: Shown, base_url: str, text_url: Callable[[Shown], str] | None) -> Node:
    canvas_id = canvas_url(base_url, item_id, page.id)
    service = image_service(base_url, page.id)
    services = [{"id": service, "type": "ImageService3", "profile": "level2"}]
    body = {
        "id": f"{service}/full/max/0/default.jpg",
        "type": "Image",
        "format": "image/jpeg",
        "width": page.width,
        "height": page.height,
        "service": services,
    }
    painting = {
        "id": f"{canvas_id}/image",
        "type": "Annotation",
        "motivation": "painting",
        "body": body,
        "target": canvas_id,
    }
    canvas: Node = {
        "id": canvas_id,
        "type": "Canvas",
        "label": unmarked(page.label) if page.label else both(f"Trang {page.number}", f"Page {page.number}"),
        "height": page.height,
        "width": page.width,
        "thumbnail": [_thumbnail(page, service, services)],
        "items": [{"id": f"{canvas_id}/painting", "type": "AnnotationPage", "items": [painting]}],
    }
    if text_url:
        canvas["rendering"] = [{"id": text_url(page), "type": "Text", "label": _TEXT, "format": "text/plain"}]
    return canvas


def _thumbnail(page: Shown, service: str, services: list[Node]) -> Node:
    width, height = _thumbnail_size(page.width, page.height)
    return {
        "id": f"{service}/full/{width},{height}/0/default.jpg",
        "type": "Image",
        "format": "image/jpeg",
        "width": width,
        "height": height,
        "service": services,
    }


@lru_cache(4096)  # pages of one book are mostly of a few sizes
def _thumbnail_size(width: int, height: int) -> tuple[int, int]:
    """Of the largest stored level that is no larger than a thumbnail, so that nothing has to be scaled for it."""
    factor = 1
    for level in range(level_count(width, height)):
        factor = 1 << level
        if max(width, height) <= _THUMBNAIL_SIDE * factor:
            break
    return -(-width // factor), -(-height // factor)
