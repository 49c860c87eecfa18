"""What the service keeps about itself: masters and their fixity, who works, and duties that only one may have."""

from datetime import UTC, datetime, timedelta

import pytest
from ledgers_here import Home
from sqlalchemy import text

from repository.db import masters
from repository.db.ledger import Ledger

MINUTE = timedelta(minutes=1)


def key(number: int) -> str:
    return f"{number:064x}"


def set_time(home: Home, table: str, column: str, seconds_ago: float) -> None:
    moment = (datetime.now(UTC) - timedelta(seconds=seconds_ago)).replace(tzinfo=None)
    with home.engine().execution_options(writing=True).begin() as connection:
        connection.execute(text(f"UPDATE {table} SET {column} = '{moment.isoformat(sep=' ')}'"))


def test_a_master_is_known_by_its_key_with_its_version(ledger: Ledger) -> None:
    with ledger.write() as work:
        assert work.masters.get(key(1)) is None
        work.masters.put(key(1), "v1", 5)
    with ledger.read() as work:
        found = work.masters.get(key(1))
    assert found is not None
    assert (found.version, found.size, found.checked_at, found.withdrawn) == ("v1", 5, None, False)
    assert abs((datetime.now(UTC) - found.stored_at).total_seconds()) < 60


@pytest.mark.parametrize(("then", "stands"), [("v2", "v2"), (None, "v1")])
def test_the_newest_version_stands(ledger: Ledger, then: str | None, stands: str) -> None:
    with ledger.write() as work:
        work.masters.put(key(1), "v1", 5)
        work.masters.put(key(1), then, 5)
        found = work.masters.get(key(1))
    assert found is not None
    assert found.version == stands


def test_a_withdrawn_master_leaves_its_row_and_may_come_in_again(ledger: Ledger) -> None:
    with ledger.write() as work:
        work.masters.put(key(1), "v1", 5)
        work.masters.withdraw(key(1), "theo yêu cầu của gia đình")
        found = work.masters.get(key(1))
        assert found is not None
        assert (found.withdrawn, found.withdrawn_reason) == (True, "theo yêu cầu của gia đình")
        assert work.masters.next_to_check(5) == []
        assert work.masters.fixity().masters == 0
        work.masters.put(key(1), "v2", 5)
        again = work.masters.get(key(1))
        assert again is not None
        assert (again.withdrawn, again.withdrawn_reason) == (False, None)


def test_all_masters_are_listed_by_key_however_many(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masters, "AT_ONCE", 4)
    with ledger.write() as work:
        for number in (3, 1, 8, 2, 5, 4, 7, 6):
            work.masters.put(key(number), None, number)
    with ledger.read() as work:
        assert [master.size for master in work.masters.all()] == list(range(1, 9))


def test_those_never_checked_come_first_then_the_longest_unchecked(ledger: Ledger) -> None:
    with ledger.write() as work:
        assert work.masters.fixity().oldest_check is None
        for number in range(1, 5):
            work.masters.put(key(number), None, number)
        now = datetime.now(UTC)
        work.masters.checked(key(1), now - timedelta(days=1))
        work.masters.checked(key(2), now - timedelta(days=3))
        work.masters.checked(key(3))
    with ledger.read() as work:
        assert [master.size for master in work.masters.next_to_check(10)] == [4, 2, 1, 3]
        assert [master.size for master in work.masters.next_to_check(2)] == [4, 2]
        fixity = work.masters.fixity()
    assert (fixity.masters, fixity.size, fixity.unchecked) == (4, 10, 1)
    assert fixity.oldest_check is not None
    assert abs(fixity.oldest_check - 3 * 86400) < 60


def test_a_process_is_known_by_its_last_heartbeat(home: Home, ledger: Ledger) -> None:
    with ledger.write(alone=False) as work:
        work.workers.beat("w2", "worker", "máy-2", 12, "page abc")
        work.workers.beat("w1", "clerk", "máy-1", 11, None)
    set_time(home, "worker", "seen_at", 120)
    with ledger.write(alone=False) as work:
        work.workers.beat("w1", "clerk", "máy-1", 11, "index")
        first, second = work.workers.all()
        assert (first.name, first.kind, first.host, first.pid, first.doing) == ("w1", "clerk", "máy-1", 11, "index")
        assert first.silent < 60 < second.silent
        assert [work.workers.count("worker", seconds) for seconds in (60, 180)] == [0, 1]


def test_another_process_under_the_same_name_starts_anew(home: Home, ledger: Ledger) -> None:
    with ledger.write() as work:
        work.workers.beat("w", "worker", "host", 1, None)
    set_time(home, "worker", "started_at", 1000)
    started = []
    for pid in (1, 2):
        with ledger.write() as work:
            work.workers.beat("w", "worker", "host", pid, None)
            started.append(work.workers.all()[0].started_at)
    assert started[1] - started[0] > timedelta(seconds=900)


def test_whoever_ends_or_is_long_silent_is_struck_off(home: Home, ledger: Ledger) -> None:
    with ledger.write() as work:
        for name in ("a", "b", "c"):
            work.workers.beat(name, "worker", "host", 1, None)
        work.workers.gone("b")
        assert work.workers.forget(MINUTE) == []
    set_time(home, "worker", "seen_at", 120)
    with ledger.write() as work:
        work.workers.beat("a", "worker", "host", 1, None)
        assert work.workers.forget(MINUTE) == ["c"]
        assert [worker.name for worker in work.workers.all()] == ["a"]


def test_a_duty_is_kept_until_it_is_left_or_runs_out(home: Home, ledger: Ledger) -> None:
    with ledger.write() as work:
        duties = work.duties
        assert duties.holder("clerk") is None
        first = duties.take("clerk", "one", MINUTE)
        assert first is not None
        assert duties.take("clerk", "one", MINUTE) == first
        assert duties.take("clerk", "two", MINUTE) is None
        assert duties.take("feeder", "two", MINUTE) is not None
        assert duties.holder("clerk") == "one"
        duties.leave("clerk", "two")
        assert duties.take("clerk", "two", MINUTE) is None
        duties.leave("clerk", "one")
        second = duties.take("clerk", "two", MINUTE)
        assert second is not None
        assert second > first
    set_time(home, "duty", "until", 1)
    with ledger.write() as work:
        assert work.duties.holder("clerk") is None
        third = work.duties.take("clerk", "three", MINUTE)
        assert third is not None
        assert third > second


@pytest.mark.parametrize("lost", ["DELETE FROM duty", "UPDATE duty SET token = 7"])
def test_a_ledger_that_was_lost_gives_no_lower_tokens_than_before(home: Home, ledger: Ledger, lost: str) -> None:
    with ledger.write() as work:
        before = work.duties.take("clerk", "one", MINUTE)
        work.duties.leave("clerk", "one")
    with home.engine().execution_options(writing=True).begin() as connection:
        connection.execute(text(lost))
    with ledger.write() as work:
        after = work.duties.take("clerk", "two", MINUTE)
    assert before is not None
    assert after is not None
    assert after >= before > 100_000_000, "so that the index does not refuse what is written now"


def test_a_clock_that_was_set_back_keeps_nobody_from_a_duty(home: Home, ledger: Ledger) -> None:
    with ledger.write() as work:
        dead = work.duties.take("clerk", "dead", MINUTE)
        assert dead is not None
    set_time(home, "duty", "until", -10 * 86400)
    with ledger.write() as work:
        alive = work.duties.take("clerk", "alive", MINUTE)
        assert alive is not None
        assert alive > dead
