"""Headers that every answer of the site carries, whoever makes it."""

from flask import Response

# The hash of no text at all: viewer.js leaves an empty style element so that the viewer does not add one of its own.
_EMPTY = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
_POLICY = "; ".join(
    (
        "default-src 'self'",
        f"style-src 'self' 'sha256-{_EMPTY}'",
        "img-src 'self' data: blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
_ALWAYS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
}


def secure(response: Response) -> Response:
    """Say what browsers may do with the answer; pages for people are never kept by shared caches, because they differ
    by who is signed in and by language."""
    for name, value in _ALWAYS.items():
        response.headers.setdefault(name, value)
    if response.mimetype == "text/html":
        response.headers.setdefault("Cache-Control", "private, no-cache")
    return response
