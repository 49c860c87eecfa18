"""Does the site hold what its ledger says? Masters, derivatives, index and work, compared one with another."""

import hashlib
from dataclasses import dataclass, field

from repository.db.ledger import Ledger, Work
from repository.domain.batches import BatchState, FileState, StepName, StepState
from repository.domain.jobs import JobKind
from repository.search.port import SearchIndex
from repository.storage.port import ObjectStore

PIECE = 1 << 20


@dataclass(slots=True)
class Verified:
    """What was looked at and what was wrong: Vietnamese sentences in `problems`; `left` counts those not mended."""

    masters: int = 0
    pages: int = 0
    problems: list[str] = field(default_factory=list)
    left: int = 0

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return {"masters": self.masters, "pages": self.pages, "problems": self.problems, "left": self.left}

    def add(self, problem: str, mended: bool) -> None:
        """Note a problem."""
        self.problems.append(problem + (" Đã giao làm lại." if mended else ""))
        self.left += not mended


def verify_site(
    ledger: Ledger, masters: ObjectStore, derivatives: ObjectStore, index: SearchIndex, repair: bool
) -> Verified:
    """Read every master again and compare checksums; see that every page has its derivative, its place in the index or
    its work owed. With `repair`, what can be made again is owed to the workers: a master cannot."""
    found = Verified()
    with ledger.read() as work:
        keys = work.files.master_keys() | work.pages.image_keys()
        batches = work.batches.all(None, 0, 1_000_000)[1]
        documents = work.pages.count_indexed() + work.items.count_indexed()
    for key in sorted(keys):
        found.masters += 1
        _check_master(masters, key, found)
    for batch in batches:
        if batch.state is not BatchState.CANCELLED:
            with ledger.write() as work:
                _check_batch(work, derivatives, batch.id, repair, found)
    held = index.count()
    if held != documents:
        if repair:
            with ledger.write() as work:
                work.items.owe_everything()
        found.add(f"Chỉ mục có {held} mục, sổ cái ghi {documents}.", repair)
    return found


def _check_master(masters: ObjectStore, key: str, found: Verified) -> None:
    if not masters.exists(key):
        found.add(f"Mất bản gốc số {key}.", mended=False)
        return
    digest = hashlib.sha256()
    with masters.open(key) as stream:
        while piece := stream.read(PIECE):
            digest.update(piece)
    if digest.hexdigest() != key:
        found.add(f"Bản gốc số {key} đã bị thay đổi (mã kiểm tra nay là {digest.hexdigest()}).", mended=False)


def _check_batch(work: Work, derivatives: ObjectStore, batch: str, repair: bool, found: Verified) -> None:
    for file in work.files.of_batch(batch):
        if file.state is FileState.RECEIVED and not work.jobs.owed(JobKind.FILE, file.id):
            if repair:
                work.jobs.enqueue(JobKind.FILE, file.id, batch)
            found.add(f"Tệp {file.name} chưa được xem và không ai được giao.", repair)
    for page in work.pages.of_batch(batch):
        found.pages += 1
        steps = work.steps.of(page.id)
        lost = page.derivative is not None and not derivatives.exists(page.derivative)
        if lost and repair:
            work.steps.owe(page.id, StepName.DERIVATIVE)
        if lost:
            found.add(f"Mất ảnh dẫn xuất của trang {page.id}.", repair)
        owed = any(step.state is StepState.OWED and name is not StepName.INDEX for name, step in steps.items())
        idle = owed and not page.set_aside and not work.jobs.owed(JobKind.PAGE, page.id)
        if (idle or lost) and repair:
            work.jobs.enqueue(JobKind.PAGE, page.id, batch)
        if idle:
            found.add(f"Trang {page.id} còn việc phải làm và không ai được giao.", repair)
