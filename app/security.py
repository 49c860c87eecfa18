"""Who is signed in, and the guards at the door: sessions, forged requests, guessed passwords."""

import math
import time
from datetime import timedelta
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_limiter import Limiter
from flask_limiter.errors import RateLimitExceeded
from flask_limiter.util import get_remote_address
from flask_login import LoginManager, UserMixin, login_user, logout_user
from flask_wtf.csrf import CSRFError, CSRFProtect

from app.visitors import services
from config.settings import Settings
from repository.db.accounts import Credentials
from repository.domain.errors import N_, WrongUse
from repository.domain.records import User

SESSION_LIFETIME = timedelta(hours=12)
BY_ADDRESS, BY_NAME = "10 per minute", "5 per minute"

REDIS_SECONDS = 1.0  # for a Redis that hangs; attempts are counted in memory then

limiter = Limiter(get_remote_address, strategy="moving-window", in_memory_fallback_enabled=True, swallow_errors=True)


class SignedIn(UserMixin):  # type: ignore[misc]
    """The signed-in user as Flask-Login holds it. The session names the password's key with the user, so that a new
    password ends every session of the old one."""

    def __init__(self, user: User, session_key: str) -> None:
        self.user = user
        self._session_key = session_key

    def get_id(self) -> str:
        """What the session cookie holds."""
        return f"{self._session_key}:{self.user.name}"


def init(app: Flask) -> None:
    """Put the guards in front of every door of the application."""
    app.config.update(
        PERMANENT_SESSION_LIFETIME=SESSION_LIFETIME,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: an upload may take hours
        **_where_attempts_are_counted(app.extensions["services"].settings),
    )
    login = LoginManager(app)
    login.user_loader(_user_of)
    CSRFProtect(app)
    limiter.init_app(app)
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(RateLimitExceeded, _too_many)


def _where_attempts_are_counted(settings: Settings) -> dict[str, object]:
    """In this process's memory: an embedded site has one web process. In the production profile in Redis, for all web
    processes of the site together; each counts by itself while Redis is away."""
    if not settings.production:
        return {"RATELIMIT_STORAGE_URI": "memory://"}
    options: dict[str, object] = {
        "key_prefix": f"{settings.redis_prefix}-attempts",
        "socket_timeout": REDIS_SECONDS,
        "socket_connect_timeout": REDIS_SECONDS,
    }
    if password := settings.redis_password.get_secret_value():
        options["password"] = password
    if settings.redis_ca_file is not None:
        options["ssl_ca_certs"] = str(settings.redis_ca_file)
    return {"RATELIMIT_STORAGE_URI": settings.redis_url, "RATELIMIT_STORAGE_OPTIONS": options}


def open_session(credentials: Credentials) -> None:
    """Sign in: a new session, nothing of the old one stays."""
    session.clear()
    session.permanent = True
    login_user(SignedIn(credentials.user, credentials.session_key))


def close_session() -> None:
    """Sign out."""
    logout_user()
    session.clear()


def typed_name() -> str:
    """The user name of a sign-in form, as attempts are counted by it."""
    return request.form.get("name", "").strip().casefold()[:100]


def failed(answer: Response) -> bool:
    """Whether a sign-in was refused: only those count, for a whole class may come in from one address at once."""
    return answer.status_code == 401


def safe_path(target: str) -> str | None:
    """`target` if it is an address on this site, else None: a sign-in link must not lead elsewhere."""
    parts = urlsplit(target) if target.isprintable() and "\\" not in target else None
    if parts is None or parts.scheme or parts.netloc or not target.startswith("/") or target.startswith("//"):
        return None
    return target


def _user_of(session_id: str) -> SignedIn | None:
    key, _colon, name = session_id.partition(":")
    user = services().accounts.session(name, key)
    return SignedIn(user, key) if user else None


def _forged(error: CSRFError) -> ResponseReturnValue:
    known = WrongUse(N_("Phiên làm việc đã hết hạn hoặc trang đã cũ; hãy tải lại trang rồi làm lại."))
    return current_app.handle_user_exception(known)


def _too_many(error: RateLimitExceeded) -> ResponseReturnValue:
    window = limiter.current_limit
    seconds = max(math.ceil(window.reset_at - time.time()), 1) if window else 60
    told = _("Đã thử đăng nhập quá nhiều lần; hãy thử lại sau %(seconds)s giây.", seconds=seconds)
    page = render_template("staff/sign_in.html", problem=told, name=typed_name(), next=request.form.get("next", ""))
    return page, 429, {"Retry-After": str(seconds), "Cache-Control": "no-store"}
