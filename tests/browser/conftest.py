"""A real Chromium, and any of the house's applications on a port of this machine."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import make_server

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser, one for all tests."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def listening(app: Flask) -> Iterator[str]:
    """The application served on a free port; gives its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="session")
def listen() -> Callable[[Flask], object]:
    """`with listen(app) as address:` serves the application."""
    return listening


@pytest.fixture
def open_profile(chromium: Browser) -> Iterator[Callable[[Path], BrowserContext]]:
    """Opens a browser whose profile stays in a folder, so that it can be closed and opened again."""
    contexts = []

    def opened(folder: Path) -> BrowserContext:
        context = chromium.browser_type.launch_persistent_context(
            folder, executable_path=CHROMIUM, args=FLAGS, locale="vi-VN", viewport={"width": 1280, "height": 900}
        )
        contexts.append(context)
        return context

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a page in a fresh profile; what its scripts or its content policy complain of fails the test."""
    contexts, complaints = [], []

    def opened(width: int = 1280, height: int = 900, **options: object) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": height}, **{"locale": "vi-VN", **options})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda told: complaints.append(told.text) if told.type == "error" else None)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
