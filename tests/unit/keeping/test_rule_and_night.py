"""Which backups are kept, and when the next one is due."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.nightly import is_due
from repository.keeping.rule import STAMP, Rule, kept, moment_of

NOW = datetime(2026, 6, 15, 5, 0, tzinfo=UTC)


def name(at: datetime, ending: str = "aaaaaa") -> str:
    return f"{at.strftime(STAMP)}-{ending}"


def nightly(nights: int) -> list[str]:
    return [name(NOW - timedelta(days=back)) for back in range(nights)]


def test_two_years_of_nights_leave_days_weeks_and_months() -> None:
    left = sorted(kept(nightly(730), Rule()), reverse=True)
    assert left[:7] == nightly(7)
    assert 18 <= len(left) <= 7 + 5 + 12  # one run may be a day's, a week's and a month's
    oldest = moment_of(left[-1])
    assert oldest is not None
    assert 300 < (NOW - oldest).days < 370


def test_several_of_one_day_the_newest_three_stay() -> None:
    runs = [name(NOW - timedelta(minutes=minute)) for minute in range(6)]
    assert kept(runs, Rule()) == set(runs[:3])


def test_what_is_no_run_stays() -> None:
    assert "cua-toi" in kept([*nightly(100), "cua-toi"], Rule())


@given(st.lists(st.integers(0, 2000), unique=True, min_size=1))
def test_runs_that_are_kept_stay_kept_until_newer_ones_come(backs: list[int]) -> None:
    runs = {name(NOW - timedelta(hours=7 * back)) for back in backs}
    once = kept(runs, Rule())
    assert kept(once, Rule()) == once
    assert max(runs) in once


def at(hour: int, minute: int = 0, day: int = 15) -> datetime:
    """A moment by the clock of this machine."""
    return datetime(2026, 6, day, hour, minute).astimezone()


@pytest.mark.parametrize(
    ("now", "good", "tried", "due"),
    [
        (at(2, 29), at(2, 31, day=14), None, False),  # not yet
        (at(2, 30), at(2, 31, day=14), None, True),  # now
        (at(9), at(2, 31, day=14), None, True),  # slept through the night
        (at(9), at(2, 31), at(2, 30), False),  # done
        (at(9), None, None, True),  # never yet
        (at(9), at(2, 31, day=12), at(8, 30), False),  # failed half an hour ago
        (at(9, 31), at(2, 31, day=12), at(8, 30), True),  # failed an hour ago
        (at(9), at(2, 31, day=20), at(2, 30, day=20), True),  # stamped before the clock was set back
    ],
)
def test_when_a_backup_is_due(now: datetime, good: datetime | None, tried: datetime | None, due: bool) -> None:
    assert is_due(now, "02:30", good, tried) is due
