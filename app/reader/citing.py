"""How to cite an item or a page, after ISO 690 (author, title, medium, imprint, date of access, place, address)."""

from datetime import date

from flask_babel import gettext as _

from repository.domain.records import Item, Page


def citation(item: Item, holder: str, address: str, page: Page | None = None, today: date | None = None) -> str:
    """One line of plain text. `holder` is the library's name, `address` the full stable address."""
    description = item.record.description
    imprint = ": ".join(part for part in (description.place, description.publisher) if part)
    when = str(description.year) if description.year else description.date_text
    parts = [
        (description.author or "").upper(),
        f"{item.title} [{_('trực tuyến')}]",
        ", ".join(part for part in (imprint, when) if part),
        ", ".join(part for part in (holder, item.code, _said_page(page)) if part),
    ]
    read_on = _("Truy cập ngày %(day)s", day=(today or date.today()).strftime("%d/%m/%Y"))
    return ". ".join(part.rstrip(".") for part in [*parts, read_on] if part) + f". {address}"


def _said_page(page: Page | None) -> str:
    return _("trang %(number)s", number=page.label or page.number) if page else ""
