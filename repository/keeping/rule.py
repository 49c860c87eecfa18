"""Which runs of the backup are kept: the newest of each of the last days, weeks and months that have one."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

STAMP = "%Y%m%dT%H%M%S.%fZ"


@dataclass(frozen=True, slots=True)
class Rule:
    """How many of each; the `newest` are kept whatever their days."""

    newest: int = 3
    days: int = 7
    weeks: int = 5
    months: int = 12


def kept(snapshots: Iterable[str], rule: Rule) -> set[str]:
    """Those that the rule keeps; what does not look like a run's name is kept too."""
    newest_first = sorted(snapshots, reverse=True)
    found = {name for name in newest_first if moment_of(name) is None} | set(newest_first[: max(rule.newest, 1)])
    periods: tuple[tuple[Callable[[datetime], object], int], ...] = (
        (lambda at: at.date(), rule.days),
        (lambda at: at.isocalendar()[:2], rule.weeks),
        (lambda at: (at.year, at.month), rule.months),
    )
    for period, most in periods:
        seen: set[object] = set()
        for name in newest_first:
            at = moment_of(name)
            if at is not None and (which := period(at.astimezone())) not in seen and len(seen) < most:
                seen.add(which)
                found.add(name)
    return found


def moment_of(snapshot: str) -> datetime | None:
    """The moment that a run's name begins with."""
    try:
        return datetime.strptime(snapshot.partition("-")[0], STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
