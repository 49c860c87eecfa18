"""Each version of a page's text also as a file in the store of texts, so that it outlives the ledger."""

import io
from concurrent.futures import ThreadPoolExecutor

from repository.db.ledger import Ledger
from repository.db.texts import UncopiedText
from repository.domain.text_file import text_file
from repository.storage.port import ObjectStore

AT_ONCE, THREADS = 200, 4


class TextCopies:
    """What the clerk asks again and again. The ledger knows which files it owes."""

    def __init__(self, ledger: Ledger, texts: ObjectStore) -> None:
        self._ledger = ledger
        self._texts = texts

    def catch_up(self) -> int:
        """Store the files of some versions that have none yet, and only then say so; gives how many. Killed anywhere,
        the next call makes the same files again, under the same keys."""
        with self._ledger.read() as work:
            owed = work.texts.uncopied(AT_ONCE)
        if owed:
            with ThreadPoolExecutor(THREADS) as threads:
                keys = dict(threads.map(self._store, owed))
            with self._ledger.write(alone=False) as work:
                work.texts.copied(keys)
        return len(owed)

    def _store(self, owed: UncopiedText) -> tuple[str, str]:
        version = owed.version
        file = text_file(version.page, version.number, version.source, version.made_by, version.made_at, owed.text)
        return version.id, self._texts.put(io.BytesIO(file)).key
