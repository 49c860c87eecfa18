"""An index that is rebuilt while it serves, writers that come too late, and an index that was lost."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date

import pytest
from search_samples import Opener, drop_index, filled, found, own_index, page, pages, search
from servers_here import Servers

from repository.domain.access import Visibility
from repository.domain.errors import StoreFailed
from repository.domain.search import Filters, SearchRequest
from repository.search import opensearch_generations
from repository.search.opensearch_connection import Connection
from repository.search.opensearch_index import OpenSearchIndex
from repository.search.port import SearchIndex

# --- whichever engine -------------------------------------------------------------------------------------------


def test_everything_is_found_until_all_is_put_again(opener: Opener) -> None:
    index, reader = opener(), opener()
    filled(index, pages("một", "hai", "ba"))
    index.begin_rebuild(lambda: None)
    for at, text in enumerate(("một", "hai", "ba")):
        assert len(found(reader, "một OR hai OR ba")) == 3
        filled(index, [page(text, f"p{at}", number=at + 1)])
    index.finish_rebuild()
    assert not index.rebuilding()
    assert not index.wanting()
    assert len(found(reader, "một OR hai OR ba")) == reader.count() == 3


def test_what_is_written_meanwhile_is_found_at_once_and_afterwards(opener: Opener) -> None:
    index, clerk = opener(), opener()
    filled(clerk, pages("cũ", "sẽ bỏ"))
    index.begin_rebuild(lambda: None)
    filled(clerk, pages("cũ", "sẽ bỏ"))
    filled(clerk, [page("mới", "p9")])
    clerk.remove_page("p1")
    clerk.commit()
    assert set(found(index, "cũ OR mới OR bỏ")) == {"p0", "p9"}
    index.finish_rebuild()
    assert set(found(index, "cũ OR mới OR bỏ")) == {"p0", "p9"}


def test_the_items_held_are_known(index: SearchIndex) -> None:
    assert index.items() == frozenset()
    filled(index, [page("a", "p1", "i1"), page("b", "p2", "i1"), page("c", "p3", "i2")])
    assert index.items() == {"i1", "i2"}
    assert not index.rebuilding()


# --- OpenSearch: generations --------------------------------------------------------------------------------------

pytestmark = pytest.mark.service


@pytest.fixture
def named(servers: Servers) -> Iterator[Callable[[], OpenSearchIndex]]:
    url, name = servers.opensearch.settings()["DIACHI_OPENSEARCH_URLS"], own_index()
    yield lambda: OpenSearchIndex([url], name)
    drop_index(url, name)


@pytest.fixture
def ask(servers: Servers) -> Connection:
    return Connection([servers.opensearch.settings()["DIACHI_OPENSEARCH_URLS"]])


def begun(named: Callable[[], OpenSearchIndex]) -> OpenSearchIndex:
    index = named()
    index.begin_rebuild(lambda: None)
    return index


def generations(index: OpenSearchIndex) -> list[str]:
    return sorted(f"v{each.version}-{each.number}" for each, _ in index._generations._all())


def test_a_rebuild_that_dies_before_anything_is_owed_is_never_served(named: Callable[[], OpenSearchIndex]) -> None:
    index = filled(begun(named), pages("còn đây"))

    def die() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index.begin_rebuild(die)
    index.finish_rebuild()
    assert found(named(), "còn") == ["p0"]
    assert named().wanting(), "so that the next start begins again"
    named().begin_rebuild(lambda: None)
    assert generations(named()) == ["v1-1", "v1-2"], "what was begun is cleared away"
    filled(named(), pages("còn đây"))
    named().finish_rebuild()
    assert generations(named()) == ["v1-2"]
    assert found(named(), "còn") == ["p0"]


def test_a_rebuild_that_another_begins_anew_meanwhile_is_left_to_it(named: Callable[[], OpenSearchIndex]) -> None:
    index = filled(begun(named), pages("một"))
    told: list[str] = []

    def another_begins() -> None:
        named().begin_rebuild(lambda: told.append("owed everything"))

    index.begin_rebuild(another_begins)
    assert (told, index.rebuilding(), index.wanting()) == (["owed everything"], True, False)
    filled(index, pages("một", "hai"))
    index.finish_rebuild()
    assert set(found(index, "một OR hai")) == {"p0", "p1"}


def test_a_rebuilt_index_holds_only_what_was_put_again(named: Callable[[], OpenSearchIndex]) -> None:
    index = filled(begun(named), pages("một", "hai"))
    index.begin_rebuild(lambda: None)
    filled(index, pages("một"))
    assert set(found(index, "một OR hai")) == {"p0", "p1"}
    index.finish_rebuild()
    assert found(index, "một OR hai") == ["p0"]


def test_everything_is_owed_only_when_the_new_index_takes_what_is_put(named: Callable[[], OpenSearchIndex]) -> None:
    index = filled(begun(named), pages("một"))
    index.begin_rebuild(lambda: filled(named(), pages("hai")) and None)
    index.finish_rebuild()
    assert found(index, "hai") == ["p0"]


def test_an_index_that_was_lost_is_made_anew_and_says_so(named: Callable[[], OpenSearchIndex], ask: Connection) -> None:
    index = filled(begun(named), pages("một"))
    assert not index.wanting()
    ask.ask("DELETE", f"/{index.alias}-v*")
    assert (index.wanting(), index.count()) == (True, 0)
    for ask_it in (index.ping, lambda: search(index, "một")):
        with pytest.raises(StoreFailed, match="tự được dựng lại"):
            ask_it()
    filled(named(), pages("hai"))
    assert index.wanting(), "something is in it again, but not everything"
    index.begin_rebuild(lambda: None)
    assert (index.wanting(), index.rebuilding()) == (False, False)
    assert found(index, "hai") == ["p0"]


def test_no_write_makes_an_index_of_the_engines_own_invention(
    named: Callable[[], OpenSearchIndex], ask: Connection
) -> None:
    index = begun(named)
    index.put(pages("một"))
    ask.ask("DELETE", f"/{index.alias}-v*")
    with pytest.raises(StoreFailed):
        index.commit()
    assert generations(index) == []


def test_an_older_form_serves_until_the_new_one_is_full(
    named: Callable[[], OpenSearchIndex], ask: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opensearch_generations, "VERSION", 0)
    older = opensearch_generations.mapping()
    del older["properties"]["by_title"]
    monkeypatch.setattr(opensearch_generations, "mapping", lambda _replicas: dict(older))
    begun(named)
    monkeypatch.undo()
    index = named()
    filled(index, pages("một", "hai"))
    assert index.wanting()
    index.begin_rebuild(lambda: None)
    assert generations(index) == ["v0-1", "v1-2"]
    filled(index, [page("ba", "p2")])
    assert set(found(index, "một OR hai OR ba")) == {"p0", "p1", "p2"}, "written to the older form too"
    filled(index, pages("một", "hai"))
    index.finish_rebuild()
    assert generations(index) == ["v1-2"]
    assert set(found(index, "một OR hai OR ba")) == {"p0", "p1", "p2"}


# --- OpenSearch: two writers --------------------------------------------------------------------------------------


def test_a_writer_who_comes_late_changes_nothing(named: Callable[[], OpenSearchIndex]) -> None:
    late, clerk = begun(named), named()
    filled(clerk, [page("cũ", "p1", version=1), page("sẽ bỏ", "p2", version=1)])
    late.put([page("cũ", "p1", version=1), page("sẽ bỏ", "p2", version=1)])
    clerk.remove_item("i1", 2)
    clerk.put([page("mới", "p1", version=2), page("thêm", "p3", version=2)])
    clerk.commit()
    late.commit()
    late.remove_item("i1", 1)
    late.remove_page("p3", 1)
    late.commit()
    assert sorted(map(str, found(clerk, "cũ OR mới OR bỏ OR thêm"))) == ["p1", "p3"]
    assert found(clerk, "cũ OR bỏ") == []


def test_the_same_version_may_be_put_and_removed_again(named: Callable[[], OpenSearchIndex]) -> None:
    index = begun(named)
    for text in ("một", "hai"):
        filled(index, [page(text, version=3)])
        assert found(index, text) == ["p1"]
        index.remove_page("p1", 3)
        index.commit()
        assert index.count() == 0


def test_a_page_that_went_to_another_item_is_not_removed_with_the_old_one(
    named: Callable[[], OpenSearchIndex],
) -> None:
    index = filled(begun(named), [page("một", "p1", "i1"), page("hai", "p2", "i1")])
    index.put([page("một", "p1", "i0")])
    index.remove_item("i1")
    index.commit()
    assert [(hit.item, hit.page_id) for hit in search(index, "một OR hai").hits] == [("i0", "p1")]


def test_more_documents_of_an_item_than_one_answer_holds(
    named: Callable[[], OpenSearchIndex], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("repository.search.opensearch_writing._IDS_AT_ONCE", 10)
    index = filled(begun(named), [page("x", f"p{at}", number=at) for at in range(35)])
    index.remove_item("i1")
    index.commit()
    assert index.count() == 0


def test_more_values_than_one_answer_holds(
    named: Callable[[], OpenSearchIndex], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("repository.search.opensearch_counting._MOST_VALUES", 5)
    index = filled(begun(named), [page("x", f"p{at}", f"i{at}", place=f"P{at}", year=1900 + at) for at in range(40)])
    assert len(index.items()) == 40
    result = search(index, "x", group=True)
    assert (result.total, len(result.facets["place"])) == (40, 40)
    assert sum(entry.count for entry in search(index, "x").facets["year"]) == 40


@pytest.mark.parametrize("query", ["hay gặp", "hay gặp -hiếm", "hay hiếm", "nửa", "ha*", "-nửa hay", "không có"])
@pytest.mark.parametrize("few", [1, 7, 40])
def test_facets_of_many_hits_are_those_of_few(
    named: Callable[[], OpenSearchIndex], monkeypatch: pytest.MonkeyPatch, query: str, few: int
) -> None:
    index = begun(named)
    for at in range(40):  # many parts of the index
        texts = ["hay gặp", *(["nửa"] if at % 2 else []), *(["hiếm"] if at % 9 == 0 else [])]
        place = f"P{at % 5}" if at % 4 else None
        document = page(" ".join(texts), f"p{at}", f"i{at // 2}", at, place=place, year=1900 + at % 3)
        filled(index, [replace(document, published=at % 7 > 0)])
    seen = Visibility(date(2026, 11, 24))
    requests = [
        SearchRequest(query, visibility, filters)
        for visibility in (seen, replace(seen, everything=True), replace(seen, hidden_items=frozenset({"i3", "i4"})))
        for filters in (Filters(), Filters(place=("P1", "P2")))
    ]
    expected = [index.search(request) for request in requests]
    monkeypatch.setattr("repository.search.opensearch_counting.FEW", few)
    assert [index.search(request) for request in requests] == expected


@pytest.mark.parametrize("given", [{}, {"group": True}, {"sort": "title"}])
def test_the_deepest_pages_are_walked_to(
    named: Callable[[], OpenSearchIndex], monkeypatch: pytest.MonkeyPatch, given: dict[str, object]
) -> None:
    texts = ["đường", "dương", "duong"]
    documents = [page(texts[at % 3], f"p{at}", f"i{at // 2}", at) for at in range(120)]
    index = filled(begun(named), documents)
    shallow = [search(index, "đường", page=number, size=7, **given).hits for number in range(1, 20)]
    monkeypatch.setattr("repository.search.opensearch_ranking.MOST_AT_ONCE", 10)
    assert [search(index, "đường", page=number, size=7, **given).hits for number in range(1, 20)] == shallow


def test_nothing_written_in_vain_before_a_commit_of_much(
    named: Callable[[], OpenSearchIndex], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("repository.search.opensearch_writing._MOST_HELD", 2000)
    index, reader = begun(named), named()
    for at in range(50):
        index.put([page("nhiều chữ " * 20, f"p{at}", number=at)])
    assert search(reader, "nhiều").total == 0
    index.commit()
    assert search(reader, "nhiều").total == 50


def test_what_was_refused_while_more_was_put_is_sent_again(
    named: Callable[[], OpenSearchIndex], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("repository.search.opensearch_writing._MOST_HELD", 2000)
    index = begun(named)
    ask, blocked = Connection(index.urls), {"index.blocks.write": True}
    documents = [page("nhiều chữ " * 20, f"p{at}", number=at) for at in range(20)]
    ask.ask("PUT", f"/{index.alias}/_settings", blocked)
    with pytest.raises(StoreFailed):
        index.put(documents)
    with pytest.raises(StoreFailed):
        index.commit()
    ask.ask("PUT", f"/{index.alias}/_settings", {"index.blocks.write": None})
    index.put(documents)
    index.commit()
    assert search(named(), "nhiều").total == 20
