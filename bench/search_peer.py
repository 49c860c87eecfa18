"""The peer: SQLite FTS5 as one would set it up for Vietnamese without this project, on the same pages."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from repository.domain.search import IndexDocument

_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE VIRTUAL TABLE words USING fts5(text, tokenize = "unicode61 remove_diacritics 2");
CREATE TABLE pages (id INTEGER PRIMARY KEY, page_id TEXT, library TEXT, kind TEXT, place TEXT, year INTEGER,
                    published INTEGER, access TEXT);
"""
_VISIBLE = "FROM words JOIN pages ON pages.id = words.rowid WHERE words MATCH ? AND published AND access = 'public'"
_HITS = f"SELECT page_id, snippet(words, 0, '<em>', '</em>', '…', 30) {_VISIBLE} ORDER BY rank, page_id LIMIT 20"
_FACET = f"SELECT %s, count(*) {_VISIBLE} GROUP BY 1 ORDER BY 2 DESC"


class Peer:
    """Counts, facets, ranked hits with snippets. It has no boxes, and đ stays đ."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path)
        self._db.executescript(_SCHEMA)

    def put(self, documents: Sequence[IndexDocument]) -> None:
        """Add pages, committed."""
        with self._db:
            first = self._db.execute("SELECT coalesce(max(id), 0) + 1 FROM pages").fetchone()[0]
            rows = list(enumerate(documents, first))
            self._db.executemany("INSERT INTO words(rowid, text) VALUES (?, ?)", ((at, doc.text) for at, doc in rows))
            self._db.executemany(
                "INSERT INTO pages VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    (at, doc.page_id, doc.library, doc.kind, doc.place, doc.year, doc.published, doc.access)
                    for at, doc in rows
                ),
            )

    def search(self, query: str) -> int:
        """Total, facets and 20 hits with snippets; gives the total."""
        self._db.execute(_HITS, (query,)).fetchall()
        counts = [
            self._db.execute(_FACET % field, (query,)).fetchall() for field in ("library", "kind", "place", "year")
        ]
        return sum(count for _, count in counts[0])

    def close(self) -> None:
        """Close the database."""
        self._db.close()
