"""Member libraries, for administrators."""

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.staff.batch_views import LEVELS_OF_BATCH
from app.staff.room import attempt, blueprint, must
from app.staff.words import _
from app.visitors import current_visitor, services
from repository.catalog.members import Members
from repository.domain.access import AccessLevel, Role
from repository.domain.errors import N_, WrongUse
from repository.domain.records import Library


@blueprint.get("/libraries")
def libraries() -> str:
    """Every member library, and the form for a new one."""
    must(Role.ADMIN)
    return render_template(
        "staff/libraries.html",
        libraries=services().reading.libraries(),
        levels=LEVELS_OF_BATCH,
        address=current_visitor().address,
    )


@blueprint.post("/libraries")
def put_library() -> ResponseReturnValue:
    """Add a library or change one."""
    visitor, form = must(Role.ADMIN), request.form

    def work() -> str:
        code, level = form.get("code", "").strip(), form.get("access", "")
        if "new" in form and any(each.code == code for each in services().reading.libraries()):
            raise WrongUse(N_("Đã có thư viện mang mã “{code}”."), code=code[:40])
        if level not in {*AccessLevel}:
            raise WrongUse(N_("Hãy chọn quyền truy cập."))
        ranges = tuple(form.get("ranges", "").replace(",", " ").split())
        kept = Members(services().ledger).put(visitor, Library(code, form.get("name", ""), AccessLevel(level), ranges))
        return _("Đã ghi thư viện “%(name)s”.", name=kept.name)

    return attempt(work, url_for("staff.libraries"))
