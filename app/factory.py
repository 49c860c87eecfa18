"""Puts the Flask application together."""

import secrets

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from app import errors, following, gates, language, metrics, outages, security
from app.api import views as api
from app.iiif_views import blueprint as iiif
from app.reader import views as reader
from app.staff import views as staff
from config.services import Services


def create_app(services: Services) -> Flask:
    """The site's WSGI application over these services."""
    app = Flask(__name__)
    app.extensions["services"] = services
    app.extensions["figures"] = metrics.Remembered(services)
    settings = services.settings
    app.config.update(
        SECRET_KEY=_secret_key(services),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.public_url.startswith("https://"),
        MAX_CONTENT_LENGTH=16 << 20,
        TEMPLATES_AUTO_RELOAD=False,
    )
    if settings.proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies, x_host=settings.proxies
        )
    language.init(app)
    outages.init(app)
    gates.init(app)
    security.init(app)
    errors.init(app)
    for blueprint in (reader.blueprint, staff.blueprint, api.blueprint, iiif, metrics.blueprint):
        app.register_blueprint(blueprint)
    following.init(app)
    return app


def _secret_key(services: Services) -> str:
    """The key that signs sessions: made on the first start, kept in the ledger."""
    with services.ledger.write() as work:
        key = work.journal.setting("secret_key")
        if key is None:
            key = secrets.token_hex(32)
            work.journal.set("secret_key", key)
    return key
