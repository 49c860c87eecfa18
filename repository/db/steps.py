"""The steps of pages in the ledger."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, select, update
from sqlalchemy.orm import Session, aliased

from repository.db.in_hand import read_again
from repository.db.moments import database_now
from repository.db.tables import PageRow, StepRow
from repository.db.upserts import insert_into
from repository.domain.batches import Reason, StepName, StepState

ORDER = tuple(StepName)
# What the table says instead of `owed` of the last step of a page that was read: these the clerk asks for again and
# again, and an index finds them among hundreds of thousands that are owed and cannot be done yet.
READY = "ready"

_step_table: Any = StepRow.__table__


@dataclass(frozen=True, slots=True)
class Step:
    """How one step of a page stands. `runs` counts how often it was done to the end."""

    page: str
    name: StepName
    state: StepState
    attempts: int
    runs: int
    fingerprint: str | None
    seconds: float | None
    reason: Reason | None


class Steps:
    """Reads and writes steps."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def owe_all(self, page_id: str) -> None:
        """A new page owes every step."""
        new = insert_into(self._session, _step_table)
        self._session.execute(
            new.on_conflict_do_update(
                index_elements=[_step_table.c.page_id, _step_table.c.name], set_={"state": StepState.OWED.value}
            ),
            [
                {"page_id": page_id, "name": name.value, "state": StepState.OWED.value, "attempts": 0, "runs": 0}
                for name in StepName
            ],
        )

    def owe_from(self, page_id: str, first: StepName) -> None:
        """The page owes `first` and every step after it again."""
        names = [name.value for name in ORDER[ORDER.index(first) :]]
        self._session.execute(
            update(StepRow)
            .where(StepRow.page_id == page_id, StepRow.name.in_(names))
            .values(state=StepState.OWED.value, attempts=0, reason=None, reason_params=None)
        )
        if first is StepName.INDEX:
            self._owe_index(StepRow.page_id == page_id)

    def owe(self, page_id: str, name: StepName) -> None:
        """The page owes this one step again."""
        row = self._session.get_one(StepRow, (page_id, name.value))
        row.state, row.attempts = StepState.OWED.value, 0
        if name is StepName.INDEX:
            self._owe_index(StepRow.page_id == page_id)
        elif name is StepName.RECOGNISE:
            self._move_index(page_id, READY, StepState.OWED.value)

    def owe_index(self, page_ids: Iterable[str]) -> None:
        """The index has to take up these pages again."""
        self._owe_index(StepRow.page_id.in_(list(page_ids)))

    def of(self, page_id: str) -> dict[StepName, Step]:
        """A page's steps."""
        rows = self._session.scalars(select(StepRow).where(StepRow.page_id == page_id))
        return {StepName(row.name): _step(row) for row in rows}

    def runs(self, page_ids: Sequence[str], name: StepName) -> dict[str, int]:
        """How often the step was done to the end, by page."""
        self._session.flush()
        rows = self._session.execute(_RUNS, {"pages": page_ids, "step": name.value})
        return {row.page_id: row.runs for row in rows}

    def done(self, page_id: str, name: StepName, seconds: float, fingerprint: str | None = None) -> None:
        """The step is done."""
        self.all_done([page_id], name, seconds, fingerprint)

    def all_done(self, page_ids: Sequence[str], name: StepName, seconds: float, fingerprint: str | None = None) -> None:
        """The step is done for each of these pages."""
        self._session.flush()
        said = {"pages": page_ids, "step": name.value, "seconds": seconds, "fingerprint": fingerprint}
        self._session.execute(_DONE, said)
        if name is StepName.RECOGNISE:
            self._session.execute(_INDEX_READY, {"pages": page_ids})
        read_again(self._session, StepRow)

    def failed(self, page_id: str, name: StepName, reason: Reason) -> int:
        """The step failed once more; gives how often by now."""
        row = self._session.get_one(StepRow, (page_id, name.value))
        row.attempts += 1
        row.reason, row.reason_params = reason.template, dict(reason.params)
        return row.attempts

    def set_aside(self, page_id: str, name: StepName, reason: Reason) -> None:
        """The step will not be tried again by itself."""
        row = self._session.get_one(StepRow, (page_id, name.value))
        row.state, row.reason, row.reason_params = StepState.SET_ASIDE.value, reason.template, dict(reason.params)

    def reasons(self, batch: str) -> dict[str, Reason]:
        """Why pages of a batch were set aside, by page id."""
        rows = self._session.scalars(
            select(StepRow)
            .join(PageRow, PageRow.id == StepRow.page_id)
            .where(PageRow.batch_id == batch, StepRow.state == StepState.SET_ASIDE.value)
        )
        return {row.page_id: Reason(row.reason or "", row.reason_params or {}) for row in rows}

    def ready_for_index(self, limit: int) -> list[str]:
        """Ids of pages that were read and that the index owes, in no order. Costs the same however many wait to be
        read."""
        wanted = select(StepRow.page_id).where(StepRow.name == StepName.INDEX.value, StepRow.state == READY)
        return list(self._session.scalars(wanted.limit(limit)))

    def _owe_index(self, *which: ColumnElement[bool]) -> None:
        read = aliased(StepRow)
        how_reading_stands = (
            select(read.state)
            .where(read.page_id == StepRow.page_id, read.name == StepName.RECOGNISE.value)
            .scalar_subquery()
        )
        ready = case((how_reading_stands == StepState.DONE.value, READY), else_=StepState.OWED.value)
        self._session.flush()
        self._session.execute(
            update(StepRow)
            .where(StepRow.name == StepName.INDEX.value, *which)
            .values(state=ready)
            .execution_options(synchronize_session="fetch")
        )

    def _move_index(self, page_id: str, state: str, becomes: str) -> None:
        row = self._session.get_one(StepRow, (page_id, StepName.INDEX.value))
        if row.state == state:
            row.state = becomes


def _step(row: StepRow) -> Step:
    reason = Reason(row.reason, row.reason_params or {}) if row.reason else None
    state = StepState.OWED if row.state == READY else StepState(row.state)
    return Step(
        row.page_id, StepName(row.name), state, row.attempts, row.runs, row.fingerprint, row.seconds,
        reason,
    )  # fmt: skip


# What is asked for every page, made once and of bare columns: making a statement costs more than sending it.
_columns = StepRow.__table__.c
_these = _columns.page_id.in_(bindparam("pages", expanding=True))
_RUNS = select(_columns.page_id, _columns.runs).where(_these, _columns.name == bindparam("step"))
_DONE = (
    update(_step_table)
    .where(_these, _columns.name == bindparam("step"))
    .values(
        state=StepState.DONE.value,
        finished_at=database_now(), runs=_columns.runs + 1, reason=None, reason_params=None,
    )
)  # fmt: skip
_INDEX_READY = (
    update(_step_table)
    .where(_these, _columns.name == StepName.INDEX.value, _columns.state == StepState.OWED.value)
    .values(state=READY)
)
