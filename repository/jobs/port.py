"""The queue port: what carries word of owed work to worker machines. The ledger says what is owed; nothing here does.

The embedded profile has no queue: its workers sit beside the ledger and claim from it directly. Where the queue's
server is down, work goes on in that same way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from repository.domain.jobs import Priority, WindowJob


@dataclass(frozen=True, slots=True)
class Letter:
    """Word of a job of the ledger: its id, and the token it had when the letter was written."""

    job: int
    token: int
    priority: Priority


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A letter that no worker could make anything of."""

    name: str
    reason: str


class Queue(Protocol):
    """What every adapter must do.

    It may lose everything at any time, and may deliver a letter twice: whoever takes a letter asks the ledger for the
    job, and gets it only if it is still owed. A server that does not answer raises ServerUnreachable within seconds.
    """

    def deliver(self, jobs: Sequence[WindowJob]) -> None:
        """Put a letter for each job into the queue, behind those of its class."""
        ...

    def present(self) -> frozenset[int]:
        """Ids of the jobs whose letters wait here. Of a letter that was taken the ledger knows who has the job."""
        ...

    def take(self, seconds: int) -> Letter | None:
        """The next letter, of the most urgent class that has one; waits up to `seconds` (at least 1) for it."""
        ...

    def depth(self) -> Mapping[Priority, int]:
        """How many letters wait, by class."""
        ...

    def dead(self) -> list[DeadLetter]:
        """Letters that no worker could make anything of, for whoever looks after the servers."""
        ...

    def forget(self, job: int) -> None:
        """Take the job's letters out; one that is not there is well."""
        ...

    def ping(self) -> None:
        """Raises ServerUnreachable when nothing can be delivered now."""
        ...

    def close(self) -> None:
        """Give back every connection."""
        ...
