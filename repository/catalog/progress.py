"""How far a batch is, and the report on it."""

from collections import defaultdict
from datetime import UTC, datetime

from repository.catalog.sheet_awaiting import is_awaiting, never_came
from repository.db.ledger import Ledger, Work
from repository.domain.access import Role, Visitor
from repository.domain.batches import Batch, BatchFile, BatchState, FileState, Finding, Progress, Reason, Report
from repository.domain.errors import N_, AccessRefused, NotFound
from repository.domain.records import Item, Page
from repository.scans.naming import gaps, group, runs

LOW_CONFIDENCE = 60.0
MOST_RUNS = 50  # of missing numbers that are named


class Progressing:
    """Use cases of those who watch a batch."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def progress(self, visitor: Visitor, batch_id: str) -> Progress:
        """The live figures."""
        with self._ledger.read() as work:
            _batch(work, visitor, batch_id)
            return work.batches.progress(batch_id)

    def items(self, visitor: Visitor, batch_id: str) -> list[Item]:
        """The items that have pages of the batch."""
        with self._ledger.read() as work:
            _batch(work, visitor, batch_id)
            found = work.items.get_many(work.pages.items_of_batch(batch_id))
        return sorted(found.values(), key=lambda item: item.code)

    def report(self, visitor: Visitor, batch_id: str) -> Report:
        """What became of the batch so far; final once it is done."""
        with self._ledger.read() as work:
            batch = _batch(work, visitor, batch_id)
            files = work.files.of_batch(batch_id)
            pages = work.pages.of_batch(batch_id)
            done = work.batches.progress(batch_id).pages_done
            table = work.files.sheets(batch_id)[-1:]
            told = work.files.problems(batch_id)
            findings = [
                *_duplicates(work, files),
                *_gaps(files, batch.title),
                *(Finding("sheet", name, problem) for name, problem in told if not is_awaiting(problem)),
                *(_never_came(files, told, table[0]) if table and batch.state is not BatchState.RECEIVING else ()),
                *_about_pages(work, batch, files, pages),
            ]
            until = batch.finished_at or datetime.now(UTC)
            return Report(
                batch=batch,
                expected=batch.expected_files,
                received=len([file for file in files if file.state is not FileState.SHEET]),
                pages_ingested=done,
                refused=tuple(file for file in files if file.state is FileState.REFUSED),
                duplicates=tuple(file for file in files if file.state is FileState.DUPLICATE),
                findings=tuple(findings),
                items=tuple(work.pages.items_of_batch(batch_id)),
                seconds=round((until - batch.created_at).total_seconds(), 1),
            )


def _batch(work: Work, visitor: Visitor, batch_id: str) -> Batch:
    batch = work.batches.get(batch_id)
    if batch is None:
        raise NotFound(N_("Không tìm thấy lô số hóa “{batch}”."), batch=batch_id[:40])
    own = visitor.may(Role.ADMIN) or (visitor.may(Role.STAFF) and visitor.library == batch.library)
    if not own:
        raise AccessRefused(N_("Lô này thuộc thư viện khác."))
    return batch


def _duplicates(work: Work, files: list[BatchFile]) -> list[Finding]:
    findings = []
    for file in files:
        if file.state is FileState.DUPLICATE and file.duplicate_of is not None:
            reason = Reason(N_("Trùng nội dung với {other}; không nhập lại."), {"other": _whereof(work, file)})
            findings.append(Finding("duplicate", file.name, reason))
    return findings


def _whereof(work: Work, file: BatchFile) -> str:
    """The page, or else the file, that a duplicate repeats."""
    first = work.files.get(file.duplicate_of or "")
    pages = work.pages.of_file(first.id) if first else []
    item = work.items.get(pages[0].item) if pages else None
    if item is not None:
        return f"{item.code}, trang {pages[0].number}"
    return first.name if first else "?"


def _gaps(files: list[BatchFile], title: str) -> list[Finding]:
    numbers: dict[str, list[int]] = defaultdict(list)
    for file in files:
        code, number = group(file.name)
        if number is not None and file.state is not FileState.SHEET:
            numbers[code or title].append(number)
    return [
        Finding("gap", code, Reason(N_("Thiếu số {number} trong dãy {code}."), {"number": _spoken(lost), "code": code}))
        for code, found in sorted(numbers.items())
        if (lost := runs(gaps(found)))
    ]


def _spoken(lost: list[tuple[int, int]]) -> str:
    """Runs of numbers as people write them: 3–17, 25."""
    told = [f"{first}" if first == last else f"{first}–{last}" for first, last in lost[:MOST_RUNS]]
    return ", ".join(told) + (" …" if len(lost) > MOST_RUNS else "")


def _never_came(files: list[BatchFile], told: list[tuple[str, Reason]], table: BatchFile) -> list[Finding]:
    """Rows of the batch's table that name a file which is not among those that came."""
    if any(file.state is FileState.RECEIVED for file in files):
        return []  # a ZIP among them may still bring it
    names = [file.name for file in files if file.state is not FileState.SHEET]
    return [Finding("sheet", table.name, reason) for reason in never_came(table.id, [each for _, each in told], names)]


def _about_pages(work: Work, batch: Batch, files: list[BatchFile], pages: list[Page]) -> list[Finding]:
    names = {file.id: file.name for file in files}
    reasons = work.steps.reasons(batch.id)
    findings = []
    for page in pages:
        where = f"{names.get(page.file, '?')}, trang {page.number}"
        if page.set_aside:
            findings.append(Finding("set_aside", where, reasons.get(page.id, Reason("?")), page.id))
        if page.blank:
            findings.append(Finding("blank", where, Reason(N_("Trang trắng.")), page.id))
        if page.few_pixels:
            findings.append(Finding("few_pixels", where, Reason(N_("Ảnh quá ít điểm ảnh; nên quét lại.")), page.id))
        if page.confidence is not None and page.confidence < LOW_CONFIDENCE and not page.blank:
            reason = Reason(N_("Độ tin cậy thấp: {percent} %."), {"percent": round(page.confidence)})
            findings.append(Finding("low_confidence", where, reason, page.id))
        if page.duplicate_of is not None:
            findings.append(Finding("duplicate", where, _same_picture(work, page.duplicate_of, batch.library), page.id))
    return findings


def _same_picture(work: Work, first: str, library: str) -> Reason:
    """What a page repeats. Of another library only its code is told: the item may be a draft, or closed."""
    other = work.pages.get(first)
    item = work.items.get(other.item) if other else None
    if item is not None and item.rights.library != library:
        return Reason(N_("Trùng ảnh với một trang của thư viện {code}."), {"code": item.rights.library})
    place = f"{item.code}, trang {other.number}" if item and other else "?"
    return Reason(N_("Trùng ảnh với {other}."), {"other": place})
