"""An item as its library's staff see it: state, access, pages."""

from datetime import date

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.reader.pictures import thumbnail
from app.staff.batch_views import rerun
from app.staff.paging import stretch
from app.staff.room import attempt, blueprint
from app.staff.words import _
from app.visitors import current_visitor, services
from repository.domain.access import AccessLevel, Role
from repository.domain.errors import N_, AccessRefused, WrongUse
from repository.domain.records import AccessSetting, Item

PAGES_SHOWN = 60
LOW_CONFIDENCE = 60.0


@blueprint.get("/items/<item_id>")
def item(item_id: str) -> str:
    """The item with its pages, unapproved ones too."""
    found = own_item(item_id)
    pages = services().reading.pages(current_visitor(), item_id)
    shown, around = stretch(pages, PAGES_SHOWN)
    return render_template(
        "staff/item.html",
        item=found,
        library=services().reading.library(found.rights.library),
        pages=[(page, thumbnail(page, 240)) for page in shown],
        page_total=len(pages),
        unapproved=sum(not page.approved for page in pages),
        pager=around,
        levels=list(AccessLevel),
        low=LOW_CONFIDENCE,
    )


@blueprint.post("/items/<item_id>/publish")
def publish_item(item_id: str) -> ResponseReturnValue:
    """Let readers see the item."""

    def work() -> str:
        services().publishing.publish(current_visitor(), item_id)
        return _("Đã công bố tài liệu.")

    return attempt(work, _back(item_id))


@blueprint.post("/items/<item_id>/withdraw")
def withdraw_item(item_id: str) -> ResponseReturnValue:
    """Take the item back from readers."""

    def work() -> str:
        services().publishing.withdraw(current_visitor(), item_id)
        return _("Đã gỡ tài liệu; bạn đọc không còn thấy.")

    return attempt(work, _back(item_id))


@blueprint.post("/items/<item_id>/access")
def access(item_id: str) -> ResponseReturnValue:
    """Change who may see the item."""

    def work() -> str:
        services().publishing.set_access(current_visitor(), item_id, _setting())
        return _("Đã đổi quyền truy cập.")

    return attempt(work, _back(item_id))


@blueprint.post("/items/<item_id>/rerun")
def rerun_item(item_id: str) -> ResponseReturnValue:
    """Do a step again for every page of the item."""
    return attempt(lambda: rerun(item=item_id), _back(item_id))


def own_item(item_id: str) -> Item:
    """The item, to staff of its library; raises AccessRefused for others."""
    visitor = current_visitor()
    found = services().reading.item(visitor, item_id)
    if visitor.library != found.rights.library and not visitor.may(Role.ADMIN):
        raise AccessRefused(N_("Tài liệu này thuộc thư viện khác."))
    return found


def _setting() -> AccessSetting:
    level, until = request.form.get("level", ""), request.form.get("until", "")
    if level not in {*AccessLevel}:
        raise WrongUse(N_("Hãy chọn quyền truy cập."))
    if level != AccessLevel.EMBARGO:
        return AccessSetting(AccessLevel(level))
    try:
        return AccessSetting(AccessLevel.EMBARGO, date.fromisoformat(until) if until else None)
    except ValueError as error:
        raise WrongUse(N_("Ngày mở “{text}” không phải là ngày."), text=until[:40]) from error


def _back(item_id: str) -> str:
    return url_for("staff.item", item_id=item_id)
