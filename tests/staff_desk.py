"""A desk at the staff's door: a browser without scripts that signs in and sends forms."""

import base64
import re
from dataclasses import dataclass, field
from functools import cache

from argon2 import PasswordHasher
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.factory import create_app
from config.services import Services
from repository.domain.access import Role
from repository.domain.records import User

PASSWORD = "mật khẩu đủ dài"
PEOPLE = {
    "doc": (Role.READER, "TV"),
    "canbo": (Role.STAFF, "TV"),
    "duyet": (Role.APPROVER, "TV"),
    "quantri": (Role.ADMIN, "TV"),
    "ban": (Role.STAFF, "BT"),
}


def add_people(services: Services, library: str = "TV") -> None:
    """One user of each role, and one at another library, BT, where there is one."""
    with services.ledger.write() as work:
        for name, (role, code) in PEOPLE.items():
            at = library if code == "TV" else code
            if work.libraries.get(at) is not None:
                work.accounts.put(User(name, role, at), _hashed())


@cache
def _hashed() -> str:
    """PASSWORD as the ledger keeps it, made once, and quick to compare: no test guesses it."""
    return PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)


@dataclass
class Desk:
    """One browser at a site."""

    services: Services
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = create_app(self.services).test_client()

    def beside(self) -> "Desk":
        """Another browser at the same running application."""
        other = object.__new__(Desk)
        other.services = self.services
        other.client = self.client.application.test_client()
        return other

    def sign_in(self, name: str, password: str = PASSWORD, **more: str) -> TestResponse:
        """Send the sign-in form."""
        return self.post("/staff/sign-in", name=name, password=password, **more)

    def get(self, path: str, **options: object) -> TestResponse:
        """A page."""
        return self.client.get(path, **options)  # type: ignore[arg-type]

    def post(self, path: str, **form: str | list[str]) -> TestResponse:
        """Send a form with the token that a page of this session carries."""
        return self.client.post(path, data={**form, "csrf_token": self.token()})

    def token(self) -> str:
        """This session's token against forged requests."""
        for page in ("/staff/password", "/staff/sign-in"):
            found = re.search(r'name="csrf_token" value="([^"]+)"', self.get(page).text)
            if found:
                return found[1]
        raise AssertionError("no page of this session has a token")

    def open_batch(self, title: str = "Lô thử") -> str:
        """A new batch; gives its id."""
        return self.post("/staff/batches/new", title=title).headers["Location"].rsplit("/", 1)[1]

    def tus(self, method: str, path: str, body: bytes = b"", **headers: str) -> TestResponse:
        """A request of the upload protocol; header names are written with _ for -."""
        sent = {"Tus-Resumable": "1.0.0", "X-CSRFToken": self.token()}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.open(path, method=method, data=body, headers=sent)

    def create(self, batch: str, name: str, length: int) -> TestResponse:
        """Promise a file to a batch."""
        return self.tus(
            "POST",
            "/staff/uploads/",
            Upload_Length=str(length),
            Upload_Metadata=metadata(batch=batch, relativePath=name, filename=name.rsplit("/", 1)[-1]),
        )

    def patch(self, place: str, offset: int, body: bytes, **headers: str) -> TestResponse:
        """Send one chunk."""
        return self.tus(
            "PATCH", place, body,
            Upload_Offset=str(offset), **{"Content_Type": "application/offset+octet-stream", **headers},
        )  # fmt: skip

    def send(self, batch: str, name: str, body: bytes) -> str:
        """A whole file in one chunk; gives the upload's address."""
        place = self.create(batch, name, len(body)).headers["Location"]
        if body:
            assert self.patch(place, 0, body).status_code == 204
        return place


def metadata(**pairs: str) -> str:
    """Pairs as Upload-Metadata."""
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())
