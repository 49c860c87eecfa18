"""The application for a WSGI server, over the site that the environment names."""

import os

from app.factory import create_app
from app.opening import Opening
from config.logging_setup import start_logging
from config.services import build_services
from config.settings import load_settings
from repository.jobs.pool import die_with


def application() -> Opening:
    """Open the site and put the application together; called once a server process. A ledger that is down then is
    waited for: until it answers, visitors are told so."""
    die_with(os.getppid())
    settings = load_settings()
    start_logging(settings, "web")
    return Opening(lambda: create_app(build_services(settings)), settings.site_name)
