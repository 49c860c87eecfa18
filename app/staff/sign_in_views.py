"""Signing in and out, and one's own password."""

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_limiter.util import get_remote_address
from flask_login import current_user

from app.language import translate
from app.security import BY_ADDRESS, BY_NAME, close_session, failed, limiter, open_session, safe_path, typed_name
from app.staff.room import blueprint
from app.staff.words import _
from app.visitors import current_visitor, services
from repository.domain.access import Role
from repository.domain.errors import WrongUse


@blueprint.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    """The sign-in form; whoever is signed in goes on."""
    target = safe_path(request.args.get("next", ""))
    if current_user.is_authenticated:
        return redirect(target or _home(current_visitor().may(Role.STAFF)), 303)
    return render_template("staff/sign_in.html", problem="", name="", next=target or "")


@blueprint.post("/sign-in")
@limiter.limit(BY_ADDRESS, key_func=get_remote_address, deduct_when=failed)
@limiter.limit(BY_NAME, key_func=typed_name, deduct_when=failed)
def sign_in_send() -> ResponseReturnValue:
    """Open a session, or say that name and password do not agree, never which of them is wrong."""
    name, password = request.form.get("name", ""), request.form.get("password", "")
    target = safe_path(request.form.get("next", ""))
    known = services().accounts.sign_in(name[:100], password[:1000])
    if known is None:
        problem = _("Tên hoặc mật khẩu không đúng.")
        current_app.logger.warning("sign-in refused for %r from %s", name[:100], request.remote_addr)
        return render_template("staff/sign_in.html", problem=problem, name=name[:100], next=target or ""), 401
    open_session(known)
    return redirect(target or _home(known.user.role is not Role.READER), 303)


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the session."""
    close_session()
    return redirect(url_for("reader.home"), 303)


@blueprint.get("/password")
def password() -> str:
    """The form for one's own new password."""
    return render_template("staff/password.html", problem="")


@blueprint.post("/password")
def password_send() -> ResponseReturnValue:
    """Change one's own password; every other session of this user ends."""
    old, new, again = (request.form.get(field, "") for field in ("old", "new", "again"))
    if new != again:
        return render_template("staff/password.html", problem=_("Hai lần gõ mật khẩu mới không giống nhau.")), 400
    try:
        fresh = services().accounts.change_own_password(current_visitor().user or "", old, new)
    except WrongUse as wrong:
        return render_template("staff/password.html", problem=translate(wrong)), 400
    open_session(fresh)
    flash(_("Đã đổi mật khẩu; các phiên đăng nhập khác đã kết thúc."), "done")
    return redirect(_home(fresh.user.role is not Role.READER), 303)


def _home(staff: bool) -> str:
    return url_for("staff.batches") if staff else url_for("reader.home")
