"""The blueprint of the reader's pages and what all its templates may use."""

from flask import Blueprint, current_app, request, url_for
from flask_login import current_user
from markupsafe import Markup

from app.headers import secure
from app.reader import labels
from app.visitors import services

blueprint = Blueprint("reader", __name__)
blueprint.after_app_request(secure)


@blueprint.app_context_processor
def everywhere() -> dict[str, object]:
    """What the layout shows: the site's names, and where staff go."""
    settings = services().settings
    doors = current_app.view_functions
    signed_in = current_user.is_authenticated
    asked = request.full_path.rstrip("?") if request.method == "GET" else "/"
    return {
        "site_name": settings.site_name,
        "library_name": settings.library_name,
        "staff_url": url_for("staff.batches") if signed_in and "staff.batches" in doors else "",
        "sign_in_url": url_for("staff.sign_in", next=asked) if not signed_in and "staff.sign_in" in doors else "",
        "kind_name": labels.kind_name,
        "language_name": labels.language_name,
    }


@blueprint.app_template_filter("marks")
def marks(parts: tuple[tuple[str, bool], ...]) -> Markup:
    """Text in parts as HTML, the marked ones in <mark>."""
    return Markup("").join(Markup("<mark>{}</mark>").format(text) if marked else text for text, marked in parts)


@blueprint.app_template_filter("number")
def number(value: int) -> str:
    """A count as people write it here: 70.000 in Vietnamese, 70,000 in English."""
    return labels.grouped(value)
