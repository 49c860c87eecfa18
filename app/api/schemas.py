"""The shapes of the API's answers, as the schemas of its OpenAPI description."""

from repository.domain.access import AccessLevel
from repository.domain.records import Kind

Schema = dict[str, object]
_TEXT: Schema = {"type": "string"}
_MAYBE_TEXT: Schema = {"type": ["string", "null"]}
_WHOLE: Schema = {"type": "integer"}
_MAYBE_WHOLE: Schema = {"type": ["integer", "null"]}
_NUMBER: Schema = {"type": "number"}
_URI: Schema = {"type": "string", "format": "uri"}
_BOX: Schema = {
    "type": "array",
    "description": "x, y, width, height in pixels of the full-size page",
    "items": {"type": "integer"},
    "minItems": 4,
    "maxItems": 4,
}


def schemas() -> Schema:
    """Every schema by its name."""
    return {
        "Found": _found(),
        "Hit": _hit(),
        "Item": _item(),
        "Page": _page(),
        "Pages": _object({"item": _TEXT, "total": _WHOLE, "pages": _list_of("Page")}),
        "Word": _object({"text": _TEXT, "box": _BOX, "confidence": _NUMBER, "line": _WHOLE, "block": _WHOLE}),
        "Text": _text(),
        "Alive": _object({"status": {"const": "ok"}}),
        "Ready": _ready(),
        "Error": _error(),
    }


def _found() -> Schema:
    count = _object({"value": _TEXT, "count": _WHOLE})
    facets = {"type": "object", "additionalProperties": {"type": "array", "items": count}}
    return _object({"total": _WHOLE, "hits": _list_of("Hit"), "facets": facets})


def _hit() -> Schema:
    tiers = "1: marks as typed; 2: tones differ; 3: any mark differs"
    return _object(
        {
            "item": _TEXT,
            "page": {**_MAYBE_WHOLE, "description": "null for a hit in the item's record"},
            "page_id": _MAYBE_TEXT,
            "title": _TEXT,
            "score": _NUMBER,
            "tier": {"type": "integer", "enum": [1, 2, 3], "description": tiers},
            "snippet": {"type": "string", "description": "HTML: escaped text with <em> around what matched"},
            "boxes": {"type": "array", "items": _BOX},
            "matching_pages": {**_WHOLE, "description": "when grouped, how many documents of the item match"},
            "manifest": _URI,
        }
    )


def _item() -> Schema:
    return _object(
        {
            "id": _TEXT,
            "code": _TEXT,
            "library": _TEXT,
            "title": _TEXT,
            "kind": {"type": "string", "enum": [*Kind]},
            "author": _MAYBE_TEXT,
            "place": _MAYBE_TEXT,
            "year": _MAYBE_WHOLE,
            "date": _MAYBE_TEXT,
            "publisher": _MAYBE_TEXT,
            "language": _TEXT,
            "summary": _MAYBE_TEXT,
            "subjects": {"type": "array", "items": _TEXT},
            "rights": _MAYBE_TEXT,
            "source": _MAYBE_TEXT,
            "access": {"type": "string", "enum": [*AccessLevel]},
            "published": {"type": "boolean"},
            "page_count": _WHOLE,
            "manifest": _URI,
        }
    )


def _page() -> Schema:
    return _object(
        {
            "id": _TEXT,
            "number": _WHOLE,
            "label": _TEXT,
            "width": _WHOLE,
            "height": _WHOLE,
            "dpi": _WHOLE,
            "confidence": {"type": ["number", "null"]},
            "image": {"type": ["string", "null"], "format": "uri", "description": "IIIF Image API 3 service"},
        }
    )


def _text() -> Schema:
    return _object(
        {
            "page_id": _TEXT,
            "item": _TEXT,
            "page": _WHOLE,
            "width": _WHOLE,
            "height": _WHOLE,
            "engine": _MAYBE_TEXT,
            "text": _MAYBE_TEXT,
            "words": _list_of("Word"),
        }
    )


def _ready() -> Schema:
    yes_or_no: Schema = {"type": "boolean"}
    seconds = {"type": ["number", "null"], "description": "since the last heartbeat"}
    worker = _object(
        {"name": _TEXT, "kind": _TEXT, "host": _TEXT, "pid": _WHOLE, "alive": yes_or_no, "seconds": seconds}
    )
    server = {
        "type": "object",
        "required": ["server", "ok", "ms"],
        "properties": {"server": _TEXT, "ok": yes_or_no, "ms": _NUMBER, "error": _TEXT},
        "additionalProperties": False,
    }
    stores: Schema = dict.fromkeys(("ready", "ledger", "index", "storage"), yes_or_no)
    return _object(
        {
            **stores,
            "degraded": {"type": "array", "items": _TEXT},
            "restoring": {**_MAYBE_TEXT, "description": "the backup that the site is being brought back from"},
            "servers": {"type": "object", "additionalProperties": server},
            "workers": {"type": "array", "items": worker},
        }
    )


def _error() -> Schema:
    told = {
        "type": "object",
        "required": ["message", "status"],
        "properties": {
            "message": _TEXT,
            "status": _WHOLE,
            "incident": _TEXT,
            "part": _TEXT,
            "retry_after": _WHOLE,
        },
    }
    return _object({"error": told})


def _object(properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _list_of(name: str) -> Schema:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}
