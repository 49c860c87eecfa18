"""Which files a batch's table of metadata names, and which of them never came.

The ledger keeps the first beside the table's problems, when the table is taken in; the second is asked at each report,
as files may come at any time."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from repository.catalog.sheet import Sheet, path_key
from repository.domain.batches import Reason
from repository.domain.errors import N_

AWAITED = N_("Dòng {row} nêu “{file}” nhưng lô không nhận được tệp nào như thế.")
MORE = N_("… và {count} dòng nữa nêu tệp mà lô không nhận được.")
MOST_TOLD = 200


def awaiting(table: str, sheet: Sheet) -> list[Reason]:
    """What to say of each row of the table with the id `table` should its file never come."""
    return [Reason(AWAITED, {"row": row.number, "file": row.file, "table": table}) for row in sheet.rows if row.file]


def is_awaiting(problem: Reason) -> bool:
    """Whether a problem is one only if a file never comes."""
    return problem.template == AWAITED


def never_came(table: str, problems: Iterable[Reason], names: Sequence[str]) -> list[Reason]:
    """The problems of that table whose file is not among `names`, the first MOST_TOLD one by one."""
    keys = [path_key(name) for name in names]
    known = _known(keys)
    lost = [
        problem
        for problem in problems
        if is_awaiting(problem) and problem.params.get("table") == table and not _came(problem, known, keys)
    ]
    more = [Reason(MORE, {"count": len(lost) - MOST_TOLD})] if len(lost) > MOST_TOLD else []
    return [*lost[:MOST_TOLD], *more]


def _came(problem: Reason, known: frozenset[str], keys: Sequence[str]) -> bool:
    wanted = path_key(str(problem.params["file"]))
    if wanted in known:
        return True
    if not any(sign in wanted for sign in "*?["):
        return False
    return any(fnmatchcase(key if "/" in wanted else PurePosixPath(key).name, wanted) for key in keys)


def _known(keys: Iterable[str]) -> frozenset[str]:
    """Whatever a row may say to mean one of the files (see `sheet.match`): the ends of its path, with and without the
    name's own ending, and of the folders that it is in."""
    found = set[str]()
    for key in keys:
        path = PurePosixPath(key)
        for whole in (key, key.removesuffix(path.suffix), *map(str, path.parents)):
            parts = whole.split("/")
            found.update("/".join(parts[first:]) for first in range(len(parts)))
    return frozenset(found - {"."})
