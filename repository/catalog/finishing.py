"""Batches that owe nothing more are done."""

from repository.db.ledger import Ledger, Work
from repository.domain.access import ItemState
from repository.domain.batches import Batch, BatchState


class Finishing:
    """What the supervisor asks again and again."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def finish_batches(self) -> int:
        """Close the books on every batch whose pages are all searchable or set aside; gives how many."""
        with self._ledger.read() as work:
            ready = [batch for batch in work.batches.unfinished() if not work.batches.owes(batch.id)]
        for batch in ready:
            with self._ledger.write() as work:
                if not work.batches.owes(batch.id):
                    self._finish(work, batch)
        return len(ready)

    def _finish(self, work: Work, batch: Batch) -> None:
        work.batches.set_state(batch.id, BatchState.DONE)
        work.journal.record(batch.created_by, "finish_batch", batch.id)
        if not batch.publish:
            return
        for item_id in work.pages.items_of_batch(batch.id):
            item = work.items.get(item_id)
            waiting = any(not page.approved for page in work.pages.of_item(item_id, approved_only=False))
            if item is not None and (not item.published or waiting):
                work.items.set_state(item_id, ItemState.PUBLISHED)
                work.journal.record(batch.created_by, "publish", item_id, batch=batch.id)
