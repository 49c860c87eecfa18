"""Who stands at the door, and by what address the site is known."""

from flask import Request, current_app, request
from flask_login import current_user

from config.services import Services
from repository.domain.access import Visitor


def services() -> Services:
    """The use cases of this site."""
    found: Services = current_app.extensions["services"]
    return found


def current_visitor() -> Visitor:
    """The visitor of this request: signed in or a passer-by, with the address they come from."""
    if current_user.is_authenticated:
        user = current_user.user
        return Visitor(request.remote_addr, user.name, user.role, user.library)
    return Visitor(address=request.remote_addr)


def public_url() -> str:
    """The address by which readers reach the site, without a slash at its end."""
    return services().settings.public_url.rstrip("/") or _own_url(request)


def _own_url(asked: Request) -> str:
    return asked.url_root.rstrip("/")
