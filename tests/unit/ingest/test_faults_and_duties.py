"""Whose fault a failure is; who has a duty; who is called when a supervisor died."""

import errno
import itertools
import time
from pathlib import Path

import pytest

from config.services import Services
from ingest.duty import Duty
from ingest.faults import LONGEST, passing, pause
from ingest.roll import Roll
from repository.domain.errors import (
    DiachiError,
    EngineFailed,
    InputRefused,
    ObjectDamaged,
    ObjectMissing,
    ServerUnreachable,
    StoreFailed,
)


@pytest.mark.parametrize("error", [ServerUnreachable("x"), StoreFailed("x"), OSError(errno.ENOSPC, "full")])
def test_what_a_server_or_a_full_disk_does_passes(error: Exception, tmp_path: Path) -> None:
    assert passing(error, tmp_path)


@pytest.mark.parametrize(
    "error", [EngineFailed("x"), InputRefused("x"), ObjectMissing("x"), ObjectDamaged("x"), ValueError("x")]
)
def test_what_lies_in_the_page_itself_does_not(error: Exception, tmp_path: Path) -> None:
    assert not passing(error, tmp_path)


def test_the_cause_of_a_failure_decides(tmp_path: Path) -> None:
    def because(cause: Exception) -> Exception:
        error = EngineFailed("x")
        error.__cause__ = cause
        return error

    assert passing(because(OSError(errno.ENOSPC, "full")), tmp_path)
    assert passing(because(ServerUnreachable("x")), tmp_path)
    assert not passing(because(ObjectMissing("x")), tmp_path)


def test_pauses_double_up_to_a_minute_and_are_spread() -> None:
    means = [sum(pause(times).total_seconds() for _ in range(200)) / 200 for times in range(1, 9)]
    assert 1.5 <= means[0] <= 2.0
    assert all(later > earlier for earlier, later in itertools.pairwise(means[:5]))
    assert all(0.75 * LONGEST <= pause(times).total_seconds() <= LONGEST for times in (7, 20, 1000))
    assert len({pause(3) for _ in range(50)}) > 25


def test_a_duty_is_anothers_only_when_its_time_is_over_or_it_was_left(site: Services) -> None:
    first, second = (Duty(site.ledger, "clerk", name, 0.5) for name in ("first", "second"))
    assert first.take()
    assert not second.take()
    time.sleep(0.6)
    assert second.take()
    assert not first.take()
    second.leave()
    assert first.take()


def test_a_duty_is_kept_during_a_long_round(site: Services) -> None:
    first, second = (Duty(site.ledger, "clerk", name, 0.9) for name in ("first", "second"))
    assert first.take()
    for _ in range(4):
        time.sleep(0.35)
        first.keep()
    assert not second.take()


def test_who_does_not_have_a_duty_cannot_keep_it(site: Services) -> None:
    Duty(site.ledger, "clerk", "first", 60).take()
    second = Duty(site.ledger, "clerk", "second", 60)
    assert not second.take()
    second.keep()
    with site.ledger.read() as work:
        assert work.duties.holder("clerk") == "first"


def test_the_next_supervisor_knows_who_worked_for_the_last(tmp_path: Path) -> None:
    Roll(tmp_path).call({"clerk-h-1-2": 11, "feeder-h-1-2": 12, "worker-0-h-1-2": 13})
    assert Roll(tmp_path).names() == ["clerk-h-1-2", "feeder-h-1-2", "worker-0-h-1-2"]
    Roll(tmp_path).end()
    assert Roll(tmp_path).names() == []


@pytest.mark.parametrize("left", ["", "{", "[]", '{"names": 1}', "null"])
def test_a_roll_that_a_power_cut_spoilt_names_nobody(tmp_path: Path, left: str) -> None:
    (tmp_path / "workers.json").write_text(left)
    assert Roll(tmp_path).names() == []


def test_every_error_of_the_house_is_one_or_the_other(tmp_path: Path) -> None:
    for kind in DiachiError.__subclasses__():
        assert passing(kind("x"), tmp_path) is (kind in (ServerUnreachable, StoreFailed))
