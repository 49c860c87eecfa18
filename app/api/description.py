"""The API in OpenAPI 3.1, built from the same tables that the views read requests by."""

from collections.abc import Mapping

from app.api.schemas import Schema, schemas
from app.reader.asked import LAST_PAGE, LAST_YEAR, MOST_HITS
from repository.domain.records import Kind
from repository.domain.search import Sort

_TEXT: Schema = {"type": "string"}


def openapi_document(base_url: str) -> Schema:
    """The description, with `base_url` as the server."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "diachi",
            "version": "1",
            "summary": "Digitised local-studies documents: full-text search, items, pages and texts",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": base_url}],
        "paths": _paths(),
        "components": {"schemas": schemas()},
    }


def _paths() -> Schema:
    return {
        "/api/v1/search": {
            "get": _operation("search", "Search the full text", "Found", _search_parameters(), bad_request=True)
        },
        "/api/v1/items/{item}": {"get": _operation("item", "An item's description", "Item", [_in_path("item")])},
        "/api/v1/items/{item}/pages": {
            "get": _operation("itemPages", "An item's pages in reading order", "Pages", [_in_path("item")])
        },
        "/api/v1/pages/{page_id}/text": {
            "get": _operation("pageText", "A page's words with their boxes", "Text", [_in_path("page_id")])
        },
        "/healthz": {"get": _operation("healthz", "Whether the server answers", "Alive", [], closed=False)},
        "/readyz": {
            "get": {
                "operationId": "readyz",
                "summary": "Whether the site can serve: each store, each worker with its pid",
                "responses": {"200": _answer("Able to serve", "Ready"), "503": _answer("Not able to serve", "Ready")},
            }
        },
    }


def _operation(
    name: str, summary: str, schema: str, parameters: list[Schema], *, bad_request: bool = False, closed: bool = True
) -> Schema:
    responses: Schema = {"200": _answer("OK", schema)}
    if bad_request:
        responses["400"] = _answer("A parameter or the query makes no sense; the message says which part", "Error")
    elif closed:
        responses["403"] = _answer("Not open to this visitor", "Error")
        responses["404"] = _answer("No such thing, or none that this visitor may know of", "Error")
    return {"operationId": name, "summary": summary, "parameters": parameters, "responses": responses}


def _search_parameters() -> list[Schema]:
    many = {"type": "array", "items": _TEXT}
    return [
        _in_query("q", _TEXT, 'Words (all must match), "phrases", -not, OR, prefix*, NEAR/n', required=True),
        _in_query("library", many, "Library codes; repeat to allow several"),
        _in_query("kind", {"type": "array", "items": {"type": "string", "enum": [*Kind]}}, "Kinds of document"),
        _in_query("place", many, "Places; repeat to allow several"),
        _in_query("from_year", _bounded(1, LAST_YEAR), "First year, inclusive"),
        _in_query("to_year", _bounded(1, LAST_YEAR), "Last year, inclusive"),
        _in_query("sort", {"type": "string", "enum": [*Sort], "default": Sort.RELEVANCE}, "Order of the hits"),
        _in_query("page", {**_bounded(1, LAST_PAGE), "default": 1}, "Which page of hits"),
        _in_query("size", {**_bounded(1, MOST_HITS), "default": 20}, "Hits a page"),
        _in_query(
            "group", {"type": "string", "enum": ["page", "item"], "default": "page"}, "One hit a page or an item"
        ),
    ]


def _bounded(low: int, high: int) -> Schema:
    return {"type": "integer", "minimum": low, "maximum": high}


def _in_query(name: str, schema: Mapping[str, object], description: str, *, required: bool = False) -> Schema:
    return {"name": name, "in": "query", "description": description, "required": required, "schema": schema}


def _in_path(name: str) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": _TEXT}


def _answer(description: str, schema: str) -> Schema:
    reference = {"$ref": f"#/components/schemas/{schema}"}
    return {"description": description, "content": {"application/json": {"schema": reference}}}
