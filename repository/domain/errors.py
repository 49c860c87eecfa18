"""The errors of the house. Each says what was wrong, where, and what to do.

An error carries a Vietnamese sentence as a template and its parameters apart, so that the ledger can keep both and the
edge can show the sentence in the reader's language (the template is the gettext message id).
"""

from typing import ClassVar

Param = str | int | float


def N_(template: str) -> str:  # noqa: N802 - gettext's customary name
    """Mark a sentence for the translation catalogue; returns it unchanged."""
    return template


class DiachiError(Exception):
    """Root of the hierarchy.

    `template` is a Vietnamese sentence with `{named}` gaps, `params` fills them; `str()` gives the filled sentence.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, template: str, /, **params: Param) -> None:
        super().__init__(template, params)
        self.template = template
        self.params = params

    def __str__(self) -> str:
        return self.template.format(**self.params)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.template, self.params)


def _rebuild(kind: type[DiachiError], template: str, params: dict[str, Param]) -> DiachiError:
    return kind(template, **params)


class InputRefused(DiachiError):
    """This file or page cannot be taken in, now or ever; the reason is for staff. Never retried."""


class PasswordNeeded(InputRefused):
    """The file is encrypted and no password given opens it."""


class EngineFailed(DiachiError):
    """An outside program or engine failed or ran out of its time; worth another try, then set the page aside."""


class StoreFailed(DiachiError):
    """A store could not keep or give bytes (full disk, cut transfer, wrong checksum)."""


class ObjectMissing(StoreFailed):
    """No object under that key."""


class ObjectDamaged(StoreFailed):
    """What the store gives under a key is not what was put there; asking again gives the same."""


class NotFound(DiachiError):
    """No such library, record, item, page, batch or user; or not one that the visitor may know of."""


class AccessRefused(DiachiError):
    """The visitor is known to lack the right."""


class QueryRejected(DiachiError):
    """A reader's query that cannot be understood; the sentence says which part."""


class LeaseLost(DiachiError):
    """Another worker holds this job now; drop the work, commit nothing."""


class WrongUse(DiachiError):
    """Arguments, settings or form fields that do not make sense together."""

    exit_code = 2


class ServerUnreachable(DiachiError):
    """A server the profile needs does not answer."""

    exit_code = 3
