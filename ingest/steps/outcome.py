"""What a step gives back."""

from collections.abc import Callable
from dataclasses import dataclass

from repository.db.ledger import Work


@dataclass(frozen=True, slots=True)
class Outcome:
    """`write` puts the step's results into the ledger, in the transaction that also says that the step is done.
    `alone`: it looks at more than the page itself, so that nobody else may write meanwhile."""

    write: Callable[[Work], None]
    fingerprint: str
    alone: bool = False
