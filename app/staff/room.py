"""The blueprint of the staff's pages: who may come in, and what all its templates may use."""

import logging
from collections.abc import Callable
from contextlib import suppress

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.language import translate
from app.staff import words
from app.visitors import current_visitor, services
from config.services import Services
from repository.catalog.uploading import Uploading
from repository.domain.access import Role, Visitor
from repository.domain.errors import N_, AccessRefused, ServerUnreachable, StoreFailed, WrongUse

log = logging.getLogger(__name__)

blueprint = Blueprint("staff", __name__, url_prefix="/staff")
FOR_EVERYONE = {"staff.sign_in", "staff.sign_in_send"}
FOR_READERS = {"staff.sign_out", "staff.password", "staff.password_send"}


@blueprint.before_request
def guard() -> ResponseReturnValue | None:
    """Only staff come in; whoever is not signed in is shown the way."""
    if request.endpoint in FOR_EVERYONE:
        return None
    if not current_user.is_authenticated:
        if request.method not in ("GET", "HEAD") or request.path.endswith(".json") or "/uploads/" in request.path:
            return signed_out()
        return redirect(url_for("staff.sign_in", next=request.full_path.rstrip("?")), 303)
    if request.endpoint not in FOR_READERS:
        must(Role.STAFF)
    return None


@blueprint.after_request
def keep_no_copy(response: Response) -> Response:
    """Nothing of the staff's pages stays in a cache."""
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.app_context_processor
def vocabulary() -> dict[str, object]:
    """What staff templates say by name."""
    return {
        "state_name": words.state_name,
        "access_name": words.access_name,
        "role_name": words.role_name,
        "step_name": words.step_name,
        "finding_name": words.finding_name,
        "duration": words.duration,
        "file_size": words.file_size,
        "local_time": words.local_time,
        "steps": words.STEPS,
        "visitor": current_visitor,
    }


@blueprint.record_once
def tidy(state: BlueprintSetupState) -> None:
    """When the site starts: hand over uploads that a crash left whole, forget those that nobody goes on with."""
    try:
        uploading(state.app.extensions["services"]).sweep()
    except (StoreFailed, ServerUnreachable):
        log.exception("uploads were not swept; the next start tries again")


def uploading(site: Services | None = None) -> Uploading:
    """The use cases of the upload door."""
    site = site or services()
    return Uploading(site.ledger, site.intake, site.settings.uploads_folder, site.settings.max_file_bytes)


def signed_out() -> ResponseReturnValue:
    """The answer to a script or form whose session has ended."""
    told = translate(AccessRefused(N_("Phiên làm việc đã hết; hãy đăng nhập lại.")))
    return told, 401, {"Content-Type": "text/plain; charset=utf-8"}


def must(role: Role) -> Visitor:
    """The visitor, if they hold at least that role; raises AccessRefused."""
    visitor = current_visitor()
    if not visitor.may(role):
        raise AccessRefused(
            N_("Chỉ quản trị viên được vào trang này.")
            if role is Role.ADMIN
            else N_("Trang này dành cho cán bộ thư viện.")
        )
    return visitor


def attempt(work: Callable[[], str], back: str) -> ResponseReturnValue:
    """Do what a form asks and go `back`, telling there what `work` says or why it could not be done."""
    try:
        told = work()
    except WrongUse as wrong:
        flash(translate(wrong), "error")
    else:
        if told:
            flash(told, "done")
    return redirect(back, 303)


def number_of(text: str | None, default: int = 1, most: int = 10**6) -> int:
    """A number from an address, at least 1; what is no number is the default."""
    with suppress(ValueError):
        return min(max(int(text or ""), 1), most)
    return default
