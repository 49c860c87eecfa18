"""Processes are replaced when they die, what they held is let go first, and none outlives a stop."""

import os
import signal
import time
from pathlib import Path

import pytest
from live_site import alive, wait_until

from repository.jobs.pool import Pool, ended_well


def forever() -> None:
    while True:
        time.sleep(0.05)


def deaf() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    forever()


def ignores(pid: int, number: int) -> bool:
    """Whether the process ignores that signal."""
    status = Path(f"/proc/{pid}/status").read_text()
    return bool(int(status.split("SigIgn:")[1].split()[0], 16) >> (number - 1) & 1)


def tended(pool: Pool, old: int | None = None) -> int:
    """The process in the only place, another than `old`."""

    def there() -> bool:
        pool.tend()
        return any(pid != old for pid in pool.alive().values())

    wait_until(there, "the place to be filled", 20)
    [pid] = pool.alive().values()
    return pid


def test_who_dies_is_buried_and_replaced(tmp_path: Path) -> None:
    buried = tmp_path / "buried"
    pool = Pool({"w": forever}, lambda name: buried.write_text(name) and None)
    first = tended(pool)
    os.kill(first, signal.SIGKILL)
    second = tended(pool, first)
    assert buried.read_text() == "w"
    assert pool.stop(5) == []
    assert not alive(second)


def test_a_place_stays_empty_until_what_its_process_held_is_let_go(tmp_path: Path) -> None:
    server_is_back = tmp_path / "back"
    pool = Pool({"w": forever}, lambda _: server_is_back.read_text() and None)
    first = tended(pool)
    os.kill(first, signal.SIGKILL)
    until = time.monotonic() + 1.5
    while time.monotonic() < until:
        pool.tend()
        assert first not in pool.alive().values() or alive(first)
        time.sleep(0.05)
    assert pool.alive() == {}
    server_is_back.write_text("yes")
    assert tended(pool, first) != first
    pool.stop(5)


def test_who_does_not_stop_is_killed_and_named() -> None:
    pool = Pool({"w": deaf}, lambda _: None)
    pid = tended(pool)
    wait_until(lambda: ignores(pid, signal.SIGTERM), "it to be deaf", 10)
    assert pool.stop(0.3) == ["w"]
    assert not alive(pid)


@pytest.mark.parametrize(("task", "well"), [(lambda: None, True), (lambda: 1 / 0, False)])
def test_a_task_says_how_it_ended(task: object, well: bool) -> None:
    assert ended_well(task) is well  # type: ignore[arg-type]
