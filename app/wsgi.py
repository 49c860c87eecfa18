"""The application for a WSGI server, over the site that the environment names."""

import logging
import os

from flask import Flask

from app.factory import create_app
from config.process import settle
from config.services import build_services
from config.settings import load_settings
from repository.jobs.pool import die_with


def application() -> Flask:
    """Open the site and put the application together; called once a server process."""
    die_with(os.getppid())
    logging.basicConfig(level=logging.INFO, format="%(asctime)s web %(levelname)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    app = create_app(build_services(load_settings()))
    settle()
    return app
