"""Does the site hold what its ledger says? Masters, derivatives, texts, index and queue, one by one."""

import time
from datetime import timedelta

from repository.catalog.verifying_found import Verified
from repository.catalog.verifying_masters import MasterCheck
from repository.catalog.verifying_pages import PageCheck
from repository.db.ledger import Ledger
from repository.jobs.port import Queue
from repository.search.port import SearchIndex
from repository.storage.port import ObjectStore

LOOKS, PAUSE = 5, 1.0  # a live site's index and ledger are seconds apart


def verify_site(
    ledger: Ledger,
    masters: ObjectStore,
    derivatives: ObjectStore,
    texts: ObjectStore,
    index: SearchIndex,
    repair: bool,
    *,
    queue: Queue | None = None,
    older_than: timedelta | None = None,
    quick: bool = False,
) -> Verified:
    """Read every master again and compare checksums (with `quick`, only whether it is there; with `older_than`, only
    those not found right for that long); see that every page has its derivative, its place in the index or its work
    owed, and that the queue carries nothing that is not. With `repair`, what can be made again is owed to the workers
    and what hides a master is covered by the master's own bytes; a master itself cannot be made again.

    May run while the site is in use, holds no transaction while it reads stores, and needs memory for one item's pages
    and the problems it tells. Raises ServerUnreachable at once when a server is down."""
    for ping in (ledger.ping, masters.ping, derivatives.ping, texts.ping, index.ping):
        ping()
    if queue is not None:
        queue.ping()
    found = Verified()
    master_check = MasterCheck(ledger, masters, repair, quick, found)
    master_check.all(older_than)
    PageCheck(ledger, derivatives, texts, master_check, repair, found).all()
    _check_index(ledger, index, repair, found)
    if queue is not None:
        _check_queue(ledger, queue, repair, found)
    return found


def _check_index(ledger: Ledger, index: SearchIndex, repair: bool, found: Verified) -> None:
    for look in range(LOOKS):
        with ledger.read() as work:
            documents = work.pages.count_indexed() + work.items.count_indexed()
        held = index.count()
        if held == documents:
            return
        if look < LOOKS - 1:
            time.sleep(PAUSE)
    if repair:
        with ledger.write() as work:
            work.items.owe_everything()
    found.add(f"Chỉ mục có {held} mục, sổ cái ghi {documents}.", repair)


def _check_queue(ledger: Ledger, queue: Queue, repair: bool, found: Verified) -> None:
    """Letters of jobs that do not wait in the ledger: harmless, since whoever takes one is refused, yet a sign that
    something forgot them. One that was taken between two looks is none of them."""
    present = queue.present()
    with ledger.read() as work:
        stale = present - work.jobs.waiting(present)
    for job in sorted(stale & queue.present()):
        if repair:
            queue.forget(job)
        found.add(f"Hàng đợi còn phiếu của công việc {job} mà sổ cái không giao.", repair)
    for letter in queue.dead():
        found.add(f"Hàng đợi có phiếu hỏng {letter.name}: {letter.reason}.", mended=False)
