"""The application for a WSGI server, over the site that the environment names."""

import os

from flask import Flask

from app.factory import create_app
from config.logging_setup import start_logging
from config.process import settle
from config.services import build_services
from config.settings import load_settings
from repository.jobs.pool import die_with


def application() -> Flask:
    """Open the site and put the application together; called once a server process."""
    die_with(os.getppid())
    settings = load_settings()
    start_logging(settings, "web")
    app = create_app(build_services(settings))
    settle()
    return app
