"""Correcting a page's text, line by line beside the picture of the line."""

from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.language import translate
from app.reader.pictures import reading_size
from app.staff.batch_views import rerun
from app.staff.item_views import own_item
from app.staff.room import attempt, blueprint
from app.staff.words import _
from app.visitors import current_visitor, services
from repository.domain.errors import WrongUse
from repository.domain.pages import Word
from repository.domain.records import Page, TextVersion

PICTURE_PIXELS = 1200
UNSURE = 60.0


@dataclass(frozen=True, slots=True)
class Line:
    """A printed line: its text, its picture (address, width and height in pixels), and the words that want a look."""

    text: str
    picture: str
    width: int
    height: int
    unsure: tuple[str, ...]


@blueprint.get("/pages/<page_id>/correct")
def correct(page_id: str) -> str:
    """The form: every line as read, beside its picture."""
    return _form(page_id, None, "")


@blueprint.post("/pages/<page_id>/correct")
def correct_send(page_id: str) -> ResponseReturnValue:
    """Save the typed lines as the page's new text. What somebody else saved meanwhile is not overwritten unseen."""
    typed = [line.replace("\r", " ").replace("\n", " ") for line in request.form.getlist("line")]
    versions = services().correcting.versions(page_id)
    if request.form.get("version") != _latest(versions):
        told = _("Người khác vừa sửa trang này; hãy so lại với bản mới rồi lưu.")
        return _form(page_id, typed, told), 409
    try:
        services().correcting.correct(current_visitor(), page_id, typed)
    except WrongUse as wrong:
        return _form(page_id, typed, translate(wrong)), 400
    flash(_("Đã lưu bản sửa; kết quả tìm kiếm sẽ theo bản mới sau vài giây."), "done")
    return redirect(url_for("staff.correct", page_id=page_id), 303)


@blueprint.post("/pages/<page_id>/rerun")
def rerun_page(page_id: str) -> ResponseReturnValue:
    """Do a step again for this page."""
    return attempt(lambda: rerun(page=page_id), url_for("staff.correct", page_id=page_id))


def _form(page_id: str, typed: list[str] | None, problem: str) -> str:
    visitor, site = current_visitor(), services()
    page = site.reading.page(visitor, page_id)
    item = own_item(page.item)
    text = site.reading.text(visitor, page_id)
    lines = [_line(page, words) for words in text.lines()] if text else []
    kept = typed if typed is not None and len(typed) == len(lines) else [line.text for line in lines]
    around = {each.number: each for each in site.reading.pages(visitor, page.item)}
    versions = site.correcting.versions(page_id)
    return render_template(
        "staff/correct.html",
        page=page,
        item=item,
        lines=list(zip(lines, kept, strict=True)),
        read=text is not None,
        problem=problem,
        versions=list(reversed(versions)),
        version=_latest(versions),
        whole=reading_size(page),
        previous=around.get(page.number - 1),
        next=around.get(page.number + 1),
    )


def _latest(versions: list[TextVersion]) -> str:
    return str(max((version.number for version in versions), default=0))


def _line(page: Page, words: tuple[Word, ...]) -> Line:
    """The line with its picture: the box of all its words and some paper around."""
    left = min(word.box.x for word in words)
    top = min(word.box.y for word in words)
    right = max(word.box.x + word.box.w for word in words)
    bottom = max(word.box.y + word.box.h for word in words)
    margin = max((bottom - top) // 2, 8)  # engines often take a line for lower than it is
    x, y = max(left - margin, 0), max(top - margin, 0)
    width, height = min(right + margin, page.width) - x, min(bottom + margin, page.height) - y
    text = " ".join(word.text for word in words)
    unsure = tuple(word.text for word in words if word.confidence < UNSURE)
    if page.derivative is None or width <= 0 or height <= 0:
        return Line(text, "", 0, 0, unsure)
    size = "max" if width <= PICTURE_PIXELS else f"{PICTURE_PIXELS},"
    shown = min(width, PICTURE_PIXELS)
    address = f"/iiif/image/3/{page.id}/{x},{y},{width},{height}/{size}/0/default.jpg"
    return Line(text, address, shown, max(height * shown // width, 1), unsure)
