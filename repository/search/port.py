"""The full-text index as the rest of the house sees it."""

from collections.abc import Callable, Sequence
from typing import Protocol

from repository.domain.search import IndexDocument, SearchRequest, SearchResult


class SearchIndex(Protocol):
    """A full-text index of pages and records; a copy that can always be rebuilt from the ledger.

    Every adapter: folds texts and queries with repository.domain.vietnamese, so that all engines index the same keys;
    reads queries with repository.search.query and answers as that tree says, totals exact; puts every tier 1 hit
    above every tier 2 hit and those above tier 3, BM25 deciding inside a tier; breaks ties by a fixed order of
    (item, page), so that paging through gives each hit once; counts hits, totals and facets over what the request's
    visibility and filters let through and nothing else. Nothing put or removed is seen before `commit`; after it, by
    every process within a second. A process killed at any moment leaves an index that opens, at its last commit; of
    what it had not committed an engine on a server may show some with the next commit, whoever makes it.

    Where several processes may write, a document never replaces one of a higher `version`, nor is one removed by who
    gives a lower: a writer that slept through its dismissal wakes and changes nothing.

    Raises StoreFailed when the index cannot be read or written, ServerUnreachable when its server does not answer.
    """

    def claim(self, site: str) -> None:
        """Take the index as that of the site of this id, for good: from now on this instance writes to no other. One
        that nobody has claimed is adopted. Raises WrongUse when it is another site's."""

    def put(self, documents: Sequence[IndexDocument]) -> None:
        """Add documents; one with the same page id (or, for a record, the same item) is replaced."""

    def remove_page(self, page_id: str, version: int | None = None) -> None:
        """Remove a page, unless it is of a higher version than that; nothing happens if there is none."""

    def remove_item(self, item: str, version: int | None = None) -> None:
        """Remove an item's record and all its pages, save those of a higher version; nothing happens if there are
        none."""

    def items(self) -> frozenset[str]:
        """The items that the last commit holds documents of."""

    def clear(self) -> None:
        """Remove everything."""

    def wanting(self) -> bool:
        """Whether the index is empty, was made anew or has an older form, so that `begin_rebuild` is called for."""

    def begin_rebuild(self, owe_everything: Callable[[], None]) -> None:
        """Have everything put again, and find meanwhile what is found now. `owe_everything` tells the ledger; it is
        called when whatever is put from then on will be in the rebuilt index. Killed anywhere, `wanting` says so."""

    def rebuilding(self) -> bool:
        """Whether a rebuild was begun that `finish_rebuild` has to end once nothing is owed any more."""

    def finish_rebuild(self) -> None:
        """Search the rebuilt index from now on, and forget the old one; nothing happens when none is ready."""

    def commit(self) -> None:
        """Make what was put and removed since the last commit durable and findable, all at once."""

    def search(self, request: SearchRequest) -> SearchResult:
        """One page of hits in order. When grouped, total and facets count items, else documents.

        Facet values stand by falling count, then by name. Raises QueryRejected, and WrongUse for
        a page before the first or a size over 100."""

    def count(self) -> int:
        """How many documents the last commit holds."""

    def ping(self) -> None:
        """Raises ServerUnreachable (or StoreFailed) when nothing can be searched now."""

    def close(self) -> None:
        """Let go of files, locks and connections; what was not committed is lost. Using it again opens it again."""
