"""Users, for administrators."""

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.staff.room import attempt, blueprint, must
from app.staff.words import _
from app.visitors import services
from repository.domain.access import Role
from repository.domain.errors import N_, NotFound, WrongUse
from repository.domain.records import User
from repository.domain.vietnamese import clean


@blueprint.get("/users")
def users() -> str:
    """Every user, and the form for a new one."""
    must(Role.ADMIN)
    site = services()
    return render_template(
        "staff/users.html", users=site.accounts.all(), roles=list(Role), libraries=site.reading.libraries()
    )


@blueprint.post("/users")
def add_user() -> ResponseReturnValue:
    """A new user."""
    visitor = must(Role.ADMIN)

    def work() -> str:
        name = clean(request.form.get("name", "")).strip()
        if any(user.name.casefold() == name.casefold() for user in services().accounts.all()):
            raise WrongUse(N_("Đã có người dùng “{name}”."), name=name[:100])
        user = User(name, _role(), request.form.get("library", ""))
        services().accounts.add(visitor.user or "?", user, request.form.get("password", ""))
        return _("Đã thêm người dùng “%(name)s”.", name=name)

    return attempt(work, url_for("staff.users"))


@blueprint.post("/users/<path:name>")
def change_user(name: str) -> ResponseReturnValue:
    """Another role, library or password for a user, or an end to their coming in."""
    visitor = must(Role.ADMIN)

    def work() -> str:
        if all(user.name != name for user in services().accounts.all()):
            raise NotFound(N_("Không có người dùng này."))
        library = request.form.get("library", "")
        if all(each.code != library for each in services().reading.libraries()):
            raise WrongUse(N_("Hãy chọn thư viện."))
        user = User(name, _role(), library, active="active" in request.form)
        services().accounts.change(visitor, user, request.form.get("password") or None)
        return _("Đã ghi thay đổi của “%(name)s”.", name=name)

    return attempt(work, url_for("staff.users"))


def _role() -> Role:
    role = request.form.get("role", "")
    if role not in {*Role}:
        raise WrongUse(N_("Hãy chọn vai trò."))
    return Role(role)
