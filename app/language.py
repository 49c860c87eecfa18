"""The language of a request: Vietnamese first, English for those who ask.

Message ids are the Vietnamese sentences themselves, so that only English needs a catalogue.
"""

from pathlib import Path
from typing import Protocol
from urllib.parse import quote, urlencode

from babel.support import Translations
from flask import Flask, Response, request
from flask_babel import Babel, get_locale, gettext

from repository.domain.errors import Param

LANGUAGES = {"vi": "Tiếng Việt", "en": "English"}
DEFAULT = "vi"
COOKIE = "lang"
_YEAR = 365 * 24 * 3600


class Sentence(Protocol):
    """A Vietnamese template and what fills it: a DiachiError or a batch's Reason."""

    @property
    def template(self) -> str:
        """The Vietnamese sentence with `{named}` gaps."""

    @property
    def params(self) -> dict[str, Param]:
        """What fills the gaps."""


def init(app: Flask) -> None:
    """Choose a language for every request, and give templates what they need to offer the other one."""
    Babel(app, default_locale=DEFAULT, locale_selector=choose)
    app.after_request(_remember)
    app.context_processor(lambda: {"language": current(), "languages": LANGUAGES, "in_language": _this_page_in})
    app.jinja_env.filters["sentence"] = translate


def choose() -> str:
    """The language asked for by `?lang=`, then by the cookie, then by a browser whose first wish is English."""
    for wish in (request.args.get("lang"), request.cookies.get(COOKIE)):
        if wish in LANGUAGES:
            return wish
    first = request.accept_languages.best or ""
    return "en" if first.lower().partition("-")[0] == "en" else DEFAULT


def current() -> str:
    """The code of this request's language."""
    return str(get_locale() or DEFAULT)


def translate(sentence: Sentence) -> str:
    """The filled sentence in the language of this request."""
    template = gettext(sentence.template) if sentence.template else ""
    return template.format(**sentence.params)


def _remember(response: Response) -> Response:
    wish = request.args.get("lang")
    if wish in LANGUAGES and wish != request.cookies.get(COOKIE):
        response.set_cookie(COOKIE, wish, max_age=_YEAR, samesite="Lax", httponly=True, secure=request.is_secure)
    return response


def _this_page_in(language: str) -> str:
    """The address of the page being shown, in another language."""
    kept = [] if request.method != "GET" else [(k, v) for k, v in request.args.items(multi=True) if k != "lang"]
    path = "/" if request.method != "GET" else quote(request.path)
    return f"{request.script_root}{path}?{urlencode([*kept, ('lang', language)])}"


def both(sentence: Sentence) -> list[str]:
    """The filled sentence in Vietnamese and, where the catalogue has it, in English; for programs without a request."""
    english = Translations.load(Path(__file__).parent / "translations", ["en"]).gettext(sentence.template)
    return list(dict.fromkeys(each.format(**sentence.params) for each in (sentence.template, english)))
