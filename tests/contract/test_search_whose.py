"""Whose an index on a shared server is: a site never writes to another one's."""

from collections.abc import Callable, Iterator

import pytest
from search_samples import drop_index, filled, found, own_index, page, pages
from servers_here import Servers

from repository.domain.errors import WrongUse
from repository.search.opensearch_index import OpenSearchIndex

pytestmark = pytest.mark.service

Named = Callable[[str | None], OpenSearchIndex]


@pytest.fixture
def named(servers: Servers) -> Iterator[Named]:
    """Opens one and the same index, claimed for a site where one is given."""
    url, name = servers.opensearch.settings()["DIACHI_OPENSEARCH_URLS"], own_index()

    def opened(site: str | None) -> OpenSearchIndex:
        index = OpenSearchIndex([url], name, owner=f"Kho của {site}")
        if site is not None:
            index.claim(site)
        return index

    yield opened
    drop_index(url, name)


def nothing() -> None:
    """Nothing is owed."""


def test_another_site_is_told_whose_it_is_and_changes_nothing(named: Named) -> None:
    ours = named("nam")
    ours.begin_rebuild(nothing)
    filled(ours, pages("một", "hai"))
    theirs = named(None)
    with pytest.raises(WrongUse, match=r"test-\w+ .*Kho của nam.*DIACHI_OPENSEARCH_INDEX"):
        theirs.claim("bắc")
    for write in (
        theirs.clear,
        lambda: theirs.put([page("ba")]),
        lambda: theirs.begin_rebuild(nothing),
        theirs.finish_rebuild,
    ):
        with pytest.raises(WrongUse):
            write()
    theirs.close()
    assert set(found(ours, "một OR hai OR ba")) == {"p0", "p1"}


def test_the_site_itself_comes_back_to_it_through_rebuilds(named: Named) -> None:
    named("nam").begin_rebuild(nothing)
    filled(named("nam"), pages("một"))
    again = named("nam")
    again.begin_rebuild(nothing)
    filled(again, pages("một", "hai"))
    again.finish_rebuild()
    assert not again.wanting()
    with pytest.raises(WrongUse):
        named("bắc")
    assert set(found(named("nam"), "một OR hai")) == {"p0", "p1"}


def test_an_index_from_before_there_were_owners_is_adopted_as_it_is(named: Named) -> None:
    old = named(None)
    old.begin_rebuild(nothing)
    filled(old, pages("một"))
    ours = named("nam")
    assert not ours.wanting()
    assert found(ours, "một") == ["p0"]
    with pytest.raises(WrongUse):
        named("bắc")


def test_a_writer_at_work_stops_when_its_index_turns_out_to_be_anothers(named: Named) -> None:
    late = named("bắc")
    named("nam").begin_rebuild(nothing)
    with pytest.raises(WrongUse):
        filled(late, pages("một"))
    late.close()
    assert named("nam").count() == 0
