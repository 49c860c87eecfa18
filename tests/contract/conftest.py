"""Each port's adapters, so that one contract is held to all of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from search_samples import Opener

from repository.search.port import SearchIndex
from repository.search.tantivy_index import TantivyIndex


@pytest.fixture(params=["tantivy"])
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens one and the same search index, each time as another process would."""
    opened: list[SearchIndex] = []

    def open_index() -> SearchIndex:
        opened.append(TantivyIndex(tmp_path / "index"))
        return opened[-1]

    yield open_index
    for index in opened:
        index.close()


@pytest.fixture
def index(opener: Opener) -> SearchIndex:
    """An empty search index."""
    return opener()
