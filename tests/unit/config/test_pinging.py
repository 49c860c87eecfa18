"""Asking servers side by side: one that hangs holds up nobody, and nobody is asked twice at once."""

import threading
import time

import pytest

from config.pinging import Part, Pings
from repository.domain.errors import ServerUnreachable, StoreFailed


@pytest.fixture
def hanging():
    """A question that is answered only when the test is over, and how often it was asked."""
    release, asked = threading.Event(), []

    def ping() -> None:
        asked.append(1)
        release.wait(20)

    yield ping, asked, release
    release.set()


def well() -> None:
    pass


def refuses() -> None:
    raise StoreFailed("đầy", server="MinIO")


def test_one_that_hangs_is_unreachable_and_the_others_are_what_they_are(hanging):
    ping, asked, _release = hanging
    pings = Pings([Part("ledger", "PostgreSQL", well), Part("index", "OpenSearch", ping),
                   Part("masters", "MinIO", refuses)])  # fmt: skip
    begun = time.monotonic()
    answers = pings.ask(within=0.3)
    assert time.monotonic() - begun < 2
    assert (answers["ledger"].kind, answers["index"].kind, answers["masters"].kind) == ("ok", "unreachable", "refusing")
    assert isinstance(answers["index"].error, ServerUnreachable)
    for _ in range(5):
        pings.ask(within=0.01)
    assert len(asked) == 1


def test_a_late_answer_is_believed_when_it_comes(hanging):
    ping, _asked, release = hanging
    pings = Pings([Part("index", "OpenSearch", ping)])
    assert not pings.ask(within=0.05)["index"].ok
    release.set()
    assert pings.ask(within=5)["index"].ok


def test_what_is_known_is_told_without_waiting(hanging):
    ping, _asked, _release = hanging
    pings = Pings([Part("index", "OpenSearch", ping)])
    begun = time.monotonic()
    assert pings.known() == {}
    assert time.monotonic() - begun < 1


def test_a_failure_that_a_request_met_is_known_at_once():
    pings = Pings([Part("index", "OpenSearch", well)])
    assert pings.ask()["index"].ok
    pings.heard("OpenSearch", ServerUnreachable("x", server="OpenSearch"))
    assert not pings.known()["index"].ok


def test_a_folder_that_is_gone_is_a_refusing_store():
    def ping() -> None:
        raise FileNotFoundError("gone")

    assert Pings([Part("masters", "folder", ping)]).ask()["masters"].kind == "refusing"
