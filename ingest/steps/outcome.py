"""What a step gives back."""

from collections.abc import Callable
from dataclasses import dataclass

from repository.db.ledger import Work


@dataclass(frozen=True, slots=True)
class Outcome:
    """`write` puts the step's results into the ledger, in the transaction that also says that the step is done. It
    touches nothing but the page: others write meanwhile."""

    write: Callable[[Work], None]
    fingerprint: str
