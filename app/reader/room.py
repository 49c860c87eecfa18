"""The blueprint of the reader's pages and what all its templates may use."""

from flask import Blueprint, request, url_for
from markupsafe import Markup

from app.headers import secure
from app.reader import labels
from app.visitors import current_visitor, services
from repository.domain.access import Role

blueprint = Blueprint("reader", __name__)
blueprint.after_app_request(secure)


@blueprint.app_context_processor
def everywhere() -> dict[str, object]:
    """What the layout shows: the site's names, and where staff go."""
    settings = services().settings
    visitor = current_visitor()
    asked = request.full_path.rstrip("?") if request.method == "GET" else "/"
    return {
        "site_name": settings.site_name,
        "library_name": settings.library_name,
        "staff_url": url_for("staff.batches") if visitor.may(Role.STAFF) else "",
        "sign_in_url": "" if visitor.user else url_for("staff.sign_in", next=asked),
        "signed_in_as": visitor.user,
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
