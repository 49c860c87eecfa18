"""Each port's adapters, so that one contract is held to all of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from search_samples import ENGINES, Opener, engine_at

from repository.search.port import SearchIndex


@pytest.fixture(params=ENGINES)
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens one and the same search index, each time as another process would."""
    engine = engine_at(request, tmp_path)
    yield engine.open
    engine.clean_up()


@pytest.fixture
def index(opener: Opener) -> SearchIndex:
    """An empty search index."""
    return opener()
