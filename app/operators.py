"""Whether a request comes from whoever runs the servers: for figures and reasons that are nobody else's business."""

import hmac
from ipaddress import ip_address

from flask import request

from app.visitors import services

_THROUGH_A_PROXY = ("X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via")


def is_operator() -> bool:
    """From this very machine and not through a proxy, or with the token that the settings name as
    `Authorization: Bearer …`. The proxy's own machine is not trusted: every reader comes from there."""
    token = services().settings.metrics_token.get_secret_value()
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and hmac.compare_digest(given.encode("latin-1", "replace"), token.encode()):
        return True
    return _is_loopback(request.remote_addr) and not any(name in request.headers for name in _THROUGH_A_PROXY)


def _is_loopback(address: str | None) -> bool:
    try:
        return ip_address(address or "").is_loopback
    except ValueError:
        return False
